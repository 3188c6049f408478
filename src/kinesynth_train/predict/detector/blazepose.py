"""BlazePose: a detector of people and a network of 33 points, run by LiteRT (Bazarevsky et al. 2020, arXiv:2006.10204).

The detector looks at the whole picture, shrunk to 224 px, and gives for each person the middle of the hips and a point
on the circle around the body. The square about that circle, turned upright, is what the second network looks at; its
two extra points tell where to look in the next frame. It looks twice, the second time at the mirror image: it errs by a
pixel or two of its square each time, and not alike. Constants are those of MediaPipe's graphs (Apache-2.0).
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from scipy.special import expit

from kinesynth.errors import MissingDependency
from kinesynth_train.package_files import fetch_files
from kinesynth_train.predict.detector.weights import BLAZEPOSE
from kinesynth_train.predict.landmarks import keypoint_sets
from kinesynth_train.predict.silhouettes import packed

POINTS = 33
DETECTOR_SIZE, LANDMARK_SIZE, HEATMAP_SIZE = 224, 256, 64
STRIDES = ((8, 2), (16, 2), (32, 6))  # and anchors per place
MIN_SCORE = 0.5
SAME_PERSON = 0.5  # of the circle's radius, between the middles of the hips
ROI_SCALE = 1.25
KERNEL = 7  # cells of the heatmap about a point, by which it is refined
MIN_HEAT = 0.5
FAINT = 1e-3  # of visibility: two looks that see nothing count alike


@dataclass(frozen=True)
class Circle:
    """A person's place: the middle of the hips (px), the radius of the circle (px), and the body's turn (rad)."""

    x: float
    y: float
    radius: float
    turn: float

    @classmethod
    def of(cls, hips: np.ndarray, rim: np.ndarray) -> "Circle":
        """Return the circle about `hips` (2,) through `rim` (2,), which is above the hips of a person upright."""
        x, y = (rim - hips).tolist()
        return cls(float(hips[0]), float(hips[1]), float(np.hypot(x, y)), float(np.arctan2(x, -y)))

    def is_near(self, other: "Circle") -> bool:
        """Tell whether two circles are one person's."""
        return float(np.hypot(self.x - other.x, self.y - other.y)) < SAME_PERSON * max(self.radius, other.radius)


@dataclass(frozen=True, eq=False)
class Look:
    """What is seen where a person was looked for.

    Attributes:
        points: (33, 3) px and visibility.
        lifted: (33, 3) m, the same in space, about the middle of the hips, in the axes of a camera that looks at it.
        silhouette: bits and map, as `silhouettes.packed` gives them.
        following: where to look next.
        sure: from 0 to 1, that it is a person.
    """

    points: np.ndarray
    lifted: np.ndarray
    silhouette: tuple[np.ndarray, np.ndarray]
    following: Circle
    sure: float


class BlazePose:
    """Both networks, on one core."""

    def __init__(self, cache: Path | None = None) -> None:
        """Load the networks, fetching their weights if the cache has none.

        Raises:
            MissingDependency: ai-edge-litert is not installed.
            KinesynthError: the weights cannot be had.
        """
        try:
            from ai_edge_litert.interpreter import Interpreter
        except ImportError as error:
            raise MissingDependency("ai-edge-litert", "predict") from error
        files = fetch_files(BLAZEPOSE, cache)
        self._detector, self._landmarks = (
            Interpreter(model_path=str(files[name]), num_threads=1) for name in ("pose_detection", "pose_landmark_full")
        )
        for network in (self._detector, self._landmarks):
            network.allocate_tensors()
        self._anchors = _anchors()

    def find(self, picture: np.ndarray) -> list[Circle]:
        """Return the people of a picture (H, W, 3) uint8, the surest first."""
        height, width = picture.shape[:2]
        scale = max(height, width) / DETECTOR_SIZE
        left, top = (width - DETECTOR_SIZE * scale) / 2, (height - DETECTOR_SIZE * scale) / 2
        shrunk = Image.fromarray(picture).resize(
            (round(width / scale), round(height / scale)), Image.Resampling.BILINEAR, reducing_gap=2.0
        )
        square = Image.new("RGB", (DETECTOR_SIZE, DETECTOR_SIZE))
        square.paste(shrunk, (round(-left / scale), round(-top / scale)))
        boxes, scores = _run(self._detector, np.asarray(square, dtype=np.float32) / 127.5 - 1.0)[:2]
        scores = expit(scores[0, :, 0])
        sure = np.flatnonzero(scores > MIN_SCORE)
        people: list[Circle] = []
        for index in sure[np.argsort(-scores[sure])]:
            ends = boxes[0, index, 4:8].reshape(2, 2) / DETECTOR_SIZE + self._anchors[index]
            circle = Circle.of(*(ends * DETECTOR_SIZE * scale + [left, top]))
            if not any(circle.is_near(person) for person in people):
                people.append(circle)
        return people

    def look(self, picture: np.ndarray, circle: Circle) -> Look:
        """Return what is seen of the person about whom a circle is."""
        matrix = _crop_matrix(circle)
        crop = Image.fromarray(picture).transform(
            (LANDMARK_SIZE, LANDMARK_SIZE), Image.Transform.AFFINE, tuple(matrix.ravel()), Image.Resampling.BILINEAR
        )
        seen = np.asarray(crop, dtype=np.float32) / 255.0
        first = _run(self._landmarks, seen)
        positions, visibility, lifted = _landmarks_of(first)
        mirrored = _mirrored(*_landmarks_of(_run(self._landmarks, np.ascontiguousarray(seen[:, ::-1]))))
        positions[:POINTS], visibility, lifted = _mean((positions[:POINTS], visibility, lifted), mirrored)
        positions = (positions * LANDMARK_SIZE) @ matrix[:, :2].T + matrix[:, 2]
        points = np.concatenate([positions[:POINTS], visibility[:, None]], axis=1)
        cosine, sine = np.cos(circle.turn), np.sin(circle.turn)
        lifted[:, :2] = lifted[:, :2] @ np.array([[cosine, sine], [-sine, cosine]])
        following = Circle.of(positions[POINTS], positions[POINTS + 1])
        return Look(points, lifted, packed(first[2][0, ..., 0], matrix), following, float(first[1].ravel()[0]))


