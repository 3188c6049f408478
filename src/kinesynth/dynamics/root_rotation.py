"""The pelvis' rotation as a rotation, not as three angles.

Its coordinates are three rotations in turn. Where the middle one nears a quarter turn, the outer two run away or jump
by half a turn although the body moves smoothly (gimbal lock), and a filter on each of them by itself would turn the
body by as much as it likes. Here the four components of the quaternion are filtered instead: they are smooth wherever
the body is, and a linear filter on them does not depend on how world and pelvis are oriented.
"""

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from kinesynth.dynamics.filters import low_pass
from kinesynth.dynamics.names import PELVIS_MOMENTS
from kinesynth.errors import BadInput
from kinesynth.skeleton.definition import SkeletonDefinition, evaluate

LOCKED = 1e-6  # cosine of the middle angle, below which only a sum or difference of the outer two is known
FIX = "use a model whose pelvis turns by these three angles, about axes at right angles in turn"


@dataclass(frozen=True)
class RootRotation:
    """How the pelvis' three angles turn it: by the first, then about the carried second axis, then about the third.

    Attributes:
        columns: (3,) of the angles among all J coordinates, in that order.
        axes: (3, 3) unit vectors, one a row, each at right angles to the next.
    """

    columns: np.ndarray
    axes: np.ndarray

    @classmethod
    def of(cls, skeleton: SkeletonDefinition, path: Path) -> "RootRotation":
        """Return that of a model, read from `path`.

        Raises:
            BadInput: the pelvis does not turn by three plain angles.
        """
        wanted = sorted(skeleton.coordinate_names.index(name) for name in PELVIS_MOMENTS)
        body = int(np.argmax((skeleton.axis_coordinates[:, :3] == wanted[0]).any(axis=1)))
        columns, axes = skeleton.axis_coordinates[body, :3], skeleton.axes[body, :3]
        samples = np.array([-1.0, 0.0, 2.0])
        plain = all(
            np.allclose(evaluate(skeleton.function_knots[f], skeleton.function_coefficients[f], samples), samples)
            for f in skeleton.axis_functions[body, :3]
        )
        square = np.allclose([axes[0] @ axes[1], axes[1] @ axes[2]], 0.0, atol=1e-6)
        if sorted(columns.tolist()) != wanted or not plain or not square:
            found = f"other rotations of {skeleton.body_names[body]}"
            raise BadInput(path, "joint of the pelvis", found, ", ".join(PELVIS_MOMENTS), FIX)
        return cls(columns, axes)

    def low_passed(self, angles: np.ndarray, rate_hz: float, cutoff_hz: float) -> np.ndarray:
        """Return the angles (T, 3) in `columns` of the low-passed rotation of `angles` (T, J).

        They are continuous in time, so that the middle one may go on beyond a quarter turn.
        """
        quaternions = self.rotation(angles[:, self.columns]).as_quat()
        flips = np.sum(quaternions[1:] * quaternions[:-1], axis=1) < 0.0  # q and -q are one rotation
        quaternions[1:] *= np.where(np.cumsum(flips) % 2, -1.0, 1.0)[:, None]
        smooth = Rotation.from_quat(low_pass(quaternions, rate_hz, cutoff_hz))
        return self.angles(smooth, angles[0, self.columns])

    def rotation(self, angles: np.ndarray) -> Rotation:
        """Return the T rotations of `angles` (T, 3)."""
        turns = [Rotation.from_rotvec(angles[:, i, None] * axis) for i, axis in enumerate(self.axes)]
        return turns[0] * turns[1] * turns[2]

    def angles(self, rotation: Rotation, start: np.ndarray) -> np.ndarray:
        """Return the angles (T, 3) of T rotations, each as near as can be to those before, the first to `start` (3,).

        Besides whole turns, a rotation has two triples of angles, and endless ones where it is locked.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of gimbal lock, which is dealt with below
            found = np.atleast_2d(rotation.as_davenport(self.axes, "intrinsic"))
        hand = np.sign(np.linalg.det(self.axes))
        result, before = np.empty_like(found), start
        for frame, triple in enumerate(found):
            one = triple.copy()
            if np.cos(one[1]) < LOCKED:
                shift = before[0] - one[0]
                one += [shift, 0.0, -hand * np.sign(one[1]) * shift]
            same = np.array([one[0] + np.pi, np.pi - one[1], one[2] + np.pi])
            near = [some + 2.0 * np.pi * np.round((before - some) / (2.0 * np.pi)) for some in (one, same)]
            before = result[frame] = min(near, key=lambda some: float(np.abs(some - before).sum()))
        return result


def read_root_rotation(path: Path) -> RootRotation:
    """Return a model's. Runs OpenSim: call it in a child process."""
    from kinesynth.opensim_models.read_osim import read_osim

    return RootRotation.of(SkeletonDefinition(**read_osim(path)), path)
