"""What a garment is: its cuts, how it fits, and how it is made for a body.

A garment is the part of the body's surface between straight cuts (waist, hems, sleeve ends, collar), moved outwards by
its ease, smoothed, and let hang.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from kinesynth.render.anatomy import Piece, RestBody
from kinesynth.render.garments.cloth import Looseness, finish, hang, offset, seams, unit
from kinesynth.render.garments.cuts import Region, cut
from kinesynth.render.garments.prints import lower_uv, upper_uv, with_hem

_WAISTBAND_M = 0.012  # what a lower garment takes up under an upper one


@dataclass(frozen=True)
class Upper:
    """A garment of the trunk and arms.

    Attributes:
        name: by which scenes and galleries know it.
        sleeve: where sleeves end, as a fraction of the way shoulder -> elbow (0..1) -> wrist (1..2).
        rise: of the collar above the neck joint, m.
        hem: of the lower edge below the hip joints, m; below 0.02 it would join the legs.
        fit: how it lies.
        margin: how far under its edges the skin is left out, m: enough that nothing shows when an edge moves.
        collar: what stands or lies about the neck, a piece of its own, or None.
        open_front: whether a zip runs down the front.
    """

    name: str
    sleeve: float
    rise: float
    hem: float
    fit: Looseness
    margin: float = 0.055
    collar: Callable[[RestBody], Piece] | None = None
    open_front: bool = False

    def region(self, body: RestBody) -> Region:
        """Return the garment's cuts; one without sleeves keeps the flanks below the armpits."""
        neck, hip = body.joint("neck"), body.joint("left_hip")
        shoulder, elbow, wrist = (body.joint(f"left_{name}") for name in ("shoulder", "elbow", "wrist"))
        return Region(
            waist=np.inf,
            lower_hem=hip[1] - self.hem,
            side=_along(self.sleeve, shoulder[0], elbow[0], wrist[0]),
            armpit=shoulder[1] - 0.115 if self.sleeve < 0 else -np.inf,
            collar=(neck[1] + self.rise, neck[2] - 0.03, 0.55),
        )

    def pieces(self, body: RestBody, seed: int) -> list[Piece]:
        """Return the garment made for a body; `seed` lays out its folds."""
        region = self.region(body)
        patch = cut(body, region).refined()
        base = patch.sample(body.vertices)
        shoulder = body.joint("left_shoulder")
        over_waist = np.clip((_waist(body) + 0.03 - base[:, 1]) / 0.03, 0, 1)
        over_waist = over_waist * (np.abs(base[:, 0]) < shoulder[0] + 0.08)
        clearance = self.fit.clearance + _WAISTBAND_M * over_waist
        points = offset(body, patch, self.fit, clearance)
        trunk = np.array([0.0, shoulder[1] - 0.09, body.joint("spine2")[2]])
        below = (trunk[1] - base[:, 1]) / 0.06
        trunk_only = np.clip(below, 0, 1) * (patch.sample(body.weight("shoulder", "elbow", "wrist")) < 0.3)
        points = hang(points, trunk_only, trunk, self.fit.taper, taut=True)
        piece = finish(f"upper: {self.name}", body, patch, points, self.fit, clearance, seed)
        piece = replace(
            piece,
            uv=with_hem(upper_uv(body, patch, points), len(piece.faces)),
            tint=seams(body, piece, region, front=self.open_front),
        )
        return [piece] if self.collar is None else [piece, self.collar(body)]


@dataclass(frozen=True)
class Lower:
    """A garment of the hips and legs; its waist lies under every upper garment.

    Attributes:
        name: by which scenes and galleries know it.
        leg: where its legs end, as a fraction of the way hip -> knee (0..1) -> ankle (1..2).
        fit, margin: as of `Upper`.
    """

    name: str
    leg: float
    fit: Looseness
    margin: float = 0.06

    def region(self, body: RestBody) -> Region:
        """Return the garment's cuts."""
        hip, knee, ankle = (body.joint(f"left_{name}")[1] for name in ("hip", "knee", "ankle"))
        return Region(waist=_waist(body), lower_hem=_along(self.leg, hip, knee, ankle), side=np.inf, armpit=-np.inf)

    def pieces(self, body: RestBody, seed: int) -> list[Piece]:
        """Return the garment made for a body; `seed` lays out its folds."""
        region = self.region(body)
        patch = cut(body, region).refined()
        base = patch.sample(body.vertices)
        clearance = np.full(len(base), self.fit.clearance)
        points = offset(body, patch, self.fit, clearance)
        fitted = np.clip((base[:, 1] - body.joint("pelvis")[1] + 0.06) / 0.05, 0, 1)[:, None]  # under the shirt
        points += fitted * (base + clearance[:, None] * unit(patch.sample(body.normals)) - points)
        for side, sign in (("left", 1), ("right", -1)):
            hip, knee, ankle = (body.joint(f"{side}_{name}") for name in ("hip", "knee", "ankle"))
            start = hip + 0.25 * (knee - hip)
            weight = np.clip((start[1] - base[:, 1]) / 0.08, 0, 1) * (np.sign(base[:, 0]) == sign)
            points = hang(points, weight, start, self.fit.taper, towards=ankle)
        piece = finish(f"lower: {self.name}", body, patch, points, self.fit, clearance, seed)
        uv = with_hem(lower_uv(body, points, patch.faces), len(piece.faces))
        return [replace(piece, uv=uv, tint=seams(body, piece, region, front=False))]


def _waist(body: RestBody) -> float:
    return float(body.joint("pelvis")[1] + 0.05)


def _along(fraction: float, start: float, middle: float, end: float) -> float:
    return float(np.interp(fraction, [-1, 0, 1, 2], [2 * start - middle, start, middle, end]))
