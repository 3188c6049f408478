"""`kinesynth index-shards`: the list of all clips, delivered and rejected, and the dataset's card."""

import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from kinesynth.atomic import atomic_path, write_text
from kinesynth.dataset.card import dataset_card
from kinesynth.dataset.card_picture import draw_card_picture
from kinesynth.dataset.croissant import croissant
from kinesynth.dataset.file_cache import whole_shard
from kinesynth.dataset.listing import CHECKSUMS
from kinesynth.dataset.names import read_names
from kinesynth.dataset.provenance import read_provenance
from kinesynth.dataset.schema import load_schema
from kinesynth.dataset.sound import readable, require_attributes
from kinesynth.errors import BadInput
from kinesynth.file_names import takes_file_names
from kinesynth.shards import shard_paths
from kinesynth.stage_file import progress

_PERSON = ("subject", "split", "sex", "mass_kg", "height_m")
CROISSANT, CARD_PICTURE = "croissant.json", "card.jpg"
REJECTED_COLUMNS = ("clip_id", "stage", "reason", "value", "detail", "subject")


@takes_file_names
def index_shards(
    *,
    shards: list[Path],
    output: Path = Path("results/index.parquet"),
    rejected: Path = Path("results/rejected.tsv"),
    card: Path = Path("results/README.md"),
    config: str = "{}",
) -> None:
    """List every clip, delivered or rejected, and write the dataset's card.

    Beside the card goes its picture, card.jpg; beside the index croissant.json, the same for machines, and
    checksums.txt, which `xxh128sum --check` and the loader read.

    Args:
        shards: the HDF5 files, or one .tsv that lists them.
        output: one row per clip: shard, person, split, action, frames, licences, place in the source, quality, and the
            checksum of the shard.
        rejected: one row per clip that is not delivered, and why.
        card: the README of the dataset.
        config: what shaped the shards, as JSON, for the README.

    Raises:
        BadInput: a file is no shard or leads out of itself, or no clip survived.
    """
    rows: list[dict[str, Any]] = []
    refused: list[dict[str, Any]] = []
    files: list[dict[str, Any]] = []
    checksums: list[str] = []
    paths = sorted(shard_paths(shards))
    for shard in progress(paths, "index_shards"):
        digest, attrs, delivered, left_out = _read(shard)
        checksums.append(f"{digest}  shards/{shard.name}\n")
        files.append(attrs)
        rows += delivered
        refused += left_out
    _write_rejected(rejected, refused)
    if not rows:
        found = f"none; {refused[0]['clip_id']} fails at {refused[0]['stage']}: {refused[0]['reason']}"
        raise BadInput(rejected, "delivered clips", found, "at least one", "fix the inputs it lists and run again")
    write_text(output.with_name(CHECKSUMS), "".join(checksums))
    _write_index(output, rows)
    write_text(output.with_name(CROISSANT), croissant(rows, files[0], _sizes(paths[0]), output))
    picture = card.with_name(CARD_PICTURE)
    drawn = draw_card_picture(picture, rows, {shard.stem: shard for shard in paths})
    write_text(card, dataset_card(rows, refused, files, config, picture.name if drawn else ""))


def _read(shard: Path) -> tuple[str, dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]:
    """Return a shard's checksum and attributes, and the rows of its clips and of those that are not delivered."""
    with whole_shard(shard) as file, readable(shard, "attributes"):
        digest = checksum(shard)
        attrs = dict(file.attrs)
        if len(file["clips"]):  # of a shard without any, only what was left out is listed
            require_attributes(shard, "file", attrs, load_schema().file_attributes)
        for clip_id, group in file["clips"].items():
            require_attributes(shard, f"clips/{clip_id}", dict(group.attrs), load_schema().clip_attributes)
        delivered = [
            {"clip_id": clip_id, "shard": shard.stem, **_describe(attrs, group), "xxh3_128": digest}
            for clip_id, group in file["clips"].items()
        ]
        left_out = [
            {"clip_id": clip_id, "subject": attrs["subject"], **dict(group.attrs)}
            for clip_id, group in file["rejected"].items()
        ]
        if missing := [name for row in left_out for name in REJECTED_COLUMNS if name not in row]:
            found = f"no {missing[0]}"
            raise BadInput(
                shard, "rejected", found, ", ".join(REJECTED_COLUMNS), "pack it again: it is an older version's"
            )
        return digest, attrs, delivered, left_out


def checksum(shard: str | Path) -> str:
    """Return the xxh3-128 of a file."""
    import xxhash

    digest = xxhash.xxh3_128()
    with Path(shard).open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def read_index(path: str | Path) -> list[dict[str, Any]]:
    """Return the rows of index.parquet."""
    import pyarrow.parquet

    rows: list[dict[str, Any]] = pyarrow.parquet.read_table(path).to_pylist()
    return rows


def _describe(person: dict[str, Any], group: h5py.Group) -> dict[str, Any]:
    """Return what a row says of a clip, its person, its licences and its quality."""
    attrs = {name: _plain(value) for name, value in group.attrs.items()}
    return {
        **{name: _plain(person[name]) for name in _PERSON},
        "action": attrs["action"],
        "source": attrs["source"],
        "fps": attrs["fps"],
        "frames": attrs["n_frames"],
        "views": ",".join(group["views"]),
        **asdict(read_provenance(person, attrs)),
        **{name: attrs[name] for name in load_schema().clip_quality},
        "dynamics_reason": attrs["dynamics_reason"],
    }


def _sizes(shard: Path) -> dict[str, int]:
    with h5py.File(shard, "r") as file:
        return read_names(file["skeleton"]).sizes


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _write_index(path: Path, rows: list[dict[str, Any]]) -> None:
    import pyarrow
    import pyarrow.parquet

    with atomic_path(path) as temporary:
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), temporary)


def _write_rejected(path: Path, rows: list[dict[str, Any]]) -> None:
    lines = ["\t".join(REJECTED_COLUMNS)]
    lines += ["\t".join(_cell(row[column]) for column in REJECTED_COLUMNS) for row in rows]
    write_text(path, "\n".join(lines) + "\n")


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.6g}"
    return " ".join(str(value).split())
