"""Plain meshes that surround the person, and how a box or an upright cylinder becomes one."""

from dataclasses import dataclass

import numpy as np

from kinesynth.render.furniture import Box

_SIDES = 20  # of a cylinder; even, so that its ends are cut into faces of four corners
_FACES = np.array([(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)])


@dataclass(frozen=True)
class Prop:
    """A mesh of the setting: flat faces (F,4) over points (n,3) m, one colour, and the wall (0-3) it belongs to, or -1.

    A camera behind a wall sees neither it nor what is along it: see `setting.hides`. What stands `free` may hide the
    person and throws shadows. `shade` (n,) is the light that reaches the points; all of it where None.
    """

    name: str
    vertices: np.ndarray
    faces: np.ndarray
    material: str
    colour: tuple[float, float, float]
    wall: int = -1
    free: bool = False
    shade: np.ndarray | None = None


def solid(box: Box) -> tuple[np.ndarray, np.ndarray]:
    """Return points (n,3) and faces (F,4) of a box, or of the upright cylinder inside it."""
    low, high = np.array(box.low), np.array(box.high)
    if not box.round:
        corners = np.array([(i, j, k) for i in (0, 1) for j in (0, 1) for k in (0, 1)])
        return low + corners * (high - low), _FACES
    angle = 2 * np.pi * np.arange(_SIDES) / _SIDES
    ring = (low + high)[[0, 2]] / 2 + np.stack([np.cos(angle), np.sin(angle)], axis=1) * (high - low)[[0, 2]] / 2
    points = np.concatenate([np.insert(ring, 1, y, axis=1) for y in (low[1], high[1])])
    first, second = np.arange(_SIDES), (np.arange(_SIDES) + 1) % _SIDES
    sides = np.stack([first, second, second + _SIDES, first + _SIDES], axis=1)
    fan = np.array([(0, k, k + 1, k + 2) for k in range(1, _SIDES - 2, 2)])
    return points, np.concatenate([sides, fan[:, ::-1], fan + _SIDES])
