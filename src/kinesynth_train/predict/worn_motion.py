"""The size and the motion of a person who wore markers: where these sit is estimated together with both.

As in the workflow (`kinesynth.kinematics.worn_places`), whose free body is not at hand here: bodies are likely to be as
large as the distances between the markers, or the height that was told, make a person of usual proportions.
"""

from dataclasses import replace

import numpy as np

from kinesynth.body.measurements import measurements
from kinesynth.kinematics.batched_ik import solve_clips
from kinesynth.kinematics.bounded_skeleton import BoundedSkeleton
from kinesynth.kinematics.worn_markers import WornMarkers, followed_weights
from kinesynth.kinematics.worn_places import FittedMarkers, fit_worn_markers, holding_prior, wearing
from kinesynth.markers.telling_frames import spread_frames
from kinesynth.motion.sight import MAX_HIDDEN_SECONDS
from kinesynth.skeleton import SkeletonDefinition
from kinesynth_train.inverse_kinematics import search_limits
from kinesynth_train.predict.belief import belief_notes, tracking_of, unseen_in
from kinesynth_train.predict.body_checks import check_upright
from kinesynth_train.predict.gaps import fill, smooth
from kinesynth_train.predict.landmarks import generic_skeleton
from kinesynth_train.predict.marker_files import Marked
from kinesynth_train.predict.pose import is_shown, poses_of
from kinesynth_train.predict.proportions import Proportions, proportions
from kinesynth_train.predict.reconstruct import Reconstruction, check_poses, height_notes
from kinesynth_train.predict.scaled import scaled, stature

MAX_OFF_M = 0.03  # RMS of a marker, in motion: soft tissue moves by less
MAX_NAMED = 6
FIX = "check the labels, right and left above all"


def worn_motion(given: Marked, worn: WornMarkers, smooth_hz: float, height: float | None) -> Reconstruction:
    """Return the motion of a person who wore markers.

    Args:
        given: what the file says.
        worn: the L markers: `moving` at all frames, `positions` where the person stands.
        smooth_hz: cut-off of the low-pass; 0 for none.
        height: m, about which the size is likely; None takes what distances between markers tell.
    """
    fps = float((len(given.times) - 1) / (given.times[-1] - given.times[0]))
    notes = check_upright(given.skeleton, given.positions)
    shown = np.isfinite(worn.moving).all(axis=-1).astype(float)
    positions, sure, gaps = fill(worn.moving, shown, fps, MAX_HIDDEN_SECONDS)  # other markers hold what hides longer
    positions = smooth(positions, fps, smooth_hz)
    generic = generic_skeleton()
    likely = proportions(generic, given.skeleton, given.spreads, given.positions, height).height / stature(generic)
    bounded = BoundedSkeleton(generic, search_limits(generic).numpy())
    fitted = fit_worn_markers(bounded, _telling(worn), dict.fromkeys((row.name for row in measurements()), likely))
    size = _size(generic, fitted.factors)
    seen = np.flatnonzero(np.isfinite(positions).all(axis=-1).any(axis=0))
    labels, landmarks, bodies = (
        tuple(kind[column] for column in seen) for kind in (worn.labels, worn.landmarks, worn.bodies)
    )
    person = wearing(replace(bounded, definition=scaled(generic, size.scales)), labels, bodies, fitted.places[seen])
    positions = positions[:, seen]
    poses = poses_of(person.definition, _angles(person, landmarks, positions), positions)
    notes += [*height_notes(size, height), *_static_notes(worn, fitted), *check_poses(poses, FIX)]
    hidden, bare = unseen_in(worn, given.times, generic.body_names)
    tracking = tracking_of(person.definition, landmarks, (poses.markers, poses.joints), positions, hidden)
    notes += _misplaced_notes(worn.standing, labels, tracking.error)
    valid = tracking.angle_valid(poses.valid)
    notes += belief_notes(valid, poses.valid, generic.coordinate_names, bare)
    return Reconstruction(
        given.times, labels, positions, sure[:, seen], gaps[:, seen], size, person.definition, poses, tuple(notes),
        tracking=tracking,
    )  # fmt: skip


def _telling(worn: WornMarkers) -> WornMarkers:
    """Return the markers in the frames that tell sizes and places: standing, or some of all in motion."""
    some = spread_frames(worn.moving)  # not smoothed, which shortens limbs that move fast
    return replace(worn, moving=some) if worn.standing else replace(worn, positions=some, moving=some[:0])


def _angles(person: BoundedSkeleton, landmarks: tuple[str, ...], positions: np.ndarray) -> np.ndarray:
    """Return the angles (T, J) whose markers are nearest to `positions` (T, L, 3), NaN in frames that show too few."""
    shown = is_shown(person.definition, np.isfinite(positions).all(axis=-1))
    angles = np.full((len(positions), len(person.definition.coordinate_names)), np.nan)
    if shown.any():
        weights, prior = followed_weights(landmarks), holding_prior(person.definition)
        angles[shown] = solve_clips(person, {"": positions[shown]}, weights, prior)[""]["angles"]
    return angles


def _size(generic: SkeletonDefinition, scales: np.ndarray) -> Proportions:
    """Return the size that factors (B, 3) of the bodies make."""
    factors = {
        row.name: float(scales[generic.body_names.index(row.bodies[0]), "XYZ".index(row.axes[0])])
        for row in measurements()
    }
    height = stature(scaled(generic, scales))
    return Proportions(scales, factors, height, height)


def _static_notes(worn: WornMarkers, fitted: FittedMarkers) -> list[str]:
    if not worn.standing:
        return ["no static trial (--static): sizes and marker places are from frames of the motion"]
    if not fitted.standing:
        return ["whoever is seen in --static has bent knees: taken for a pose like any other"]
    return []


def _misplaced_notes(standing: bool, labels: tuple[str, ...], off: np.ndarray) -> list[str]:
    """Return a note that names the markers that are off (T, M) m by more than soft tissue moves, if there are any."""
    far = np.sqrt(np.nanmean(off**2, axis=0)) > MAX_OFF_M
    names = [label for label, is_far in zip(labels, far, strict=True) if is_far]
    if not names:
        return []
    named = ", ".join(names[:MAX_NAMED]) + (f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else "")
    where = "where --static has them" if standing else "where they were worn"
    return [f"{named}: over {1e3 * MAX_OFF_M:.0f} mm from {where}, so angles of their segments are doubtful"]
