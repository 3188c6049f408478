"""Clips that keep their place and their kinematics without dynamics."""

from collections.abc import Mapping
from typing import Any

from kinesynth.records import Record
from kinesynth.stage_file import Clip


def without_dynamics(clip_id: str, attrs: Mapping[str, Any], reason: str, zeros: Record) -> Clip:
    """Return a clip of zeros whose attributes say that they are no measurement, and why.

    Zeros rather than NaN, because a masked NaN still spoils a sum.
    """
    return zeros.clip(clip_id, {**attrs, "dynamics_valid": False, "dynamics_reason": reason})
