"""Frames and masks of a view, decoded no further than asked."""

import io
from collections.abc import Iterator

import av
import numpy as np

from kinesynth.dataset.crop import crop_frame
from kinesynth.pixels import frame_pixels

type Size = tuple[int, int]
"""Width and height, px."""


def decode_frames(video: np.ndarray, start: int, stop: int, shown: Size | None = None) -> np.ndarray:
    """Return frames `start` to `stop` (exclusive) of an mp4 file held as bytes: uint8 (stop - start, H, W, 3), RGB.

    Raises:
        ValueError: the bytes are no video, it has fewer than `stop` frames, or they are not of the size `shown`.
    """
    return np.stack([frame_pixels(frame, "rgb24") for frame in _decode(video, start, stop, shown)])


def decode_crops(
    video: np.ndarray, start: int, squares: np.ndarray, size: int, shown: Size | None = None
) -> np.ndarray:
    """Return the squares (T, 3) of the frames from `start` on: uint8 (T, size, size, 3), RGB; see `crop_frame`.

    Raises:
        ValueError: as `decode_frames`.
    """
    frames = _decode(video, start, start + len(squares), shown)
    return np.stack([crop_frame(frame, square, size) for frame, square in zip(frames, squares, strict=True)])


def _decode(video: np.ndarray, start: int, stop: int, shown: Size | None) -> Iterator[av.VideoFrame]:
    """Yield frames `start` to `stop`, decoding from the last key frame before them.

    Frames come at even times (`kinesynth verify` makes sure of it), so that a frame's time follows from its index.
    """
    try:
        with _opened(video) as container:
            stream = container.streams.video[0]
            stream.thread_count = 1  # processes share the cores among themselves, and may be forked meanwhile
            if stop > stream.frames:
                raise ValueError(f"the video has {stream.frames} frames, frame {stop - 1} was asked for")
            first, step = stream.start_time or 0, 1 / (stream.average_rate * stream.time_base)
            container.seek(round(first + start * step), stream=stream, backward=True)
            wanted = start
            for frame in container.decode(stream):
                _check_size(frame, shown)
                if frame.pts is not None and round((frame.pts - first) / step) == wanted:
                    yield frame
                    wanted += 1
                if wanted == stop:
                    return
    except (av.error.FFmpegError, IndexError, TypeError, ZeroDivisionError) as error:
        raise ValueError(f"the video cannot be decoded: {error}") from error
    raise ValueError(f"the video lacks frame {wanted}")


def _opened(video: np.ndarray) -> av.container.InputContainer:
    """Open an mp4 file held as bytes, as that and nothing else: other formats, told to find out, name files to read."""
    return av.open(io.BytesIO(video.data), mode="r", format="mp4")


def _check_size(pictures: av.VideoFrame | av.VideoStream, shown: Size | None) -> None:
    """Raise ValueError where pictures are not of the size that they should have."""
    if shown is not None and (pictures.width, pictures.height) != shown:
        expected = "{} x {}".format(*shown)
        raise ValueError(f"the video's pictures have {pictures.width} x {pictures.height} px, {expected} was expected")


def count_frames(video: np.ndarray, shown: Size | None = None) -> int:
    """Return the number of frames of an mp4 file held as bytes.

    Raises:
        ValueError: the bytes are no video, its frames do not come at even times, or are not of the size `shown`.
    """
    try:
        with _opened(video) as container:
            _check_size(container.streams.video[0], shown)
            stamps = np.sort([packet.pts for packet in container.demux(video=0) if packet.pts is not None])
    except (av.error.FFmpegError, IndexError) as error:
        raise ValueError(f"the video cannot be read: {error}") from error
    if len(stamps) and np.abs(stamps - np.linspace(stamps[0], stamps[-1], len(stamps))).max() > 1.0:
        raise ValueError("the video's frames do not come at even times")
    return len(stamps)


def frame_rate(video: np.ndarray) -> float:
    """Return the frames per second at which an mp4 file held as bytes is shown.

    Raises:
        ValueError: the bytes are no video.
    """
    try:
        with _opened(video) as container:
            return float(container.streams.video[0].average_rate)
    except (av.error.FFmpegError, IndexError, TypeError) as error:
        raise ValueError(f"the video cannot be read: {error}") from error


def pack_masks(masks: np.ndarray) -> np.ndarray:
    """Return masks (T, H, W) as packed bits (T, ceil(H W / 8)), so that each frame can be read alone."""
    return np.packbits(masks.reshape(len(masks), -1), axis=1)


def unpack_masks(bits: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return packed bits (T, ceil(H W / 8)) as bool (T, H, W)."""
    return np.unpackbits(bits, axis=1, count=height * width).reshape(-1, height, width).view(bool)
