"""Frames and masks of a view, decoded no further than asked."""

import io

import av
import numpy as np


def decode_frames(video: np.ndarray, start: int, stop: int) -> np.ndarray:
    """Return frames `start` to `stop` (exclusive) of an mp4 file held as bytes: uint8 (stop - start, H, W, 3), RGB.

    Frames are found by their order of presentation, which the container tells without decoding; decoding begins at
    the last key frame before `start`.

    Raises:
        ValueError: the bytes are no video, or it has fewer than `stop` frames.
    """
    try:
        with av.open(io.BytesIO(video.tobytes()), mode="r") as container:
            stream = container.streams.video[0]
            stamps = _presentation_order(container)
            if stop > len(stamps):
                raise ValueError(f"the video has {len(stamps)} frames, frame {stop - 1} was asked for")
            container.seek(stamps[start], stream=stream, backward=True)
            first, last = stamps[start], stamps[stop - 1]
            frames = []
            for frame in container.decode(stream):
                if frame.pts is not None and first <= frame.pts <= last:
                    frames.append(frame.to_ndarray(format="rgb24"))
                if len(frames) == stop - start:
                    break
    except (av.error.FFmpegError, IndexError) as error:
        raise ValueError(f"the video cannot be decoded: {error}") from error
    if len(frames) < stop - start:
        raise ValueError(f"the video ends {stop - start - len(frames)} frames early")
    return np.stack(frames)


def count_frames(video: np.ndarray) -> int:
    """Return the number of frames of an mp4 file held as bytes.

    Raises:
        ValueError: the bytes are no video.
    """
    try:
        with av.open(io.BytesIO(video.tobytes()), mode="r") as container:
            return len(_presentation_order(container))
    except (av.error.FFmpegError, IndexError) as error:
        raise ValueError(f"the video cannot be read: {error}") from error


def _presentation_order(container: av.container.InputContainer) -> list[int]:
    """Return the time stamps of all frames, in the order in which they are shown."""
    return sorted(packet.pts for packet in container.demux(video=0) if packet.pts is not None)


def pack_masks(masks: np.ndarray) -> np.ndarray:
    """Return masks (T, H, W) as packed bits (T, ceil(H W / 8)), so that each frame can be read alone."""
    return np.packbits(masks.reshape(len(masks), -1), axis=1)


def unpack_masks(bits: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return packed bits (T, ceil(H W / 8)) as bool (T, H, W)."""
    return np.unpackbits(bits, axis=1, count=height * width).reshape(-1, height, width).astype(bool)
