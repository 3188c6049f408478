"""The skeleton: what Kinesynth-112 holds, how it stands to published models, and how its layer stands to OpenSim."""

import csv
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from kinesynth.skeleton.builder import build_skeleton
from kinesynth.skeleton.definition import SkeletonDefinition
from kinesynth.skeleton.layer import SkeletonLayer
from tools.acceptance.metrics import OUTPUT, SHARED, Metric
from tools.acceptance.opensim_reference import forward_kinematics, moment_arms, pose, random_angles

PUBLISHED = SHARED / "models/RajagopalLaiUhlrich2023.osim"
LEG = ("hip_flexion_r", "hip_adduction_r", "hip_rotation_r", "knee_angle_r", "ankle_angle_r", "subtalar_angle_r")
UPPER = ("lumbar_extension", "lumbar_bending", "lumbar_rotation", "arm_flex_r", "arm_add_r", "arm_rot_r")
DRIVEN = (*LEG, "mtp_angle_r", *UPPER, "elbow_flex_r", "pro_sup_r")
GLMAX2_SAFE = np.radians(-40.0)  # of hip rotation; beyond, the published path of glmax2 jumps
SAMPLES, POSES, BATCH = 121, 1000, 2048


def metrics() -> Iterator[Metric]:
    """Measure the model and its differentiable counterpart."""
    yield from contents()
    yield from paths()
    yield from published_legs()
    yield from published_arms()
    yield from layer_against_opensim()
    yield from layer_gradient()
    yield from layer_speed()


@cache
def skeleton() -> Path:
    """Build the generic skeleton once."""
    OUTPUT.mkdir(exist_ok=True)
    log = OUTPUT / "skeleton.log"
    log.unlink(missing_ok=True)
    build_skeleton(output=OUTPUT / "skeleton.osim", log=log)
    return OUTPUT / "skeleton.osim"


def opened(path: Path) -> tuple[Any, Any]:
    """Return a model and its state."""
    import opensim

    opensim.Logger.setLevelString("error")
    model = opensim.Model(str(path))
    return model, model.initSystem()


def contents() -> Iterator[Metric]:
    """Count, weigh and simulate."""
    import opensim

    model, state = opened(skeleton())
    yield Metric("skeleton.bodies", model.getBodySet().getSize(), "", 28, "higher")
    yield Metric("skeleton.coordinates", model.getCoordinateSet().getSize(), "", 53, "higher")
    yield Metric("skeleton.muscles", model.getMuscles().getSize(), "", 112, "higher")
    yield Metric("skeleton.warnings", len((OUTPUT / "skeleton.log").read_text().splitlines()), "lines", 0, "lower")
    yield Metric("skeleton.mass_error", abs(model.getTotalMass(state) - 75.337), "kg", 1e-9, "lower")
    model.equilibrateMuscles(state)
    manager = opensim.Manager(model)
    manager.setIntegratorAccuracy(1e-3)
    manager.initialize(state)
    yield Metric("skeleton.simulated", manager.integrate(0.1).getTime(), "s", 0.1, "higher")


def sweep(model: Any, state: Any, coordinate: str, angles: np.ndarray) -> np.ndarray:
    """Return the moment arms (S, A) m over angles (S,) rad of one coordinate, then go back to its default."""
    follower = f"{coordinate}_beta" if coordinate.startswith("knee") else coordinate
    arms = []
    for angle in [*angles.tolist(), model.getCoordinateSet().get(coordinate).getDefaultValue()]:
        pose(model, state, {coordinate: angle, follower: angle})
        arms.append(moment_arms(model, state, coordinate))
    return np.array(arms[:-1])


def paths() -> Iterator[Metric]:
    """Whether every muscle moves something, and how far a moment arm steps over a quarter of a degree."""
    model, state = opened(skeleton())
    steps, greatest = [], np.zeros(model.getMuscles().getSize())
    for name in DRIVEN:
        coordinate = model.getCoordinateSet().get(name)
        low = max(coordinate.getRangeMin(), GLMAX2_SAFE) if name == "hip_rotation_r" else coordinate.getRangeMin()
        high = coordinate.getRangeMax()
        arms = sweep(model, state, name, np.linspace(low, high, round(np.degrees(high - low) * 4) + 1))
        steps.append(np.abs(np.diff(arms, axis=0)).max())
        greatest = np.maximum(greatest, np.abs(arms).max(axis=0))
    right = [muscle.getName().endswith("_r") for muscle in model.getMuscles()]
    yield Metric("skeleton.least_greatest_moment_arm", 1e3 * float(greatest[right].min()), "mm", 1.0, "higher")
    yield Metric("skeleton.moment_arm_step_per_quarter_degree", 1e3 * float(max(steps)), "mm", 3.0, "lower")


