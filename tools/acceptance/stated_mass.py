"""The same recordings as if their people's masses had been stated: a model that weighs what plates do."""

from pathlib import Path

from kinesynth.dynamics.ground_reaction import ground_reaction
from kinesynth.dynamics.inverse_dynamics import inverse_dynamics
from kinesynth.isolation import isolated
from kinesynth.stage_file import Clip, read_stage

SECONDS = 300.0


def with_mass(ik: Path, model: Path, mass_kg: float, clip_id: str, work: Path) -> tuple[Clip, Clip, Path]:
    """Return ground reaction and joint moments of a clip's motion with another mass, and the model of it.

    The angles are those of the mass as it was: inverse kinematics does not know masses. All stays in `work`; what
    stands there and is younger than the angles is taken over.
    """
    heavy, grf, moments = (work / f"{clip_id}_stated.{suffix}" for suffix in ("osim", "grf.h5", "id.h5"))
    if not moments.exists() or moments.stat().st_mtime < ik.stat().st_mtime:
        log = work / f"{clip_id}_stated.log"
        isolated(_reweigh, model.absolute(), heavy.absolute(), mass_kg, timeout_seconds=SECONDS, log=log)
        ground_reaction(ik=ik, model=heavy, output=grf, log=log)
        inverse_dynamics(grf=grf, model=heavy, output=moments, log=log)
    return read_stage(grf).clips[clip_id], read_stage(moments).clips[clip_id], heavy


def _reweigh(model: Path, output: Path, mass_kg: float) -> None:
    """Write the model with all masses and inertias in proportion. Runs in a process of its own."""
    from kinesynth.opensim_models.masses import BodyMasses, read_masses, set_masses
    from kinesynth.opensim_models.opened import open_model, write_model

    body = open_model(model)
    masses = read_masses(body)
    times = mass_kg / masses.masses.sum()
    set_masses(body, BodyMasses(masses.names, masses.masses * times, masses.inertias * times))
    write_model(body, output)
