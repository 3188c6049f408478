"""The person who is meant, in every view, and whether the views see the same person at the same time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kinesynth.errors import BadInput
from kinesynth_train.calibration import Camera
from kinesynth_train.predict.gaps import MAX_SECONDS
from kinesynth_train.predict.given_masks import GivenMasks
from kinesynth_train.predict.keypoint_files import Keypoints
from kinesynth_train.predict.landmarks import keypoint_sets
from kinesynth_train.predict.rays import Rays, gaps, rays_of
from kinesynth_train.predict.sides import with_sides_right, with_sides_steady
from kinesynth_train.predict.silhouettes import Silhouettes
from kinesynth_train.predict.synchronisation import Offset, best_offset, frame_places
from kinesynth_train.predict.tracks import MIN_POINTS, follow, main_person, of_person

TRUNK = ("RHip", "LHip", "RShoulder", "LShoulder")
MAX_MISS_M = 0.15  # median, of the trunk: with more the views do not belong together
SUSPECT_MISS_M = 0.06
FIX = "check --cameras, which video belongs to which camera, and that the videos begin together (--offset)"


@dataclass(frozen=True, eq=False)
class View:
    """What is known of a view.

    Attributes:
        name: the camera's.
        camera: fitted to the video's size.
        times: (T,) s.
        keypoints: of all people.
    """

    name: str
    camera: Camera
    times: np.ndarray
    keypoints: Keypoints


@dataclass(frozen=True, eq=False)
class Sight:
    """The person's points and lines of sight in a view, and how the view stands to the first one.

    Attributes:
        view: the view.
        points: (T, P, 3) px and confidence.
        rays: of these, at the view's own times.
        offset: against the first view, told by motion or by the user.
        miss: m, median by which hips' and shoulders' lines of sight pass those of the first view; NaN for the first.
        lifted: (T, P, 3) m, the detector's guess of the points in space, as in `Keypoints`.
        silhouettes: the person's, where the detector or the user tells them.
        boxes: (T, 4) px, left, top, right and bottom, where the user tells them.
    """

    view: View
    points: np.ndarray
    rays: Rays
    offset: Offset
    miss: float
    lifted: np.ndarray | None = None
    silhouettes: Silhouettes | GivenMasks | None = None
    boxes: np.ndarray | None = None

    def at(self, times: np.ndarray) -> Rays:
        """Return the lines of sight at times (N,) of the first view; none where the view itself paused for long."""
        positions = frame_places(self.view.times, times + self.offset.seconds)
        steps = np.append(np.diff(self.view.times), 0.0)
        low = np.floor(positions + 1e-6).astype(int).clip(0, len(steps) - 1)
        paused = (steps[low] > MAX_SECONDS) & (positions - low > 1e-6)
        return self.rays.at(np.where(paused, np.inf, positions))


def sights(
    views: Sequence[View], near: tuple[float, float] | None, offsets: dict[str, float]
) -> tuple[list[Sight], list[str]]:
    """Return the person in every view, and notes.

    In the first view it is the one nearest to `near`, px, or the one longest and largest seen; in the others the one
    whose trunk's lines of sight meet the first view's.

    Args:
        views: at least one, of one set of points.
        near: px in the first view.
        offsets: s, by view, where the user tells them.

    Raises:
        BadInput: the views have other sets of points, or see no common person.
    """
    sets = {view.keypoints.set for view in views}
    if len(sets) > 1:
        raise BadInput("views", "points", " and ".join(sorted(sets)), "one set in all views", "detect them alike")
    names = keypoint_sets()[views[0].keypoints.set]
    views, turned = _sided(views, names)
    trunk = [names.index(name) for name in TRUNK]
    first = views[0]
    people = _people(first)
    track = people[main_person(first.keypoints.points, people, near)]
    points = of_person(first.keypoints.points, track)
    alone = Offset(0.0, np.nan, np.nan)
    found = [Sight(first, points, rays_of(first.camera, points), alone, float("nan"), *_of_track(first, track))]
    notes = turned
    if len(people) > 1:
        notes.append(f"view {first.name}: {len(people)} people or pieces of tracks, one is followed")
    for view in views[1:]:
        sight, said = _same_person(found[0], view, trunk, offsets.get(view.name))
        found.append(sight)
        notes += said
    return found, notes


def _sided(views: Sequence[View], names: tuple[str, ...]) -> tuple[list[View], list[str]]:
    """Return the views with everybody's right and left set right, and notes."""
    result, notes = [], []
    for view in views:
        points = view.keypoints.points.copy()
        for place in range(points.shape[1]):
            for mended in (with_sides_steady, with_sides_right):
                points[:, place], said = mended(points[:, place], names)
                notes += [f"view {view.name}: {said}"] if said else []
        result.append(replace(view, keypoints=replace(view.keypoints, points=points)))
    return result, notes


