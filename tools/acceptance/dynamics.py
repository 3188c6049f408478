"""Forces and muscles: against force plates and electromyography, against OpenSim's tool, and against physics."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import torch

from kinesynth.gravity import GRAVITY
from kinesynth.layout import FILES
from kinesynth.skeleton.layer import SkeletonLayer
from kinesynth.stage_file import Clip, StageFile, read_stage
from tools.acceptance.dynamics_consistency import (
    activation_metrics,
    export_metrics,
    gait_rate_metrics,
    jump_metrics,
    rate_metrics,
)
from tools.acceptance.gait_trial import CHANNELS, JOINTS, GaitTrial, process_trial
from tools.acceptance.metrics import OUTPUT, SHARED, Metric
from tools.acceptance.runs import run_workflow
from tools.acceptance.static_optimization_peers import Comparison, compare

WALKING = SHARED / "data/walking"
SIDES = ("right", "left")
FRAMES = 8  # that OpenSim's tool solves of each motion
HELD_TO_TIMING = (
    "soleus", "gastrocnemius", "tibialis_anterior", "vastus_lateralis", "vastus_medius", "medial_hamstrings",
    "biceps_femoris",
)  # fmt: skip
MIN_CORRELATION = -1.0  # the other channels are told, not held to anything
WALKS = {"s01_walking": "s01_000", "s03_walking": "s03_000"}  # shards of the demo
JUMP = ("s02_000", "s02_vertical_jump")
PEERS = {"squat": "s01", "arm_raise": "s02"}  # motions of the demo, besides gait, on which the engines are compared


def metrics() -> Iterator[Metric]:
    """Run the demo, and the gait trial where it is at hand."""
    run_workflow("demo", {})
    stages, faster = OUTPUT / "demo/stages", OUTPUT / "demo_120_fps/stages"
    yield from physics_metrics(stages)
    yield from activation_metrics(stages)
    yield from export_metrics(stages, OUTPUT / "demo/results/opensim")
    targets = [FILES[rule].format(shard=shard) for shard in (*WALKS.values(), JUMP[0])
               for rule in ("ground_reaction", "inverse_dynamics")]  # fmt: skip
    run_workflow("demo_120_fps", {"motion": {"fps": 120}}, targets)
    yield from rate_metrics(stages, faster, WALKS)
    yield from jump_metrics(stages, faster, *JUMP)
    comparisons = {}
    for action, subject in PEERS.items():
        comparisons[action] = compare_in_demo(stages, subject, action)
    if WALKING.is_dir():
        work = OUTPUT / "gait_trial"
        work.mkdir(parents=True, exist_ok=True)
        trial = process_trial(WALKING, work)
        yield from gait_metrics(trial)
        yield from gait_rate_metrics(WALKING, work)
        comparisons["gait"] = compare_on_trial(work)
    for action, found in comparisons.items():
        yield from peer_metrics(action, found)


def gait_metrics(trial: GaitTrial) -> Iterator[Metric]:
    """Yield the distance from estimates to measurements on the gait trial."""
    error = trial.force_error()
    for foot, side in enumerate(SIDES):
        pair = [source["force"][trial.on_plates, foot, 1] for source in (trial.estimated, trial.measured)]
        yield Metric(f"dynamics.gait.vertical_force_{side}", _rms(error[:, foot, 1]), "BW", 0.07, "lower")
        yield Metric(f"dynamics.gait.vertical_pearson_{side}", float(np.corrcoef(pair)[0, 1]), "", 0.99, "higher")
        yield Metric(f"dynamics.gait.fore_aft_force_{side}", _rms(error[:, foot, 0]), "BW", 0.05, "lower")
    yield Metric("dynamics.gait.centre_of_pressure", 1e3 * _rms(trial.cop_error()), "mm", 30.0, "lower")
    for joint in JOINTS:
        apart = (trial.moment(trial.estimated, joint) - trial.moment(trial.measured, joint))[trial.on_plates]
        yield Metric(f"dynamics.gait.{joint}_moment", _rms(apart), "N m/kg", 0.2, "lower")
    for channel in CHANNELS:
        bar = 0.4 if channel in HELD_TO_TIMING else MIN_CORRELATION
        yield Metric(f"dynamics.gait.emg_{channel}", trial.timing(channel), "", bar, "higher")


def peer_metrics(action: str, found: Comparison) -> Iterator[Metric]:
    """Yield how far the batched engine is from OpenSim's tool, and how much faster."""
    for paths, agreement, bar in (("exact", found.exact, 0.005), ("fitted", found.fitted, 0.01)):
        yield Metric(f"dynamics.so.{action}.rmse_{paths}", agreement.rmse, "", bar, "lower")
        yield Metric(f"dynamics.so.{action}.pearson_{paths}", agreement.pearson, "", 0.99, "higher")
    yield Metric(f"dynamics.so.{action}.speedup", found.speedup, "x", 500.0, "higher")


