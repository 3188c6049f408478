"""Forces, moments and activations that obey Newton's laws for a motion, for the shards of `shard_factory`."""

import numpy as np

from kinesynth.dataset.person import Person
from kinesynth.dataset.physics_forces import UP, accelerations
from kinesynth.dataset.physics_skeleton import virtual_moments
from kinesynth.dataset.record import ClipRecord
from kinesynth.gravity import GRAVITY
from kinesynth.skeleton import SkeletonDefinition, SkeletonLayer

RESIDUAL = 4.0  # N and N m, left over at the pelvis
SIDES = ("r", "l")
LEG = ("hip_flexion", "hip_adduction", "knee_angle", "ankle_angle")


def ground_reaction(
    skeleton: SkeletonDefinition, keypoints: np.ndarray, fraction: np.ndarray, fps: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return force, centre of pressure and free moment (T, 2, 3) that a motion asks for, the right foot's `share` (T,).

    The centre of pressure stays under the ankle; what that leaves of the moment is free.
    """
    masses = skeleton.masses[:, None]
    positions = keypoints[:, len(masses) :]
    acceleration = accelerations(positions, fps)
    acceleration[[0, -1]] = acceleration[[1, -2]]
    centre = (masses * positions).sum(axis=1, keepdims=True) / masses.sum()
    total = (masses * (acceleration + GRAVITY * UP)).sum(axis=1) - RESIDUAL
    turn = np.cross(positions - centre, masses * acceleration).sum(axis=1)
    fractions = np.stack([fraction, 1.0 - fraction], axis=1)[..., None]
    force = fractions * total[:, None]
    cop = keypoints[:, [skeleton.body_names.index(f"calcn_{side}") for side in SIDES]] * [1.0, 0.0, 1.0]
    free = fractions * (turn - np.cross(cop - centre, force).sum(axis=1))[:, None]
    return force, cop, free


def joint_moments(skeleton: SkeletonDefinition, arrays: dict[str, np.ndarray], fps: float) -> np.ndarray:
    """Return moments (T, J) N m: those of legs and trunk by virtual work, residuals at the pelvis, small ones else."""
    person = Person(skeleton, float(skeleton.masses.sum()), 1.7, ())
    joints = person.coordinates("hip", "knee_angle", "ankle", "subtalar", "lumbar")
    record = ClipRecord(arrays, {"fps": fps}, {})
    found = virtual_moments(record, person, SkeletonLayer(skeleton), joints)
    moments = np.full(arrays["angles"].shape, 5.0)
    moments[:, joints] = np.nan_to_num(found)
    moments[:, person.coordinates("pelvis_")] = RESIDUAL
    moments[:, skeleton.coupled_to >= 0] = 0.0
    return moments


def muscle_activations(skeleton: SkeletonDefinition, moments: np.ndarray) -> np.ndarray:
    """Return activations (T, A) whose squares follow the moments of their leg."""
    result = np.full((len(moments), len(skeleton.muscle_names)), 0.1)
    for side in SIDES:
        joints = [skeleton.coordinate_names.index(f"{name}_{side}") for name in LEG]
        effort = np.abs(moments[:, joints]).sum(axis=1)
        muscles = [index for index, name in enumerate(skeleton.muscle_names) if name.endswith(f"_{side}")]
        result[:, muscles] = (0.02 + 0.7 * np.sqrt(effort / max(effort.max(), 1e-9)))[:, None]
    return result
