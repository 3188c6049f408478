"""Ground forces against the motion of the mass centres: Newton's and Euler's laws for the body as a whole."""

from collections.abc import Iterator

import numpy as np

from kinesynth.dataset.person import Person
from kinesynth.dataset.physics_body import Found, worst
from kinesynth.dataset.record import ClipRecord, pushes
from kinesynth.gravity import GRAVITY

SMOOTHING_S = 0.05  # standard deviation of the kernel: motions of tracked bodies and forces have little beyond 6 Hz
LOADED = 0.05  # body weights on a foot, for its centre of pressure to mean something
_ROOT = ("pelvis_tx", "pelvis_ty", "pelvis_tz", "pelvis_tilt", "pelvis_list", "pelvis_rotation")
_FEET = (("calcn_r", "toes_r"), ("calcn_l", "toes_l"))
UP = np.array([0.0, 1.0, 0.0])


def force_values(clip: ClipRecord, person: Person) -> Iterator[Found]:
    """Yield values of ground forces and of what is left over at the pelvis."""
    arrays = clip.arrays
    residual = arrays["quality/residual"].astype(float)
    columns = [person.skeleton.coordinate_names.index(name) for name in _ROOT]
    yield "residual", float(np.abs(residual - arrays["moments"][:, columns]).max()), ""
    valid = arrays["quality/force_valid"]
    if not valid.any():
        return
    for check, part in (("residual_force", residual[:, :3]), ("residual_moment", residual[:, 3:])):
        fraction = np.where(valid, np.linalg.norm(part, axis=1), 0.0) / person.weight
        yield check, float(fraction.max()), worst(fraction)
    vertical = np.where(valid[:, None], arrays["grf/force"][..., 1], 0.0) / person.weight
    yield "pull", max(0.0, -float(vertical.min())), worst(-vertical, ("right", "left"))
    yield from _balance(clip, person)
    distance = np.where(valid[:, None], _pressure_distance(clip, person), 0.0)
    yield "pressure", float(distance.max()), worst(distance, ("right", "left"))


def smoothed(values: np.ndarray, fps: float, seconds: float = SMOOTHING_S) -> np.ndarray:
    """Return values (T, ...) under a Gaussian kernel, NaN where it would reach beyond the record or touches NaN."""
    reach = max(1, int(np.ceil(3 * seconds * fps)))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / (seconds * fps)) ** 2)
    result = np.full(values.shape, np.nan)
    if len(values) > 2 * reach:
        columns = [np.convolve(column, kernel / kernel.sum(), "valid") for column in values.reshape(len(values), -1).T]
        result[reach : len(values) - reach] = np.stack(columns, axis=1).reshape(-1, *values.shape[1:])
    return result


def accelerations(positions: np.ndarray, fps: float) -> np.ndarray:
    """Return second differences (T, ...) of places over time, m/s^2, NaN at both ends."""
    result = np.full(positions.shape, np.nan)
    result[1:-1] = (positions[2:] - 2 * positions[1:-1] + positions[:-2]) * fps**2
    return result


def _balance(clip: ClipRecord, person: Person) -> Iterator[Found]:
    """Compare force and moment under the feet, with the force left over, with what the masses' motion asks for."""
    arrays, fps, masses = clip.arrays, clip.fps, person.skeleton.masses[:, None]
    force, cop, moment = pushes(arrays)
    positions = arrays["keypoints"][:, len(masses) :].astype(float)
    centre = (positions * masses).sum(axis=1, keepdims=True) / masses.sum()
    acceleration = accelerations(positions, fps)
    asked = (masses * (acceleration + GRAVITY * UP)).sum(axis=1)
    turn = (np.cross(positions - centre, masses * acceleration)).sum(axis=1)
    given = force.sum(axis=1) + arrays["quality/residual"][:, :3]
    turned = (np.cross(cop - centre, force) + moment).sum(axis=1)
    for check, difference in (("balance", asked - given), ("turning", turn - turned)):
        off = np.linalg.norm(smoothed(difference, fps), axis=1) / person.weight
        seen = arrays["quality/force_valid"] & np.isfinite(off)
        if seen.any():
            off = np.where(seen, off, 0.0)
            yield check, float(np.sqrt(np.mean(off[seen] ** 2))), worst(off)


def _pressure_distance(clip: ClipRecord, person: Person) -> np.ndarray:
    """Return (T, 2) m, each loaded foot's distance on the floor from its centre of pressure to its midline."""
    arrays = clip.arrays
    distances = []
    for foot, bodies in enumerate(_FEET):
        heel, toes = arrays["keypoints"][:, person.bodies(bodies)][..., [0, 2]].astype(float).swapaxes(0, 1)
        line = (toes - heel) * 1.4  # from the toe joint on to the tip, as the filter has it
        arm = arrays["grf/cop"][:, foot][:, [0, 2]] - heel
        along = np.clip(np.sum(arm * line, axis=1) / np.maximum(np.sum(line**2, axis=1), 1e-12), 0.0, 1.0)
        loaded = arrays["grf/force"][:, foot, 1] > LOADED * person.weight
        distances.append(np.where(loaded, np.linalg.norm(arm - along[:, None] * line, axis=1), 0.0))
    return np.stack(distances, axis=1)
