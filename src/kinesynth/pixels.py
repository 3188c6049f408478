"""Decoded video frames as arrays, converted so that the process can still be forked.

PyAV's `to_ndarray` shares one converter per thread, which by default starts as many threads as there are cores. They do
not survive a fork: a forked process that converts a frame then waits for them for ever, even if it asks for no threads
and only other code than ours had converted one before the fork. Our converter is our own and never has threads.
"""

import threading
from typing import Literal

import av
import numpy as np

_of_thread = threading.local()  # a converter must not be used by two threads at a time


def frame_pixels(
    frame: av.VideoFrame, layout: Literal["rgb24", "gray"], width: int | None = None, height: int | None = None
) -> np.ndarray:
    """Return a frame's pixels, uint8 (H, W, 3) for `rgb24` or (H, W) for `gray`, resampled if a size is given."""
    pixels: np.ndarray = reformatted(frame, layout, width, height).to_ndarray()
    return pixels


def reformatted(
    frame: av.VideoFrame, layout: str, width: int | None = None, height: int | None = None
) -> av.VideoFrame:
    """Return the frame in another of FFmpeg's pixel formats or in another size, itself where nothing changes."""
    if not hasattr(_of_thread, "converter"):
        _of_thread.converter = av.video.reformatter.VideoReformatter()
    converter: av.video.reformatter.VideoReformatter = _of_thread.converter
    return converter.reformat(frame, width, height, layout, threads=1)
