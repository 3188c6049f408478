"""Windows per second and bytes of the shards, of WebDataset tars and of plain mp4 and npz files, on the same frames.

    python benchmarks/loader.py RESULTS [--window 64] [--seconds 10 --fps 60 --width 1080 --height 720]

Every layout holds the same H.264 videos, packed masks, labels and skeletons, and gives the same items: one random
window of each clip per pass, all labels, whole pictures and masks of all views. All three decode by one function, from
the key frame before the window. The peers' labels and masks are np.savez_compressed archives, one per clip. Numbers are
of one process's processor time; the layouts take turns, and the median pass counts. --seconds plays each clip to and
fro until it is as long, and --width and --height enlarge its pictures, encoded anew as Blender does (a key frame every
18 frames, constant rate factor 23), to measure on clips like the paper's. --key-frames compares distances between them.
"""

# ruff: noqa: T201 (a command that prints)

import os

os.environ["OMP_NUM_THREADS"] = "1"

import argparse
import io
import json
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Any, Protocol

import av
import h5py
import numpy as np
import webdataset  # type: ignore[import-untyped]

from kinesynth.dataset import ShardDataset
from kinesynth.dataset.listing import find_shards
from kinesynth.dataset.quality import clip_quality
from kinesynth.dataset.record import ClipRecord, ViewRecord, read_clip, write_clip
from kinesynth.dataset.schema import load_schema
from kinesynth.dataset.video import decode_frames, pack_masks, unpack_masks
from kinesynth.dataset.writer import HDF5_FORMAT
from kinesynth.seeds import generator
from kinesynth.skeleton.definition import SkeletonDefinition

KEY_FRAME_EVERY = 18
Pass = Callable[[int], Iterable[dict[str, Any]]]


def main() -> None:
    """Write the three layouts, read them in turn, print windows per second, bytes and ratios."""
    arguments = parse_arguments()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        if arguments.key_frames:
            compare_key_frames(arguments, Path(folder))
        else:
            compare_layouts(arguments, Path(folder))


def compare_layouts(arguments: argparse.Namespace, folder: Path) -> None:
    """Compare shards, tars and files."""
    layouts: dict[str, Layout] = {
        "shards": Shards(folder / "shards"),
        "webdataset": Tars(folder / "webdataset"),
        "mp4 and npz": Files(folder / "files"),
    }
    for subject, skeleton, clips in subjects(arguments, KEY_FRAME_EVERY):
        for layout in layouts.values():
            layout.write(subject, skeleton, clips)
    window = arguments.window
    rates = measure({name: layout.open(window) for name, layout in layouts.items()}, arguments.passes)
    sizes = {name: size_of(layout.folder) for name, layout in layouts.items()}
    for name in layouts:
        rate, size = rates["shards"] / rates[name], sizes["shards"] / sizes[name]
        print(f"{name:12} {rates[name]:8.1f} windows/s {sizes[name] / 1e6:9.2f} MB   "
              f"shards over it: {rate:.2f} x the windows/s, {size:.2f} x the bytes")  # fmt: skip
    if arguments.json:
        arguments.json.write_text(json.dumps({"windows_per_second": rates, "bytes": sizes}))


def compare_key_frames(arguments: argparse.Namespace, folder: Path) -> None:
    """Compare distances between key frames, by the shards' windows per second and bytes."""
    layouts = {distance: Shards(folder / str(distance)) for distance in (6, 12, KEY_FRAME_EVERY, 36, 250)}
    for distance, layout in layouts.items():
        for subject, skeleton, clips in subjects(arguments, distance):
            layout.write(subject, skeleton, clips)
    passes = {str(distance): layout.open(arguments.window) for distance, layout in layouts.items()}
    rates = measure(passes, arguments.passes)
    for distance, layout in layouts.items():
        size = size_of(layout.folder)
        print(f"key frame every {distance:3} frames {rates[str(distance)]:8.1f} windows/s {size / 1e6:9.2f} MB")


class Layout(Protocol):
    """A way to keep clips in files."""

    folder: Path

    def write(self, subject: str, skeleton: SkeletonDefinition, clips: dict[str, ClipRecord]) -> None:
        """Write a subject's clips."""

    def open(self, window: int) -> Pass:
        """Return a function that reads one window of each clip."""


class Shards:
    """Kinesynth's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def write(self, subject: str, skeleton: SkeletonDefinition, clips: dict[str, ClipRecord]) -> None:
        """Write a subject's shard."""
        with h5py.File(self.folder / f"{subject}.h5", "w", track_order=True, libver=HDF5_FORMAT) as file:
            file.attrs.update(schema=1, subject=subject, split="train", mass_kg=70.0, height_m=1.7)
            skeleton.write(file.create_group("skeleton"))
            group = file.create_group("clips", track_order=True)
            for clip_id, clip in clips.items():
                target = group.create_group(clip_id, track_order=True)
                write_clip(target, clip)
                target.attrs.update(clip_quality(clip, 70.0))

    def open(self, window: int) -> Pass:
        """Return a function that reads one window of each clip."""
        dataset = ShardDataset(self.folder, window=window)

        def read(epoch: int) -> Iterable[dict[str, Any]]:
            dataset.set_epoch(epoch)
            return dataset

        return read


