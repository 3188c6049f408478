"""From the points of two views or more to a person's size and motion."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from kinesynth.errors import BadInput
from kinesynth.skeleton import SkeletonDefinition
from kinesynth_train.predict.belief import Tracking
from kinesynth_train.predict.body_checks import check_handedness, check_upright
from kinesynth_train.predict.gaps import fill, smooth
from kinesynth_train.predict.landmarks import generic_skeleton, keypoint_sets, with_landmarks
from kinesynth_train.predict.pose import Poses, find_poses, is_shown, poses_of
from kinesynth_train.predict.proportions import USUAL_METRES, Proportions, proportions
from kinesynth_train.predict.rays import Rays, meet
from kinesynth_train.predict.refine import SightLines, refine
from kinesynth_train.predict.scaled import scaled
from kinesynth_train.predict.size_fit import refit_size
from kinesynth_train.predict.views import FIX, SUSPECT_MISS_M, Sight

MAX_HEIGHT_ERROR = 0.06  # fraction by which the measured height may differ from the one told silently
SIZE_ROUNDS = 1
MAX_MISFIT_M = 0.12
MIN_MET = 0.5  # of the frames in which two views show a person


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """A person's motion.

    Attributes:
        times: (T,) s, even.
        names: the M points.
        points: (T, M, 3) m, filled and smoothed; NaN where unknown.
        confidence: (T, M) from 0 to 1.
        filled: (T, M) bool.
        size: the person's.
        skeleton: of that size, with the points as its markers.
        poses: the motion.
        notes: what was taken for granted.
        guess: why all of it is a guess; empty where it is not.
        tracking: how well it follows markers that the person wore; None of points that a detector saw.
    """

    times: np.ndarray
    names: tuple[str, ...]
    points: np.ndarray
    confidence: np.ndarray
    filled: np.ndarray
    size: Proportions
    skeleton: SkeletonDefinition
    poses: Poses
    notes: tuple[str, ...]
    guess: str = ""
    tracking: Tracking | None = None

    @property
    def fps(self) -> float:
        """Frames per second."""
        return float((len(self.times) - 1) / (self.times[-1] - self.times[0]))

    @property
    def angle_valid(self) -> np.ndarray:
        """Which angles (T, J) are believed."""
        if self.tracking is None:
            return np.repeat(self.poses.valid[:, None], self.poses.angles.shape[1], axis=1)
        return self.tracking.angle_valid(self.poses.valid)


def even_times(times: np.ndarray, start: float, end: float) -> np.ndarray:
    """Return the times of a view between two, s, set at even distances: OpenSim's files know no others.

    Raises:
        BadInput: fewer than two are left.
    """
    inside = times[(times >= start - 1e-6) & (times <= end + 1e-6)]
    if len(inside) < 2:
        found = f"{start:g} to {end:g} s of {times[-1]:.2f} s"
        raise BadInput("--start, --end", "time", found, "at least two frames", "choose a longer part")
    return np.linspace(inside[0], inside[-1], len(inside))


def reconstruct(sights: Sequence[Sight], times: np.ndarray, smooth_hz: float, height: float | None) -> Reconstruction:
    """Return the motion of the person whom two or more views see, at `times` (T,) s of the first view."""
    keypoint_set = sights[0].view.keypoints.set
    rays = [sight.at(times) for sight in sights]
    meeting = meet(rays)
    marked, spreads = with_landmarks(generic_skeleton(), keypoint_set)
    columns = [keypoint_sets()[keypoint_set].index(name) for name in marked.marker_names]
    check_meeting(sights, marked, rays, columns, meeting.confidence[:, columns] > 0)
    found = from_points(
        times, marked, spreads, meeting.points[:, columns], meeting.confidence[:, columns], smooth_hz, height
    )
    return refined(found, marked, sight_lines(rays, columns, spreads), smooth_hz, height)


def check_meeting(
    sights: Sequence[Sight], marked: SkeletonDefinition, rays: Sequence[Rays], columns: Sequence[int], met: np.ndarray
) -> None:
    """Require that views whose trunks already miss each other by much show one body in most of their frames.

    Args:
        sights: the views.
        marked: the skeleton of the M points.
        rays: of the views.
        columns: of the M points among these.
        met: (T, M) whether lines of sight meet.

    Raises:
        BadInput: in fewer than half of the frames in which two views show a person do their lines of sight meet.
    """
    twice = np.sum([each.confidence[:, columns] > 0 for each in rays], axis=0) >= 2
    shown = is_shown(marked, twice)
    count = int((shown & is_shown(marked, met)).sum())
    miss = max(sight.miss for sight in sights[1:])
    if miss > SUSPECT_MISS_M and count < MIN_MET * shown.sum():
        found = f"lines of sight that meet in {count} of the {shown.sum()} frames that show a person"
        expected = f"most of them: hips and shoulders miss by {1e3 * miss:.0f} mm as it is"
        raise BadInput("views", "points", found, expected, FIX)


def refined(
    found: Reconstruction, marked: SkeletonDefinition, lines: SightLines, smooth_hz: float, height: float | None
) -> Reconstruction:
    """Return the motion, and the size, that the lines of sight ask for."""
    for _ in range(SIZE_ROUNDS):
        angles = refine(found.skeleton, lines, found.poses.angles, found.fps, smooth_hz)
        size = refit_size(marked, found.size, lines, angles, height)
        skeleton = scaled(marked, size.scales)
        found = replace(found, size=size, skeleton=skeleton, poses=poses_of(skeleton, angles, found.points))
    angles = refine(found.skeleton, lines, found.poses.angles, found.fps, smooth_hz)
    return replace(found, poses=poses_of(found.skeleton, angles, found.points))


def sight_lines(rays: Sequence[Rays], columns: Sequence[int], spreads: np.ndarray) -> SightLines:
    """Return the lines of sight of some of the points, weighed by confidence and by the points' spread."""
    directions = np.stack([each.directions[:, columns] for each in rays])
    seen = np.isfinite(directions).all(axis=-1)
    weights = np.where(seen, np.stack([each.confidence[:, columns] for each in rays]) / spreads**2, 0.0)
    return SightLines(
        torch.tensor(np.stack([each.origin for each in rays])),
        torch.tensor(np.where(seen[..., None], directions, 0.0)),
        torch.tensor(weights),
    )


