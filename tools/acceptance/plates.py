"""What force plates measured under each foot: the truth, free of everything that the workflow makes of it."""

from pathlib import Path

import numpy as np

from kinesynth.dynamics.names import FEET, TOES
from kinesynth.dynamics.plate_feet import steps
from kinesynth.markers.anatomy import carriers_of
from kinesynth.markers.trial import read_screened
from kinesynth.opensim_files.force_table import read_force_table


def plate_forces(path: Path, times: np.ndarray, feet: np.ndarray) -> np.ndarray:
    """Return the force (T, 2, 3) N on right and left foot in the file's frame, NaN beyond the plates' times.

    Feet are where their markers are, on a treadmill too: plates and markers share their frame.
    """
    plates = read_force_table(path)
    shape = (len(times), -1, 3)
    force, point = (
        np.stack([np.interp(times, plates.times, column) for column in each.reshape(len(each), -1).T], -1).reshape(
            shape
        )
        for each in (plates.force, plates.point)
    )
    result = np.zeros((len(times), 2, 3))
    for step in steps(force[..., 1], point, feet):
        if step.foot is not None:
            result[step.frames, step.foot] += force[step.frames, step.plate]
    result[(times < plates.times[0]) | (times > plates.times[-1])] = np.nan
    return result


def foot_markers(path: Path, times: np.ndarray) -> np.ndarray:
    """Return where the markers of right and left foot are, (T, 2, K, 3) m, in the file's frame."""
    trial = read_screened(path)
    ridden = carriers_of(trial.labels)
    frames = np.rint((times - trial.markers.times[0]) * trial.markers.fps).astype(int)
    sides = []
    for bodies in zip(FEET, TOES, strict=True):
        columns = [trial.markers.names.index(name) for name, body in ridden.items() if body in bodies]
        sides.append(trial.markers.positions[np.clip(frames, 0, len(trial.markers.positions) - 1)][:, columns])
    most = max(side.shape[1] for side in sides)
    padded = [np.pad(side, ((0, 0), (0, most - side.shape[1]), (0, 0)), constant_values=np.nan) for side in sides]
    return np.stack(padded, axis=1)
