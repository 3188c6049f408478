"""`kinesynth verify`: whether shards are what they say they are."""

import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from kinesynth.dataset.checks import attributes_faults, clip_faults
from kinesynth.dataset.frozen import frozen_faults
from kinesynth.dataset.listing import given_shards
from kinesynth.dataset.names import read_names
from kinesynth.dataset.person import read_person
from kinesynth.dataset.physics import (
    NEEDS_TORCH,
    CheckedValue,
    Limit,
    clip_values,
    has_torch,
    load_limits,
    person_values,
)
from kinesynth.dataset.provenance import read_provenance
from kinesynth.dataset.quality import clip_quality
from kinesynth.dataset.record import ClipRecord, read_clip
from kinesynth.dataset.schema import SCHEMA_VERSION, load_schema, schema_of
from kinesynth.dataset.sound import unpacked_model
from kinesynth.errors import BadInput, KinesynthError
from kinesynth.file_names import takes_file_names
from kinesynth.hdf5 import whole_file
from kinesynth.stage_file import progress
from kinesynth.text import is_file_name

NEEDED_FOR_CHECKSUMS = ("pyarrow", "xxhash")

type IndexRows = dict[str, list[dict[str, Any]]]
"""The rows of an index by shard."""


@takes_file_names
def verify(shards: list[Path], *, limits: Path | None = None, table: bool = False, frozen: Path | None = None) -> None:
    """Check shards: structure, shapes, types, ranges, checksum, videos, and whether the clips can be true.

    The second part measures size, speeds, forces against the motion of the masses, joint moments, masks, keypoints and
    pictures against one another; docs/dataset.md lists the values and their limits. A shard that passes is told in one
    line, one that does not by a table of its worst values and a line per fault on standard error.

    Args:
        shards: the HDF5 files, or folders of results that have them. Checksums are compared where `index.parquet` lies
            in the folder above.
        limits: a csv file with the columns check, minimum and maximum, whose rows replace the package's limits.
        table: print the table of values also where all are within their limits.
        frozen: a list of `kinesynth freeze-split`, which the shards together must be: splits, labels and pictures.

    Raises:
        KinesynthError: there are faults.
        BadInput: `limits` or `frozen` is no such file, or a folder has no shards.
    """
    paths, indexes = given_shards(shards), dict[Path, IndexRows]()
    bounds = load_limits(limits and Path(limits))
    if not has_torch():
        print(f"note: torch is not installed, so these checks are left out: {', '.join(NEEDS_TORCH)}", file=sys.stderr)  # noqa: T201
    if missing := [name for name in NEEDED_FOR_CHECKSUMS if not find_spec(name)]:
        print(f"note: {' and '.join(missing)} not installed, so checksums are not compared", file=sys.stderr)  # noqa: T201
    differences = list(frozen_faults(frozen, paths)) if frozen is not None else []
    for difference in differences:
        print(difference, file=sys.stderr)  # noqa: T201
    count = len(differences)
    for shard in progress(paths, "verify"):
        faults = list(shard_faults(shard, indexes))
        values, failed = shard_values(shard, faults, bounds)
        faults += failed
        print(summary_line(shard, values, len(faults), table))  # noqa: T201
        for fault in faults:
            print(fault, file=sys.stderr)  # noqa: T201
        count += len(faults)
    if count:
        raise KinesynthError(f"faults found: {count} in {len(paths)} shards")


def shard_faults(shard: str | Path, indexes: dict[Path, IndexRows] | None = None) -> Iterator[str]:
    """Yield the faults of one shard's structure, each a line that names the file and the clip.

    `indexes` keeps the indexes that were read, so that each is read once for all of a folder's shards.
    """
    shard = Path(shard)
    try:
        with whole_file(shard) as file:
            for fault in _file_faults(file):
                yield f"{shard}: {fault}"
    except BadInput as error:
        yield str(error)
    except (OSError, KeyError, AttributeError, TypeError, ValueError, RuntimeError) as error:
        yield f"{shard}: found {' '.join(str(error).split())}, expected an HDF5 file of schema {SCHEMA_VERSION}"
    else:
        yield from _index_faults(shard, {} if indexes is None else indexes)


def shard_values(
    shard: str | Path, faults: Sequence[str] = (), limits: Mapping[str, Limit] | None = None
) -> tuple[list[tuple[str, CheckedValue]], list[str]]:
    """Return what physics says of a shard: values by clip ("" for the person), and a line per value out of limits.

    Args:
        shard: the file.
        faults: what `shard_faults` found: clips that have some are left out, as all are where the file has some.
        limits: by check; None for those that come with the package.
    """
    shard = Path(shard)
    named = {fault.removeprefix(f"{shard}: ").split(":")[0] for fault in faults} - {"checksum"}
    values: list[tuple[str, CheckedValue]] = []
    failed: list[str] = []
    try:
        with whole_file(shard) as file:
            if named - set(file["clips"]):
                return [], []
            person = read_person(file)
            values += [("", checked) for checked in person_values(person, limits)]
            for clip_id in file["clips"].keys() - named:
                values += [(clip_id, each) for each in clip_values(read_clip(file["clips"][clip_id]), person, limits)]
    except (OSError, KeyError, ValueError, TypeError, AttributeError, IndexError) as error:
        if not named:
            failed.append(f"{shard}: found {' '.join(str(error).split())}, expected clips that can be checked")
    failed += [": ".join(filter(None, (str(shard), clip, str(each)))) for clip, each in values if not each.holds]
    return values, failed