def from_points(
    times: np.ndarray,
    marked: SkeletonDefinition,
    spreads: np.ndarray,
    positions: np.ndarray,
    confidence: np.ndarray,
    smooth_hz: float,
    height: float | None,
) -> Reconstruction:
    """Return the motion of a person whose points are known in the world.

    Args:
        times: (T,) s, even.
        marked: the generic skeleton with the M points as its markers.
        spreads: (M,) m, their standard deviations.
        positions: (T, M, 3) m, y up; NaN where unknown.
        confidence: (T, M) from 0 to 1.
        smooth_hz: cut-off of the low-pass; 0 for none.
        height: m, or None.
    """
    fps = float((len(times) - 1) / (times[-1] - times[0]))
    filled, sure, gaps = fill(positions, confidence, fps)
    notes = check_upright(marked, filled)
    check_handedness(marked.marker_names, filled)
    filled = smooth(filled, fps, smooth_hz)
    size = proportions(generic_skeleton(), marked, spreads, filled, height)
    notes += height_notes(size, height)
    skeleton = scaled(marked, size.scales)
    poses = find_poses(skeleton, spreads, filled, sure)
    notes += check_poses(poses, "check --cameras, and that every view shows the same person")
    return Reconstruction(times, marked.marker_names, filled, sure, gaps, size, skeleton, poses, tuple(notes))


def check_poses(poses: Poses, fix: str) -> list[str]:
    """Return a note where some frames are not believed.

    Raises:
        BadInput: none is, or the skeleton does not fit to the points; `fix` says what to do then.
    """
    if not poses.valid.any():
        found = "no frame with hips, shoulders, a knee and an ankle"
        raise BadInput("points", "person", found, "such frames", "see that the whole body is in the pictures")
    misfit = float(np.nanmedian(poses.misfit))
    if misfit > MAX_MISFIT_M:
        found, expected = f"points {1e3 * misfit:.0f} mm off (median)", f"below {1e3 * MAX_MISFIT_M:.0f} mm"
        raise BadInput("points", "fit of the skeleton", found, expected, fix)
    if poses.valid.all():
        return []
    return [f"{(~poses.valid).sum()} of {len(poses.valid)} frames are not believed: too few points were seen"]


def height_notes(size: Proportions, height: float | None) -> list[str]:
    """Return a note where the height, m, that was measured differs from the one told, or is unusual."""
    if height is not None and abs(size.measured / height - 1) > MAX_HEIGHT_ERROR:
        return [
            f"the points tell a height of {size.measured:.2f} m, and {height:.2f} m was told: check the calibration"
        ]
    if height is None and not USUAL_METRES[0] <= size.height <= USUAL_METRES[1]:
        return [f"the points tell a height of {size.height:.2f} m: check the calibration's unit"]
    return []
