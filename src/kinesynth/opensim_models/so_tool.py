"""OpenSim's StaticOptimization, run from files."""

import ctypes
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import opensim

from kinesynth.errors import ClipRejected
from kinesynth.opensim_files import Storage, read_storage
from kinesynth.opensim_models.opened import muscle_names, open_model, write_model
from kinesynth.opensim_models.tool_files import write_motion

RESERVE = "reserve_"

_SOLVED = re.compile(r"time = (\S+) Performance = \S+ Constraint violation = \S+")


@dataclass(frozen=True)
class Solution:
    """What the tool found at S instants.

    Attributes:
        times: (S,) s.
        activations: (S, A), muscles in the order of the model's ForceSet.
        reserves: (S, J) N m (N for translations), 0 where the coordinate has none.
    """

    times: np.ndarray
    activations: np.ndarray
    reserves: np.ndarray


def solve(
    folder: Path,
    model_path: Path,
    names: Sequence[str],
    times: np.ndarray,
    angles: np.ndarray,
    loads: Path,
    reserves: Mapping[str, float],
    stride: int,
    exponent: float,
) -> Solution:
    """Run the tool at every `stride`-th of `times` (T,), in `folder`, with `reserves` as `add_reserves` takes them.

    Raises:
        ClipRejected: the tool left instants out.
    """
    muscles = add_reserves(model_path, folder / "reserves.osim", reserves)
    write_motion(folder / "angles.mot", names, times, angles)
    setup = _write_setup(folder, times, loads, stride, exponent)
    with _captured_output(folder / "output.txt"):
        opensim.Logger.setLevelString("info")  # below this level the tool keeps to itself what it solved
        opensim.AnalyzeTool(str(setup), True).run()
    controls = read_storage(folder / "clip_StaticOptimization_activation.sto")
    forces = read_storage(folder / "clip_StaticOptimization_force.sto")
    solved = {float(time) for time in _SOLVED.findall((folder / "output.txt").read_text())}
    if len(controls.times) != len(times[::stride]) or len(solved) != len(controls.times):
        raise ClipRejected("static optimization left frames out", len(controls.times), f"of {len(times[::stride])}")
    return Solution(
        controls.times,
        np.stack([controls.column(name) for name in muscles], axis=1),
        np.stack([_reserve(forces, name) for name in names], axis=1),
    )


def add_reserves(model_path: Path, output: Path, reserves: Mapping[str, float]) -> tuple[str, ...]:
    """Write the model with torques on coordinates in place of its own torque actuators; name its muscles.

    `reserves` holds the optimal force, N m or N, of each coordinate that gets one: the greater, the cheaper its use.
    All are unbounded, so that no frame is infeasible; how much they had to do is reported and judged instead.
    """
    model = open_model(model_path)
    forces = model.updForceSet()
    actuators = [index for index in range(forces.getSize()) if _is_torque(forces.get(index))]
    for index in reversed(actuators):
        forces.remove(index)
    for coordinate, optimal_force in reserves.items():
        actuator = opensim.CoordinateActuator(coordinate)
        actuator.setName(RESERVE + coordinate)
        actuator.setOptimalForce(optimal_force)
        actuator.setMinControl(-np.inf)
        actuator.setMaxControl(np.inf)
        model.addForce(actuator)
    write_model(model, output)
    return muscle_names(model)


def _is_torque(force: opensim.Force) -> bool:
    return opensim.CoordinateActuator.safeDownCast(force) is not None


def _reserve(forces: Storage, coordinate: str) -> np.ndarray:
    label = RESERVE + coordinate
    return forces.column(label) if label in forces.names else np.zeros(len(forces.times))


def _write_setup(folder: Path, times: np.ndarray, loads: Path, stride: int, exponent: float) -> Path:
    """Write the tool's setup: with a model in memory it finds no states."""
    analysis = opensim.StaticOptimization()
    analysis.setName("StaticOptimization")
    analysis.setStartTime(float(times[0]))
    analysis.setEndTime(float(times[-1]))
    analysis.setStepInterval(stride)
    analysis.setUseModelForceSet(True)
    analysis.setActivationExponent(exponent)
    analysis.setUseMusclePhysiology(True)
    tool = opensim.AnalyzeTool()
    tool.setName("clip")
    tool.setModelFilename(str(folder / "reserves.osim"))
    tool.setCoordinatesFileName(str(folder / "angles.mot"))
    tool.setLowpassCutoffFrequency(-1.0)
    tool.setExternalLoadsFileName(str(loads))
    tool.setInitialTime(float(times[0]))
    tool.setFinalTime(float(times[-1]))
    tool.setSolveForEquilibrium(False)
    tool.setReplaceForceSet(False)
    tool.setResultsDir(str(folder))
    tool.updAnalysisSet().cloneAndAppend(analysis)
    setup = folder / "static_optimization.xml"
    tool.printToXML(str(setup))
    return setup


@contextmanager
def _captured_output(path: Path) -> Iterator[None]:
    """Send standard output, C++'s included, to `path`; repeat it on standard output afterwards."""
    libc = ctypes.CDLL(None)
    libc.fflush(None)
    before = os.dup(1)
    target = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(target, 1)
    os.close(target)
    try:
        yield
    finally:
        libc.fflush(None)
        os.dup2(before, 1)
        os.close(before)
        os.write(1, path.read_bytes())
