"""A user's video: its size as it is shown, the times of its frames, and the frames themselves, turned upright."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from kinesynth.errors import BadInput
from kinesynth.pixels import frame_pixels

FIX = "record or export it again as an .mp4 that plays"
EVEN = 0.25  # of a frame's time: less is a container's rounding
MIN_SECONDS = 0.1
LISTS = {"concat", "hls", "dash", "imf"}  # formats that name other files, in which the pictures are


@dataclass(frozen=True, eq=False)
class Video:
    """A video.

    Attributes:
        path: the file.
        width, height: px, as it is shown.
        times: (T,) s, of the frames that are shown, from the first.
        start: s, the first one's time in the file.
        quarters: by how many quarter turns anticlockwise its frames are turned to be shown.
        notes: what was taken for granted.
    """

    path: Path
    width: int
    height: int
    times: np.ndarray
    start: float
    quarters: int
    notes: tuple[str, ...]

    @property
    def fps(self) -> float:
        """Frames per second, on the whole."""
        return float((len(self.times) - 1) / (self.times[-1] - self.times[0])) if len(self.times) > 1 else 0.0

    def frames(self) -> Iterator[tuple[int, np.ndarray]]:
        """Yield the index among `times` and the pixels (H, W, 3) uint8 RGB of each frame.

        Raises:
            BadInput: the file breaks off, or is damaged, in its middle.
        """
        seconds = 0.0
        try:
            with av.open(str(self.path)) as container:
                stream = container.streams.video[0]
                stream.thread_count = 1
                for frame in container.decode(stream):
                    if frame.pts is None:
                        continue
                    seconds = float(frame.pts * stream.time_base) - self.start
                    index = int(np.argmin(np.abs(self.times - seconds)))
                    yield index, np.ascontiguousarray(np.rot90(frame_pixels(frame, "rgb24"), self.quarters))
        except av.error.FFmpegError as error:
            found = f"damaged after {seconds:.2f} of {self.times[-1]:.2f} s"
            raise BadInput(self.path, "video", found, "a whole video", FIX) from error


def open_video(path: Path) -> Video:
    """Return a video whose frames can be decoded.

    Raises:
        BadInput: it is missing, no video, broken off in a frame, shorter than `MIN_SECONDS`, or turned askew.
    """
    if not path.is_file():
        raise BadInput(path, "video", "no such file", "a video", "check the path")
    try:
        with av.open(str(path)) as container:
            if LISTS.intersection(container.format.name.split(",")):
                found = f"a list of other files ({container.format.name})"
                raise BadInput(path, "video", found, "pictures in the file itself", FIX)
            if not container.streams.video:
                raise BadInput(path, "video", "no pictures", "a video", FIX)
            stream = container.streams.video[0]
            stream.thread_count = 1
            packets = [packet for packet in container.demux(stream) if packet.pts is not None]
            shown = [packet for packet in packets if not packet.is_discard]  # what was trimmed off is there too
            stamps = sorted(packet.pts for packet in shown if packet.pts is not None)
            container.seek(stamps[0], stream=stream)
            frame = next(container.decode(stream))
            times = np.array(stamps, dtype=float) * float(stream.time_base)
            turn = int(getattr(frame, "rotation", 0) or 0)
            size, missing = (frame.width, frame.height), stream.frames - len(packets)
    except (av.error.FFmpegError, IndexError, StopIteration, ValueError) as error:
        found = " ".join(str(error).split())[:120] or type(error).__name__
        raise BadInput(path, "video", found, "a whole video that can be decoded", FIX) from error
    if any(packet.is_corrupt for packet in packets):
        found = f"one that breaks off after {times[-1] - times[0]:.2f} s"
        raise BadInput(path, "video", found, "a whole video", FIX)
    if turn % 90:
        raise BadInput(path, "rotation flag", f"{turn} degrees", "quarter turns", "export it upright")
    if len(times) < 2 or times[-1] - times[0] < MIN_SECONDS:
        raise BadInput(path, "frames", str(len(times)), f"at least {MIN_SECONDS:g} s of video", "give a video")
    quarters = turn // 90 % 4
    width, height = size[::-1] if quarters % 2 else size
    return Video(path, width, height, times - times[0], float(times[0]), quarters, tuple(_notes(times, turn, missing)))


def _notes(times: np.ndarray, turn: int, missing: int) -> Iterator[str]:
    if missing > 0:
        yield f"{missing} frames that the file's head counts are not there: it was trimmed, or broke off"
    if turn:
        yield f"turned by {turn} degrees anticlockwise, as the file says it is to be shown"
    steps = np.diff(times)
    usual = float(np.median(steps))
    uneven = np.abs(steps - usual) > EVEN * usual
    if uneven.any():
        yield f"{uneven.sum()} of {len(steps)} steps between frames are uneven: each frame is taken at its own time"
