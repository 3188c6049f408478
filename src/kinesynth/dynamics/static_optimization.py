"""Muscle activations from angles and ground reaction forces."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy.interpolate import PchipInterpolator, make_interp_spline

from kinesynth.config import StaticOptimization
from kinesynth.dynamics.clips_without_dynamics import without_dynamics
from kinesynth.dynamics.filters import local_fit
from kinesynth.dynamics.muscle_force import MuscleForce, Muscles
from kinesynth.dynamics.muscle_paths import MusclePaths
from kinesynth.dynamics.names import STRONG_RESERVE, WEAK_RESERVE
from kinesynth.dynamics.static_optimization_batched import BatchedMuscles, solve_batched, speeds, spline_order
from kinesynth.errors import BadInput, ClipRejected, KinesynthError
from kinesynth.file_names import takes_file_names
from kinesynth.isolation import Worker
from kinesynth.opensim_files.external_loads import write_external_loads
from kinesynth.records import GroundForces, Moments, MuscleActivity
from kinesynth.skeleton.definition import SkeletonDefinition
from kinesynth.stage_file import Clip, process_clips, read_stage

MODEL_SECONDS = 600.0
SO = StaticOptimization()
MIN_EXPONENT = 2.0

Arrays = dict[str, np.ndarray]
Solve = Callable[[GroundForces, Moments, float], tuple[Arrays, float]]


@takes_file_names
def static_optimization(
    *,
    grf: Path,
    id: Path,  # noqa: A002 the stage's name, as in the command line's --id
    model: Path,
    paths: Path,
    output: Path,
    log: Path = Path("static_optimization.log"),
    so: StaticOptimization = SO,
) -> None:
    """Share the joint moments of every clip among the muscles.

    Activations, reserves and moments belong together: in every frame the model's own muscles at these activations and
    the reserves make up the moments. What fitted paths, interpolation or smoothing leave over, the reserves take up.

    A clip without valid dynamics, or on which the tool fails, gets zeros and `dynamics_valid` False, and keeps its
    kinematics.

    Args:
        grf: forces under the feet and the smooth angles that they belong to (stage file of ground-reaction).
        id: joint moments (stage file of inverse-dynamics).
        model: the subject's scaled model (.osim).
        paths: the muscle paths around these motions (.npz of fit-muscle-paths), which the batched engine needs.
        output: stage file with activations (T, A), in [0, 1]; reserves (T, J), what the muscles at these activations do
            not supply of each moment, those about coupled coordinates carried along, N m (N for translations), all of
            it where no muscle moves the coordinate and 0 where that is coupled; and so_violation (T,) N m, the norm
            over the muscle-driven coordinates of what the engine's own activations and reserves missed of the moments;
            its attribute muscle_driven names these.
        log: what OpenSim says.
        so: the section `so` of the configuration. Its engine batched solves all frames at once, the same problem as
            OpenSim's StaticOptimization, opensim, which needs about a second for each of the `rate` solutions per
            second that are interpolated to the clip's frames (its attribute `so_rate`). With exponents over 2 the
            batched engine's reserves still cost their squares. Where the smoothing's window holds too few frames for
            its polynomials to smooth anything, as below 100 frames per second by default, there is none.

    Raises:
        KinesynthError: the batched engine is asked for an exponent under 2.
        BadInput: the paths are those of another model.
    """
    if so.engine == "batched" and so.activation_exponent < MIN_EXPONENT:
        raise KinesynthError(
            f"activation_exponent: the batched engine takes {MIN_EXPONENT:g} or more, not {so.activation_exponent:g}; "
            "choose the engine opensim"
        )
    names = list(read_stage(grf).attrs["coordinate_names"])

    def work(
        worker: Worker, skeleton: SkeletonDefinition, known: Muscles, solve: Solve, ground: Clip, moments: Clip
    ) -> Clip:
        forces, asked = GroundForces.of(ground), Moments.of(moments)
        asked = replace(asked, moments=skeleton.carried(forces.smooth_angles, asked.moments))
        attrs = {**moments.attrs, "so_engine": so.engine, "activation_exponent": so.activation_exponent, "so_rate": 0.0}
        zeros = MuscleActivity.zeros(T=len(asked.moments), A=len(known.names), J=len(names))
        if not moments.attrs["dynamics_valid"]:
            return without_dynamics(ground.clip_id, attrs, str(moments.attrs["dynamics_reason"]), zeros)
        try:
            found, so_rate = solve(forces, asked, ground.fps)
            smooth = local_fit(found["activations"], ground.fps, so.smoothing_seconds, so.smoothing_order)
            both = np.stack([found["activations"], np.clip(smooth, 0.0, 1.0)])
            supplied = worker.call(
                exact_supply, model.absolute(), known.moved, forces.smooth_angles, ground.fps, both,
                timeout_seconds=so.timeout_seconds,
            )  # fmt: skip
        except ClipRejected as error:
            return without_dynamics(ground.clip_id, attrs, f"static optimization: {error}", zeros)
        needed, reserves = (_left_over(known, asked.moments, part) for part in supplied)
        missed = needed[:, _columns(known, known.driven)] - found["reserves"]
        activity = MuscleActivity(both[1], reserves, np.linalg.norm(missed, axis=1))
        return activity.clip(ground.clip_id, {**attrs, "so_rate": so_rate})

    with Worker(log) as worker:
        skeleton = SkeletonDefinition(**worker.call(_skeleton, model.absolute(), timeout_seconds=MODEL_SECONDS))
        known = worker.call(_muscles, model.absolute(), timeout_seconds=MODEL_SECONDS)
        if so.engine == "batched":
            solve = _batched(worker, model, paths, names, known, so.activation_exponent)
        else:
            solve = partial(_with_tool, worker, model, names, known, so)
        attrs = {"muscle_names": list(known.names), "muscle_driven": list(known.driven)}
        process_clips("static_optimization", [grf, id], output, partial(work, worker, skeleton, known, solve), attrs)


def _left_over(known: Muscles, moments: np.ndarray, supplied: np.ndarray) -> np.ndarray:
    """Return what of `moments` (T, J) the muscles leave to the reserves (T, J); they supply (T, C) where they move."""
    reserves = np.where(np.isin(known.coordinate_names, known.free), moments, 0.0)
    reserves[:, _columns(known, known.moved)] -= supplied
    return reserves


def _columns(known: Muscles, coordinates: Sequence[str]) -> list[int]:
    """Return where coordinates stand among all."""
    return [known.coordinate_names.index(name) for name in coordinates]


def _batched(worker: Worker, model: Path, paths: Path, names: list[str], known: Muscles, exponent: float) -> Solve:
    """Return the batched engine for the subject's clips."""
    force = worker.call(_muscle_force, model.absolute(), timeout_seconds=MODEL_SECONDS)
    fitted = MusclePaths.load(paths)
    if fitted.muscle_names != known.names or fitted.coordinate_names != known.moved:
        found = f"{len(fitted.muscle_names)} muscles over {len(fitted.coordinate_names)} coordinates"
        expected = f"the {len(known.names)} over {len(known.moved)} of {model.name}"
        raise BadInput(paths, "muscle_names", found, expected, "run fit-muscle-paths on this model")
    columns = np.array([names.index(name) for name in known.moved])
    muscles = BatchedMuscles(fitted, force, columns, np.array([known.moved.index(name) for name in known.driven]))

    def solve(forces: GroundForces, asked: Moments, fps: float) -> tuple[Arrays, float]:
        return solve_batched(muscles, forces.smooth_angles, fps, asked.moments, exponent), fps

    return solve


