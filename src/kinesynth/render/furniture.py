"""Furniture as boxes: silhouettes that make a wall a room. Metres along the wall, up, and out of it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from kinesynth.render.scene import Furniture


@dataclass(frozen=True)
class Box:
    """A box between two corners, or the upright cylinder inside it, of a thing's colour.

    The colour is the thing's `first` or `second`, or `white`, `dark`, `green`.
    """

    low: tuple[float, float, float]
    high: tuple[float, float, float]
    colour: str = "first"
    material: str = "paint"
    round: bool = False


def _cabinet() -> list[Box]:
    doors = [Box((x - 0.27, 0.12, 0.44), (x + 0.27, 0.84, 0.455), "second") for x in (-0.29, 0.29)]
    knobs = [Box((x - 0.01, 0.5, 0.455), (x + 0.01, 0.6, 0.475), "dark") for x in (-0.06, 0.06)]
    return [Box((-0.6, 0.06, 0), (0.6, 0.9, 0.44)), Box((-0.62, 0.9, 0), (0.62, 0.93, 0.47), "white"), *doors, *knobs]


def _table() -> list[Box]:
    legs = [Box((x, 0, z), (x + 0.05, 0.71, z + 0.05)) for x in (-0.7, 0.65) for z in (0.06, 0.6)]
    screen = [Box((-0.28, 0.87, 0.2), (0.28, 1.22, 0.23), "dark"), Box((-0.03, 0.74, 0.2), (0.03, 0.9, 0.22), "dark")]
    return [Box((-0.75, 0.71, 0.02), (0.75, 0.74, 0.7)), *legs, *screen]


def _shelf(rng: np.random.Generator) -> list[Box]:
    """A book case."""
    sides = [Box((x, 0, 0), (x + 0.025, 1.9, 0.3)) for x in (-0.5, 0.475)]
    boards = [Box((-0.5, y, 0), (0.5, y + 0.025, 0.3)) for y in (0.05, 0.42, 0.79, 1.16, 1.53, 1.875)]
    books = []
    for y in (0.075, 0.445, 0.815, 1.185, 1.555):
        x = -0.46
        while x < 0.36:
            width, height = rng.uniform(0.03, 0.09), rng.uniform(0.18, 0.28)
            colour = ("second", "white", "dark", "first", "green")[int(rng.integers(5))]
            books.append(Box((x, y, 0.05), (x + width, y + height, 0.24), colour))
            x += width + (0.004 if rng.uniform() < 0.8 else 0.2)
    return [*sides, *boards, Box((-0.5, 0, 0), (0.5, 1.9, 0.012)), *books]


def _sofa() -> list[Box]:
    arms = [Box((x, 0.08, 0.05), (x + 0.2, 0.62, 0.85)) for x in (-0.95, 0.75)]
    seats = [Box((x, 0.3, 0.28), (x + 0.73, 0.46, 0.88)) for x in (-0.74, 0.01)]
    backs = [Box((x, 0.46, 0.12), (x + 0.73, 0.85, 0.34)) for x in (-0.74, 0.01)]
    cushion = Box((-0.7, 0.47, 0.34), (-0.3, 0.8, 0.44), "second")
    return [Box((-0.8, 0.08, 0.05), (0.8, 0.3, 0.85)), *arms, *seats, *backs, cushion]


def _picture() -> list[Box]:
    return [
        Box((-0.4, 1.25, 0), (0.4, 1.85, 0.02), "dark"),
        Box((-0.37, 1.28, 0), (0.37, 1.82, 0.024), "white"),
        Box((-0.26, 1.36, 0), (0.26, 1.74, 0.027)),
        Box((-0.2, 1.36, 0), (0.05, 1.55, 0.029), "second"),
    ]


def _window() -> list[Box]:
    frame = [Box((-0.8, y, 0), (0.8, y + 0.06, 0.05), "white") for y in (0.85, 2.25)]
    bars = [Box((x - 0.03, 0.85, 0), (x + 0.03, 2.25, 0.05), "white") for x in (-0.77, 0.0, 0.77)]
    return [Box((-0.8, 0.9, 0), (0.8, 2.28, 0.01), "white", "window"), *frame, *bars,
            Box((-0.86, 0.8, 0), (0.86, 0.84, 0.14), "white")]  # fmt: skip


def _door() -> list[Box]:
    jambs = [Box((x, 0, 0), (x + 0.07, 2.1, 0.03), "white") for x in (-0.52, 0.45)]
    panels = [Box((-0.3, y, 0.02), (0.3, y + 0.75, 0.028), "white") for y in (0.18, 1.1)]
    return [Box((-0.45, 0, 0), (0.45, 2.03, 0.02)), *jambs, Box((-0.52, 2.03, 0), (0.52, 2.1, 0.03), "white"), *panels,
            Box((0.34, 0.98, 0.02), (0.42, 1.01, 0.07), "dark")]  # fmt: skip


def _tripod() -> list[Box]:
    """A camera on its stand, as they line the walls of a motion laboratory."""
    legs = [Box((x, 0, z), (x + 0.02, 0.7, z + 0.02), "dark") for x, z in ((-0.2, 0.2), (0.2, 0.2), (0.0, 0.5))]
    mast = [Box((-0.02, 0.55, 0.28), (0.02, 1.6, 0.32), "dark"), Box((-0.22, 0.55, 0.2), (0.22, 0.58, 0.5), "dark")]
    return [*legs, *mast, Box((-0.07, 1.6, 0.22), (0.07, 1.73, 0.4), "dark")]


def _plant(rng: np.random.Generator) -> list[Box]:
    """A pot with upright leaves."""
    leaves = []
    for _ in range(16):
        x, z, top, wide = (
            rng.uniform(-0.22, 0.22),
            rng.uniform(0.12, 0.5),
            rng.uniform(0.7, 1.25),
            rng.uniform(0.03, 0.08),
        )
        leaves.append(Box((x, rng.uniform(0.3, 0.6), z), (x + wide, top, z + 0.02), "green"))
    return [Box((-0.14, 0, 0.18), (0.14, 0.34, 0.46), "second"), *leaves]


_FILLED: dict[str, Callable[[np.random.Generator], list[Box]]] = {"shelf": _shelf, "plant": _plant}
_PLAIN: dict[str, Callable[[], list[Box]]] = {
    "cabinet": _cabinet,
    "table": _table,
    "sofa": _sofa,
    "picture": _picture,
    "window": _window,
    "door": _door,
    "tripod": _tripod,
}
KINDS = (*_PLAIN, *_FILLED)


def boxes(thing: Furniture) -> list[Box]:
    """Return the boxes of a piece of furniture; what fills a shelf or a pot follows from its seed."""
    if thing.kind in _PLAIN:
        return _PLAIN[thing.kind]()
    return _FILLED[thing.kind](np.random.default_rng(thing.filling))
