"""The generic skeleton scaled by factors that are known, as OpenSim scales it."""

from pathlib import Path

import numpy as np

from kinesynth.isolation import isolated
from kinesynth.kinematics.segment_masses import Sex, shared_out

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
    from kinesynth.opensim_models.masses import read_masses, set_masses
    from kinesynth.opensim_models.opened import write_model
    from kinesynth.opensim_models.scaling import scale_bodies
    from kinesynth.skeleton.builder import build_model

    model = build_model()
    scale_bodies(model, dict(zip(body_names, factors, strict=True)), mass_kg, keep_mass_fractions=True)
    sex: Sex = "neutral"
    set_masses(model, shared_out(read_masses(model), mass_kg, sex))
    write_model(model, output)