def _of_track(view: View, track: np.ndarray) -> tuple[np.ndarray | None, Silhouettes | None]:
    """Return a person's lifted points (T, P, 3) and silhouettes, as far as the detector tells them."""
    frames, who, seen = np.arange(len(track)), np.maximum(track, 0), track >= 0
    lifted, shown = view.keypoints.lifted, view.keypoints.silhouettes
    if lifted is not None:
        lifted = np.where(seen[:, None, None], lifted[frames, who], np.nan)
    if shown is not None:
        bits, squares = shown.bits[frames, who], shown.squares[frames, who]
        shown = Silhouettes(bits * seen[:, None].astype(np.uint8), squares * seen[:, None, None])
    return lifted, shown


def _people(view: View) -> list[np.ndarray]:
    """Return the people of a view, as `follow` does.

    Raises:
        BadInput: there is nobody.
    """
    people = follow(view.keypoints.points, float((len(view.times) - 1) / (view.times[-1] - view.times[0])))
    if not people:
        found, expected = f"nobody with {MIN_POINTS} points or more", "a person"
        raise BadInput(f"view {view.name}", "points", found, expected, "check the detector's output")
    return people


def _same_person(first: Sight, view: View, trunk: list[int], told: float | None) -> tuple[Sight, list[str]]:
    """Return the first view's person in another view, and notes.

    All pieces of tracks whose trunk meets the first view's are that person's, the best of each moment first.
    """
    candidates = _candidates(first, view, trunk, told)
    best = candidates[0]
    if not best.miss <= MAX_MISS_M:
        found = "no common frame" if not np.isfinite(best.miss) else f"lines of sight {best.miss:.3g} m apart"
        pair = f"views {first.view.name} and {view.name}"
        raise BadInput(pair, "hips and shoulders", found, f"below {MAX_MISS_M:g} m", FIX)
    points, taken = best.points, _there(best)
    for other in candidates[1:]:
        if other.miss <= max(2 * best.miss, SUSPECT_MISS_M) and not (_there(other) & taken).any():
            points, taken = np.where(_there(other)[:, None, None], other.points, points), taken | _there(other)
    head = f"view {view.name}: "
    notes = [f"{head}hips and shoulders miss those of {first.view.name} by {1e3 * best.miss:.0f} mm (median)"]
    if best.miss > SUSPECT_MISS_M:
        notes.append(f"{head}that is much: {FIX}")
    if best.offset.seconds and told is None:
        way = "lag behind" if best.offset.seconds > 0 else "be ahead of"
        notes.append(
            f"{head}taken to {way} {first.view.name} by {1e3 * abs(best.offset.seconds):.0f} ms: the lines of sight of"
            f" what moves then miss by {1e3 * best.offset.after:.0f} instead of {1e3 * best.offset.before:.0f} mm"
        )
    return replace(best, points=points, rays=rays_of(view.camera, points)), notes


def _candidates(first: Sight, view: View, trunk: list[int], told: float | None) -> list[Sight]:
    """Return the people of a view, the one whose trunk meets the first view's best first."""
    result = []
    for track in _people(view):
        points = of_person(view.keypoints.points, track)
        rays = rays_of(view.camera, points)
        offset = Offset(told or 0.0, float("nan"), float("nan"))
        if told is None:
            offset = best_offset(first.rays, first.view.times, rays, view.times)
        sight = Sight(view, points, rays, offset, float("inf"), *_of_track(view, track))
        misses = np.abs(gaps(first.rays, sight.at(first.view.times))[:, trunk])
        if np.isfinite(misses).any():
            sight = replace(sight, miss=float(np.nanmedian(misses)))
        result.append(sight)
    return sorted(result, key=lambda sight: sight.miss)


def _there(sight: Sight) -> np.ndarray:
    """Return the frames (T,) in which a person is seen."""
    there: np.ndarray = (sight.points[..., 2] > 0).any(axis=1)
    return there
