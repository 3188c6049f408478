"""Joint moments from angles and ground reaction forces, by OpenSim's InverseDynamicsTool."""

from functools import partial
from pathlib import Path

import numpy as np

from kinesynth.dynamics.clips_without_dynamics import without_dynamics
from kinesynth.dynamics.names import ROOT
from kinesynth.errors import ClipRejected
from kinesynth.file_names import takes_file_names
from kinesynth.isolation import Worker
from kinesynth.opensim_files.external_loads import write_external_loads
from kinesynth.records import GroundForces, Moments
from kinesynth.stage_file import Clip, process_clips, read_stage


@takes_file_names
def inverse_dynamics(
    *,
    grf: Path,
    model: Path,
    output: Path,
    log: Path = Path("inverse_dynamics.log"),
    timeout_seconds: float = 120.0,
) -> None:
    """Compute the joint moments of every clip.

    A clip on which the tool fails gets zeros and `dynamics_valid` False, and keeps its kinematics.

    Args:
        grf: forces under the feet and the smooth angles that they belong to (stage file of ground-reaction).
        model: the subject's scaled model (.osim).
        output: stage file with moments (T, J), N m (N for translations), and residual (T, 6), what no ground and no
            joint supplies at the pelvis: N along x, y, z, then N m about tilt, list and rotation.
        log: what OpenSim says.
        timeout_seconds: longest time for one clip.
    """
    names = list(read_stage(grf).attrs["coordinate_names"])

    def work(worker: Worker, ground: Clip) -> Clip:
        forces = GroundForces.of(ground)
        try:
            moments = worker.call(
                joint_moments, model.absolute(), names, forces.smooth_angles, ground.fps, forces.wrench,
                timeout_seconds=timeout_seconds,
            )  # fmt: skip
        except ClipRejected as error:
            zeros = Moments.zeros(T=len(forces.smooth_angles), J=len(names))
            return without_dynamics(ground.clip_id, ground.attrs, f"inverse dynamics: {error}", zeros)
        residual = moments[:, [names.index(name) for name in ROOT]]
        return Moments(moments, residual).clip(ground.clip_id, ground.attrs)

    with Worker(log) as worker:
        process_clips("inverse_dynamics", [grf], output, partial(work, worker), {"coordinate_names": names})


def joint_moments(
    model: Path, names: list[str], angles: np.ndarray, fps: float, ground: list[np.ndarray]
) -> np.ndarray:
    """Return the moments (T, J) of the motion `angles` (T, J) under `ground`: force, cop and moment, each (T, 2, 3).

    Runs OpenSim: call it in a child process.
    """
    from kinesynth.opensim_models.coordinates import check_coordinates
    from kinesynth.opensim_models.id_tool import generalised_forces
    from kinesynth.opensim_models.opened import open_model
    from kinesynth.opensim_models.tool_files import scratch_folder

    check_coordinates(open_model(model), names)
    times = np.arange(len(angles)) / fps
    with scratch_folder() as folder:
        loads = folder / "ground_reaction.xml"
        write_external_loads(loads, loads.with_suffix(".mot"), times, *ground)
        return generalised_forces(folder, model, names, times, angles, loads)
