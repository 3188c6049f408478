"""What a change did to the labels: label stages and shards of two runs, byte for byte, then array by array.

    python -m tools.same_labels BEFORE AFTER

BEFORE and AFTER are folders in which the workflow has run. Prints a line for each file that differs or is missing, and
below it each array and attribute that does; ends with 1 if there is any.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np

from kinesynth.layout import FILES, LABEL_FILES

WRITTEN_ANEW = ("created", "kinesynth_version", "config_sha256")  # of a shard: they say nothing of its labels


def main(before: Path, after: Path) -> int:
    """Print what differs; return 0 where nothing does."""
    patterns = [file.format(shard="*") for file in (*LABEL_FILES.values(), FILES["pack_shard"])]
    names = sorted(
        {str(path.relative_to(run)) for run in (before, after) for each in patterns for path in run.glob(each)}
    )
    changed = [name for name in names if _changed(before / name, after / name)]
    for name in changed:
        print(name)  # noqa: T201
        for line in differences(before / name, after / name):
            print(f"    {line}")  # noqa: T201
    print(f"{len(names) - len(changed)} of {len(names)} files are the same")  # noqa: T201
    return 1 if changed or not names else 0


def _changed(one: Path, other: Path) -> bool:
    return not (one.exists() and other.exists()) or one.read_bytes() != other.read_bytes()


def differences(one: Path, other: Path) -> Iterator[str]:
    """Yield a line for each array and attribute of two HDF5 files that differs."""
    if not (one.exists() and other.exists()):
        yield f"is missing {'before' if other.exists() else 'after'}"
        return
    with h5py.File(one) as before, h5py.File(other) as after:
        found, wanted = _content(after), _content(before)
    for name in sorted(found.keys() | wanted.keys()):
        if name not in wanted or name not in found:
            yield f"{name}: only {'before' if name in wanted else 'after'}"
        elif not _same(wanted[name], found[name]):
            yield f"{name}: {_by_how_much(wanted[name], found[name])}"


def _content(file: h5py.File) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}

    def collect(name: str, item: h5py.Dataset | h5py.Group) -> None:
        found.update({f"{name}@{key}": np.asarray(value) for key, value in item.attrs.items()})
        if isinstance(item, h5py.Dataset):
            found[name] = np.asarray(item[()])

    collect("", file)
    file.visititems(collect)
    return {name: value for name, value in found.items() if not name.endswith(WRITTEN_ANEW)}


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    if object in (one.dtype, other.dtype):  # text
        return np.array_equal(one, other)
    return one.shape == other.shape and one.dtype == other.dtype and one.tobytes() == other.tobytes()


def _by_how_much(one: np.ndarray, other: np.ndarray) -> str:
    if one.shape != other.shape or one.dtype.kind not in "fiub" or other.dtype.kind not in "fiub":
        return f"{one.dtype} {one.shape} -> {other.dtype} {other.shape}"
    apart = np.abs(other.astype(float) - one.astype(float))
    return f"{np.count_nonzero(apart > 0)} of {apart.size} values, by at most {np.nanmax(apart, initial=0.0):.3g}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    options = parser.parse_args()
    sys.exit(main(options.before, options.after))
