"""Square crops around the person, resampled without drawing the whole picture first."""

from dataclasses import dataclass

import av
import numpy as np

from kinesynth.errors import BadInput
from kinesynth.pixels import frame_pixels, reformatted

_SMALLEST = 8.0  # px, where a mask is all but empty
_BLACK = {"y": 16, "u": 128, "v": 128}  # of video range


@dataclass(frozen=True)
class Crop:
    """What is cut out of each frame: a square around the person's box.

    Attributes:
        size: side of the delivered pictures, px.
        margin: side of the square over the longer side of the box.
        aspect: width over height of the square's middle part that is to hold the box: below 1 a wide box gets a larger
            square, for networks that look at the middle columns alone.
        scale_jitter: the side is multiplied by a factor from 1 - this to 1 + this, drawn once per window and view.
        shift_jitter: the centre moves by up to this fraction of the side in x and in y, drawn once per window and view.
    """

    size: int = 256
    margin: float = 1.15
    aspect: float = 1.0
    scale_jitter: float = 0.0
    shift_jitter: float = 0.0

    def __post_init__(self) -> None:
        """Refuse sizes of which there is no picture."""
        jitters = {"scale_jitter": self.scale_jitter, "shift_jitter": self.shift_jitter}
        wrong = [f"{name} {value}" for name, value in jitters.items() if not 0 <= value < 1]
        wrong += [f"{name} {value}" for name in ("margin", "aspect") if not 0 < (value := getattr(self, name)) < np.inf]
        if not isinstance(self.size, int | np.integer) or self.size < 1:
            wrong.insert(0, f"size {self.size}")
        if wrong:
            expected = "a size of 1 px or more, margin and aspect above 0, jitters from 0 to below 1"
            raise BadInput("Crop", "arguments", ", ".join(wrong), expected, "correct them")

    def squares(self, boxes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return left, top and side (T, 3) int px of the squares around boxes (T, 4): x0, y0, x1, y1.

        All are even, because H.264 keeps one colour for two by two pixels; a square may reach beyond the picture.
        """
        factor = 1.0 + self.scale_jitter * rng.uniform(-1.0, 1.0)
        shift = self.shift_jitter * rng.uniform(-1.0, 1.0, 2)
        needed = (boxes[:, 2:] - boxes[:, :2]) / [self.aspect, 1.0]
        longer = np.maximum(needed.max(axis=1, keepdims=True), _SMALLEST)
        side = longer * self.margin * factor
        corner = (boxes[:, :2] + boxes[:, 2:]) / 2 + shift * side - side / 2
        return 2 * np.rint(np.concatenate([corner, side], axis=1) / 2).astype(np.int64)


def crop_camera(K: np.ndarray, squares: np.ndarray, size: int) -> np.ndarray:
    """Return the camera matrices (T, 3, 3) of the crops of a camera K (3, 3)."""
    scale = size / squares[:, 2]
    cameras = np.tile(K, (len(squares), 1, 1))
    cameras[:, :2] *= scale[:, None, None]
    cameras[:, :2, 2] = crop_points(K[:2, 2], squares, size)
    return cameras


def crop_points(points: np.ndarray, squares: np.ndarray, size: int) -> np.ndarray:
    """Return pixels (..., 2) of the picture as pixels of the crops; their shapes are those that numpy makes alike."""
    # Whole numbers are pixels' centres.
    cut: np.ndarray = (points - squares[..., :2] + 0.5) * (size / squares[..., 2:]) - 0.5
    return cut


def crop_labels(labels: np.ndarray, square: np.ndarray, size: int) -> np.ndarray:
    """Return a mask or labels (H, W) in their square: (size, size), each pixel the nearest, 0 beyond the picture."""
    rows, columns = (_nearest(square[axis], square[2], size) for axis in (1, 0))
    height, width = labels.shape
    inside = ((rows >= 0) & (rows < height))[:, None] & (columns >= 0) & (columns < width)
    picked: np.ndarray = labels[np.ix_(np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1))] * inside
    return picked


def _nearest(start: int, side: int, size: int) -> np.ndarray:
    return start + np.floor((np.arange(size) + 0.5) * side / size).astype(np.int64)


def crop_frame(frame: av.VideoFrame, square: np.ndarray, size: int) -> np.ndarray:
    """Return a decoded frame's square as RGB (size, size, 3) uint8, black beyond the picture.

    The square is cut from the planes of brightness and colour, so that only its pixels are converted and resampled.
    """
    if frame.format.name != "yuv420p":
        frame = reformatted(frame, "yuv420p")
    left, top, side = (int(value) for value in square)
    planes = [
        _cut(_pixels(plane), left // divisor, top // divisor, side // divisor, black)
        for plane, divisor, black in zip(frame.planes, (1, 2, 2), _BLACK.values(), strict=True)
    ]
    packed = np.concatenate([plane.ravel() for plane in planes]).reshape(-1, side)
    cut = av.VideoFrame.from_ndarray(packed, format="yuv420p")
    cut.colorspace, cut.color_range = frame.colorspace, frame.color_range
    return frame_pixels(cut, "rgb24", size, size)


def _pixels(plane: av.video.plane.VideoPlane) -> np.ndarray:
    """Return a plane (H, W) uint8 as it lies in memory."""
    return np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]


def _cut(plane: np.ndarray, left: int, top: int, side: int, black: int) -> np.ndarray:
    """Return the square (side, side) of a plane, filled up with black where it reaches beyond."""
    height, width = plane.shape
    square = np.full((side, side), black, dtype=np.uint8)
    rows, columns = slice(max(top, 0), min(top + side, height)), slice(max(left, 0), min(left + side, width))
    if rows.start < rows.stop and columns.start < columns.stop:
        square[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left] = plane[rows, columns]
    return square
