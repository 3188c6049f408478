"""Real people's videos: angles, joint centres and forces that `predict` finds, against what others found.

The references of `two_phones` (OpenCap) and `four_cameras` (Pose2Sim) are other methods on the same videos, no truth;
that of `one_phone` is motion capture with markers.
Videos are compared in the first view's time, shifted by the whole frames (at most 0.2 s) that lay the knees' angles on
each other: OpenCap does not say which of its videos it took the time from.
"""

import gzip
import importlib.util
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from kinesynth.dataset.exports.opensim import in_degrees
from kinesynth.geometry.rigid_fit import rigid_fit
from kinesynth.gravity import GRAVITY
from kinesynth.opensim_files import MarkerTrajectories, Storage, read_storage, read_trc
from kinesynth.skeleton import SkeletonDefinition, SkeletonLayer
from kinesynth_train.predict.predict import predict
from kinesynth_train.predict.request import Request
from tools.acceptance import marker_methods, trained_networks
from tools.acceptance.body_angles import flexions
from tools.acceptance.in_step import in_step, rms
from tools.acceptance.metrics import OUTPUT, SHARED, Metric

DATA = SHARED / "data" / "video"
FLEXIONS = ("hip_flexion", "knee_angle", "ankle_angle")
CENTRES = {"femur_r": ("RHJC_study",), "femur_l": ("LHJC_study",), "tibia_r": ("r_knee_study", "r_mknee_study"),
           "tibia_l": ("L_knee_study", "L_mknee_study")}  # fmt: skip
COMMON_POINTS = ("RHip", "LHip", "RKnee", "LKnee")


def metrics() -> Iterator[Metric]:
    """Run what there is data and a detector for."""
    if not DATA.is_dir():
        return
    yield from two_phones_markers()
    yield from marker_methods.metrics()
    yield from four_cameras("openpose", keypoints=True)
    if importlib.util.find_spec("ai_edge_litert") is not None:
        yield from two_phones()
        yield from networks_on_two_phones()
        yield from one_phone()
        yield from four_cameras("blazepose", keypoints=False)


def two_phones() -> Iterator[Metric]:
    """Yield the metrics of a walk before two phones."""
    folder, name = DATA / "two_phones" / "walk", "video.two_phones"
    videos = {view: folder / view / "walk.mov" for view in ("cam0", "cam1")}
    output = OUTPUT / "video" / "two_phones"
    predict(Request(folder, output, videos, name="walk", dynamics=True))
    points = {view: output / "pose" / f"{view}.npz" for view in videos}
    began = time.process_time()
    predict(Request(folder, output / "again", keypoints=points, name="walk", fps=59.98, overlay=False))
    yield Metric(f"{name}.cpu_seconds_per_second", (time.process_time() - began) / 6.0, "s", 1.0, "lower")
    motion, reference = read_storage(output / "kinematics/walk.mot"), read_storage(_unpacked(folder / "walk.mot.gz"))
    markers = read_trc(_unpacked(folder / "walk.trc.gz"))
    ours, theirs = in_step(motion, reference)
    for angle in FLEXIONS:
        errors = [rms(motion.column(f"{angle}_{side}")[ours] - reference.column(f"{angle}_{side}")[theirs])
                  for side in "rl"]  # fmt: skip
        yield Metric(f"{name}.{angle}_rms", round(float(np.mean(errors)), 2), "deg", 8.0, "lower")
    tilt = rms(motion.column("pelvis_tilt")[ours] - reference.column("pelvis_tilt")[theirs])
    yield Metric(f"{name}.pelvis_tilt_rms", round(tilt, 2), "deg", 8.0, "lower")
    for body, distance in _centres(output / "kinematics/walk_scaled.osim", motion, markers, ours, theirs).items():
        yield Metric(f"{name}.{body}_centre", round(distance, 1), "mm", 40.0, "lower")
    forces, weight = read_storage(output / "dynamics/walk_grf.mot"), _weight(output / "kinematics/walk_scaled.osim")
    vertical = float((forces.column("ground_force_r_y") + forces.column("ground_force_l_y")).mean()) / weight
    yield Metric(f"{name}.vertical_force_error", round(abs(vertical - 1.0), 4), "BW", 0.03, "lower")


def networks_on_two_phones() -> Iterator[Metric]:
    """Yield the error of each network that the comparison has trained, on the same walk."""
    folder, points = DATA / "two_phones" / "walk", OUTPUT / "video" / "two_phones" / "pose"
    known = {file.stem: file for file in points.glob("*.npz")}
    markers, angles = (_unpacked(folder / f"walk.{kind}.gz") for kind in ("trc", "mot"))
    yield from trained_networks.metrics(folder, known, markers, angles)


