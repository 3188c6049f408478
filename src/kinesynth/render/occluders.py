"""Occluders: free-standing things before the person, as boxes and upright cylinders: metres across, up, and deep.

Which of them stand where, how far from the person and how large is a table's, `tables/occluders.csv`.
"""

from collections.abc import Callable
from functools import cache
from importlib.resources import files

import numpy as np

from kinesynth.render.furniture import Box
from kinesynth.render.palette import FIXED
from kinesynth.render.prop import Prop, solid
from kinesynth.render.scene import Occluder
from kinesynth.text import table_rows

_Details = Callable[[np.random.Generator], list[Box]]


def _legs(width: float, depth: float, height: float, thick: float) -> list[Box]:
    """Return four legs under a top of that width and depth."""
    x, z = width / 2 - thick, depth / 2 - thick
    positions = [(side * x - thick / 2, other * z - thick / 2) for side in (-1, 1) for other in (-1, 1)]
    return [Box((a, 0, b), (a + thick, height, b + thick)) for a, b in positions]


def _chair(rng: np.random.Generator) -> list[Box]:
    wide, seat, back = rng.uniform(0.4, 0.48), rng.uniform(0.43, 0.47), rng.uniform(0.8, 1.0)
    half = wide / 2
    posts = [Box((x, seat, -half), (x + 0.035, back, -half + 0.035)) for x in (-half, half - 0.035)]
    if rng.uniform() < 0.5:
        rest = [Box((-half, back - 0.3, -half + 0.005), (half, back, -half + 0.03), "second")]
    else:
        slats = np.linspace(seat + 0.14, back - 0.05, 3)
        rest = [Box((-half, y, -half + 0.005), (half, y + 0.05, -half + 0.03)) for y in slats]
    return [
        *_legs(wide, wide, seat, 0.035),
        Box((-half, seat, -half), (half, seat + 0.04, half), "second"),
        *posts,
        *rest,
    ]


def _table(rng: np.random.Generator) -> list[Box]:
    wide, deep, high = rng.uniform(0.9, 1.5), rng.uniform(0.55, 0.75), rng.uniform(0.7, 0.76)
    x, z = wide / 2, deep / 2
    apron = [
        Box((-x + 0.05, high - 0.1, s * (z - 0.06) - 0.01), (x - 0.05, high, s * (z - 0.06) + 0.01)) for s in (-1, 1)
    ]
    made = [*_legs(wide, deep, high, 0.05), *apron, Box((-x, high, -z), (x, high + 0.03, z))]
    for place in np.arange(-x + 0.15, x - 0.25, 0.32):
        if rng.uniform() < 0.5:
            a, b, c = rng.uniform(0.06, 0.2), rng.uniform(0.03, 0.25), rng.uniform(0.06, 0.2)
            start, colour = rng.uniform(-z + 0.05, z - 0.05 - c), ("second", "white", "dark")[int(rng.integers(3))]
            top = high + 0.03
            made.append(
                Box((place, top, start), (place + a, top + b, start + c), colour, round=bool(rng.uniform() < 0.4))
            )
    return made


def _crates(rng: np.random.Generator) -> list[Box]:
    """Boxes one on the other, each with its lid's edge or a tape."""
    made, top, side = [], 0.0, rng.uniform(0.42, 0.62)
    for _ in range(1 + int(rng.integers(3))):
        high, shift = rng.uniform(0.28, 0.42), rng.uniform(-0.03, 0.03, 2)
        deep = side * rng.uniform(0.75, 1.0)
        low = np.array([-side / 2 + shift[0], top, -deep / 2 + shift[1]])
        up = low + np.array([side, high, deep])
        made.append(Box(tuple(low), tuple(up)))
        band = np.array([0.45 * side, 0.0, -0.002]), np.array([-0.45 * side, 0.002, 0.002])
        made.append(Box(tuple(low + band[0]), tuple(up + band[1]), "second"))
        top, side = top + high + 0.002, side * rng.uniform(0.8, 0.95)
    return made


def _plant(rng: np.random.Generator) -> list[Box]:
    """A round pot of upright leaves that get narrower in two steps, as a snake plant's."""
    made = [Box((-0.17, 0, -0.17), (0.17, 0.34, 0.17), "second", round=True),
            Box((-0.19, 0.3, -0.19), (0.19, 0.34, 0.19), "second", round=True)]  # fmt: skip
    for _ in range(18):
        out, turn = 0.15 * np.sqrt(rng.uniform()), rng.uniform(0, 2 * np.pi)
        x, z, wide, base = out * np.cos(turn), out * np.sin(turn), rng.uniform(0.03, 0.075), 0.33
        along = np.array([wide, 0.008] if rng.uniform() < 0.5 else [0.008, wide]) / 2
        for fraction, high in zip((1.0, 0.6, 0.25), rng.uniform(0.3, 0.8) * np.array([0.6, 0.85, 1.0]), strict=True):
            half = fraction * along
            made.append(Box((x - half[0], base, z - half[1]), (x + half[0], 0.33 + high, z + half[1]), "green"))
            base = 0.33 + high
    return made


def _rail(rng: np.random.Generator) -> list[Box]:
    wide, high, bars = rng.uniform(1.2, 1.9), rng.uniform(0.9, 1.1), int(rng.integers(2, 4))
    x = wide / 2
    posts = [Box((a - 0.025, 0, -0.025), (a + 0.025, high, 0.025), round=True) for a in (-x, 0.0, x)]
    feet = [Box((a - 0.09, 0, -0.09), (a + 0.09, 0.012, 0.09), "dark") for a in (-x, 0.0, x)]
    levels = np.linspace(high / 2 if bars == 2 else high / 3, high, bars)
    return [*posts, *feet, *(Box((-x, y - 0.02, -0.02), (x, y + 0.02, 0.02)) for y in levels)]


