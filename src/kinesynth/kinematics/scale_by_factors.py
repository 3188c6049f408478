"""The generic skeleton scaled by factors that are known, as OpenSim scales it."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kinesynth.isolation import isolated
from kinesynth.kinematics.segment_masses import Sex

if TYPE_CHECKING:
    import opensim

TIMEOUT_SECONDS = 300.0


def scale_by_factors(output: Path, body_names: tuple[str, ...], factors: np.ndarray, mass_kg: float, log: Path) -> None:
    """Write the generic skeleton with each body stretched by its factors; needs OpenSim.

    Args:
        output: the model (.osim) to write.
        body_names: (B,) the bodies.
        factors: (B, 3) along their axes.
        mass_kg: of the whole, shared out as for a person whose sex is not told.
        log: where OpenSim's messages go.
    """
    isolated(_write, output.absolute(), body_names, factors, mass_kg, timeout_seconds=TIMEOUT_SECONDS, log=log)


def _write(output: Path, body_names: tuple[str, ...], factors: np.ndarray, mass_kg: float) -> None:
    """Build, scale and write the model. Runs in a process of its own."""
    from kinesynth.atomic import atomic_path
    from kinesynth.kinematics.segment_masses import share_out
    from kinesynth.skeleton.builder import build_model

    model = build_model()
    state = model.initSystem()
    model.scale(state, _scale_set(body_names, factors), True, mass_kg)
    sex: Sex = "neutral"
    share_out(model, mass_kg, sex)
    model.finalizeConnections()
    with atomic_path(output) as temporary:
        if not model.printToXML(str(temporary)):
            raise RuntimeError(f"OpenSim could not write {temporary}")


def _scale_set(body_names: tuple[str, ...], factors: np.ndarray) -> "opensim.ScaleSet":
    import opensim

    result = opensim.ScaleSet()
    for name, factor in zip(body_names, factors.tolist(), strict=True):
        scale = opensim.Scale()
        scale.setSegmentName(name)
        scale.setScaleFactors(opensim.Vec3(*factor))
        scale.setApply(True)
        result.cloneAndAppend(scale)
    return result
