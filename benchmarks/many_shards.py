"""What a dataset of a thousand shards asks of its reader: seconds to open, memory of a worker, damage, a slow disk.

    python benchmarks/many_shards.py RESULTS [--shards 1000] [--clips 8] [--throttle 2e6]

The shards are copies of those in RESULTS (a run's results, or the sample), each filled up to as many clips. Seconds are
of the processor, the median of five times that a dataset is opened. A worker's memory is what it has for itself, the
largest of two that read a window of every shard, in an order drawn at random; whole pictures, all labels. Then ten
shards are removed or cut short. --throttle, in bytes per second, reads some of them from a loopback disk that gives no
more, cold; root and the kernel's cgroups (version 1) are needed.
"""

# ruff: noqa: T201 (a command that prints)

import argparse
import contextlib
import io
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import h5py
from torch.utils.data import DataLoader, Subset

from kinesynth.dataset import ShardDataset
from kinesynth.dataset.listing import find_shards
from kinesynth.dataset.writer import HDF5_FORMAT
from kinesynth.seeds import generator

WINDOW, WORKERS, OPENINGS, BROKEN = 16, 2, 5, 10
SLOW_SHARDS = 12
CGROUP = Path("/sys/fs/cgroup/blkio/kinesynth-benchmark")


def main() -> None:
    """Measure and print."""
    arguments = parse_arguments()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        folder = Path(name)
        fill(folder / "shards", find_shards(arguments.results), arguments.shards, arguments.clips)
        numbers = {"open_seconds": open_seconds(folder), "worker_mb": worker_mb(folder)}
        if arguments.throttle:
            numbers |= slow_disk(folder, int(arguments.throttle))
        numbers |= damage(folder)
    for name, value in numbers.items():
        print(f"{name:24} {value:10.4g}")
    if arguments.json:
        arguments.json.write_text(json.dumps(numbers))


def fill(folder: Path, sources: list[Path], count: int, clips: int) -> None:
    """Write `count` shards of `clips` clips each, by turns from the sources."""
    folder.mkdir()
    grown = [grow(source, folder.parent / f"{place}.h5", clips) for place, source in enumerate(sources)]
    for place in range(count):
        shutil.copyfile(grown[place % len(grown)], folder / f"s{place:05d}_000.h5")


def grow(source: Path, target: Path, count: int) -> Path:
    """Write a shard with the clips of another again and again."""
    with h5py.File(source) as old, h5py.File(target, "w", track_order=True, libver=HDF5_FORMAT) as new:
        new.attrs.update(old.attrs)
        for name in ("skeleton", "model", "rejected"):
            old.copy(name, new)
        clips, own = new.create_group("clips", track_order=True), list(old["clips"])
        for place in range(count):
            old.copy(f"clips/{own[place % len(own)]}", clips, f"{own[place % len(own)]}_{place}")
    return target


def open_seconds(folder: Path) -> float:
    """Return the processor time in which a dataset opens."""
    taken = []
    for _ in range(OPENINGS):
        start = time.process_time()
        ShardDataset(folder, window=WINDOW)
        taken.append(time.process_time() - start)
    return median(taken)


def worker_mb(folder: Path) -> float:
    """Return the most memory that a worker has for itself, while it reads a window of every shard."""
    dataset = ShardDataset(folder, window=WINDOW)
    first_of = {dataset.shard_of(index): index for index in range(len(dataset))}
    order = generator(1, "benchmark").permutation(list(first_of.values())).tolist()
    loader: DataLoader[Any] = DataLoader(
        Subset(dataset, order),  # type: ignore[arg-type]
        batch_size=None,
        num_workers=WORKERS,
        multiprocessing_context="fork",
    )
    most, batches = 0.0, iter(loader)
    for place, _ in enumerate(batches):
        if place % 20 == 0:
            most = max([most, *(private_mb(worker.pid) for worker in batches._workers if worker.is_alive())])  # type: ignore[attr-defined]
    return most