def _column(rng: np.random.Generator) -> list[Box]:
    """A pillar up to the ceiling."""
    half, round_ = rng.uniform(0.1, 0.18), bool(rng.uniform() < 0.5)
    foot = half + 0.015
    return [Box((-half, 0, -half), (half, 3.2, half), round=round_),
            Box((-foot, 0, -foot), (foot, 0.1, foot), "second", round=round_)]  # fmt: skip


def _post(rng: np.random.Generator) -> list[Box]:
    """A signpost of the street."""
    high = rng.uniform(1.9, 2.5)
    wide, tall = rng.uniform(0.2, 0.35), rng.uniform(0.25, 0.45)
    return [Box((-0.035, 0, -0.035), (0.035, high, 0.035), "dark", round=True),
            Box((-0.08, 0, -0.08), (0.08, 0.03, 0.08), "dark", round=True),
            Box((-wide, high - tall, 0.03), (wide, high, 0.05), "white"),
            Box((-wide + 0.02, high - tall + 0.02, 0.05), (wide - 0.02, high - 0.02, 0.053), "second")]  # fmt: skip


def _bin(rng: np.random.Generator) -> list[Box]:
    half, high = rng.uniform(0.16, 0.26), rng.uniform(0.55, 0.9)
    rim, inner = half + 0.015, half - 0.02
    return [Box((-half, 0, -half), (half, high, half), round=True),
            Box((-rim, high - 0.06, -rim), (rim, high, rim), "second", round=True),
            Box((-inner, high - 0.01, -inner), (inner, high + 0.002, inner), "dark", round=True)]  # fmt: skip


def _stool(rng: np.random.Generator) -> list[Box]:
    high = rng.uniform(0.45, 0.75)
    return [Box((-0.2, 0, -0.2), (0.2, 0.025, 0.2), "dark", round=True),
            Box((-0.025, 0, -0.025), (0.025, high, 0.025), "dark", round=True),
            Box((-0.18, high, -0.18), (0.18, high + 0.06, 0.18), "second", round=True)]  # fmt: skip


def _bench(rng: np.random.Generator) -> list[Box]:
    wide = rng.uniform(1.2, 1.6)
    x, backed = wide / 2, rng.uniform() < 0.6
    seat = [Box((-x, 0.42, z), (x, 0.45, z + 0.1)) for z in (-0.2, -0.08, 0.04)]
    legs = [Box((a, 0, -0.2), (a + 0.06, 0.42, 0.16), "dark") for a in (-x + 0.1, x - 0.16)]
    back = [Box((-x, y, -0.24), (x, y + 0.1, -0.21)) for y in (0.55, 0.7)]
    posts = [Box((a, 0.3, -0.21), (a + 0.06, 0.82, -0.18), "dark") for a in (-x + 0.1, x - 0.16)]
    return [*seat, *legs, *(back + posts if backed else [])]


def _lamp(rng: np.random.Generator) -> list[Box]:
    """A standing lamp that is out."""
    high, half = rng.uniform(1.3, 1.7), rng.uniform(0.14, 0.22)
    return [Box((-0.15, 0, -0.15), (0.15, 0.025, 0.15), "dark", round=True),
            Box((-0.012, 0, -0.012), (0.012, high, 0.012), "dark", round=True),
            Box((-half, high - 0.28, -half), (half, high, half), "white", round=True)]  # fmt: skip


_MAKERS: dict[str, _Details] = {
    "chair": _chair, "table": _table, "crates": _crates, "plant": _plant, "rail": _rail, "column": _column,
    "post": _post, "bin": _bin, "stool": _stool, "bench": _bench, "lamp": _lamp,
}  # fmt: skip
KINDS = tuple(_MAKERS)


@cache
def table() -> dict[str, dict[str, str]]:
    """Return the rows of the table by kind."""
    return {row["kind"]: row for row in table_rows(files("kinesynth.render") / "tables" / "occluders.csv")}


def boxes(thing: Occluder) -> list[Box]:
    """Return the boxes of a thing about the middle of its footprint; its details follow from its seed."""
    return _MAKERS[thing.kind](np.random.default_rng(thing.filling))


def bounds(thing: Occluder) -> np.ndarray:
    """Return the corners (b,2,3) m of a thing's boxes in its own axes."""
    return thing.size * np.array([(box.low, box.high) for box in boxes(thing)])


def into(thing: Occluder, points: np.ndarray, floor_m: float) -> np.ndarray:
    """Return points (...,3) of the world in a thing's own axes."""
    moved = points - [thing.place[0], floor_m, thing.place[1]]
    return np.asarray(moved @ turn(thing).T)


def out_of(thing: Occluder, points: np.ndarray, floor_m: float) -> np.ndarray:
    """Return points (...,3) of a thing's own axes in the world."""
    return np.asarray(points @ turn(thing) + [thing.place[0], floor_m, thing.place[1]])


def meshes(thing: Occluder, k: int, floor_m: float) -> list[Prop]:
    """Return the meshes of a scene's thing number `k`."""
    made = []
    for i, box in enumerate(boxes(thing)):
        points, faces = solid(box)
        colour = {"first": thing.colour, "second": thing.second}.get(box.colour) or FIXED[box.colour]
        placed = out_of(thing, thing.size * points, floor_m)
        made.append(Prop(f"before {k} {thing.kind} {i}", placed, faces, box.material, colour, free=True))
    return made


def turn(thing: Occluder) -> np.ndarray:
    """Return the rotation (3,3) from the world's axes to a thing's."""
    cos, sin = np.cos(thing.turn_rad), np.sin(thing.turn_rad)
    return np.array([[cos, 0.0, -sin], [0.0, 1.0, 0.0], [sin, 0.0, cos]])