class Tars:
    """WebDataset: a tar per subject, a sample per clip."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def write(self, subject: str, skeleton: SkeletonDefinition, clips: dict[str, ClipRecord]) -> None:
        """Write a subject's tar, and its skeleton beside it."""
        skeleton.save(self.folder / f"{subject}.npz")
        with webdataset.TarWriter(str(self.folder / f"{subject}.tar")) as tar:
            for clip_id, clip in clips.items():
                tar.write({"__key__": clip_id, "labels.npz": archive(clip), **videos(clip)})

    def open(self, window: int) -> Pass:
        """Return a function that reads one window of each clip."""
        tars = sorted(map(str, self.folder.glob("*.tar")))

        def cut(sample: dict[str, Any], epoch: int) -> dict[str, Any]:
            bytes_of = {name.removesuffix(".mp4"): np.frombuffer(sample[name], np.uint8)
                        for name in sample if name.endswith(".mp4")}  # fmt: skip
            return window_of(io.BytesIO(sample["labels.npz"]), bytes_of, window, sample["__key__"], epoch)

        def read(epoch: int) -> Iterable[dict[str, Any]]:
            stream: Iterable[dict[str, Any]] = webdataset.WebDataset(tars, shardshuffle=False, empty_check=False)
            return (cut(sample, epoch) for sample in stream)

        return read


class Files:
    """A folder per clip with an mp4 per view and an npz."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def write(self, subject: str, skeleton: SkeletonDefinition, clips: dict[str, ClipRecord]) -> None:
        """Write a subject's folders, and its skeleton beside them."""
        skeleton.save(self.folder / f"{subject}.npz")
        for clip_id, clip in clips.items():
            (self.folder / clip_id).mkdir()
            for name, content in {"labels.npz": archive(clip), **videos(clip)}.items():
                (self.folder / clip_id / name).write_bytes(content)

    def open(self, window: int) -> Pass:
        """Return a function that reads one window of each clip."""
        folders = sorted(path for path in self.folder.iterdir() if path.is_dir())

        def read(epoch: int) -> Iterator[dict[str, Any]]:
            for folder in folders:
                bytes_of = {path.stem: np.fromfile(path, np.uint8) for path in folder.glob("*.mp4")}
                yield window_of(folder / "labels.npz", bytes_of, window, folder.name, epoch)

        return read


def window_of(
    labels: Path | io.BytesIO, video_of: dict[str, np.ndarray], window: int, clip_id: str, epoch: int
) -> dict[str, Any]:
    """Return the item that `ShardDataset` gives, from a peer's archive and videos; it begins at the same frame."""
    schema = load_schema()
    with np.load(labels) as archive:
        frames = int(archive["n_frames"])
        start = int(generator(0, clip_id, "window", str(epoch)).integers(max(frames - window, 0) + 1))
        stop = min(start + window, frames)

        def padded(array: np.ndarray) -> np.ndarray:
            missing = window - len(array)
            return np.concatenate([array, np.repeat(array[-1:], missing, axis=0)]) if missing else array

        item: dict[str, Any] = {
            name: padded(archive[name][start:stop]) if field.over_time else archive[name]
            for name, field in schema.clip.items()
        }
        for camera, video in video_of.items():
            height, width = (int(side) for side in archive[f"{camera}/size"])
            item[camera] = {
                "frames": padded(decode_frames(video, start, stop)),
                "mask": padded(unpack_masks(archive[f"{camera}/mask"][start:stop], height, width)),
                "bbox": padded(archive[f"{camera}/bbox"][start:stop]),
                "K": archive[f"{camera}/K"],
                "world_to_camera": archive[f"{camera}/world_to_camera"],
            }
    return item


def archive(clip: ClipRecord) -> bytes:
    """Return a clip's arrays but for its videos as a compressed npz."""
    arrays: dict[str, Any] = {**clip.arrays, "n_frames": clip.attrs["n_frames"]}
    for camera, view in clip.views.items():
        arrays |= {f"{camera}/{name}": array for name, array in view.arrays.items() if name != "video"}
        arrays[f"{camera}/size"] = [view.attrs["height"], view.attrs["width"]]
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def videos(clip: ClipRecord) -> dict[str, bytes]:
    """Return a clip's mp4 files by name."""
    return {f"{camera}.mp4": view.arrays["video"].tobytes() for camera, view in clip.views.items()}


