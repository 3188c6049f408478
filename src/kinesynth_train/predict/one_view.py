"""From the points of one view to a person's motion: a guess, for a single camera measures no depth.

What it leaves open is told by the length of limbs (the height is given or assumed), by what a detector guesses of
depth, by feet that rest on a floor, and by what is likely of joints and of their accelerations. Pose, gravity and floor
are found in turn, the motion each time as a whole (`motion_cost`).
"""

from dataclasses import dataclass, replace

import numpy as np
import torch

from kinesynth.errors import BadInput
from kinesynth.runs import runs
from kinesynth.skeleton import SkeletonDefinition, SkeletonLayer
from kinesynth_train.calibration import Camera
from kinesynth_train.calibration.camera import y_up
from kinesynth_train.predict.gaps import MAX_SECONDS
from kinesynth_train.predict.gravity import upward
from kinesynth_train.predict.landmarks import generic_skeleton, keypoint_sets, with_landmarks
from kinesynth_train.predict.lifting import along_sight, from_headings, guessed_depths, person_sized, placed
from kinesynth_train.predict.motion_cost import Depths, MotionCost
from kinesynth_train.predict.pose import find_poses, is_shown, poses_of
from kinesynth_train.predict.proportions import Proportions, of_height
from kinesynth_train.predict.rays import rays_of
from kinesynth_train.predict.reconstruct import Reconstruction, sight_lines
from kinesynth_train.predict.refine import SightLines, course
from kinesynth_train.predict.scaled import scaled
from kinesynth_train.predict.seen_lengths import by_seen_lengths
from kinesynth_train.predict.sequence import minimize_chain
from kinesynth_train.predict.soles import floor_height, rests, soles
from kinesynth_train.predict.synchronisation import frame_places
from kinesynth_train.predict.views import Sight

ASSUMED_HEIGHT_M = 1.70  # between the means of men and women (NCD-RisC 2016, eLife 5:e13410)
FLOOR_ROUNDS = 2
MIN_FRAMES = 2
TOLERANCE, MAX_ITERATIONS = 1e-4, 40
GUESS = "one view tells no depth: angles, places and forces are a guess; a second camera would tell"


@dataclass(frozen=True, eq=False)
class Seen:
    """What a view shows of a person at the T frames that are wanted, of the skeleton's M points.

    Attributes:
        points: (T, M, 3) px and confidence.
        confidence: (T, M), zero for what does not count.
        lines: of sight.
        positions: (T, M, 3) m in the world, as a detector guesses them; NaN where it does not.
        depths: of these.
    """

    points: np.ndarray
    confidence: np.ndarray
    lines: SightLines
    positions: np.ndarray
    depths: Depths


def reconstruct_one(
    sight: Sight, times: np.ndarray, smooth_hz: float, height: float | None, *, calibrated: bool
) -> tuple[Reconstruction, Sight]:
    """Return the motion of the person whom one view shows at `times` (T,) s, and the view as it then stands.

    Args:
        sight: the person.
        times: even.
        smooth_hz: cut-off of the low-pass; 0 for none.
        height: m; None assumes `ASSUMED_HEIGHT_M`.
        calibrated: whether the camera's place is known, and with it what is up; else the world is turned and moved so
            that y is up and the floor at 0.
    """
    notes = [GUESS]
    if height is None:
        notes.append(f"no --height: {ASSUMED_HEIGHT_M:.2f} m is assumed; lengths and distances are in proportion to it")
    guessed = sight.lifted is not None
    marked, spreads = with_landmarks(generic_skeleton(), sight.view.keypoints.set, lifted=guessed)
    size = of_height(generic_skeleton(), height or ASSUMED_HEIGHT_M)
    skeleton = scaled(marked, size.scales)
    fps = float((len(times) - 1) / (times[-1] - times[0]))
    seen = _seen(sight, times, skeleton, spreads)
    angles = _start(skeleton, spreads, sight.view.camera, seen, fps)
    if not calibrated:
        angles = _fitted(skeleton, seen, angles, fps, None)
        sight, angles, said = _upright(sight, skeleton, angles, fps)
        notes.append(said)
        seen = _seen(sight, times, skeleton, spreads)
    for _ in range(FLOOR_ROUNDS):
        places = soles(skeleton, angles)
        floor = floor_height(places, rests(places, fps))
        angles = _fitted(skeleton, seen, angles, fps, floor)
        markers = poses_of(skeleton, angles, np.zeros((len(times), len(spreads), 3))).markers
        size = by_seen_lengths(size, marked, markers, _on_sight(markers, seen), sight.view.camera.centre)
        skeleton = scaled(marked, size.scales)
    angles = _fitted(skeleton, seen, angles, fps, floor)
    if not calibrated:
        places = soles(skeleton, angles)
        sight, angles = _lowered(sight, skeleton, angles, floor_height(places, rests(places, fps)))
        seen = _seen(sight, times, skeleton, spreads)
    return _told(skeleton, size, times, seen, _smooth(skeleton, angles, fps, smooth_hz), notes), sight