def published_legs() -> Iterator[Metric]:
    """Legs against the published model, over its ranges."""
    if not PUBLISHED.is_file():
        return
    ours, theirs = opened(skeleton()), opened(PUBLISHED)
    legs = [ours[0].getMuscles().getIndex(muscle.getName()) for muscle in theirs[0].getMuscles()]
    worst = fibre = 0.0
    for name in (*LEG, "mtp_angle_r"):
        coordinate = theirs[0].getCoordinateSet().get(name)
        angles = np.linspace(coordinate.getRangeMin(), coordinate.getRangeMax(), SAMPLES)
        difference = sweep(*ours, name, angles)[:, legs] - sweep(*theirs, name, angles)
        worst = max(worst, float(np.abs(difference).max()))
        for angle in angles[::20].tolist():
            follower = f"{name}_beta" if name.startswith("knee") else name
            for model, state in (ours, theirs):
                pose(model, state, {name: angle, follower: angle})
            lengths = [
                np.array([_fibre(muscle, state) for muscle in model.getMuscles()]) for model, state in (ours, theirs)
            ]
            fibre = max(fibre, float(np.abs(lengths[0][legs] / lengths[1] - 1.0).max()))
        for model, state in (ours, theirs):
            pose(model, state, {name: 0.0, follower: 0.0})
    yield Metric("skeleton.leg_moment_arm", 1e3 * worst, "mm", 1.0, "lower")
    yield Metric("skeleton.leg_fibre_length", 100.0 * fibre, "%", 1.0, "lower")


def _fibre(muscle: Any, state: Any) -> float:
    """Return a fibre's length (m) with its tendon at slack length."""
    height = muscle.getOptimalFiberLength() * np.sin(muscle.getPennationAngleAtOptimalFiberLength())
    return float(np.hypot(muscle.getLength(state) - muscle.getTendonSlackLength(), height))


def published_arms() -> Iterator[Metric]:
    """Fraction of the tabulated moment arms of the arm that lie inside the published range."""
    model, state = opened(skeleton())
    index = {muscle.getName(): i for i, muscle in enumerate(model.getMuscles())}
    with Path(__file__).with_name("arm_moment_arms.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    inside = 0
    for row in rows:
        arms = sweep(model, state, row["coordinate"], np.radians([float(row["angle_deg"])]))
        inside += float(row["low_mm"]) <= 1e3 * arms[0, index[row["muscle"]]] <= float(row["high_mm"])
    yield Metric("skeleton.arm_moment_arms_in_range", inside / len(rows), "fraction", 1.0, "higher")


def layer_against_opensim() -> Iterator[Metric]:
    """Joint centres, mass centres and markers in random poses and scales, ten of these."""
    definition = SkeletonDefinition.from_osim(skeleton())
    kinds = {"f64": torch.float64, "f32": torch.float32}
    layers = {name: SkeletonLayer(definition).to(kind) for name, kind in kinds.items()}
    worst = dict.fromkeys(kinds, 0.0)
    for seed in range(10):
        angles = random_angles(definition, POSES // 10, seed)
        scales = np.random.default_rng(seed).uniform(0.8, 1.25, (len(definition.body_names), 3))
        expected = forward_kinematics(skeleton(), definition, angles, scales)
        for name, kind in kinds.items():
            found = layers[name](torch.as_tensor(angles, dtype=kind), torch.as_tensor(scales, dtype=kind))
            for ours, theirs in zip((found.joint_centres, found.mass_centres, found.markers), expected, strict=True):
                worst[name] = max(worst[name], float(np.abs(ours.numpy() - theirs).max()))
    yield Metric("skeleton.layer_error_f64", worst["f64"], "m", 1e-9, "lower")
    yield Metric("skeleton.layer_error_f32", worst["f32"], "m", 1e-5, "lower")


def layer_gradient() -> Iterator[Metric]:
    """Whether gradients by angles and scales are those of finite differences."""
    definition = SkeletonDefinition.from_osim(skeleton())
    layer = SkeletonLayer(definition)
    angles = torch.tensor(random_angles(definition, 1), requires_grad=True)
    scales = torch.ones(len(definition.body_names), 3, dtype=torch.float64, requires_grad=True)
    passed = torch.autograd.gradcheck(lambda *inputs: layer(*inputs).markers, (angles, scales), raise_exception=False)
    yield Metric("skeleton.layer_gradcheck", float(passed), "", 1.0, "higher")


def layer_speed() -> Iterator[Metric]:
    """Frames a second at batch 2048, by CPU time on one core; on a GPU, where there is one, by the clock."""
    definition = SkeletonDefinition.from_osim(skeleton())
    layer = SkeletonLayer(definition).float()
    angles = torch.as_tensor(random_angles(definition, BATCH), dtype=torch.float32)
    torch.set_num_threads(1)
    with torch.no_grad():
        yield Metric(
            "skeleton.layer_frames_per_second", _rate(layer, angles, time.process_time), "1/s", 20_000, "higher"
        )
        if torch.cuda.is_available():
            layer, angles = layer.cuda(), angles.cuda()
            rate = _rate(layer, angles, time.perf_counter)
            yield Metric("skeleton.layer_frames_per_second_gpu", rate, "1/s", 1_000_000, "higher")


def _rate(layer: SkeletonLayer, angles: torch.Tensor, clock: Any, runs: int = 20) -> float:
    layer(angles)
    start = clock()
    for _ in range(runs):
        found = layer(angles)
    found.markers.sum().item()  # waits for the device
    return float(runs * len(angles) / (clock() - start))
