"""A user's session: look at pixels, read with workers, look again. Run by test_loader.py, in a process group.

python loader_work.py RESULTS METHOD
"""

import hashlib
import io
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import av
import h5py
import torch
from torch.utils.data import DataLoader

from kinesynth.dataset import Crop, ShardDataset, ShardStream

Digests = dict[tuple[str, int], dict[str, str]]


def digests(items: Iterable[dict[str, Any]]) -> Digests:
    """Return, by clip and first frame, the hash of every array of the items."""
    return {(item["clip_id"], int(item["start"])): dict(_hashed("", item)) for item in items}


def _hashed(path: str, item: dict[str, Any]) -> Iterable[tuple[str, str]]:
    for name, value in item.items():
        if isinstance(value, dict):
            yield from _hashed(f"{path}{name}/", value)
        elif hasattr(value, "shape"):
            yield f"{path}{name}", hashlib.sha256(torch.as_tensor(value).contiguous().numpy()).hexdigest()


def threads() -> int:
    """Return how many threads this process has."""
    return len(list(Path("/proc/self/task").iterdir()))


def look_with_pyav(results: Path) -> None:
    """Decode a stored video as PyAV's own page shows it: with threads that outlive the frame."""
    with h5py.File(next((results / "shards").glob("*.h5"))) as file:
        video = next(iter(file["clips"].values()))["views/frontal/video"][()].tobytes()
    with av.open(io.BytesIO(video)) as container:
        next(container.decode(video=0)).to_ndarray(format="rgb24")


def differences(results: Path, method: str) -> Iterator[str]:
    """Yield what is not as it should be: nothing is what the test waits for."""
    for kind, crop in ((ShardDataset, None), (ShardStream, Crop(48, shift_jitter=0.1))):
        dataset = ShardDataset(results, window=4, stride=4, crop=crop)
        before = threads()
        here = digests(dataset)
        if threads() != before:
            yield f"reading started {threads() - before} threads, which a fork would lose"
        look_with_pyav(results)
        loader: DataLoader[Any] = DataLoader(
            ShardStream(dataset, shuffle=True) if kind is ShardStream else dataset,  # type: ignore[arg-type]
            batch_size=None, num_workers=2, multiprocessing_context=method, persistent_workers=True,
        )  # fmt: skip
        for epoch in range(2):
            if digests(loader) != here:
                yield f"{kind.__name__}, epoch {epoch}: other arrays from workers"
        if digests(dataset) != here:
            yield f"{kind.__name__}: other arrays in the parent afterwards"


if __name__ == "__main__":
    sys.exit("; ".join(differences(Path(sys.argv[1]), sys.argv[2])) or None)
