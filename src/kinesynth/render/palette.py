"""Colours: palettes are written in sRGB, scenes hold linear RGB."""

from collections.abc import Sequence

import numpy as np

from kinesynth.render.scene import Colour

WOOD = ((0.52, 0.38, 0.24), (0.30, 0.20, 0.13), (0.66, 0.56, 0.42), (0.82, 0.81, 0.78), (0.20, 0.20, 0.21))
TEXTILE = ((0.30, 0.34, 0.40), (0.45, 0.42, 0.38), (0.50, 0.22, 0.20), (0.22, 0.34, 0.30), (0.62, 0.58, 0.50))
FIXED = {"white": (0.75, 0.75, 0.73), "dark": (0.03, 0.03, 0.03), "green": (0.05, 0.12, 0.03)}  # linear


def linear(srgb: np.ndarray | tuple[float, float, float]) -> Colour:
    """Return an sRGB colour as linear RGB."""
    value = np.clip(np.asarray(srgb, dtype=float), 0, 1)
    result = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    return float(result[0]), float(result[1]), float(result[2])


def shade(rng: np.random.Generator, palette: Sequence[Colour]) -> Colour:
    """Sample a colour near one of a palette (sRGB), as linear RGB."""
    base = np.asarray(palette[int(rng.integers(len(palette)))])
    return linear(base * rng.uniform(0.85, 1.12) + rng.normal(0, 0.012, 3))


def mix(first: Colour, second: Colour, fraction: float) -> Colour:
    """Return `first` with a `fraction` of `second` (linear RGB)."""
    mixed = (1 - fraction) * np.asarray(first) + fraction * np.asarray(second)
    return float(mixed[0]), float(mixed[1]), float(mixed[2])
