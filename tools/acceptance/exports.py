"""What leaves a dataset for other programs: opened again, and held against the shards it came from."""

import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import h5py
import numpy as np

from kinesynth.body.joints import JOINT_NAMES
from kinesynth.body.model import BodyModel, SmplxPose, load_body
from kinesynth.clips import ClipRow, write_clips
from kinesynth.dataset.camera import CORNER
from kinesynth.dataset.export import export
from kinesynth.dataset.exports.picture_keypoints import picture_keypoints
from kinesynth.dataset.index import read_index
from kinesynth.dataset.names import read_names
from kinesynth.geometry.rigid_fit import rigid_fit
from kinesynth.motion.load import load_motion
from kinesynth.motion.subject import subject_shape
from kinesynth.pose_layout import WITH_FACE
from kinesynth.shards import ShardSize
from kinesynth.stage_file import read_stage
from tools.acceptance.metrics import Metric

# SMPL-X's joint and the skeleton's body whose origins are one joint's centre in either.
BODIES = {"hip": "femur", "knee": "tibia", "ankle": "talus", "elbow": "ulna"}
SAME_JOINTS = {f"{side}_{joint}": f"{body}_{side[0]}" for side in ("right", "left") for joint, body in BODIES.items()}


def export_metrics(results: Path, body: Path) -> Iterator[Metric]:
    """Yield the metrics of a run's results, whose clips were made with a body."""
    shards = sorted((results / "shards").glob("*.h5"))
    with TemporaryDirectory() as folder:
        out = Path(folder)
        export(shards, smplx=out / "smplx", coco=out / "coco", bedlam=out / "bedlam", body=body)
        yield Metric("dataset.coco_keypoints", round(_coco_error(out / "coco", shards), 4), "px", 0.01, "lower")
        yield from _bedlam(out / "bedlam", shards, load_body(body))
        worst = max(_round_trip(out, shard, body) for shard in shards)
        yield Metric("dataset.smplx_round_trip", round(worst, 6), "mm", 1.0, "lower")
    yield from _card(results)


def _coco_error(folder: Path, shards: list[Path]) -> float:
    """Return the largest distance (px) of a keypoint in COCO's file from the shard's."""
    joints = {row.name: row.centres[0] for row in picture_keypoints()[:17] if len(row.centres) == 1}
    tracks = {(clip, camera): view for clip, camera, view in _views(shards)}
    worst = 0.0
    for path in folder.glob("person_keypoints_*.json"):
        content = json.loads(path.read_text(encoding="utf-8"))
        names = content["categories"][0]["keypoints"]
        for image, person in zip(content["images"], content["annotations"], strict=True):
            bodies, pixels, seen = tracks[image["clip"], image["camera"]]
            found = np.reshape(person["keypoints"], (-1, 3))
            for name, each in joints.items():
                at = bodies.index(each)
                if seen[image["frame"], at]:
                    away = found[names.index(name), :2] - pixels[image["frame"], at]
                    worst = max(worst, float(np.abs(away).max()))
    return worst


def _bedlam(folder: Path, shards: list[Path], model: BodyModel) -> Iterator[Metric]:
    """Yield how far the body of BEDLAM's file lies from its own keypoints, and those from the shard's keypoints_2d."""
    tracks = {(clip, camera): view for clip, camera, view in _views(shards)}
    own, apart = [], []
    for path in sorted(folder.rglob("*.npz")):
        with np.load(path, allow_pickle=False) as rows:
            arrays = {name: rows[name] for name in rows.files}
        posed = SmplxPose(arrays["shape"][0], **WITH_FACE.split(arrays["pose_cam"]), transl=arrays["trans_cam"])
        in_camera = model.keypoints(posed) + arrays["cam_ext"][:, None, :3, 3]
        pixels = np.einsum("tij,tnj->tni", arrays["cam_int"], in_camera / in_camera[..., 2:])[..., :2]
        own.append(np.abs(pixels - arrays["gtkps"][..., :2]).max())
        for row, name in enumerate(arrays["imgname"]):
            _, clip, camera, file = str(name).split("/")
            bodies, known, _ = tracks[clip, camera]
            for joint, each in SAME_JOINTS.items():
                at = JOINT_NAMES.index(joint)
                away = pixels[row, at] - CORNER - known[int(Path(file).stem), bodies.index(each)]
                apart.append(1e3 * np.linalg.norm(away) * in_camera[row, at, 2] / arrays["cam_int"][row, 0, 0])
    yield Metric("dataset.bedlam_reprojection", round(float(max(own)), 6), "px", 0.01, "lower")
    yield Metric("dataset.bedlam_joints_apart", round(float(np.mean(apart)), 2), "mm", 20.0, "lower")


def _round_trip(folder: Path, shard: Path, body: Path) -> float:
    """Return the largest distance (mm) of a vertex after the way out as AMASS and back in, but for one rigid motion."""
    model, worst = load_body(body), 0.0
    with h5py.File(shard) as file:
        subject, clips = str(file.attrs["subject"]), list(file["clips"])
        before = {
            clip: SmplxPose.from_arrays({name: each[()] for name, each in file["clips"][clip]["smplx"].items()})
            for clip in clips
        }
    table, record, motion = (folder / f"{shard.stem}{suffix}" for suffix in (".tsv", ".json", ".h5"))
    rows = [
        ClipRow(each, subject, "any", "train", "amass", folder / "smplx" / subject / f"{each}_stageii.npz")
        for each in clips
    ]
    write_clips(table, rows)
    log = folder / "log"
    subject_shape(body=body, clips=table, subject=subject, output=record, log=log)
    size = ShardSize(clips_per_shard=len(clips), max_clip_seconds=60.0)
    load_motion(clips=str(table), shard=f"{subject}_000", body=body, subject=record, output=motion, size=size, log=log)
    for clip, pose in before.items():
        back = SmplxPose.from_clip(read_stage(motion).clips[clip])
        there, here = (model.pose(each)[0].reshape(-1, 3) for each in (pose, back))
        rotation, shift = rigid_fit(here, there[None], np.ones((1, len(there)), dtype=bool))
        worst = max(worst, float(np.linalg.norm(here @ rotation[0].T + shift[0] - there, axis=1).max()))
    return 1e3 * worst


def _card(results: Path) -> Iterator[Metric]:
    """Yield the fraction of clips for any use, and, where Croissant's library is installed, what it finds wrong."""
    rows = read_index(results / "index.parquet")
    yield Metric(
        "dataset.free_clips", sum(row["license"] == "free" for row in rows) / len(rows), "fraction", 1.0, "higher"
    )
    try:
        import mlcroissant  # type: ignore[import-untyped]
    except ImportError:
        return
    issues = mlcroissant.Dataset(str(results / "croissant.json")).metadata.ctx.issues
    yield Metric("dataset.croissant_issues", len(issues.errors) + len(issues.warnings), "issues", 0, "lower")


def _views(shards: list[Path]) -> Iterator[tuple[str, str, tuple[tuple[str, ...], np.ndarray, np.ndarray]]]:
    """Yield clip, camera, and the names of the bodies with keypoints_2d and visibility."""
    for shard in shards:
        with h5py.File(shard) as file:
            bodies = read_names(file["skeleton"]).bodies
            for clip, group in file["clips"].items():
                for camera, view in group["views"].items():
                    yield clip, camera, (bodies, view["keypoints_2d"][()], view["visibility"][()])
