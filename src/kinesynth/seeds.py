"""Randomness as an argument: every generator is derived from what it is for, never from order or worker."""

import hashlib

import numpy as np


def generator(seed: int, *keys: str) -> np.random.Generator:
    """Return the generator that belongs to `seed` and `keys` (a clip id and a stage, say).

    Example:
        >>> float(generator(1, "clip", "render").random()) == float(generator(1, "clip", "render").random())
        True
    """
    digest = hashlib.blake2b("\0".join([str(seed), *keys]).encode(), digest_size=16).digest()
    return np.random.default_rng(int.from_bytes(digest, "little"))
