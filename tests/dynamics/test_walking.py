"""Estimated against measured ground reaction on one real gait trial (Rajagopal et al. 2016).

Both feet are on force plates between 0.836 and 1.589 s only. The sharing weights were set by hand on this trial, so
these numbers are no independent validation.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from motions import write_angles

from kinesynth.dynamics.ground_reaction import ground_reaction
from kinesynth.dynamics.inverse_dynamics import inverse_dynamics
from kinesynth.gravity import GRAVITY
from kinesynth.isolation import isolated
from kinesynth.opensim_files import read_storage
from kinesynth.stage_file import Clip, StageFile, read_stage, write_stage

STEP = 10  # of the file's 1 kHz
RATE = 100.0


@dataclass(frozen=True)
class Trial:
    names: list[str]
    body_weight: float
    estimated: dict[str, np.ndarray]
    measured: dict[str, np.ndarray]

    def rms_moment(self, joint: str) -> float:
        columns = [self.names.index(f"{joint}_{side}") for side in "rl"]
        error = (self.estimated["moments"] - self.measured["moments"])[:, columns]
        return float(np.sqrt(np.mean(error**2)) / (self.body_weight / GRAVITY))


def coordinates(folder: Path, names: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return times and angles; the file's coupled knee coordinates are in degrees and left at zero here."""
    table = read_storage(folder / "coordinates.sto")
    labels = {label.split("/")[-2]: label for label in table.names}
    rows = slice(None, None, STEP)
    known = [name in labels and not name.endswith("_beta") for name in names]
    columns = [
        table.column(labels[name])[rows] if there else np.zeros(len(table.times[rows]))
        for name, there in zip(names, known, strict=True)
    ]
    return table.times[rows], np.stack(columns, axis=1)


def plates(folder: Path, times: np.ndarray) -> dict[str, np.ndarray]:
    table = read_storage(folder / "grf_walk.mot")
    patterns = {"force": "ground_force_{}_v{}", "cop": "ground_force_{}_p{}", "moment": "ground_torque_{}_{}"}
    arrays = {
        name: np.stack(
            [
                np.stack([np.interp(times, table.times, table.column(label.format(side, axis))) for axis in "xyz"], -1)
                for side in "rl"
            ],
            axis=1,
        )
        for name, label in patterns.items()
    }
    arrays["cop"] = np.where(arrays["force"][..., 1:2] > 20.0, arrays["cop"], 0.0)  # garbage where nothing presses
    return arrays


@pytest.fixture(scope="module")
def trial(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Trial:
    folder, work = shared / "data" / "walking", tmp_path_factory.mktemp("walking")
    model = folder / "subject_walk_scaled.osim"
    log = work / "log"
    names = isolated(model_coordinates, model, timeout_seconds=60.0, log=log)
    times, angles = coordinates(folder, names)
    ik = write_angles(work / "ik.h5", {"walk": angles}, names, RATE)
    ground_reaction(ik=ik, model=model, output=work / "estimated.h5", log=log)
    estimated = read_stage(work / "estimated.h5").clips["walk"]
    measured = plates(folder, times)
    clip = Clip("walk", {**estimated.arrays, **measured}, estimated.attrs)
    write_stage(work / "measured.h5", StageFile({"walk": clip}, {}, {"coordinate_names": names}))
    window = (times >= 0.836) & (times <= 1.589)
    moments = {}
    for source in ("estimated", "measured"):
        inverse_dynamics(grf=work / f"{source}.h5", model=model, output=work / f"{source}_id.h5", log=log)
        moments[source] = read_stage(work / f"{source}_id.h5").clips["walk"].arrays
    return Trial(
        names,
        float(estimated.attrs["mass_kg"]) * GRAVITY,
        {name: array[window] for name, array in (dict(estimated.arrays) | dict(moments["estimated"])).items()},
        {name: array[window] for name, array in (measured | dict(moments["measured"])).items()},
    )


def model_coordinates(model: Path) -> list[str]:
    from kinesynth.opensim_models.opened import coordinate_names, open_model

    return list(coordinate_names(open_model(model)))


def rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(values**2)))


def test_forces(trial: Trial) -> None:
    error = (trial.estimated["force"] - trial.measured["force"]) / trial.body_weight
    for foot in range(2):
        assert rms(error[:, foot, 1]) < 0.05
        pair = [record["force"][:, foot, 1] for record in (trial.estimated, trial.measured)]
        assert np.corrcoef(pair)[0, 1] > 0.99
        assert rms(error[:, foot, 0]) < 0.05
        assert rms(error[:, foot, 2]) < 0.03


def test_centre_of_pressure(trial: Trial) -> None:
    loaded = (trial.measured["force"][..., 1] > 20.0) & (trial.estimated["force"][..., 1] > 20.0)
    error = (trial.estimated["cop"] - trial.measured["cop"])[loaded]
    assert rms(np.linalg.norm(error[:, [0, 2]], axis=1)) < 0.030


@pytest.mark.parametrize("joint", ["hip_flexion", "hip_adduction", "hip_rotation", "knee_angle", "ankle_angle"])
def test_joint_moments(trial: Trial, joint: str) -> None:
    assert trial.rms_moment(joint) < 0.2


def test_little_is_left_over(trial: Trial) -> None:
    assert np.abs(trial.estimated["residual"][:, :3]).max() < 0.05 * trial.body_weight
    assert rms(trial.measured["residual"][:, :3]) < 0.05 * trial.body_weight