def subjects(
    arguments: argparse.Namespace, key_frame_every: int
) -> Iterator[tuple[str, SkeletonDefinition, dict[str, ClipRecord]]]:
    """Yield each shard's name, skeleton and clips, lengthened and enlarged where that is asked for."""
    for shard in find_shards(arguments.results):
        with h5py.File(shard) as file:
            clips = {clip_id: read_clip(group) for clip_id, group in file["clips"].items()}
            skeleton = SkeletonDefinition.read(file["skeleton"])
        if arguments.seconds or arguments.key_frames:
            clips = {clip_id: lengthened(clip, arguments, key_frame_every) for clip_id, clip in clips.items()}
        yield shard.stem, skeleton, clips


def lengthened(clip: ClipRecord, arguments: argparse.Namespace, key_frame_every: int) -> ClipRecord:
    """Return a clip played to and fro."""
    frames = int(clip.attrs["n_frames"])
    wanted = round(arguments.seconds * arguments.fps) or frames
    there_and_back = np.concatenate([np.arange(frames), np.arange(frames - 2, 0, -1)])
    order = np.resize(there_and_back, wanted)
    schema = load_schema()
    arrays = {name: array[order] if schema.clip[name].over_time else array for name, array in clip.arrays.items()}
    views = {camera: enlarged(view, order, arguments, key_frame_every) for camera, view in clip.views.items()}
    return ClipRecord(arrays, {**clip.attrs, "n_frames": wanted, "fps": float(arguments.fps)}, views)


def enlarged(view: ViewRecord, order: np.ndarray, arguments: argparse.Namespace, key_frame_every: int) -> ViewRecord:
    """Return a view of other frames and size, encoded anew."""
    old_height, old_width = int(view.attrs["height"]), int(view.attrs["width"])
    width, height = arguments.width or old_width, arguments.height or old_height
    pictures = decode_frames(view.arrays["video"], 0, int(order.max()) + 1)
    rows, columns = (np.arange(new) * old // new for new, old in ((height, old_height), (width, old_width)))
    masks = unpack_masks(view.arrays["mask"], old_height, old_width)[:, rows][:, :, columns]
    scale = np.array([width / old_width, height / old_height])
    arrays = {
        "video": encoded(pictures, order, (width, height), arguments.fps, key_frame_every),
        "mask": pack_masks(masks)[order],
        "bbox": (view.arrays["bbox"] * np.tile(scale, 2)).astype(np.float32)[order],
        "K": (view.arrays["K"] * [[scale[0]], [scale[1]], [1.0]]).astype(np.float32),
        "world_to_camera": view.arrays["world_to_camera"],
    }
    return ViewRecord(arrays, {**view.attrs, "width": width, "height": height})


def encoded(
    pictures: np.ndarray, order: np.ndarray, size: tuple[int, int], fps: int, key_frame_every: int
) -> np.ndarray:
    """Return an mp4 of the pictures in `order`, as bytes."""
    buffer = io.BytesIO()
    enlarged_frames = [
        av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(*size, format="yuv420p") for picture in pictures
    ]
    with av.open(buffer, "w", format="mp4") as container:
        options = {"crf": "23", "g": str(key_frame_every), "bf": "0", "sc_threshold": "0"}
        stream = container.add_stream("h264", rate=fps, options=options)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        for place, index in enumerate(order):
            frame = enlarged_frames[index]
            frame.pts, frame.time_base = place, Fraction(1, fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return np.frombuffer(buffer.getvalue(), np.uint8)


def measure(readers: dict[str, Pass], passes: int) -> dict[str, float]:
    """Return windows per second of processor time: the median pass, after one that is not counted."""
    taken: dict[str, list[float]] = {name: [] for name in readers}
    for epoch in range(passes + 1):
        for name, read in readers.items():
            start = time.process_time()
            windows = sum(1 for _ in read(epoch))
            taken[name].append((time.process_time() - start) / windows)
    return {name: 1.0 / median(seconds[1:]) for name, seconds in taken.items()}


def size_of(folder: Path) -> int:
    """Return the bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def parse_arguments() -> argparse.Namespace:
    """Return the command's arguments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, help="a finished run's results, or its shards")
    parser.add_argument("--window", type=int, default=64, help="frames")
    parser.add_argument("--passes", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=0.0, help="length of the clips; default: as they are")
    parser.add_argument("--fps", type=int, default=60)
    parser.add_argument("--width", type=int, default=0)
    parser.add_argument("--height", type=int, default=0)
    parser.add_argument("--key-frames", action="store_true", help="compare distances between key frames instead")
    parser.add_argument("--folder", type=Path, help="where to write the layouts for the time being")
    parser.add_argument("--json", type=Path, help="write the numbers there too")
    return parser.parse_args()


if __name__ == "__main__":
    main()
