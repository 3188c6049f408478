"""What drives coordinates for which the skeleton lacks muscles, or most of them."""

from functools import cache

from kinesynth.skeleton.tables import both_sides

STRONG_NM = 50.0
"""The minimum optimal moment of a torque that drives; weaker ones stand by the muscles."""


@cache
def torque_driven() -> frozenset[str]:
    """Return the coordinates of the generic skeleton that a torque drives, whatever muscles add."""
    rows = both_sides("actuators")
    return frozenset(row["coordinate"] for row in rows if float(row["optimal_force"]) >= STRONG_NM)
