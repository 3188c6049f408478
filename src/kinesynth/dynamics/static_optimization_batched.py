"""Static optimization of whole clips at once: fitted muscle paths, forces in closed form, one dual Newton method.

The problem is that of OpenSim's tool: the least sum of activations to a power, the model's own bounds on them, muscles
with force-length-velocity, a stiff tendon and no passive forces, one reserve per free coordinate.
"""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import make_interp_spline

from kinesynth.dynamics.dual_newton import Sharing, share_moments
from kinesynth.dynamics.muscle_force import MuscleForce
from kinesynth.dynamics.muscle_paths import MusclePaths
from kinesynth.dynamics.names import WEAK_RESERVE

CHUNK = 128  # frames solved together: as many as fit in the processor's cache


@dataclass(frozen=True)
class BatchedMuscles:
    """What the engine knows of a subject.

    Attributes:
        paths: of A muscles over the coordinates that they move.
        force: of the same muscles.
        columns: (C,) where those coordinates stand among all J.
        driven: (D,) which of these C they drive.
    """

    paths: MusclePaths
    force: MuscleForce
    columns: np.ndarray
    driven: np.ndarray


def solve_batched(
    muscles: BatchedMuscles, angles: np.ndarray, fps: float, moments: np.ndarray, exponent: float = 2.0
) -> dict[str, np.ndarray]:
    """Return activations (T, A) and, of the D coordinates that muscles drive, the reserves (T, D) N m.

    Args:
        muscles: the subject's.
        angles: (T, J) rad, low-passed as for `moments`.
        fps: frames per second.
        moments: (T, J) N m, of inverse dynamics.
        exponent: of the activations in the cost.
    """
    moved = angles[:, muscles.columns]
    speed, wanted = speeds(moved, fps), moments[:, muscles.columns[muscles.driven]]
    parts = [slice(start, start + CHUNK) for start in range(0, len(angles), CHUNK)]
    solved = []
    for part in parts:
        paths = muscles.paths.evaluate(moved[part])
        solved.append(share_among_muscles(muscles.force, *paths, speed[part], wanted[part], muscles.driven, exponent))
    return {
        "activations": np.concatenate([part.activations for part in solved]),
        "reserves": np.concatenate([part.reserves for part in solved]),
    }


def share_among_muscles(
    force: MuscleForce,
    lengths: np.ndarray,
    gradients: np.ndarray,
    speed: np.ndarray,
    moments: np.ndarray,
    driven: np.ndarray,
    exponent: float = 2.0,
) -> Sharing:
    """Share `moments` (T, D) among muscles of `lengths` (T, A) m whose gradients (T, A, C) m/rad are known.

    `speed` (T, C) rad/s is that of the coordinates, of which those at `driven` (D,) have the moments.
    """
    full = force.full(lengths, (gradients @ speed[..., None])[..., 0])
    # A muscle pulls: it turns the joint to grow shorter.
    capacity = -np.swapaxes(gradients[..., driven] * full[..., None], 1, 2)
    return share_moments(capacity, moments, force.bounds, np.full(moments.shape[1], WEAK_RESERVE), exponent)


def speeds(angles: np.ndarray, fps: float) -> np.ndarray:
    """Return the coordinates' speeds (T, J) rad/s from an interpolating spline, quintic as in OpenSim's tools."""
    order = spline_order(len(angles))
    return np.asarray(make_interp_spline(np.arange(len(angles)) / fps, angles, k=order).derivative()(
        np.arange(len(angles)) / fps
    ))  # fmt: skip


def spline_order(frames: int) -> int:
    """Return the odd order, 5 at most, of a spline through so many frames."""
    return min(5, frames - 1 - frames % 2)
