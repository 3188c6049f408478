"""Joint moments with measured forces in place of estimated ones, of the same motion."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from kinesynth.dynamics.ground_reaction import ground_reaction
from kinesynth.dynamics.inverse_dynamics import inverse_dynamics
from kinesynth.stage_file import Clip, StageFile, read_stage, write_stage
from tools.acceptance.force_errors import rms

JOINTS = {
    "hip": ("hip_flexion", "hip_adduction", "hip_rotation"),
    "knee": ("knee_angle",),
    "ankle": ("ankle_angle",),
}


def with_plates(ik: Path, model: Path, plates: Path, clip_id: str, work: Path) -> tuple[Clip, Clip]:
    """Return ground reaction and joint moments of a clip with the forces of `plates`; stage files stay in `work`.

    What stands in `work` and is younger than the angles is taken over.
    """
    names = {stage: work / f"{clip_id}_{stage}.h5" for stage in ("ik", "grf", "id")}
    if not names["id"].exists() or names["id"].stat().st_mtime < ik.stat().st_mtime:
        stage = read_stage(ik)
        clip = stage.clips[clip_id]
        clip = replace(clip, attrs={**clip.attrs, "grf_file": str(plates)})
        write_stage(names["ik"], StageFile({clip_id: clip}, {}, stage.attrs))
        log = work / f"{clip_id}.log"
        ground_reaction(ik=names["ik"], model=model, output=names["grf"], log=log)
        inverse_dynamics(grf=names["grf"], model=model, output=names["id"], log=log)
    return read_stage(names["grf"]).clips[clip_id], read_stage(names["id"]).clips[clip_id]


def moment_errors(estimated: np.ndarray, measured: np.ndarray, names: list[str], mass_kg: float) -> Mapping[str, float]:
    """Return the RMS (N m/kg) by joint, both legs together and the worst of its coordinates.

    Args:
        estimated: moments (T, J) N m.
        measured: the same with measured forces.
        names: of the J coordinates.
        mass_kg: of the person.
    """
    apart = (estimated - measured) / mass_kg
    return {
        f"{joint}_moment": max(rms(apart[:, [names.index(f"{name}_{side}") for side in "rl"]]) for name in coordinates)
        for joint, coordinates in JOINTS.items()
    }
