"""A subject's muscle paths, fitted once and used for every frame."""

import sys
from pathlib import Path

import numpy as np
from scipy.stats import qmc

from kinesynth.dynamics.muscle_paths import MusclePaths, fit_paths
from kinesynth.isolation import Worker


def fit_muscle_paths(
    *,
    model: Path,
    output: Path,
    log: Path = Path("fit_muscle_paths.log"),
    degree: int = 6,
    poses: int = 1024,
    timeout_seconds: float = 1800.0,
) -> None:
    """Fit polynomials of the joint angles to the lengths and moment arms of a subject's muscles.

    Poses spread evenly over the ranges of all coordinates that muscles drive (a Sobol sequence, hence the same ones in
    every run). As many again, an eighth of them, are held out; how far the polynomials miss those is printed.

    Args:
        model: the subject's scaled model (.osim).
        output: the paths (.npz).
        log: what OpenSim says.
        degree: of the polynomials. At 5 the activations of a gait trial are off by 0.015 RMS, at 6 by 0.007.
        poses: to fit, a power of two. A pose takes about 5 ms.
        timeout_seconds: longest time for the poses.
    """
    with Worker(log) as worker:
        paths, error = worker.call(fitted_paths, model.absolute(), degree, poses, timeout_seconds=timeout_seconds)
    print(f"moment arms of held-out poses are off by {1e3 * error:.2f} mm RMS", file=sys.stderr)  # noqa: T201
    output.parent.mkdir(parents=True, exist_ok=True)
    paths.save(output)


def fitted_paths(model: Path, degree: int, poses: int) -> tuple[MusclePaths, float]:
    """Return the paths and the RMS error (m) of held-out moment arms. Runs OpenSim: call it in a child process."""
    from kinesynth.dynamics.muscle_model import crossed_coordinates, read_muscles, sample_paths

    muscles = read_muscles(model)
    by_muscle = crossed_coordinates(model)
    crossed = np.array([[name in by_muscle[muscle] for name in muscles.driven] for muscle in muscles.names])
    columns = [muscles.coordinate_names.index(name) for name in muscles.driven]
    ranges = muscles.coordinate_ranges[columns]
    sequence = qmc.Sobol(len(columns), scramble=False)
    spread = np.concatenate([sequence.random(poses), sequence.random(poses // 8)])
    angles = np.tile(muscles.coordinate_defaults, (len(spread), 1))
    angles[:, columns] = ranges[:, 0] + spread * np.diff(ranges, axis=1)[:, 0]
    lengths, gradients = sample_paths(model, angles, by_muscle)
    driven, gradients = angles[:, columns], gradients[:, :, columns]
    samples = driven[:poses], lengths[:poses], gradients[:poses]
    paths = fit_paths(muscles.names, muscles.driven, crossed, ranges, degree, samples)
    error = (paths.evaluate(driven[poses:])[1] - gradients[poses:])[:, crossed]
    return paths, float(np.sqrt(np.mean(error**2)))
