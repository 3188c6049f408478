"""Muscle activations from angles and ground reaction forces."""

import math
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
from scipy.interpolate import PchipInterpolator, make_interp_spline

from kinesynth.dynamics.filters import low_pass
from kinesynth.dynamics.masked import without_dynamics
from kinesynth.errors import ClipRejected
from kinesynth.isolation import Worker
from kinesynth.opensim_files.external_loads import write_external_loads
from kinesynth.stage_file import Clip, process_clips, read_stage

MODEL_SECONDS = 120.0


def static_optimization(
    *,
    ik: Path,
    grf: Path,
    model: Path,
    output: Path,
    log: Path = Path("static_optimization.log"),
    engine: Literal["opensim"] = "opensim",
    rate: float = 10.0,
    activation_exponent: float = 2.0,
    cutoff_hz: float = 6.0,
    timeout_seconds: float = 3600.0,
) -> None:
    """Share the joint moments of every clip among the muscles.

    A clip without valid dynamics, or on which the tool fails, gets zeros and `dynamics_valid` False, and keeps its
    kinematics.

    Args:
        ik: joint angles (stage file of inverse-kinematics).
        grf: forces under the feet (stage file of ground-reaction).
        model: the subject's scaled model (.osim).
        output: stage file with activations (T, A), reserves (T, J) in N m, 0 where a coordinate has none, and
            so_violation (T,); its attribute muscle_driven names the coordinates whose reserves are a last resort.
        log: what OpenSim says.
        engine: opensim is OpenSim's StaticOptimization.
        rate: solutions per second, interpolated to the clip's frames (its attribute `so_rate`); the tool needs about
            a second for each.
        activation_exponent: exponent of the activations in the cost.
        cutoff_hz: low-pass cut-off of the angles; the same as for the ground reaction.
        timeout_seconds: longest time for one clip.
    """
    names = list(read_stage(ik).attrs["coordinate_names"])

    def work(worker: Worker, muscles: list[str], angles: Clip, ground: Clip) -> Clip:
        frames = len(angles.arrays["angles"])
        attrs = {**ground.attrs, "so_engine": engine, "activation_exponent": activation_exponent, "so_rate": 0.0}
        shapes = {"activations": (frames, len(muscles)), "reserves": (frames, len(names)), "so_violation": (frames,)}
        if not ground.attrs["dynamics_valid"]:
            return without_dynamics(angles.clip_id, attrs, str(ground.attrs["dynamics_reason"]), shapes)
        try:
            arrays, so_rate = worker.call(
                activations, model.absolute(), names, angles.arrays["angles"], float(angles.attrs["fps"]),
                [ground.arrays[name] for name in ("force", "cop", "moment")],
                cutoff_hz, rate, activation_exponent, timeout_seconds=timeout_seconds,
            )  # fmt: skip
        except ClipRejected as error:
            return without_dynamics(angles.clip_id, attrs, f"static optimization: {error}", shapes)
        return Clip(angles.clip_id, arrays, {**attrs, "so_rate": so_rate})

    with Worker(log) as worker:
        muscles, driven = worker.call(_muscles, model.absolute(), timeout_seconds=MODEL_SECONDS)
        attrs = {"muscle_names": muscles, "muscle_driven": driven}
        process_clips("static_optimization", [ik, grf], output, partial(work, worker, muscles), attrs)


def activations(
    model: Path,
    names: list[str],
    angles: np.ndarray,
    fps: float,
    ground: list[np.ndarray],
    cutoff_hz: float,
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
    smooth = low_pass(angles, fps, cutoff_hz)
    spline = make_interp_spline(frame_times, smooth, k=min(5, len(angles) - 1 - len(angles) % 2))
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
    from kinesynth.dynamics.model import driven_coordinates, load_model, muscle_names

    body = load_model(model)
    return list(muscle_names(body)), [name for name, driven in driven_coordinates(body).items() if driven]


def _at(times: np.ndarray, knots: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Interpolate without overshoot: activations keep their bounds."""
    return np.asarray(PchipInterpolator(knots, values, axis=0)(np.clip(times, knots[0], knots[-1])))