def _seen(sight: Sight, times: np.ndarray, skeleton: SkeletonDefinition, spreads: np.ndarray) -> Seen:
    camera, names = sight.view.camera, keypoint_sets()[sight.view.keypoints.set]
    columns = [names.index(name) for name in skeleton.marker_names]
    rays = sight.at(times)
    nearest = np.rint(frame_places(sight.view.times, times)).astype(int).clip(0, len(sight.points) - 1)
    points = sight.points[nearest]
    positions = np.full((len(times), len(columns), 3), np.nan)
    if sight.lifted is not None:
        hips = points[:, [names.index("RHip"), names.index("LHip")], :2].mean(axis=1)
        lifted = person_sized(skeleton, along_sight(camera, hips, sight.lifted[nearest][:, columns]))
        there = placed(camera, points[:, columns], lifted) - camera.world_to_camera[:3, 3]
        positions = there @ camera.world_to_camera[:3, :3]
    return Seen(
        points[:, columns],
        rays.confidence[:, columns],
        sight_lines([rays], columns, spreads),
        positions,
        guessed_depths(camera, skeleton.marker_names, positions),
    )


def _start(skeleton: SkeletonDefinition, spreads: np.ndarray, camera: Camera, seen: Seen, fps: float) -> np.ndarray:
    """Return angles (T, J) to begin with; NaN in frames that show too little, unless the gap is short."""
    shown = is_shown(skeleton, seen.confidence > 0)
    if shown.sum() < MIN_FRAMES:
        found = f"{shown.sum()} frames with hips, shoulders, a knee and an ankle"
        raise BadInput("points", "person", found, "such frames", "see that the whole body is in the picture")
    if np.isfinite(seen.positions[shown]).any():
        guessed = np.where(shown[:, None, None], seen.positions, np.nan)
        angles = find_poses(skeleton, spreads, guessed, seen.confidence).angles
    else:
        angles = from_headings(skeleton, camera, seen.points, seen.lines, fps)
    known = shown & np.isfinite(angles).all(axis=1)
    frames = np.flatnonzero(known)
    filled = np.stack([np.interp(np.arange(len(angles)), frames, column[frames]) for column in angles.T], axis=1)
    for first, last in runs(~known):
        if not (first > 0 and last < len(known) and last - first <= MAX_SECONDS * fps):
            filled[first:last] = np.nan
    return filled


def _fitted(
    skeleton: SkeletonDefinition, seen: Seen, angles: np.ndarray, fps: float, floor: float | None
) -> np.ndarray:
    """Return the angles (T, J) near those given at which each part without a gap costs least."""
    result = angles.copy()
    for first, last in runs(np.isfinite(angles).all(axis=1)):
        part = slice(first, last)
        lines = seen.lines.select(torch.arange(first, last))
        cost = MotionCost(skeleton, lines, seen.depths.select(part), angles[part], fps, floor)
        result[part, cost.free] = minimize_chain(
            cost, angles[part][:, cost.free], cost.bounds, TOLERANCE, MAX_ITERATIONS
        )
    return skeleton.coupled(result)