def _with_tool(
    worker: Worker, model: Path, names: list[str], known: Muscles, so: StaticOptimization,
    forces: GroundForces, _asked: Moments, fps: float,
) -> tuple[Arrays, float]:  # fmt: skip
    """Solve a clip with OpenSim's tool."""
    arrays, so_rate = worker.call(
        activations, model.absolute(), names, forces.smooth_angles, fps, forces.wrench,
        so.rate or fps, so.activation_exponent, timeout_seconds=so.timeout_seconds,
    )  # fmt: skip
    return {**arrays, "reserves": arrays["reserves"][:, _columns(known, known.driven)]}, so_rate


def activations(
    model: Path,
    names: list[str],
    angles: np.ndarray,
    fps: float,
    ground: list[np.ndarray],
    rate: float,
    exponent: float,
) -> tuple[dict[str, np.ndarray], float]:
    """Return the stage's arrays over T frames and the rate in Hz at which they were solved.

    Runs OpenSim: call it in a child process. `ground` holds force, cop and moment, each (T, 2, 3).
    """
    from kinesynth.opensim_models.coordinates import check_coordinates
    from kinesynth.opensim_models.couplers import coupled
    from kinesynth.opensim_models.opened import open_model
    from kinesynth.opensim_models.so_tool import solve
    from kinesynth.opensim_models.tool_files import scratch_folder

    body = open_model(model)
    check_coordinates(body, names)
    frame_times = np.arange(len(angles)) / fps
    times, stride = solution_grid(len(angles), fps, rate)
    spline = make_interp_spline(frame_times, angles, k=spline_order(len(angles)))
    posed = coupled(body, spline(times))
    known = _muscles(model)
    reserves = {name: WEAK_RESERVE if name in known.driven else STRONG_RESERVE for name in known.free}
    with scratch_folder() as folder:
        loads = folder / "ground_reaction.xml"
        write_external_loads(loads, loads.with_suffix(".mot"), frame_times, *ground)
        solution = solve(folder, model, names, times, posed, loads, reserves, stride, exponent)
    arrays = {
        "activations": _at(frame_times, solution.times, solution.activations),
        "reserves": _at(frame_times, solution.times, solution.reserves),
    }
    return arrays, (len(solution.times) - 1) / float(frame_times[-1])


