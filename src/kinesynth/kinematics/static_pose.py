"""What becomes of the static pose (`kinesynth.body.static_pose`) on the skeleton."""

from collections.abc import Sequence

import numpy as np


def looking_ahead(coordinates: Sequence[str], angles: np.ndarray) -> np.ndarray:
    """Return the static pose (J,) rad with an upright head: the neck undoes what the joints of the trunk do."""
    place = {name: index for index, name in enumerate(coordinates)}
    upright = angles.copy()
    for turn in ("extension", "bending", "rotation"):
        upright[place[f"neck_{turn}"]] = -sum(angles[place[f"{part}_{turn}"]] for part in ("lumbar", "thoracic"))
    return upright
