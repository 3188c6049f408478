"""Clothes cut from the body: the registries of upper and lower garments.

A new garment is a new row here. As each clip's clothes are chosen from these tables, a new row also changes what the
clips of an old seed wear.
"""

from kinesynth.render.garments.cloth import Looseness
from kinesynth.render.garments.garment import Lower, Upper
from kinesynth.render.garments.hood import hood

UPPER = {
    garment.name: garment
    for garment in (
        Upper("vest", sleeve=-0.12, rise=-0.012, hem=0.005, fit=Looseness(0.016, 0.010, 14, 0.06, 0.006)),
        Upper("t-shirt", sleeve=0.55, rise=0.006, hem=0.005, fit=Looseness(0.020, 0.010, 18, 0.05, 0.010)),
        Upper("long sleeve", sleeve=1.9, rise=0.006, hem=0.005, fit=Looseness(0.019, 0.010, 16, 0.06, 0.009)),
        Upper(
            "jacket", sleeve=1.93, rise=0.02, hem=0.02, fit=Looseness(0.030, 0.014, 28, 0.05, 0.012),
            margin=0.09, collar=hood, open_front=True,
        ),
    )
}  # fmt: skip
LOWER = {
    garment.name: garment
    for garment in (
        Lower("shorts", leg=0.45, fit=Looseness(0.014, 0.006, 16, -0.06, 0.006)),
        Lower("knee-length", leg=0.92, fit=Looseness(0.014, 0.006, 16, -0.01, 0.006)),
        Lower("leggings", leg=1.86, fit=Looseness(0.004, 0.003, 3, 9.0, 0.0)),
        Lower("trousers", leg=1.97, fit=Looseness(0.013, 0.006, 16, 0.04, 0.006)),
    )
}

__all__ = ["LOWER", "UPPER", "Looseness", "Lower", "Upper"]
