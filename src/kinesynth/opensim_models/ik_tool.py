"""OpenSim's InverseKinematicsTool."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import opensim

from kinesynth.opensim_files import read_storage, write_trc
from kinesynth.opensim_models.coordinates import from_storage
from kinesynth.opensim_models.couplers import coupled
from kinesynth.opensim_models.opened import Model


def solve_angles(
    model: Model,
    names: Sequence[str],
    positions: np.ndarray,
    fps: float,
    weights: Mapping[str, float],
    start: Mapping[str, float],
    accuracy: float,
) -> np.ndarray:
    """Run the tool on markers `positions` (T, M, 3) m and return angles (T, J) in rad and m.

    The search in the first frame begins at `start`, each further frame's at the frame before. Works in the current
    directory. The coordinates that couplers determine are recomputed from them.
    """
    folder = Path.cwd()
    for name, value in start.items():
        model.updCoordinateSet().get(name).setDefaultValue(value)
    write_trc(folder / "markers.trc", names, positions, fps)
    tool = opensim.InverseKinematicsTool()
    tool.setName("clip")
    tool.setModel(model)
    tool.setMarkerDataFileName(str(folder / "markers.trc"))
    tool.setStartTime(0.0)
    tool.setEndTime((len(positions) - 1) / fps)
    tool.set_accuracy(accuracy)
    tool.set_IKTaskSet(_tasks(names, weights))
    tool.set_report_errors(False)
    tool.setResultsDir(str(folder))
    tool.setOutputMotionFileName(str(folder / "angles.mot"))
    if not tool.run():
        raise RuntimeError("InverseKinematicsTool reported failure")
    found = read_storage(folder / "angles.mot")
    if len(found.times) != len(positions):
        raise RuntimeError(f"InverseKinematicsTool solved {len(found.times)} of {len(positions)} frames")
    columns = dict(zip(found.names, found.values.T, strict=True))
    return coupled(model, from_storage(model, columns, bool(found.in_degrees)))


def _tasks(names: Sequence[str], weights: Mapping[str, float]) -> opensim.IKTaskSet:
    tasks = opensim.IKTaskSet()
    for name in names:
        task = opensim.IKMarkerTask()
        task.setName(name)
        task.setApply(weights[name] > 0)
        task.setWeight(weights[name])
        tasks.cloneAndAppend(task)
    return tasks