def exact_supply(
    model: Path, moved: Sequence[str], angles: np.ndarray, fps: float, activations: np.ndarray
) -> np.ndarray:
    """Return the moments (K, T, D) N m of the model's own muscles, at K times activations (K, T, A), about `moved`.

    Runs OpenSim: call it in a child process.
    """
    from kinesynth.dynamics import muscle_model

    return muscle_model.muscle_moments(model, angles, speeds(angles, fps), activations, moved)


def solution_grid(frames: int, fps: float, rate: float) -> tuple[np.ndarray, int]:
    """Return the times (s) of the tool's input and the stride between those that it solves.

    First and last frame are among the solved ones, which follow each other at `rate` or a little faster, never faster
    than the frames; the input is no coarser than the frames, so that its accelerations are theirs.
    """
    duration = (frames - 1) / fps
    intervals = min(frames - 1, max(1, math.ceil(duration * rate - 1e-9)))
    stride = math.ceil((frames - 1) / intervals)
    return np.linspace(0.0, duration, intervals * stride + 1), stride


def _skeleton(model: Path) -> dict[str, Any]:
    """Return what `SkeletonDefinition` is made of. Runs OpenSim: call it in a child process."""
    from kinesynth.opensim_models.read_osim import read_osim

    return read_osim(model)


def _muscles(model: Path) -> Muscles:
    """Return the names of muscles and coordinates. Runs OpenSim: call it in a child process."""
    from kinesynth.dynamics.muscle_model import read_muscles

    return read_muscles(model)


def _muscle_force(model: Path) -> MuscleForce:
    """Return what decides the muscles' forces. Runs OpenSim: call it in a child process."""
    from kinesynth.dynamics.muscle_model import read_muscle_force

    return read_muscle_force(model)


def _at(times: np.ndarray, knots: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Interpolate without overshoot: activations keep their bounds."""
    return np.asarray(PchipInterpolator(knots, values, axis=0)(np.clip(times, knots[0], knots[-1])))
