"""Clips that keep their place and their kinematics without dynamics."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from kinesynth.stage_file import Clip


def without_dynamics(
    clip_id: str, attrs: Mapping[str, Any], reason: str, shapes: Mapping[str, tuple[int, ...]]
) -> Clip:
    """Return a clip of zeros whose attributes say that they are no measurement, and why.

    Zeros rather than NaN, because a masked NaN still spoils a sum.
    """
    arrays = {name: np.zeros(shape) for name, shape in shapes.items()}
    return Clip(clip_id, arrays, {**attrs, "dynamics_valid": False, "dynamics_reason": reason})