def physics_metrics(stages: Path) -> Iterator[Metric]:
    """Yield what the laws of motion ask of the demo's forces."""
    worst = 0.0
    for path in sorted((stages / "grf").glob("*.h5")):
        ground = read_stage(path)
        layer = SkeletonLayer.from_osim(stages / f"scale/{path.stem.rpartition('_')[0]}.osim")
        errors = {clip.clip_id: abs(impulse_error(layer, clip)) for clip in ground.clips.values()}
        worst = max(worst, *errors.values())
        yield from motion_metrics(ground, errors)
    yield Metric("dynamics.physics.impulse_error", worst, "of weight", 0.02, "lower")


def motion_metrics(ground: StageFile, impulse_errors: Mapping[str, float]) -> Iterator[Metric]:
    """Yield the metrics that a jump, a squat and standing still are held to.

    The demo's squat is cut while the body moves: what that momentum asks is taken off its mean force. A whole squat,
    from rest to rest, is held to the same bar by tests/dynamics.
    """
    for clip in ground.clips.values():
        total = vertical(clip)
        match clip.attrs["action"]:
            case "vertical_jump":
                flight = float(np.sum(total == 0.0) / clip.attrs["fps"])
                yield Metric("dynamics.physics.jump_without_force", flight, "s", 0.2, "higher")
                landing = total[np.flatnonzero(total == 0.0).max() :].max()
                yield Metric("dynamics.physics.jump_landing", float(landing), "BW", 1.5, "higher")
            case "squat":
                off = impulse_errors[clip.clip_id]
                yield Metric("dynamics.physics.squat_mean_force", off, "BW off 1", 0.02, "lower")
            case "arm_raise":  # legs and trunk stand still
                off = float(np.abs(total - 1.0).max())
                yield Metric("dynamics.physics.standing_force", off, "BW off 1", 0.02, "lower")


def impulse_error(layer: SkeletonLayer, clip: Clip) -> float:
    """Return the vertical impulse that the ground's forces lack, as a part of the weight's over the same time.

    The momentum comes from the mass centres of forward kinematics, the forces from inverse dynamics: two ways.
    """
    masses = torch.tensor(layer.definition.masses)
    with torch.inference_mode():
        centres = layer(torch.tensor(clip.arrays["smooth_angles"])).mass_centres
    height = ((centres * masses[:, None]).sum(dim=-2) / masses.sum())[:, 1].numpy()
    fps = clip.fps
    inner = slice(2, -2)  # where speeds are differences of both sides
    speed, total = np.gradient(height, 1.0 / fps)[inner], vertical(clip)[inner]
    seconds = (len(total) - 1) / fps
    return float((np.trapezoid(total) / fps - seconds - (speed[-1] - speed[0]) / GRAVITY) / seconds)


def vertical(clip: Clip) -> np.ndarray:
    """Return the vertical force of both feet (T,) in body weights."""
    return np.asarray(clip.arrays["force"][..., 1].sum(axis=1) / (clip.attrs["mass_kg"] * GRAVITY))


def compare_in_demo(stages: Path, subject: str, action: str) -> Comparison:
    """Run both engines on a motion of the demo."""
    ground, moments = (read_stage(stages / stage / f"{subject}_000.h5") for stage in ("grf", "id"))
    clip_id, names = f"{subject}_{action}", list(ground.attrs["coordinate_names"])
    return compare(
        stages / f"scale/{subject}.osim", stages / f"paths/{subject}_000.npz", names, ground.clips[clip_id],
        moments.clips[clip_id], FRAMES, OUTPUT / "peers.log",
    )  # fmt: skip


def compare_on_trial(work: Path) -> Comparison:
    """Run both engines on the gait trial with measured forces."""
    ground, moments = (read_stage(work / f"{stage}.h5") for stage in ("measured", "measured_id"))
    return compare(
        WALKING / "subject_walk_scaled.osim", work / "paths.npz", list(ground.attrs["coordinate_names"]),
        ground.clips["gait"], moments.clips["gait"], FRAMES, OUTPUT / "peers.log",
    )  # fmt: skip


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(values**2)))