def two_phones_markers() -> Iterator[Metric]:
    """Yield the metrics of the same walk from the markers in space that OpenCap found its angles by."""
    folder = DATA / "two_phones" / "walk"
    reference = read_storage(_unpacked(folder / "walk.mot.gz"))
    for method in marker_methods.METHODS:
        name, output = f"video.two_phones_markers.{method}", OUTPUT / "video" / "two_phones_markers" / method
        predict(Request(None, output, markers=_unpacked(folder / "walk.trc.gz"), name="walk", method=method))
        motion = read_storage(output / "kinematics/walk.mot")
        for angle in FLEXIONS:
            errors = [rms(motion.column(f"{angle}_{side}") - np.interp(motion.times, reference.times,
                      reference.column(f"{angle}_{side}"))) for side in "rl"]  # fmt: skip
            yield Metric(f"{name}.{angle}_rms", round(float(np.mean(errors)), 2), "deg", 6.0, "lower")


def one_phone() -> Iterator[Metric]:
    """Yield the metrics of a walk before one phone, against motion capture with markers; the height is not told."""
    folder, name, output = DATA / "one_phone" / "walk", "video.one_phone", OUTPUT / "video" / "one_phone"
    predict(Request(None, output, {"phone": folder / "video.mp4"}, name="walk"))
    motion = read_storage(output / "kinematics/walk.mot")
    times, reference = flexions(folder / "mocap.json.gz")
    common = motion.times <= times[-1]
    errors = []
    for angle in FLEXIONS:
        sides = [motion.column(f"{angle}_{side}")[common] - np.interp(motion.times[common], times,
                 reference[f"{angle}_{side}"]) for side in "rl"]  # fmt: skip
        errors.append(float(np.mean([rms(side) for side in sides])))
        yield Metric(f"{name}.{angle}_rms", round(errors[-1], 2), "deg", 12.0, "lower")
    yield Metric(f"{name}.mean_flexion_rms", round(float(np.mean(errors)), 2), "deg", 10.0, "lower")


def four_cameras(detector: str, *, keypoints: bool) -> Iterator[Metric]:
    """Yield the metrics of balancing before four cameras, of OpenPose's points or of our detector's."""
    folder, name = DATA / "four_cameras", f"video.four_cameras.{detector}"
    calibration = folder / "calibration" / "Calib_right_distortion.toml"
    views = [f"cam0{number}" for number in range(1, 5)]
    output = OUTPUT / "video" / f"four_cameras_{detector}"
    points = {}
    if keypoints:
        with tarfile.open(folder / "openpose_body25b_json.tar.gz") as archive:
            archive.extractall(output / "openpose", filter="data")
        points = {view: output / "openpose" / "p2d" / f"{view}_json" for view in views}
    markers = read_trc(_unpacked(folder / "reference" / "BalancingTrial_0-100.trc.gz"))
    for count in (4, 2):
        chosen = views if count == 4 else [views[0], views[3]]
        part = output / f"{count}_views"
        videos = {view: folder / "videos" / f"{view}.mp4" for view in chosen}
        predict(Request(calibration, part, videos, {view: points[view] for view in chosen if points}, name="balancing"))
        for kind, ending in (("points", ""), ("fitted", "_fitted")):
            found = read_trc(part / "pose-3d" / f"balancing{ending}.trc")
            worst = max(_distance(found, markers, point) for point in COMMON_POINTS)
            yield Metric(f"{name}.{count}_views.worst_of_{kind}", round(worst, 1), "mm", 40.0, "lower")


def _distance(found: MarkerTrajectories, reference: MarkerTrajectories, point: str) -> float:
    """Return the median distance, mm, of a point from the reference's, as they stand."""
    away = np.linalg.norm(_column(found, point) - _column(reference, point), axis=1)
    return 1e3 * float(np.nanmedian(away))


def _unpacked(path: Path) -> Path:
    """Return a file of the acceptance folder with what a .gz holds."""
    output = OUTPUT / "video" / "reference" / path.stem
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_bytes(gzip.decompress(path.read_bytes()))
    return output


def _centres(
    model: Path, motion: Storage, markers: MarkerTrajectories, ours: np.ndarray, theirs: np.ndarray
) -> dict[str, float]:
    """Return the mean distance, mm, of joint centres from the markers' after one rigid alignment of all."""
    definition = SkeletonDefinition.from_osim(model)
    angles = np.where(in_degrees(definition), np.radians(motion.values), motion.values)[ours]
    joints = SkeletonLayer(definition)(torch.tensor(angles)).joint_centres.numpy()
    found = np.stack([joints[:, definition.body_names.index(body)] for body in CENTRES], axis=1)
    known = np.stack(
        [np.mean([_column(markers, name)[theirs] for name in names], axis=0) for names in CENTRES.values()], axis=1
    )
    source, target = found.reshape(-1, 3), known.reshape(1, -1, 3)
    rotation, shift = rigid_fit(source, target, np.isfinite(target).all(axis=-1))
    away = np.linalg.norm(found @ rotation[0].T + shift[0] - known, axis=-1)
    return dict(zip(CENTRES, (1e3 * away.mean(axis=0)).tolist(), strict=True))


def _weight(model: Path) -> float:
    return float(SkeletonDefinition.from_osim(model).masses.sum()) * GRAVITY


def _column(trial: MarkerTrajectories, name: str) -> np.ndarray:
    column: np.ndarray = trial.positions[:, trial.names.index(name)]
    return column
