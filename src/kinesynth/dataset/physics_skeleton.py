"""What needs the skeleton posed, by torch: keypoints and markers at the angles, and moments by virtual work."""

from collections.abc import Iterator

import numpy as np
import torch

from kinesynth.dataset.person import Person
from kinesynth.dataset.physics_body import Found, worst
from kinesynth.dataset.physics_forces import UP, accelerations, smoothed
from kinesynth.dataset.record import ClipRecord, pushes
from kinesynth.gravity import GRAVITY
from kinesynth.opensim_files.external_loads import PUSHED
from kinesynth.skeleton.layer import SkeletonLayer, SkeletonPose

_STEP = 1e-4  # rad, of the finite differences
_SMOOTHING_S = 0.03
# N m/kg that an error may have: turning parts' own inertia, which the shard does not hold, grows towards the trunk.
_ALLOWED = {"ankle_angle": 0.1, "subtalar_angle": 0.1, "knee_angle": 0.3, "hip": 0.5, "lumbar": 0.6}
_ALLOWED_FRACTION = 0.25  # and of the moment itself, for fast motion


def skeleton_values(clip: ClipRecord, person: Person) -> Iterator[Found]:
    """Yield how far keypoints, markers and moments are from what the posed skeleton says."""
    arrays, names = clip.arrays, person.skeleton.body_names
    layer = SkeletonLayer(person.skeleton)
    pose = _posed(layer, arrays["angles"])
    off = 1000 * np.linalg.norm(pose.keypoints.numpy() - arrays["keypoints"], axis=-1)
    yield "keypoints", float(off.max()), worst(off, [*names, *(f"{name}'s mass centre" for name in names)])
    believed = arrays["quality/angle_valid"].mean(axis=1) > 0.5
    if believed.any():
        error = np.square(pose.markers.numpy() - arrays["markers"]).sum(axis=-1)
        rms = 1000 * np.sqrt(error.mean(axis=1)) * believed
        yield "markers", float(rms.max()), worst(rms)
    if arrays["quality/force_valid"].any():
        yield from _work_values(clip, person, layer)


def _work_values(clip: ClipRecord, person: Person, layer: SkeletonLayer) -> Iterator[Found]:
    """Compare joint moments with the work that masses and ground forces do when the joint alone moves a little."""
    joints = person.coordinates(*_ALLOWED)
    asked = virtual_moments(clip, person, layer, joints) / person.mass_kg
    moments = person.skeleton.carried(clip.arrays["smooth_angles"], clip.arrays["moments"])
    given = moments[:, joints] / person.mass_kg
    seen = clip.arrays["quality/force_valid"] & np.isfinite(asked).all(axis=1)
    if not seen.any():
        return
    names = [person.skeleton.coordinate_names[joint] for joint in joints]
    error, size = (np.sqrt(np.mean(np.square(each[seen]), axis=0)) for each in (asked - given, asked))
    base = np.array([next(_ALLOWED[key] for key in _ALLOWED if name.startswith(key)) for name in names])
    allowed = base + _ALLOWED_FRACTION * size
    joint = int(np.argmax(error / allowed))
    place = f"{names[joint]}, {error[joint]:.2f} of {allowed[joint]:.2f} N m/kg"
    yield "work", float(error[joint] / allowed[joint]), place


def virtual_moments(clip: ClipRecord, person: Person, layer: SkeletonLayer, joints: np.ndarray) -> np.ndarray:
    """Return the moments (T, len(joints)) N m by the principle of virtual work, NaN near the clip's ends.

    The parts' masses sit in their mass centres; their own moments of inertia are left out. The motion is that which the
    forces belong to (`smooth_angles`).
    """
    arrays, fps = clip.arrays, clip.fps
    angles = arrays["smooth_angles"]
    pose = _posed(layer, angles)
    masses = person.skeleton.masses[:, None]
    positions = pose.mass_centres.numpy()
    load = masses * (smoothed(accelerations(positions, fps), fps, _SMOOTHING_S) + GRAVITY * UP)
    force, cop, free = pushes(arrays)
    feet = person.bodies(tuple(PUSHED.values())[: force.shape[1]])
    rotations, origins = _feet(pose, feet)
    arm = np.einsum("tfji,tfj->tfi", rotations, cop - origins)
    columns = []
    for joint in joints:
        moved = angles.astype(float)
        moved[:, joint] += _STEP
        other = _posed(layer, moved)
        work = (load * (other.mass_centres.numpy() - positions)).sum(axis=(1, 2))
        turned, origins = _feet(other, feet)
        work -= (force * (np.einsum("tfij,tfj->tfi", turned, arm) + origins - cop)).sum(axis=(1, 2))
        turn = np.einsum("tfij,tfkj->tfik", turned, rotations)
        axis = np.stack([turn[..., 2, 1], turn[..., 0, 2], turn[..., 1, 0]], axis=-1)  # small: its sine is its angle
        work -= (free * axis).sum(axis=(1, 2))
        columns.append(work / _STEP)
    return np.stack(columns, axis=1)


def _posed(layer: SkeletonLayer, angles: np.ndarray) -> SkeletonPose:
    with torch.no_grad():
        pose: SkeletonPose = layer(torch.from_numpy(angles.astype(float)))
    return pose


def _feet(pose: SkeletonPose, feet: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Return rotations (T, F, 3, 3) and origins (T, F, 3) of the bodies that are pushed."""
    transforms = pose.transforms[:, feet].numpy()
    return transforms[..., :3, :3], transforms[..., :3, 3]
