"""Muscle activations from angles and ground reaction forces."""

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
from scipy.interpolate import PchipInterpolator, make_interp_spline

from kinesynth.dynamics.masked import without_dynamics
from kinesynth.dynamics.muscle_force import MuscleForce, Muscles
from kinesynth.dynamics.muscle_paths import MusclePaths
from kinesynth.dynamics.static_optimization_batched import batched_muscles, solve_batched, spline_order
from kinesynth.errors import BadInput, ClipRejected, KinesynthError
from kinesynth.isolation import Worker
from kinesynth.opensim_files.external_loads import write_external_loads
from kinesynth.stage_file import Clip, process_clips, read_stage

MODEL_SECONDS = 600.0
EXPONENT = 2.0


Solved = tuple[dict[str, np.ndarray], float]


def static_optimization(
    *,
    grf: Path,
    id: Path,  # noqa: A002 the stage's name, as in the command line's --id
    model: Path,
    paths: Path,
    output: Path,
    log: Path = Path("static_optimization.log"),
    engine: Literal["batched", "opensim"] = "batched",
    rate: float = 0.0,
    activation_exponent: float = 2.0,
    timeout_seconds: float = 3600.0,
) -> None:
    """Share the joint moments of every clip among the muscles.

    A clip without valid dynamics, or on which the tool fails, gets zeros and `dynamics_valid` False, and keeps its
    kinematics.

    Args:
        grf: forces under the feet and the smooth angles that they belong to (stage file of ground-reaction).
        id: joint moments (stage file of inverse-dynamics).
        model: the subject's scaled model (.osim).
        paths: the muscle paths around these motions (.npz of fit-muscle-paths), which the batched engine needs.
        output: stage file with activations (T, A), reserves (T, J) in N m, 0 where a coordinate has none, and
            so_violation (T,), which the engine opensim gives in rad/s^2 and the batched one in N m; its attribute
            muscle_driven names the coordinates whose reserves are a last resort.
        log: what OpenSim says.
        engine: batched solves all frames at once, the same problem as OpenSim's StaticOptimization, opensim.
        rate: solutions per second of the engine opensim, interpolated to the clip's frames (its attribute `so_rate`);
            0 solves every frame. The tool needs about a second for each. The batched engine solves every frame.
        activation_exponent: exponent of the activations in the cost; the batched engine knows 2 only.
        timeout_seconds: longest time for one clip of the engine opensim.

    Raises:
        KinesynthError: the batched engine is asked for an exponent other than 2.
        BadInput: the paths are those of another model.
    """
    if engine == "batched" and activation_exponent != EXPONENT:
        raise KinesynthError(
            f"activation_exponent: the batched engine knows {EXPONENT:g} only, not {activation_exponent:g}; "
            "choose the engine opensim"
        )
    names = list(read_stage(grf).attrs["coordinate_names"])

    def work(solve: Callable[[Clip, Clip], Solved], muscles: int, ground: Clip, moments: Clip) -> Clip:
        frames = len(moments.arrays["moments"])
        attrs = {**moments.attrs, "so_engine": engine, "activation_exponent": activation_exponent, "so_rate": 0.0}
        shapes = {"activations": (frames, muscles), "reserves": (frames, len(names)), "so_violation": (frames,)}
        if not moments.attrs["dynamics_valid"]:
            return without_dynamics(ground.clip_id, attrs, str(moments.attrs["dynamics_reason"]), shapes)
        try:
            arrays, so_rate = solve(ground, moments)
        except ClipRejected as error:
            return without_dynamics(ground.clip_id, attrs, f"static optimization: {error}", shapes)
        return Clip(ground.clip_id, arrays, {**attrs, "so_rate": so_rate})

    with Worker(log) as worker:
        muscles, driven = worker.call(_muscles, model.absolute(), timeout_seconds=MODEL_SECONDS)
        if engine == "batched":
            solve = _batched(worker, model, paths, names)
        else:
            solve = partial(_with_tool, worker, model, names, rate, activation_exponent, timeout_seconds)
        attrs = {"muscle_names": muscles, "muscle_driven": driven}
        process_clips("static_optimization", [grf, id], output, partial(work, solve, len(muscles)), attrs)


