"""What render-views gives of each camera, and how a stage file holds it: the record of `pack-shard`'s pictures."""

import zlib
from dataclasses import dataclass
from typing import Self

import numpy as np

from kinesynth.errors import BadInput
from kinesynth.stage_file import Clip

FIX = "delete the run's stages/render and run again"
PLAIN = ("video", "bbox", "K", "world_to_camera")
DEFLATED = {
    "parts": np.uint8,
    "depth": np.uint16,
    "whole_mask": np.bool_,
}  # a stage file holds arrays as they are: these would fill disks


@dataclass(frozen=True)
class DrawnView:
    """A clip as one camera sees it.

    Attributes:
        video: (N,) uint8, the bytes of an .mp4.
        parts: (T, H, W) uint8, which part of the body each pixel shows; 0 is none.
        bbox: (T, 4) px, the box around the person.
        K: (3, 3) px, the camera's matrix.
        world_to_camera: (4, 4) m, OpenCV's axes.
        distortion: (5,) Brown's coefficients; none of a pinhole.
        depth: (T, H, W) uint16, mm, where it is asked for.
        whole_mask: (T, H, W) bool, where the person would be seen if nothing stood before; none where nothing does.
    """

    video: np.ndarray
    parts: np.ndarray
    bbox: np.ndarray
    K: np.ndarray
    world_to_camera: np.ndarray
    distortion: np.ndarray | None = None
    depth: np.ndarray | None = None
    whole_mask: np.ndarray | None = None

    @classmethod
    def of(cls, clip: Clip, view: str) -> Self:
        """Take a view out of a clip of the stage.

        Raises:
            BadInput: an array is missing, or has another size than its attributes `width` and `height` say.
        """
        prefix = f"{view}/"
        arrays = {name.removeprefix(prefix): each for name, each in clip.arrays.items() if name.startswith(prefix)}
        for name in (*PLAIN, "parts"):
            if name not in arrays:
                raise BadInput(clip.file or clip.clip_id, f"{view}/{name}", "nothing", "the arrays of a view", FIX)
        frames = len(arrays["bbox"]), int(clip.attrs["height"]), int(clip.attrs["width"])
        pictures = {name: _inflated(clip, view, name, frames) for name in DEFLATED if name in arrays}
        plain = {name: arrays[name] for name in (*PLAIN, "distortion") if name in arrays}
        return cls(**plain, **pictures)

    def arrays(self, view: str) -> dict[str, np.ndarray]:
        """Return the arrays of the stage file by name, those of other views beside them."""
        named = {name: getattr(self, name) for name in (*PLAIN, "distortion", *DEFLATED)}
        return {
            f"{view}/{name}": _deflated(array) if name in DEFLATED else array
            for name, array in named.items()
            if array is not None
        }


def _deflated(pictures: np.ndarray) -> np.ndarray:
    return np.frombuffer(zlib.compress(np.ascontiguousarray(pictures)), np.uint8)


def _inflated(clip: Clip, view: str, name: str, shape: tuple[int, ...]) -> np.ndarray:
    pixels: np.ndarray = np.frombuffer(zlib.decompress(clip.arrays[f"{view}/{name}"].tobytes()), DEFLATED[name])
    if pixels.size != np.prod(shape):
        found, expected = f"{pixels.size} pixels", f"{shape[0]} frames of {shape[2]} x {shape[1]}"
        raise BadInput(clip.file or clip.clip_id, f"{view}/{name}", found, expected, FIX)
    return pixels.reshape(shape)