def summary_line(shard: Path, values: Sequence[tuple[str, CheckedValue]], faults: int, table: bool) -> str:
    """Return a shard's line; below it, where there are faults or it is asked for, each check's worst value."""
    worst: dict[str, tuple[str, CheckedValue]] = {}
    for clip, checked in values:
        if checked.check not in worst or checked.strain > worst[checked.check][1].strain:
            worst[checked.check] = (clip, checked)
    clips = len({clip for clip, _ in values if clip})
    if faults:
        line = f"{shard}: {faults} faults"
    else:
        clip, checked = max(worst.values(), key=lambda each: each[1].strain)
        nearest = f"{checked.check} {checked.value:.3g}, limits {checked.limit}"
        line = f"{shard}: good: {clips} clips, {len(worst)} checks; nearest its limits: {nearest} {clip}"
    if not (table or faults):
        return line
    rows = [("check", "worst", "limits", "where")]
    rows += [
        (checked.check, f"{checked.value:.4g}", str(checked.limit), ", ".join(filter(None, (clip, checked.where))))
        for clip, checked in worst.values()
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        [line, *("  ".join([*map(str.ljust, row[:3], widths), row[3]]).rstrip() for row in rows if len(rows) > 1)]
    )


def _file_faults(file: h5py.File) -> Iterator[str]:
    if (version := schema_of(file.attrs)) != SCHEMA_VERSION:
        yield f"schema: found {version}, expected {SCHEMA_VERSION}"
        return
    yield from attributes_faults(file.attrs, load_schema().file_attributes)
    sizes, drawn = read_names(file["skeleton"]).sizes, is_drawn(file)
    if (drawn or "model" in file) and not unpacked_model(Path(file.filename), file).startswith(b"<?xml"):
        yield "model: found no XML, expected an .osim file"
    if not is_file_name(str(file.attrs["subject"])):
        yield f"subject: found {file.attrs['subject']!r}, expected a name that a file can bear"
    for clip_id, group in file["clips"].items():
        for name in (clip_id, *group.get("views", ())):
            if not is_file_name(name):
                yield f"{clip_id}: name: found {name!r}, expected a name that a file can bear"
        clip = read_clip(group)
        faults = list(clip_faults(clip, sizes, drawn=drawn)) or _quality_faults(clip, float(file.attrs["mass_kg"]))
        for fault in faults:
            yield f"{clip_id}: {fault}"


def is_drawn(file: h5py.File) -> bool:
    """Return whether pictures were drawn of a shard's people, by the workflow.

    Else it is of labels alone, or of `predict`: pictures, and the model, may be missing.
    """
    return bool(file.attrs.get("part_names", "drawn"))


def _quality_faults(clip: ClipRecord, mass_kg: float) -> Iterator[str]:
    """Yield the measures of quality that are missing or are not what the arrays say."""
    expected = load_schema().clip_quality
    yield from attributes_faults(clip.attrs, expected)
    for name, value in clip_quality(clip, mass_kg).items():
        if name in clip.attrs and not np.isclose(clip.attrs[name], value, rtol=1e-5, atol=1e-5):
            yield f"attribute {name}: found {clip.attrs[name]:g}, expected {value:g} as the arrays say"


def _index_faults(shard: Path, indexes: dict[Path, IndexRows]) -> Iterator[str]:
    """Yield where the index in the folder above says something else of a shard: its checksum, licences and sources."""
    index = shard.absolute().parent.parent / "index.parquet"
    if not index.is_file() or not all(find_spec(name) for name in NEEDED_FOR_CHECKSUMS):
        return
    from kinesynth.dataset.index import checksum, read_index

    if index not in indexes:
        indexes[index] = defaultdict(list)
        for row in read_index(index):
            indexes[index][row["shard"]].append(row)
    rows = indexes[index].get(shard.stem, [])
    listed = {row["xxh3_128"] for row in rows}
    found = checksum(shard)
    if listed and listed != {found}:
        yield f"{shard}: checksum: found {found}, expected {', '.join(sorted(listed))} as index.parquet says"
        return
    with h5py.File(shard, "r") as file:  # all of which was found to lie in it
        for row in rows:
            stated = asdict(read_provenance(dict(file.attrs), dict(file["clips"][row["clip_id"]].attrs)))
            for name in stated.keys() & row.keys():
                if row[name] != stated[name]:
                    place = f"{row['clip_id']}: index.parquet, {name}"
                    yield f"{shard}: {place}: found {row[name]}, expected {stated[name]} as the shard says"
