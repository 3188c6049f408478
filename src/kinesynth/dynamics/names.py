"""Names and orders that the arrays of this package follow."""

from kinesynth.opensim_files import external_loads

FEET = tuple(external_loads.FEET.values())
"""The bodies that the ground pushes, in the order of every axis over feet."""

OTHERS = external_loads.OTHERS
"""What else may be pushed, by a seat or something to lean on: the rows after the feet."""

TOES = ("toes_r", "toes_l")

PELVIS_FORCES = ("pelvis_tx", "pelvis_ty", "pelvis_tz")
PELVIS_MOMENTS = ("pelvis_tilt", "pelvis_list", "pelvis_rotation")

ROOT = PELVIS_FORCES + PELVIS_MOMENTS
"""The order of `unexplained` and `residual` (T, 6): N along x, y, z, then N m about the pelvis' axes."""


WEAK_RESERVE = 1.0
"""N m, optimal moment of the reserve on a coordinate that muscles drive: expensive, used only where muscles cannot."""

STRONG_RESERVE = 1000.0
"""N m or N, that on a coordinate that no muscle drives."""