def _run(network: Any, picture: np.ndarray) -> list[np.ndarray]:
    """Return a network's outputs, in their order."""
    network.set_tensor(network.get_input_details()[0]["index"], picture[None])
    network.invoke()
    return [network.get_tensor(output["index"]) for output in network.get_output_details()]


def _landmarks_of(outputs: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return positions (35, 2) as fractions of the square, visibility (33,) and lifted points (33, 3) m."""
    raw = outputs[0].reshape(-1, 5)
    visibility = expit(raw[:POINTS, 3:].min(axis=1))  # seen, and inside the picture
    return _refined(raw[:, :2] / LANDMARK_SIZE, outputs[3][0]), visibility, outputs[4].reshape(-1, 3)[:POINTS] * 1.0


def _mirrored(
    positions: np.ndarray, visibility: np.ndarray, lifted: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what is seen in a mirror image as it is in the picture: right is left there, and rows run backward."""
    other = _counterparts()
    across = np.array([1.0, 0.0]) + positions[other] * [-1.0, 1.0]
    return across, visibility[other], lifted[other] * [-1.0, 1.0, 1.0]


def _mean(one: tuple[np.ndarray, ...], other: tuple[np.ndarray, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the means of two looks' positions, by visibility, of this and of lifted points.

    Where the other look has right and left the other way round, in the picture, the first one's word counts.
    """
    swapped = other[0][_counterparts()], other[1][_counterparts()], one[2]
    apart, apart_swapped = (np.linalg.norm(one[0] - each[0], axis=1).sum() for each in (other, swapped))
    if apart_swapped < apart:
        other = swapped
    weight = (one[1] + FAINT) / (one[1] + other[1] + 2 * FAINT)
    positions = weight[:, None] * one[0] + (1 - weight[:, None]) * other[0]
    return positions, (one[1] + other[1]) / 2, (one[2] + other[2]) / 2


@cache
def _counterparts() -> list[int]:
    """Return the index (33,) of each point's counterpart on the other side; its own of one on the midline."""
    names = keypoint_sets()["blazepose33"]
    swap = {"R": "L", "L": "R"}
    return [names.index(swap.get(name[0], name[0]) + name[1:]) for name in names]


def _anchors() -> np.ndarray:
    """Return the middles (A, 2) of the detector's anchors, as fractions of its picture."""
    middles = []
    for stride, count in STRIDES:
        cells = DETECTOR_SIZE // stride
        y, x = np.divmod(np.arange(cells * cells), cells)
        middles.append(np.repeat((np.stack([x, y], axis=1) + 0.5) / cells, count, axis=0))
    return np.concatenate(middles)


def _crop_matrix(circle: Circle) -> np.ndarray:
    """Return the affine map (2, 3) from the second network's square to the picture, px."""
    side = 2 * ROI_SCALE * circle.radius / LANDMARK_SIZE
    cosine, sine = side * np.cos(circle.turn), side * np.sin(circle.turn)
    linear = np.array([[cosine, -sine], [sine, cosine]])
    middle = np.full(2, LANDMARK_SIZE / 2)
    return np.concatenate([linear, (np.array([circle.x, circle.y]) - linear @ middle)[:, None]], axis=1)


def _refined(positions: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """Return positions (P, 2), as fractions of the square, moved to the middle of the heat (64, 64, P) about them."""
    result, half = positions.copy(), KERNEL // 2
    cells = (positions * HEATMAP_SIZE).astype(int)
    for index, (x, y) in enumerate(cells):
        if not (0 <= x < HEATMAP_SIZE and 0 <= y < HEATMAP_SIZE):
            continue
        rows = np.arange(max(y - half, 0), min(y + half + 1, HEATMAP_SIZE))
        columns = np.arange(max(x - half, 0), min(x + half + 1, HEATMAP_SIZE))
        window = expit(heat[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1, index])
        if window.max() < MIN_HEAT:
            continue
        total = window.sum() * HEATMAP_SIZE
        result[index] = (window.sum(axis=0) @ columns / total, window.sum(axis=1) @ rows / total)
    return result