def private_mb(process: int) -> float:
    """Return the memory that a process shares with no other."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return sum(float(line.split()[1]) for line in lines if line.startswith("Private_")) / 1e3


def damage(folder: Path) -> dict[str, float]:
    """Remove or cut short some shards; return how many were told of, and how many windows of the others were read."""
    shards = sorted((folder / "shards").glob("*.h5"))
    listed = "".join(f"{'0' * 32}  shards/{shard.name}\n" for shard in shards)
    (folder / "checksums.txt").write_text(listed)
    for place, shard in enumerate(shards[:: len(shards) // BROKEN][:BROKEN]):
        if place % 2:
            shard.unlink()
        else:
            os.truncate(shard, shard.stat().st_size // 2)
    with contextlib.redirect_stderr(io.StringIO()) as told:
        dataset = ShardDataset(folder, window=WINDOW, views=(), labels=("angles",), damaged="skip")
    read = len({dataset.shard_of(index) for index, _ in enumerate(dataset)})
    return {"damaged_told": told.getvalue().count("skipped:") / BROKEN, "others_read": read / (len(shards) - BROKEN)}


def slow_disk(folder: Path, rate: int) -> dict[str, float]:
    """Read some shards, cold, from a disk of `rate` bytes per second; return whether what came is what lies there."""
    chosen = sorted((folder / "shards").glob("*.h5"))[:SLOW_SHARDS]
    expected = read_all(chosen[0].parent, SLOW_SHARDS)
    with loopback(folder, chosen, rate) as disk:
        start = time.perf_counter()
        found = read_all(disk, SLOW_SHARDS)
        seconds = time.perf_counter() - start
    same = [a == b for a, b in zip(expected, found, strict=True)]
    return {"slow_same_order": sum(same) / len(same), "slow_windows": float(len(same)), "slow_seconds": seconds}


def read_all(folder: Path, shards: int) -> list[tuple[str, str, int, int]]:
    """Return, for every window of the first shards, read by two workers, whose it is and a sum of its numbers."""
    dataset = ShardDataset(folder, window=WINDOW, stride=WINDOW)
    chosen = {shard.name for shard in dataset.shards[:shards]}
    part = [index for index in range(len(dataset)) if dataset.shard_of(index).name in chosen]
    loader: DataLoader[Any] = DataLoader(
        Subset(dataset, part),  # type: ignore[arg-type]
        batch_size=None,
        num_workers=WORKERS,
        multiprocessing_context="fork",
    )
    return [(item["subject"], item["clip_id"], int(item["start"]), brightness(item)) for item in loader]


def brightness(item: dict[str, Any]) -> int:
    """Return the sum of all pixels."""
    return sum(int(view["frames"].sum()) for view in item["views"].values())


@contextmanager
def loopback(folder: Path, files: list[Path], rate: int) -> Iterator[Path]:
    """Mount a disk with copies of the files that gives so many bytes per second to this process and its workers."""
    image, place = folder / "disk.img", folder / "disk"
    place.mkdir()
    with image.open("wb") as stream:
        stream.truncate(2 * sum(file.stat().st_size for file in files) + 64_000_000)
    run("mkfs.ext4", "-q", image)
    run("mount", "-o", "loop", image, place)
    for file in files:
        shutil.copy(file, place)
    run("umount", place)  # what was written must not stay in memory
    run("mount", "-o", "loop", image, place)
    device = run("findmnt", "--noheadings", "--output", "MAJ:MIN", place).strip()
    CGROUP.mkdir(exist_ok=True)
    try:
        (CGROUP / "blkio.throttle.read_bps_device").write_text(f"{device} {rate}")
        (CGROUP / "cgroup.procs").write_text(str(os.getpid()))
        yield place
    finally:
        (CGROUP.parent / "cgroup.procs").write_text(str(os.getpid()))
        run("umount", place)
        CGROUP.rmdir()


def run(*command: str | Path) -> str:
    """Run a command and return what it prints."""
    return subprocess.run(command, check=True, text=True, capture_output=True).stdout


def parse_arguments() -> argparse.Namespace:
    """Return the command's arguments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, help="a finished run's results, or its shards")
    parser.add_argument("--shards", type=int, default=1000)
    parser.add_argument("--clips", type=int, default=8, help="of each shard")
    parser.add_argument("--throttle", type=float, default=0.0, help="bytes per second of a loopback disk; 0 tries none")
    parser.add_argument("--folder", type=Path, help="where to write the shards for the time being")
    parser.add_argument("--json", type=Path, help="write the numbers there too")
    return parser.parse_args()


if __name__ == "__main__":
    main()
