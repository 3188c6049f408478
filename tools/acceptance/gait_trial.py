"""The one measured gait trial at hand: what the pipeline estimates on it, beside force plates and electromyography.

Rajagopal et al. 2016's overground walk, as prepared for OpenSim Moco's example3DWalking: angles at 1 kHz after residual
reduction, a scaled model with 80 muscles, plates, and ten channels of the right leg.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from kinesynth.dynamics.ground_reaction import ground_reaction
from kinesynth.dynamics.inverse_dynamics import inverse_dynamics
from kinesynth.dynamics.muscle_path_fit import fit_muscle_paths
from kinesynth.dynamics.static_optimization import static_optimization
from kinesynth.gravity import GRAVITY
from kinesynth.isolation import isolated
from kinesynth.opensim_files import read_storage
from kinesynth.records import Kinematics
from kinesynth.stage_file import Clip, StageFile, read_stage, write_stage

STEP, RATE = 10, 100.0  # of the file's 1 kHz
BOTH_ON_PLATES = (0.836, 1.589)  # s, within which the forces of both feet are measured
RIGHT_MEASURED = (0.50, 1.75)  # s, more than the right leg's whole cycle, its foot on plates or in the air
JOINTS = ("hip_flexion", "hip_adduction", "hip_rotation", "knee_angle", "ankle_angle")
CHANNELS = {
    "soleus": ("soleus",),
    "gastrocnemius": ("gasmed", "gaslat"),
    "tibialis_anterior": ("tibant",),
    "medial_hamstrings": ("semimem", "semiten"),
    "biceps_femoris": ("bflh", "bfsh"),
    "vastus_lateralis": ("vaslat",),
    "vastus_medius": ("vasmed",),
    "rectus_femoris": ("recfem",),
    "gluteus_maximus": ("glmax",),
    "gluteus_medius": ("glmed",),
}
"""The muscles under each channel's electrodes, by the beginnings of their names."""


@dataclass(frozen=True)
class GaitTrial:
    """Estimates and measurements on the frames of the angles.

    Attributes:
        times: (T,) s.
        names: of the J coordinates.
        muscles: names of the A muscles.
        mass_kg: of the model.
        estimated: force, cop, moment (T, 2, 3), moments (T, J), residual (T, 6) from motion alone.
        measured: the same with the plates' forces, and activations (T, A).
        envelopes: by channel, (T,) of the electromyogram's envelope, at most 1 over the trial.
    """

    times: np.ndarray
    names: list[str]
    muscles: list[str]
    mass_kg: float
    estimated: dict[str, np.ndarray]
    measured: dict[str, np.ndarray]
    envelopes: dict[str, np.ndarray]

    @property
    def sources(self) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Both records, estimated and measured."""
        return self.estimated, self.measured

    @cached_property
    def on_plates(self) -> np.ndarray:
        """(T,) bool, frames in which the forces of both feet are measured."""
        return (self.times >= BOTH_ON_PLATES[0]) & (self.times <= BOTH_ON_PLATES[1])

    @cached_property
    def right_measured(self) -> np.ndarray:
        """(T,) bool, frames in which the right leg's forces are."""
        return (self.times >= RIGHT_MEASURED[0]) & (self.times <= RIGHT_MEASURED[1])

    def force_error(self) -> np.ndarray:
        """Return estimated minus measured force (S, 2, 3) in body weights, while both are known."""
        error = (self.estimated["force"] - self.measured["force"]) / (self.mass_kg * GRAVITY)
        return np.asarray(error[self.on_plates])

    def cop_error(self) -> np.ndarray:
        """Return the distance (S,) m between the centres of pressure of the feet that press by 20 N or more."""
        loaded = (self.measured["force"][..., 1] > 20.0) & (self.estimated["force"][..., 1] > 20.0)
        loaded &= self.on_plates[:, None]
        error = (self.estimated["cop"] - self.measured["cop"])[loaded]
        return np.asarray(np.linalg.norm(error[:, [0, 2]], axis=1))

    def moment(self, source: dict[str, np.ndarray], joint: str) -> np.ndarray:
        """Return a joint's moments (T, 2) in N m/kg, right and left."""
        columns = [self.names.index(f"{joint}_{side}") for side in "rl"]
        return np.asarray(source["moments"][:, columns] / self.mass_kg)

    def activation(self, channel: str) -> np.ndarray:
        """Return the mean activation (T,) of the right leg's muscles under a channel, with measured forces."""
        under = [i for i, name in enumerate(self.muscles) if name.endswith("_r") and name.startswith(CHANNELS[channel])]
        return np.asarray(self.measured["activations"][:, under].mean(axis=1))

    def timing(self, channel: str, delay_seconds: float = 0.0) -> float:
        """Return Pearson's correlation of activation and delayed envelope over the right leg's measured frames."""
        envelope = np.interp(self.times - delay_seconds, self.times, self.envelopes[channel])
        pair = self.activation(channel)[self.right_measured], envelope[self.right_measured]
        return float(np.corrcoef(*pair)[0, 1])


