"""What tests run in child processes; a module of its own, so that the child imports no torch."""

from pathlib import Path
from typing import Any

import numpy as np

from kinesynth.dataset import ShardDataset


def first_angles(dataset: ShardDataset) -> np.ndarray:
    return np.asarray(dataset[0]["angles"])


def open_in_opensim(folder: Path, clip: str) -> dict[str, Any]:
    """Open every file; return sizes, and the knee angle as OpenSim converts it to radians for the model."""
    import opensim

    model = opensim.Model(str(folder / "anna.osim"))
    model.initSystem()
    motion = opensim.Storage(str(folder / f"{clip}.mot"))
    model.getSimbodyEngine().convertDegreesToRadians(motion)
    columns = {}
    for name in ("knee_angle_r", "knee_angle_r_beta", "pelvis_ty"):
        values = opensim.ArrayDouble()
        motion.getDataColumn(name, values)
        columns[name] = [values.get(index) for index in range(values.getSize())]
    loads = opensim.ExternalLoads(str(folder / f"{clip}_grf.xml"), True)
    force = loads.get(0)
    return {
        **columns,
        "markers": opensim.MarkerData(str(folder / f"{clip}.trc")).getNumMarkers(),
        "frames": opensim.MarkerData(str(folder / f"{clip}.trc")).getNumFrames(),
        "moments": opensim.Storage(str(folder / f"{clip}_moments.sto")).getColumnLabels().getSize(),
        "activations": opensim.Storage(str(folder / f"{clip}_activations.sto")).getColumnLabels().getSize(),
        "grf": opensim.Storage(str(folder / f"{clip}_grf.mot")).getColumnLabels().getSize(),
        "loads": loads.getSize(),
        "body": force.getAppliedToBodyName(),
    }


def inverse_dynamics_as_exported(folder: Path, model: str, clip: str) -> tuple[list[str], np.ndarray]:
    """Run OpenSim's tool on exported files as anyone would; return the labels and the values (T, J) that it writes."""
    import opensim

    tool = opensim.InverseDynamicsTool()
    tool.setModelFileName(str(folder / model))
    tool.setCoordinatesFileName(str(folder / f"{clip}_smooth.mot"))
    tool.setExternalLoadsFileName(str(folder / f"{clip}_grf.xml"))
    tool.setLowpassCutoffFrequency(-1.0)
    tool.setStartTime(-1.0)
    tool.setEndTime(1e3)
    excluded = opensim.ArrayStr()
    excluded.append("Muscles")
    tool.setExcludedForces(excluded)
    tool.setResultsDir(str(Path.cwd()))
    tool.setOutputGenForceFileName("moments.sto")
    assert tool.run()
    table = opensim.TimeSeriesTable(str(Path.cwd() / "moments.sto"))
    return list(table.getColumnLabels()), table.getMatrix().to_numpy()
