"""OpenSim's InverseKinematicsTool, as it is run in a process of its own."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import opensim

from kinesynth.kinematics.forward_kinematics import (
    ROTATIONAL,
    coordinate_names,
    from_storage,
)
from kinesynth.opensim_files import read_storage, write_trc
from kinesynth.opensim_models.couplers import coupled, couplers


def light_model(path: Path) -> opensim.Model:
    """Return the model without forces and controllers, which take no part in kinematics."""
    model = opensim.Model(str(path))
    model.updForceSet().clearAndDestroy()
    model.updControllerSet().clearAndDestroy()
    model.finalizeConnections()
    return model


def solve_angles(
    model: opensim.Model,
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


def default_pose(model: opensim.Model) -> dict[str, float]:
    """Return the model's default coordinates in rad and m."""
    return {name: model.getCoordinateSet().get(name).getDefaultValue() for name in coordinate_names(model)}


def lock(model: opensim.Model, coordinates: Sequence[str]) -> None:
    """Hold coordinates at their defaults."""
    for name in coordinates:
        model.updCoordinateSet().get(name).setDefaultLocked(True)


def unobserved(model: opensim.Model, markers: Sequence[str]) -> list[str]:
    """Return the independent coordinates that move no body with one of the markers."""
    carriers = {model.getMarkerSet().get(name).getParentFrame().findBaseFrame().getName() for name in markers}
    joints = {joint.getChildFrame().findBaseFrame().getName(): joint for joint in model.getJointSet()}
    moved = set()
    for carrier in carriers:
        body = carrier
        while body in joints:
            moved.add(joints[body].getName())
            body = joints[body].getParentFrame().findBaseFrame().getName()
    still = [part.getName() for part in model.getCoordinateSet() if part.getJoint().getName() not in moved]
    return [name for name in still if name not in {coupler.dependent for coupler in couplers(model)}]


def coordinate_bounds(model: opensim.Model) -> np.ndarray:
    """Return the bounds (J, 2) within which the tool searches: infinite where not clamped, equal where locked."""
    bounds = np.empty((model.getCoordinateSet().getSize(), 2))
    for index, coordinate in enumerate(model.getCoordinateSet()):
        default = coordinate.getDefaultValue()
        if coordinate.getDefaultLocked():
            bounds[index] = default, default
        elif coordinate.getDefaultClamped():
            bounds[index] = coordinate.getRangeMin(), coordinate.getRangeMax()
        else:
            bounds[index] = -np.inf, np.inf
    return bounds


def unwrap(model: opensim.Model, angles: np.ndarray) -> np.ndarray:
    """Return `angles` (T, J) without jumps by whole turns, except where these would leave a coordinate's limits."""
    result = angles.copy()
    for index, coordinate in enumerate(model.getCoordinateSet()):
        if coordinate.getMotionType() != ROTATIONAL:
            continue
        column = np.unwrap(angles[:, index])
        inside = coordinate.getRangeMin() <= column.min() and column.max() <= coordinate.getRangeMax()
        if inside or not coordinate.getDefaultClamped():
            result[:, index] = column
    return result


def _tasks(names: Sequence[str], weights: Mapping[str, float]) -> opensim.IKTaskSet:
    tasks = opensim.IKTaskSet()
    for name in names:
        task = opensim.IKMarkerTask()
        task.setName(name)
        task.setApply(weights[name] > 0)
        task.setWeight(weights[name])
        tasks.cloneAndAppend(task)
    return tasks
