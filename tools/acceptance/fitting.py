"""Joint regressor, fit and measured markers: metrics named `skeleton.<metric>`."""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from kinesynth.atomic import write_text
from kinesynth.body.model import BodyModel, SmplxPose, load_body
from kinesynth.body.virtual_markers import resolve_markers
from kinesynth.clips import REQUIRED_COLUMNS
from kinesynth.fitting.fit import fit_body
from kinesynth.fitting.regressor import SHIPPED, read_regressor
from kinesynth.fitting.shape import fit_shape
from kinesynth.layout import FILES
from kinesynth.motion.load import load_motion
from kinesynth.motion.subject import subject_shape
from kinesynth.records import Kinematics
from kinesynth.shards import ShardSize
from kinesynth.stage_file import Clip, StageFile, read_stage, write_stage
from tools.acceptance.metrics import OUTPUT, SHARED, Metric
from tools.acceptance.runs import run_workflow

FOLDER = OUTPUT / "fitting"
HEADER = (*REQUIRED_COLUMNS, "static")


def metrics() -> Iterator[Metric]:
    """Measure on the runs in acceptance/, which the main topic makes, and on measured markers."""
    yield from regressor_metrics()
    yield from residual_metrics()
    yield from round_trip_metrics()
    yield from marker_metrics()


def regressor_metrics() -> Iterator[Metric]:
    """Yield what held-out people and poses say of the shipped regressor."""
    regressor = read_regressor(SHIPPED)
    error = 1e3 * regressor.heldout_error_m
    yield Metric("skeleton.regressor_heldout_mean", round(float(error.mean()), 2), "mm", 8.0, "lower")
    for name, one in zip(regressor.body_names, error, strict=True):
        yield Metric(f"skeleton.regressor_heldout.{name}", round(float(one), 2), "mm", 20.0, "lower")
    most = int((regressor.mixture.weights > 0).sum(axis=1).max())
    yield Metric("skeleton.regressor_vertices_per_joint", most, "", 32, "lower")


def residual_metrics() -> Iterator[Metric]:
    """Yield the worst clip's mean distance from mesh to skeleton, over markers and joints."""
    for run in ("demo", "amass"):
        files = sorted((OUTPUT / run).glob(FILES["fit_body"].format(shard="*")))
        means = [float(clip.arrays["residual"].mean()) for path in files for clip in read_stage(path).clips.values()]
        if means:
            yield Metric(f"skeleton.{run}.fit_residual", round(1e3 * max(means), 2), "mm", 10.0, "lower")


def round_trip_metrics() -> Iterator[Metric]:
    """Make markers and joint centres from the demo's bodies, disturb the bodies, and fit them back."""
    stages = OUTPUT / "demo/stages"
    run_workflow("demo", {}, [FILES["joint_regressor"]])
    body, regressor = load_body(stages / "body/model.npz"), stages / "regressor.npz"
    FOLDER.mkdir(parents=True, exist_ok=True)
    apart, turned, frames, seconds = [], [], 0, 0.0
    for path in sorted((stages / "motion").glob("*.h5")):
        truth = read_stage(path)
        motion, ik = _synthesised(body, truth, regressor)
        shape, output = FOLDER / "shape.json", FOLDER / "fit.h5"
        start = time.process_time()
        fit_shape(body=body.path, motion=[motion], ik=[ik], regressor=regressor, output=shape)
        fit_body(body=body.path, motion=motion, ik=ik, regressor=regressor, shape=shape, output=output)
        seconds += time.process_time() - start
        for name, clip in read_stage(output).clips.items():
            found, expected = SmplxPose.from_clip(clip), SmplxPose.from_clip(truth.clips[name])
            vertices = [body.pose(pose)[0] for pose in (found, expected)]
            apart.append(np.linalg.norm(vertices[0] - vertices[1], axis=-1).mean())
            turns = [Rotation.from_rotvec(pose.body_pose.reshape(-1, 3)) for pose in (found, expected)]
            turned.append(np.degrees((turns[0].inv() * turns[1]).magnitude()).mean())
            frames += len(found)
    yield Metric("skeleton.fit_round_trip", round(1e3 * max(apart), 2), "mm", 5.0, "lower")
    yield Metric("skeleton.fit_round_trip_angles", round(max(turned), 2), "deg", 3.0, "lower")
    # Of one core's time, loading of the body included; the bar is for two cores.
    yield Metric("skeleton.fit_speed", round(frames / seconds, 1), "frames/s", 10.0, "higher")


def _synthesised(body: BodyModel, truth: StageFile, regressor: Path) -> tuple[Path, Path]:
    """Write a motion off by some 3 degrees a joint and a third of a deviation in shape, and the true targets."""
    rng = np.random.default_rng(1)
    layout, centres = resolve_markers(body), read_regressor(regressor)
    moved, solved = {}, {}
    off = rng.normal(scale=0.3, size=10)
    for name, clip in truth.clips.items():
        vertices, _ = body.pose(SmplxPose.from_clip(clip))
        keypoints = np.tile(centres.mixture.of(vertices), (1, 2, 1))
        solved[name] = Kinematics.partly(markers=layout.positions(vertices), keypoints=keypoints).clip(name, {})
        pose = clip.arrays["body_pose"] + rng.normal(scale=0.05, size=63)
        moved[name] = Clip(name, {**clip.arrays, "body_pose": pose, "betas": clip.arrays["betas"] + off}, clip.attrs)
    motion, ik = FOLDER / "motion.h5", FOLDER / "ik.h5"
    write_stage(motion, StageFile(moved, attrs=truth.attrs))
    attrs = {"marker_names": list(layout.names), "body_names": centres.body_names}
    write_stage(ik, StageFile(solved, attrs=attrs))
    return motion, ik


def marker_metrics() -> Iterator[Metric]:
    """Fit the free body to real markers: 85 in an AMASS file, 41 of a walking trial with its static one."""
    walking, body = SHARED / "data/walking", OUTPUT / "demo" / FILES["build_body"]
    trials = {
        "amass_85": (SHARED / "data/amass/amass_sample.npz", None),
        "walking_41": (walking / "motion_capture_walk.trc", walking / "static_walk_1.trc"),
    }
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, (path, static) in trials.items():
        if not path.exists():
            continue
        table, subject, output = (FOLDER / f"{name}.{end}" for end in ("tsv", "json", "h5"))
        row = (name, name, "motion", "train", "markers", str(path), "", "", str(static or ""))
        write_text(table, "\n".join("\t".join(line) for line in (HEADER, row)) + "\n")
        log = FOLDER / f"{name}.log"
        subject_shape(body=body, clips=table, subject=name, output=subject, log=log)
        load_motion(
            clips=str(table), shard=f"{name}_000", body=body, subject=subject, output=output,
            size=ShardSize(max_clip_seconds=5.0), log=log,
        )  # fmt: skip
        (clip,) = read_stage(output).clips.values()
        rms = 1e3 * float(clip.attrs["marker_fit_rms_m"])
        yield Metric(f"skeleton.markers.{name}_rms", round(rms, 2), "mm", 15.0, "lower")