def _batched(worker: Worker, model: Path, paths: Path, names: list[str]) -> Callable[[Clip, Clip], Solved]:
    """Return the batched engine for the subject's clips."""
    known, force = worker.call(_muscle_model, model.absolute(), timeout_seconds=MODEL_SECONDS)
    fitted = MusclePaths.load(paths)
    if fitted.muscle_names != known.names or fitted.coordinate_names != known.driven:
        found = f"{len(fitted.muscle_names)} muscles over {len(fitted.coordinate_names)} coordinates"
        expected = f"the {len(known.names)} over {len(known.driven)} of {model.name}"
        raise BadInput(paths, "muscle_names", found, expected, "run fit-muscle-paths on this model")
    muscles = batched_muscles(fitted, force, names, known.free)

    def solve(ground: Clip, moments: Clip) -> Solved:
        fps = float(ground.attrs["fps"])
        return solve_batched(muscles, ground.arrays["smooth_angles"], fps, moments.arrays["moments"]), fps

    return solve


def _with_tool(
    worker: Worker, model: Path, names: list[str], rate: float, exponent: float,
    timeout_seconds: float, ground: Clip, _moments: Clip,
) -> Solved:  # fmt: skip
    """Solve a clip with OpenSim's tool."""
    fps = float(ground.attrs["fps"])
    return worker.call(
        activations, model.absolute(), names, ground.arrays["smooth_angles"], fps,
        [ground.arrays[name] for name in ("force", "cop", "moment")],
        rate or fps, exponent, timeout_seconds=timeout_seconds,
    )  # fmt: skip


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
    from kinesynth.dynamics.model import check_coordinates, load_model, scratch_folder, with_coupled_coordinates
    from kinesynth.dynamics.static_optimization_tool import solve

    body = load_model(model)
    check_coordinates(body, names)
    frame_times = np.arange(len(angles)) / fps
    times, stride = solution_grid(len(angles), fps, rate)
    spline = make_interp_spline(frame_times, angles, k=spline_order(len(angles)))
    posed = with_coupled_coordinates(body, spline(times))
    with scratch_folder() as folder:
        loads = folder / "ground_reaction.xml"
        write_external_loads(loads, loads.with_suffix(".mot"), frame_times, *ground)
        solution = solve(folder, model, names, times, posed, loads, stride, exponent)
    arrays = {
        "activations": _at(frame_times, solution.times, solution.activations),
        "reserves": _at(frame_times, solution.times, solution.reserves),
        "so_violation": _at(frame_times, solution.times, solution.violation),
    }
    return arrays, (len(solution.times) - 1) / float(frame_times[-1])


def solution_grid(frames: int, fps: float, rate: float) -> tuple[np.ndarray, int]:
    """Return the times (s) of the tool's input and the stride between those that it solves.

    First and last frame are among the solved ones, which follow each other at `rate` or a little faster, never faster
    than the frames; the input is no coarser than the frames, so that its accelerations are theirs.
    """
    duration = (frames - 1) / fps
    intervals = min(frames - 1, max(1, math.ceil(duration * rate - 1e-9)))
    stride = math.ceil((frames - 1) / intervals)
    return np.linspace(0.0, duration, intervals * stride + 1), stride


def _muscles(model: Path) -> tuple[list[str], list[str]]:
    """Return the names of the muscles and of the coordinates that they drive."""
    from kinesynth.dynamics.muscle_model import read_muscles

    muscles = read_muscles(model)
    return list(muscles.names), list(muscles.driven)


def _muscle_model(model: Path) -> tuple[Muscles, MuscleForce]:
    """Return the muscles' names and what decides their forces."""
    from kinesynth.dynamics.muscle_model import read_muscle_force, read_muscles

    return read_muscles(model), read_muscle_force(model)


def _at(times: np.ndarray, knots: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Interpolate without overshoot: activations keep their bounds."""
    return np.asarray(PchipInterpolator(knots, values, axis=0)(np.clip(times, knots[0], knots[-1])))
