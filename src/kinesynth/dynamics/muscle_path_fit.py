"""Muscle paths as polynomials, fitted around the motions of a shard and used for every frame of it."""

import sys
from pathlib import Path

import numpy as np
from scipy.stats import qmc

from kinesynth.config import MusclePathOptions
from kinesynth.dynamics.muscle_paths import MusclePaths, fit_paths
from kinesynth.file_names import takes_file_names
from kinesynth.isolation import Worker
from kinesynth.records import GroundForces
from kinesynth.stage_file import read_stage

MUSCLE_PATHS = MusclePathOptions()
REACH_RAD = np.radians(10.0)  # how far around the motion the paths are to hold


@takes_file_names
def fit_muscle_paths(
    *,
    grf: Path,
    model: Path,
    output: Path,
    log: Path = Path("fit_muscle_paths.log"),
    muscle_paths: MusclePathOptions = MUSCLE_PATHS,
    poses: int = 1024,
    timeout_seconds: float = 1800.0,
) -> None:
    """Fit polynomials of the joint angles to the lengths and moment arms of a subject's muscles.

    The poses lie within ten degrees of the motion's own, as in OpenSim's PolynomialPathFitter: over the whole ranges of
    hip and shoulder a polynomial misses moment arms by 2 mm, around a motion by a tenth of that. They are evenly spaced
    in time and spread by a Sobol sequence, hence the same in every run. An eighth as many again are held out; how far
    the polynomials miss those is printed.

    Args:
        grf: stage file of ground-reaction, for its smooth angles.
        model: the subject's scaled model (.osim).
        output: the paths (.npz).
        log: what OpenSim says.
        muscle_paths: the section `muscle_paths` of the configuration.
        poses: to fit, a power of two. A pose takes about 5 ms.
        timeout_seconds: longest time for the poses.
    """
    stage = read_stage(grf)
    motions = [GroundForces.of(clip).smooth_angles for clip in stage.clips.values()]
    motion = np.concatenate(motions) if motions else None
    names = list(stage.attrs["coordinate_names"]) if motions else []
    with Worker(log) as worker:
        paths, error = worker.call(
            fitted_paths, model.absolute(), names, motion, muscle_paths.degree, poses, timeout_seconds=timeout_seconds
        )
    print(f"moment arms of held-out poses are off by {1e3 * error:.2f} mm RMS", file=sys.stderr)  # noqa: T201
    output.parent.mkdir(parents=True, exist_ok=True)
    paths.save(output)


def fitted_paths(
    model: Path, names: list[str], motion: np.ndarray | None, degree: int, poses: int
) -> tuple[MusclePaths, float]:
    """Return the paths and the RMS error (m) of held-out moment arms. Runs OpenSim: call it in a child process.

    Args:
        model: the subject's scaled model (.osim).
        names: of the motion's coordinates.
        motion: their angles (T, J) rad; without any the paths are fitted over the coordinates' ranges.
        degree: of the polynomials.
        poses: to fit.
    """
    from kinesynth.dynamics.muscle_model import read_muscles
    from kinesynth.opensim_models.muscles import crossed_coordinates, sample_paths

    muscles = read_muscles(model)
    by_muscle = crossed_coordinates(model)
    crossed = np.array([[name in by_muscle[muscle] for name in muscles.moved] for muscle in muscles.names])
    columns = [muscles.coordinate_names.index(name) for name in muscles.moved]
    ranges = muscles.coordinate_ranges[columns]
    around = None if motion is None else motion[:, [names.index(name) for name in muscles.moved]]
    sequence = qmc.Sobol(len(columns), scramble=False)
    fitted, held_out = (_poses(sequence.random(count), ranges, around) for count in (poses, poses // 8))
    moved = np.concatenate([fitted, held_out])
    angles = np.tile(muscles.coordinate_defaults, (len(moved), 1))
    angles[:, columns] = moved
    lengths, gradients = sample_paths(model, angles, by_muscle)
    gradients = gradients[:, :, columns]
    samples = moved[:poses], lengths[:poses], gradients[:poses]
    paths = fit_paths(muscles.names, muscles.moved, crossed, ranges, degree, samples)
    error = (paths.evaluate(moved[poses:])[1] - gradients[poses:])[:, crossed]
    return paths, float(np.sqrt(np.mean(error**2)))


def _poses(spread: np.ndarray, ranges: np.ndarray, motion: np.ndarray | None) -> np.ndarray:
    """Return poses (P, J) within `ranges` (J, 2), around those of a motion (T, J), for `spread` (P, J) from 0 to 1."""
    low, high = ranges.T
    if motion is None:
        return np.asarray(low + spread * (high - low))
    frames = np.linspace(0, len(motion) - 1, len(spread)).round().astype(int)
    return np.asarray(np.clip(motion[frames] + REACH_RAD * (2.0 * spread - 1.0), low, high))
