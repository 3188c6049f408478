"""OpenSim's InverseDynamicsTool."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import opensim

from kinesynth.opensim_files import read_storage
from kinesynth.opensim_models.tool_files import write_motion


def generalised_forces(
    folder: Path,
    model_path: Path,
    names: Sequence[str],
    times: np.ndarray,
    angles: np.ndarray,
    loads: Path | None = None,
) -> np.ndarray:
    """Return the forces (T, J), N m and N, that move the model through `angles` (T, J) without its muscles.

    Runs the tool in `folder`. `angles` must be smooth: the tool differentiates interpolating splines. `loads` is an
    ExternalLoads file.
    """
    write_motion(folder / "angles.mot", names, times, angles)
    tool = opensim.InverseDynamicsTool()
    tool.setModelFileName(str(model_path))
    tool.setCoordinatesFileName(str(folder / "angles.mot"))
    tool.setLowpassCutoffFrequency(-1.0)
    tool.setStartTime(-np.inf)  # all rows: a bound at a row's own time may lose that row to rounding
    tool.setEndTime(np.inf)
    excluded = opensim.ArrayStr()
    excluded.append("Muscles")
    tool.setExcludedForces(excluded)
    if loads is not None:
        tool.setExternalLoadsFileName(str(loads))
    tool.setResultsDir(str(folder))
    tool.setOutputGenForceFileName("forces.sto")
    if not tool.run():
        raise RuntimeError("InverseDynamicsTool failed")
    result = read_storage(folder / "forces.sto")
    if len(result.times) != len(times):
        raise RuntimeError(f"InverseDynamicsTool solved {len(result.times)} of {len(times)} frames")
    return np.stack([result.column(_force_label(result.names, name)) for name in names], axis=1)


def _force_label(labels: Sequence[str], coordinate: str) -> str:
    """Return the tool's label, whose suffix tells a moment from a force."""
    return f"{coordinate}_moment" if f"{coordinate}_moment" in labels else f"{coordinate}_force"
