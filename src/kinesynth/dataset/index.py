"""`kinesynth index-shards`: the list of all clips, delivered and rejected, and the dataset's card."""

import math
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from kinesynth.atomic import atomic_path, write_text
from kinesynth.dataset.card import dataset_card
from kinesynth.dataset.checks import keypoints_on_mask
from kinesynth.dataset.record import ClipRecord, read_clip
from kinesynth.errors import BadInput
from kinesynth.shards import shard_paths
from kinesynth.stage_file import progress

STANDARD_GRAVITY = 9.80665
REJECTED_COLUMNS = ("clip_id", "stage", "reason", "figure", "detail")


def index_shards(
    *,
    shards: list[Path],
    output: Path = Path("results/index.parquet"),
    rejected: Path = Path("results/rejected.tsv"),
    card: Path = Path("results/README.md"),
) -> None:
    """List every clip, delivered or rejected, and write the dataset's card.

    Args:
        shards: the HDF5 files, or one .tsv that lists them.
        output: one row per clip: shard, split, subject, action, frames, quality, checksum of the shard.
        rejected: one row per clip that is not delivered, and why.
        card: the README of the dataset.

    Raises:
        BadInput: no clip survived.
    """
    rows: list[dict[str, Any]] = []
    refused: list[dict[str, Any]] = []
    files: list[dict[str, Any]] = []
    for shard in progress(sorted(shard_paths(shards)), "index_shards"):
        digest = checksum(shard)
        with h5py.File(shard, "r") as file:
            attrs = dict(file.attrs)
            files.append(attrs)
            for clip_id, group in file["clips"].items():
                clip = read_clip(group)
                place = {"clip_id": clip_id, "shard": shard.stem, "subject": attrs["subject"], "split": attrs["split"]}
                rows.append({**place, **_describe(clip, float(attrs["mass_kg"])), "xxh3_128": digest})
            refused += [{"clip_id": clip_id, **dict(group.attrs)} for clip_id, group in file["rejected"].items()]
    _write_rejected(rejected, refused)
    if not rows:
        found = f"none; {refused[0]['clip_id']} fails at {refused[0]['stage']}: {refused[0]['reason']}"
        raise BadInput(rejected, "delivered clips", found, "at least one", "mend the inputs it lists and run again")
    _write_index(output, rows)
    write_text(card, dataset_card(rows, refused, files))


def checksum(shard: Path) -> str:
    """Return the xxh3-128 of a file."""
    import xxhash

    digest = xxhash.xxh3_128()
    with shard.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def read_index(path: Path) -> list[dict[str, Any]]:
    """Return the rows of index.parquet."""
    import pyarrow.parquet

    rows: list[dict[str, Any]] = pyarrow.parquet.read_table(path).to_pylist()
    return rows


def _describe(clip: ClipRecord, mass_kg: float) -> dict[str, Any]:
    """Return what a row says of a clip and its quality."""
    arrays, attrs = clip.arrays, clip.attrs
    vertical = arrays["grf/force"][..., 1].sum(axis=1) / (mass_kg * STANDARD_GRAVITY)
    residual = arrays["quality/residual"]
    return {
        "action": str(attrs["action"]),
        "source": str(attrs["source"]),
        "fps": float(attrs["fps"]),
        "frames": int(attrs["n_frames"]),
        "views": ",".join(clip.views),
        "marker_rms_mm": 1000 * _rms(arrays["quality/marker_error_rms"]),
        "marker_max_mm": 1000 * float(arrays["quality/marker_error_max"].max()),
        "fit_residual_mm": 1000 * float(arrays["smplx/residual"].mean()),
        "peak_vertical_force_bw": float(vertical.max()),
        "residual_force_n": _rms(np.linalg.norm(residual[:, :3], axis=1)),
        "residual_moment_nm": _rms(np.linalg.norm(residual[:, 3:], axis=1)),
        "keypoints_on_mask": keypoints_on_mask(clip),
        "angle_valid": float(arrays["quality/angle_valid"].mean()),
        "force_valid": float(arrays["quality/force_valid"].mean()),
        "activation_valid": float(arrays["quality/activation_valid"].mean()),
        "dynamics_reason": str(attrs["dynamics_reason"]),
    }


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(values, dtype=np.float64))))


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
