"""Straight cuts through a body at rest: where a garment begins and ends."""

from dataclasses import dataclass

import numpy as np

from kinesynth.render.anatomy import RestBody
from kinesynth.render.mesh import Patch


@dataclass(frozen=True)
class Region:
    """A garment's cuts, as fields over points of the rest pose that are positive inside, in metres from the cut.

    Attributes:
        waist, lower_hem: heights of the upper and lower cut.
        side: distance from the median plane at which sleeves end.
        armpit: height below which `side` cuts nothing (a sleeveless garment keeps the flanks).
        collar: height, depth and slope of the neck's plane instead of `waist`.
    """

    waist: float
    lower_hem: float
    side: float
    armpit: float
    collar: tuple[float, float, float] | None = None

    def fields(self, points: np.ndarray) -> list[np.ndarray]:
        """Return the distance (n,) inside each cut."""
        x, y, z = points.T
        result = [y - self.lower_hem, np.maximum(self.side - np.abs(x), self.armpit - y)]
        if self.collar is None:
            return [*result, self.waist - y]
        height, depth, slope = self.collar
        shoulders = 1.5 * np.maximum(np.abs(x) - 0.07, 0)  # the plane bends up before it meets the deltoids
        return [*result, (height + slope * (depth - z) + shoulders - y) / np.hypot(1, slope)]


def covered(body: RestBody, region: Region, margin: float) -> np.ndarray:
    """Return which body vertices (N,) lie more than `margin` m inside a garment's cuts."""
    inside = np.min(region.fields(body.vertices), axis=0)
    return np.asarray((inside > margin) & (body.weight("head", "jaw", "eye") < 0.3))


def cut(body: RestBody, region: Region) -> Patch:
    """Return the body's surface inside a garment's cuts."""
    skin = body.weight("jaw", "eye", "head") < 0.6  # keeps mouth and eyeballs, separate surfaces, out of collars
    patch = Patch.whole(len(body.vertices), body.faces[skin[body.faces].all(axis=1)])
    for k in range(3):
        patch = patch.cut(region.fields(patch.sample(body.vertices))[k])
    return patch
