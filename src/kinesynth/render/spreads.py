"""Distributions as a table writes them: `1.1`, `1.1 within 0.1`, `0.5 to 2.6`, `0 sd 2`, `0 tail 4 max 25`."""

import numpy as np


def sample(rng: np.random.Generator, spread: str, default: float = 0.0) -> float:
    """Sample from a spread.

    A number is itself and takes nothing from the generator; `within` and `to` are uniform; `sd` is normal; `tail` is
    Laplace's of that scale, sampled anew where it is farther than `max` from the middle. Nothing written is `default`.

    Raises:
        ValueError: the spread is written otherwise.
    """
    match spread.split():
        case []:
            return default
        case [value]:
            return float(value)
        case [middle, "within", half]:
            return float(middle) + float(rng.uniform(-float(half), float(half)))
        case [low, "to", high]:
            return float(rng.uniform(float(low), float(high)))
        case [middle, "sd", deviation]:
            return float(rng.normal(float(middle), float(deviation)))
        case [middle, "tail", scale, "max", limit]:
            while abs(offset := float(rng.laplace(0.0, float(scale)))) > float(limit):
                pass
            return float(middle) + offset
    raise ValueError(f"{spread!r} is no spread")