def _upright(
    sight: Sight, skeleton: SkeletonDefinition, angles: np.ndarray, fps: float
) -> tuple[Sight, np.ndarray, str]:
    """Return view and angles (T, J) in a world whose y is up, and what was found."""
    valid = np.isfinite(angles).all(axis=1)
    pose = SkeletonLayer(skeleton)(torch.tensor(angles[valid]))
    joints, names = pose.joint_centres.numpy(), skeleton.body_names
    ends = [joints[:, [names.index(f"{body}_{side}") for side in "rl"]].mean(axis=1) for body in ("humerus", "talus")]
    places = soles(skeleton, angles)
    feet = [[name.endswith(f"_{side}") for name in skeleton.contact_names] for side in "rl"]
    middles = np.stack([places[valid][:, foot].mean(axis=1) for foot in feet], axis=1)  # how a foot lies is unsure
    rest = np.stack([rests(places, fps)[valid][:, foot].min(axis=1) for foot in feet], axis=1)
    up = upward(middles, rest, ends[0] - ends[1], fps)
    forward = np.array([1.0, 0.0, 0.0]) - up * up[0]
    forward /= np.linalg.norm(forward)
    turn = np.stack([forward, up, np.cross(forward, up)])
    turned = np.full_like(angles, np.nan)
    markers = pose.markers.numpy() @ turn.T
    turned[valid] = find_poses(skeleton, np.ones(markers.shape[1]), markers, np.ones(markers.shape[:2])).angles
    pitch, roll = np.degrees(np.arctan2(up[[0, 2]], up[1]))
    said = f"no --cameras: taken to look {pitch:.1f} degrees down and to be rolled by {roll:.1f}, by feet and trunk"
    return _with_camera(sight, y_up(sight.view.camera, turn)), turned, said


def _lowered(sight: Sight, skeleton: SkeletonDefinition, angles: np.ndarray, floor: float) -> tuple[Sight, np.ndarray]:
    """Return view and angles (T, J) in a world whose floor is at 0."""
    camera, moved = sight.view.camera, angles.copy()
    pose = camera.world_to_camera.copy()
    pose[:3, 3] += pose[:3, :3] @ [0.0, floor, 0.0]
    moved[:, skeleton.coordinate_names.index("pelvis_ty")] -= floor
    return _with_camera(sight, replace(camera, world_to_camera=pose)), moved


def _with_camera(sight: Sight, camera: Camera) -> Sight:
    return replace(sight, view=replace(sight.view, camera=camera), rays=rays_of(camera, sight.points))


def _smooth(skeleton: SkeletonDefinition, angles: np.ndarray, fps: float, smooth_hz: float) -> np.ndarray:
    result = angles.copy()
    free = np.arange(angles.shape[1])
    for first, last in runs(np.isfinite(angles).all(axis=1)):
        result[first:last] = course(skeleton, free, angles[first:last], fps, smooth_hz)
    return skeleton.coupled(result)


def _on_sight(markers: np.ndarray, seen: Seen) -> np.ndarray:
    """Return where each line of sight passes the skeleton's point (T, M, 3) m; NaN where there is none."""
    origin, directions = seen.lines.origins[0].numpy(), seen.lines.directions[0].numpy()
    along = ((markers - origin) * directions).sum(axis=-1, keepdims=True)
    return np.where((seen.confidence > 0)[..., None], origin + along * directions, np.nan)


def _told(
    skeleton: SkeletonDefinition, size: Proportions, times: np.ndarray, seen: Seen, angles: np.ndarray, notes: list[str]
) -> Reconstruction:
    """Return the motion with its points: where each line of sight passes the skeleton's point."""
    poses = poses_of(skeleton, angles, np.zeros((len(angles), len(skeleton.marker_names), 3)))
    points, known = _on_sight(poses.markers, seen), seen.confidence > 0
    poses = poses_of(skeleton, angles, points)
    filled = poses.valid[:, None] & ~is_shown(skeleton, known)[:, None] & np.ones_like(known)
    if not poses.valid.all():
        notes.append(f"{(~poses.valid).sum()} of {len(times)} frames are not believed: too few points were seen")
    return Reconstruction(
        times, skeleton.marker_names, points, seen.confidence, filled, size, skeleton, poses, tuple(notes), GUESS
    )