def process_trial(folder: Path, work: Path) -> GaitTrial:
    """Run the stages on the trial in `folder`, with estimated and with measured forces; their files stay in `work`."""
    model, log = folder / "subject_walk_scaled.osim", work / "log"
    names, times, angles = model_motion(folder, log)
    shared, clip = {"coordinate_names": names}, Kinematics.partly(angles=angles).clip("gait", {"fps": RATE})
    write_stage(work / "ik.h5", StageFile({"gait": clip}, {}, shared))
    ground_reaction(ik=work / "ik.h5", model=model, output=work / "estimated.h5", log=log)
    estimated = read_stage(work / "estimated.h5").clips["gait"]
    plates = Clip("gait", {**estimated.arrays, **_plates(folder, times)}, estimated.attrs)
    write_stage(work / "measured.h5", StageFile({"gait": plates}, {}, shared))
    for source in ("estimated", "measured"):
        inverse_dynamics(grf=work / f"{source}.h5", model=model, output=work / f"{source}_id.h5", log=log)
    fit_muscle_paths(grf=work / "measured.h5", model=model, output=work / "paths.npz", log=log)
    static_optimization(
        grf=work / "measured.h5", id=work / "measured_id.h5", model=model, paths=work / "paths.npz",
        output=work / "so.h5", log=log,
    )  # fmt: skip
    return read_trial(folder, work)


def read_trial(folder: Path, work: Path) -> GaitTrial:
    """Return what `process_trial` left in `work`."""
    stages = {stage: read_stage(work / f"{stage}.h5") for stage in
              ("estimated", "measured", "estimated_id", "measured_id", "so")}  # fmt: skip
    arrays = {stage: dict(file.clips["gait"].arrays) for stage, file in stages.items()}
    names = list(stages["estimated"].attrs["coordinate_names"])
    times, _ = _angles(folder, names)
    emg = read_storage(folder / "electromyography.sto")
    return GaitTrial(
        times,
        names,
        list(stages["so"].attrs["muscle_names"]),
        float(stages["estimated"].clips["gait"].attrs["mass_kg"]),
        arrays["estimated"] | arrays["estimated_id"],
        arrays["measured"] | arrays["measured_id"] | arrays["so"],
        {channel: np.interp(times, emg.times, emg.column(channel)) for channel in CHANNELS},
    )


def model_motion(folder: Path, log: Path, step: int = STEP) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Return the model's coordinates, and times (T,) s and angles (T, J) of every `step`-th row of the trial."""
    model = (folder / "subject_walk_scaled.osim").absolute()
    names = isolated(_model_coordinates, model, timeout_seconds=300.0, log=log)
    return names, *_angles(folder, names, step)


def _model_coordinates(model: Path) -> list[str]:
    from kinesynth.opensim_models.opened import coordinate_names, open_model

    return list(coordinate_names(open_model(model)))


def _angles(folder: Path, names: list[str], step: int = STEP) -> tuple[np.ndarray, np.ndarray]:
    """Return times and angles; the file's coupled knee coordinates are in degrees and left at zero here."""
    table = read_storage(folder / "coordinates.sto")
    labels = {label.split("/")[-2]: label for label in table.names}
    rows = slice(None, None, step)
    known = [name in labels and not name.endswith("_beta") for name in names]
    columns = [
        table.column(labels[name])[rows] if there else np.zeros(len(table.times[rows]))
        for name, there in zip(names, known, strict=True)
    ]
    return table.times[rows], np.stack(columns, axis=1)


def _plates(folder: Path, times: np.ndarray) -> dict[str, np.ndarray]:
    """Return force, cop and moment (T, 2, 3) of both feet; a centre of pressure is zero where nothing presses."""
    table = read_storage(folder / "grf_walk.mot")
    patterns = {"force": "ground_force_{}_v{}", "cop": "ground_force_{}_p{}", "moment": "ground_torque_{}_{}"}

    def column(pattern: str, side: str, axis: str) -> np.ndarray:
        return np.asarray(np.interp(times, table.times, table.column(pattern.format(side, axis))))

    arrays = {
        name: np.stack([np.stack([column(pattern, side, axis) for axis in "xyz"], -1) for side in "rl"], axis=1)
        for name, pattern in patterns.items()
    }
    arrays["cop"] = np.where(arrays["force"][..., 1:2] > 20.0, arrays["cop"], 0.0)
    return arrays
