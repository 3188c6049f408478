"""The batched engine beside OpenSim's StaticOptimization: how far apart the activations are, and what a frame costs."""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kinesynth.dynamics.muscle_force import MuscleForce, Muscles
from kinesynth.dynamics.muscle_paths import MusclePaths
from kinesynth.dynamics.static_optimization import activations
from kinesynth.dynamics.static_optimization_batched import BatchedMuscles, share_among_muscles, solve_batched, speeds
from kinesynth.isolation import Worker
from kinesynth.skeleton import SkeletonDefinition
from kinesynth.stage_file import Clip

TIMEOUT_SECONDS = 3600.0
MIN_BATCH = 4096  # frames that the batched engine is timed on, as in a shard of a real run
GROUND = ("force", "cop", "moment")


@dataclass(frozen=True)
class Agreement:
    """Differences in activation over frames and muscles."""

    rmse: float
    greatest: float
    pearson: float

    @classmethod
    def of(cls, ours: np.ndarray, tool: np.ndarray) -> "Agreement":
        """Compare `ours` with `tool`, both (S, A)."""
        error = ours - tool
        pearson = np.corrcoef(ours.ravel(), tool.ravel())[0, 1]
        return cls(float(np.sqrt(np.mean(error**2))), float(np.abs(error).max()), float(pearson))


@dataclass(frozen=True)
class Comparison:
    """How the batched engine does on one clip.

    Attributes:
        frames: how many the tool solved and were compared.
        muscles: how many there are.
        fitted: agreement with fitted muscle paths.
        exact: agreement with the model's own.
        tool_seconds: processor time of the tool for a frame, without loading the model.
        batched_seconds: that of the batched engine, paths and forces included.
    """

    frames: int
    muscles: int
    fitted: Agreement
    exact: Agreement
    tool_seconds: float
    batched_seconds: float

    @property
    def speedup(self) -> float:
        """How many frames the batched engine solves while the tool solves one."""
        return self.tool_seconds / self.batched_seconds


def compare(
    model: Path, paths: Path, names: list[str], ground: Clip, moments: Clip, frames: int, log: Path
) -> Comparison:
    """Solve a clip with both engines; the tool solves `frames` evenly spaced ones.

    The first and the last of these are its own start and end, where it has accelerations of one side only: they are not
    compared.
    """
    fps = ground.fps
    stride = (len(moments.arrays["moments"]) - 1) // (frames + 1)
    kept = slice(0, stride * (frames + 1) + 1)
    angles = ground.arrays["smooth_angles"][kept]
    wanted = SkeletonDefinition.from_osim(model).carried(angles, moments.arrays["moments"][kept])
    loads = [ground.arrays[name][kept] for name in GROUND]
    solved = slice(stride, -stride, stride)
    with Worker(log) as worker:
        known, force = worker.call(_muscles, model.absolute(), timeout_seconds=TIMEOUT_SECONDS)
        ends = worker.call(_timed, model.absolute(), names, angles, fps, loads, fps / (len(angles) - 1),
                           timeout_seconds=TIMEOUT_SECONDS)  # fmt: skip
        tool = worker.call(_timed, model.absolute(), names, angles, fps, loads, fps / stride,
                           timeout_seconds=TIMEOUT_SECONDS)  # fmt: skip
        columns = [names.index(name) for name in known.moved]
        lengths, gradients = worker.call(_sampled, model.absolute(), angles[solved], timeout_seconds=TIMEOUT_SECONDS)
    driven = np.array([known.moved.index(name) for name in known.driven])
    muscles = BatchedMuscles(MusclePaths.load(paths), force, np.array(columns), driven)
    exact = share_among_muscles(
        force, lengths, gradients[:, :, columns], speeds(angles[:, columns], fps)[solved],
        wanted[solved][:, muscles.columns[driven]], driven,
    )  # fmt: skip
    fitted = solve_batched(muscles, angles, fps, wanted)["activations"]
    batch = _there_and_back(angles), _there_and_back(wanted)
    start = time.process_time()
    solve_batched(muscles, batch[0], fps, batch[1])
    batched_seconds = (time.process_time() - start) / len(batch[0])
    return Comparison(
        frames,
        len(known.names),
        Agreement.of(fitted[solved], tool[0][solved]),
        Agreement.of(exact.activations, tool[0][solved]),
        (tool[1] - ends[1]) / frames,
        batched_seconds,
    )


def _there_and_back(values: np.ndarray) -> np.ndarray:
    """Return the clip (T, ...) repeated forward and backward, without jumps, for MIN_BATCH frames or more."""
    turn = np.concatenate([values[:-1], values[:0:-1]])
    return np.concatenate([turn] * -(-MIN_BATCH // len(turn)))


def _muscles(model: Path) -> tuple[Muscles, MuscleForce]:
    from kinesynth.dynamics.muscle_model import read_muscle_force, read_muscles

    return read_muscles(model), read_muscle_force(model)


def _sampled(model: Path, angles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    from kinesynth.opensim_models.muscles import crossed_coordinates, sample_paths

    return sample_paths(model, angles, crossed_coordinates(model))


def _timed(
    model: Path, names: list[str], angles: np.ndarray, fps: float, ground: list[np.ndarray], rate: float
) -> tuple[np.ndarray, float]:
    """Return the tool's activations (T, A), interpolated, and the processor time that they took, s."""
    start = time.process_time()
    arrays, _ = activations(model, names, angles, fps, ground, rate, 2.0)
    return arrays["activations"], time.process_time() - start
