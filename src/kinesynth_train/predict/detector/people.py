"""All people of a video, followed from frame to frame."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from kinesynth.errors import BadInput
from kinesynth_train.predict.detector.blazepose import MIN_SCORE, POINTS, BlazePose, Circle
from kinesynth_train.predict.keypoint_files import Keypoints
from kinesynth_train.predict.silhouettes import BYTES, Silhouettes
from kinesynth_train.predict.videos import Video

MAX_PEOPLE = 3
LOOK_AROUND_SECONDS = 0.5  # between searches of the whole picture
MIN_RADIUS = 0.03  # of the picture's longer side: smaller people are not followed


def detect_people(
    video: Video, network: BlazePose, span: tuple[float, float], progress: Callable[[int], None]
) -> Keypoints:
    """Return the points of up to `MAX_PEOPLE` people in each frame of a video.

    A person keeps a place among them for as long as the network sees one where it looks. The whole picture is searched
    now and then, and whenever nobody is left.

    Args:
        video: the video.
        network: the detector.
        span: s, the first and the last time that is looked at.
        progress: told the frame after each.

    Raises:
        BadInput: nobody is seen in any frame.
    """
    points = np.full((len(video.times), MAX_PEOPLE, POINTS, 3), np.nan)
    points[..., 2] = 0.0
    lifted = np.full(points.shape, np.nan)
    bits = np.zeros((*points.shape[:2], BYTES), np.uint8)
    squares = np.zeros((*points.shape[:2], 2, 3))
    people: list[Circle | None] = [None] * MAX_PEOPLE
    searched = -np.inf
    for frame, picture in video.frames():
        time = video.times[frame]
        if not span[0] <= time <= span[1]:
            continue
        if time - searched >= LOOK_AROUND_SECONDS or not any(people):
            _welcome(people, network.find(picture), max(picture.shape))
            searched = time
        for place, circle in enumerate(people):
            if circle is None:
                continue
            seen = network.look(picture, circle)
            twice = any(other is not None and other.is_near(seen.following) for other in people[:place])
            lost = seen.sure < MIN_SCORE or twice or not _fits(seen.following, picture)
            people[place] = None if lost else seen.following
            if not lost:
                points[frame, place], lifted[frame, place] = seen.points, seen.lifted
                bits[frame, place], squares[frame, place] = seen.silhouette
        progress(frame)
    if not (points[..., 2] > 0).any():
        found = "nobody in any frame"
        raise BadInput(video.path, "people", found, "a person", "check that the video is upright, or give --keypoints")
    return Keypoints("blazepose33", points, (), lifted, Silhouettes(bits, squares))


def _welcome(people: list[Circle | None], found: list[Circle], side: int) -> None:
    """Give those found who are not followed yet the places that are free."""
    for circle in found:
        known = any(person is not None and person.is_near(circle) for person in people)
        if not known and None in people and circle.radius > MIN_RADIUS * side:
            people[people.index(None)] = circle


def _fits(circle: Circle, picture: np.ndarray) -> bool:
    height, width = picture.shape[:2]
    inside = 0 <= circle.x < width and 0 <= circle.y < height
    return bool(inside and circle.radius > MIN_RADIUS * max(height, width))


def save_keypoints(path: Path, keypoints: Keypoints) -> None:
    """Write points as `read_keypoints` reads them."""
    from kinesynth.npz import write_npz

    arrays = {"points": keypoints.points, "set": np.array(keypoints.set)}
    if keypoints.lifted is not None:
        arrays["lifted"] = keypoints.lifted
    if keypoints.silhouettes is not None:
        arrays |= {"silhouettes": keypoints.silhouettes.bits, "squares": keypoints.silhouettes.squares}
    write_npz(path, arrays, compressed=True)
