"""A small dataset made from nothing: stage files, shards and an index that agree with one another.

The skeleton is the real one; its motion is a sway of the limbs, the person in the videos a person of capsules.
"""

import io
import json
from collections.abc import Mapping
from dataclasses import fields, replace
from functools import cache
from pathlib import Path
from unittest.mock import patch

import av
import numpy as np
import torch

from kinesynth.body.identity import FREE
from kinesynth.body.parts import body_parts
from kinesynth.dataset.camera import project
from kinesynth.dataset.index import index_shards
from kinesynth.dataset.writer import StagePaths, pack_shard
from kinesynth.drawn_view import DrawnView
from kinesynth.records import GroundForces, Kinematics
from kinesynth.skeleton import SkeletonDefinition, SkeletonLayer
from kinesynth.skeleton.builder import build_skeleton
from kinesynth.stage_file import Clip, Rejection, StageFile, write_stage
from shard_dynamics import RESIDUAL, ground_reaction, joint_moments, muscle_activations

FPS = 30.0
SUBJECTS = {"anna": "train", "ben": "val", "carl": "test"}
FRAMES = {"walk": 20, "squat": 14}
MASS_KG = 75.337  # of the generic skeleton
SCALE = {"anna": 1.0, "ben": 1.05, "carl": 0.95}
REASONS = ("marker_error", "no_dynamics", "clip_edge", "residual", "joint_moment", "centre_of_pressure", "reserve",
           "so_violation")  # fmt: skip


@cache
def make_model(folder: Path) -> tuple[Path, SkeletonDefinition]:
    """Return the generic model's file and definition."""
    model = folder / "generic.osim"
    build_skeleton(output=model, log=folder / "opensim.log")
    return model, SkeletonDefinition.from_osim(model)


@cache
def make_results(folder: Path, width: int = 96, height: int = 72) -> Path:
    """Pack and index a dataset below `folder`; return its results folder."""
    results = folder / "results"
    _, skeleton = make_model(folder)
    for subject in SUBJECTS:
        own = scaled(skeleton, SCALE[subject])
        with patch.object(SkeletonDefinition, "from_osim", return_value=own):  # OpenSim needs seconds to read it
            pack(make_stages(folder, subject, width, height), output=results / "shards" / f"{subject}_000.h5",
                       config_sha256="0" * 64, created="2026-01-01")  # fmt: skip
    index(results)
    return results


def index(results: Path) -> None:
    """List what lies in a results folder, as the workflow does."""
    index_shards(
        shards=sorted((results / "shards").glob("*.h5")),
        output=results / "index.parquet",
        rejected=results / "rejected.tsv",
        card=results / "README.md",
    )


def scaled(skeleton: SkeletonDefinition, factor: float) -> SkeletonDefinition:
    """Return the skeleton as Scale leaves it: all lengths times `factor`, but for what the ground holds."""
    moved = (np.array(skeleton.joint_types) == "CustomJoint") & (skeleton.parents >= 0)
    functions = skeleton.axis_functions.copy()
    functions[moved, 3:] = len(skeleton.function_knots) + np.arange(3 * moved.sum()).reshape(-1, 3)
    stretched = skeleton.axis_functions[moved, 3:].ravel()
    on_body = np.where(skeleton.parents >= 0, factor, 1.0)[:, None]
    return replace(
        skeleton,
        parent_places=skeleton.parent_places * on_body,
        child_places=skeleton.child_places * factor,
        mass_centres=skeleton.mass_centres * factor,
        marker_places=skeleton.marker_places * factor,
        axis_functions=functions,
        function_knots=np.concatenate([skeleton.function_knots, skeleton.function_knots[stretched]]),
        function_coefficients=np.concatenate(
            [skeleton.function_coefficients, factor * skeleton.function_coefficients[stretched]]
        ),
    )


def pack(stages: Mapping[str, Path], output: Path, **more: str) -> None:
    """Pack the files that `make_stages` wrote."""
    names = {each.name for each in fields(StagePaths)}
    parts = {name: path for name, path in stages.items() if name not in names}
    pack_shard(**parts, stages=StagePaths(**{name: stages[name] for name in names}), output=output, **more)


def make_stages(folder: Path, subject: str, width: int = 96, height: int = 72) -> dict[str, Path]:
    """Write the stage files of a subject; return them by the name of `pack_shard`'s flag."""
    model, skeleton = make_model(folder)
    stages = folder / "stages"
    person = {"subject": subject, "sex": "female", "betas": [0.0] * 10, "height_m": 1.75 * SCALE[subject],
              "height_error_m": 0.0, "mass_error_kg": 0.0, "mass_kg": MASS_KG,
              "split": SUBJECTS[subject], "shape_source": "test"}  # fmt: skip
    scale = np.full((len(skeleton.body_names), 3), SCALE[subject])
    paths = {"subject": stages / f"{subject}.json", "scale_report": stages / f"{subject}_scale.json", "model": model}
    paths["body"] = stages / "body.npz"
    stages.mkdir(parents=True, exist_ok=True)
    paths["subject"].write_text(json.dumps(person))
    report = {"body_names": skeleton.body_names, "scale_factors": scale.tolist()}
    paths["scale_report"].write_text(json.dumps(report))
    np.savez(paths["body"], **FREE.arrays())
    clips = {f"{subject}_{action}": make_clip(skeleton, scale, action, frames, width, height)
             for action, frames in FRAMES.items()}  # fmt: skip
    refused = {f"{subject}_fall": Rejection(f"{subject}_fall", "inverse_kinematics", "markers too far off", 0.21)}
    attrs = {
        "ik": {name: list(getattr(skeleton, name)) for name in ("coordinate_names", "body_names", "marker_names")},
        "markers": {"marker_names": list(skeleton.marker_names)},
        "so": {"muscle_names": list(skeleton.muscle_names)},
        "quality": {"muscle_names": list(skeleton.muscle_names), "reasons": list(REASONS)},
    }
    for stage in ("ik", "markers", "fit", "grf", "id", "so", "quality", "render"):
        paths[stage] = stages / stage / f"{subject}_000.h5"
        content = {clip_id: Clip(clip_id, *parts[stage]) for clip_id, parts in clips.items()}
        write_stage(paths[stage], StageFile(content, {} if stage == "markers" else refused, attrs.get(stage, {})))
    return paths


def make_clip(
    skeleton: SkeletonDefinition, scale: np.ndarray, action: str, frames: int, width: int, height: int
) -> dict[str, tuple[dict[str, np.ndarray], dict[str, object]]]:
    """Return arrays and attributes of a clip by stage."""
    angles = sway(skeleton, action, frames)
    pose = SkeletonLayer(skeleton)(torch.tensor(angles), torch.tensor(scale))
    keypoints, markers = pose.keypoints.numpy(), pose.markers.numpy()
    own, phase = scaled(skeleton, float(scale[0, 0])), np.linspace(0.0, 2.0 * np.pi, frames)
    force, cop, free = ground_reaction(own, keypoints, 0.5 + 0.4 * np.sin(phase), FPS)
    ground = {"grf/force": force, "grf/cop": cop, "grf/moment": free}
    moments = joint_moments(own, {"angles": angles, "smooth_angles": angles, **ground}, FPS)
    activations = muscle_activations(own, moments)
    valid = np.ones(frames, dtype=bool)
    valid[:2] = False
    error = np.full((frames, len(skeleton.marker_names)), 0.006)
    poses = {"body_pose": 63, "left_hand_pose": 45, "right_hand_pose": 45, "global_orient": 3, "transl": 3}
    attrs = {
        "action": action,
        "source": "procedural",
        "fps": FPS,
        "n_frames": frames,
        "start_seconds": 0.0,
        "notes": "",
    }
    return {
        "ik": (
            Kinematics.partly(
                angles=angles, keypoints=keypoints, markers=markers, marker_error=error,
                marker_error_rms=error.mean(axis=1), marker_error_max=2 * error.mean(axis=1),
            ).arrays, attrs,
        ),
        "markers": ({"markers": markers}, attrs),
        "fit": ({"betas": np.zeros(10), "residual": np.full(frames, 0.011)}
                | {name: np.zeros((frames, size)) for name, size in poses.items()}, attrs),
        "grf": (
            GroundForces.partly(force=force, cop=cop, moment=free, smooth_angles=angles).arrays,
            {**attrs, "grf_engine": "contact", "angle_cutoffs_hz": [6.0, 6.0, 9.0], "path_cutoffs_hz": [6.0, 9.5, 7.0]},
        ),
        "id": ({"moments": moments, "residual": np.full((frames, 6), RESIDUAL)}, attrs),
        "so": ({"activations": activations, "reserves": 0.05 * moments, "so_violation": np.full(frames, 1e-4)}, attrs),
        "quality": (
            {"angle_valid": np.ones_like(angles, dtype=bool), "force_valid": valid,
             "activation_valid": valid, "reasons": np.where(valid, 0, 4).astype(np.uint16)},
            {"so_rate": 10.0, "dynamics_valid": True},
        ),
        "render": render(skeleton, keypoints, width, height),
    }  # fmt: skip


def sway(skeleton: SkeletonDefinition, action: str, frames: int) -> np.ndarray:
    """Return angles (T, J) of a person who swings arms and legs, or bends the knees."""
    angles = np.tile(skeleton.coordinate_defaults, (frames, 1))
    column = {name: index for index, name in enumerate(skeleton.coordinate_names)}
    swing = np.sin(np.linspace(0.0, 2.0 * np.pi, frames))
    angles[:, column["pelvis_ty"]] = 0.95
    for sign, side in ((1.0, "r"), (-1.0, "l")):
        bend = 0.5 * (1.0 + swing) if action == "squat" else 0.4 * (1.0 + sign * swing)
        angles[:, column[f"hip_flexion_{side}"]] = bend if action == "squat" else sign * 0.4 * swing
        angles[:, column[f"knee_angle_{side}"]] = bend
        angles[:, column[f"arm_flex_{side}"]] = -sign * 0.5 * swing
        angles[:, column[f"elbow_flex_{side}"]] = 0.4
    return skeleton.coupled(angles)


def render(
    skeleton: SkeletonDefinition, keypoints: np.ndarray, width: int, height: int
) -> tuple[dict[str, np.ndarray], dict[str, object]]:
    """Draw a person of capsules before two cameras."""
    focal = width * 33.0 / 36.0
    K = np.array([[focal, 0.0, (width - 1) / 2], [0.0, focal, (height - 1) / 2], [0.0, 0.0, 1.0]])
    arrays: dict[str, np.ndarray] = {}
    for view, place in {"frontal": [3.4, 1.0, 0.0], "sagittal": [0.0, 1.0, 3.4]}.items():
        forward = -np.array([place[0], 0.0, place[2]]) / 3.4
        rotation = np.stack([np.cross(forward, [0.0, 1.0, 0.0]), [0.0, -1.0, 0.0], forward])
        world_to_camera = np.eye(4)
        world_to_camera[:3] = np.column_stack([rotation, -rotation @ np.array(place)])
        labels = capsules(skeleton, keypoints, K, world_to_camera, width, height)
        masks = labels > 0
        rows, columns = masks.any(axis=2), masks.any(axis=1)
        low, high = [columns.argmax(1), rows.argmax(1)], [columns[:, ::-1].argmax(1), rows[:, ::-1].argmax(1)]
        drawn = DrawnView(
            video=encode(masks),
            parts=labels,
            bbox=np.stack([*low, width - high[0], height - high[1]], axis=1).astype(float),
            K=K,
            world_to_camera=world_to_camera,
            depth=1000 * labels.astype(np.uint16),
        )
        arrays |= drawn.arrays(view)
    attrs = {"views": ["frontal", "sagittal"], "width": width, "height": height, "fps": FPS, "appearance": {"seed": 1},
             "tracks": "parts depth"}  # fmt: skip
    return arrays, attrs


def capsules(
    skeleton: SkeletonDefinition, keypoints: np.ndarray, K: np.ndarray, camera: np.ndarray, width: int, height: int
) -> np.ndarray:
    """Return parts (T, H, W) uint8 of thick lines between joint centres, and from them to the mass centres."""
    bodies = len(skeleton.parents)
    pixels, _ = project(keypoints, K, camera)
    ends = [(parent, body) for body, parent in enumerate(skeleton.parents) if parent >= 0]
    ends += [(body, bodies + body) for body in range(bodies)]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    label = body_parts(skeleton.body_names).argmax(axis=1)
    labels = np.zeros((len(keypoints), height, width), dtype=np.uint8)
    for frame in range(len(labels)):
        for a, b in ends:
            (x0, y0), (dx, dy) = pixels[frame, a], pixels[frame, b] - pixels[frame, a]
            fraction = np.clip(((x - x0) * dx + (y - y0) * dy) / max(dx**2 + dy**2, 1e-9), 0.0, 1.0)
            near = (x - x0 - fraction * dx) ** 2 + (y - y0 - fraction * dy) ** 2 < (width / 45 + 1) ** 2
            labels[frame][near] = label[a]
    return labels


def encode(masks: np.ndarray, bright: int = 200) -> np.ndarray:
    """Return an H.264 mp4, as bytes, of bright people before a grey wall that brightens frame by frame."""
    _, height, width = masks.shape
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("h264", rate=int(FPS), options={"crf": "18", "g": "12"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for index, mask in enumerate(masks):
            image = np.full((height, width, 3), 40 + 2 * index, dtype=np.uint8)
            image[mask] = [bright, bright - 40, bright - 60]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    return np.frombuffer(buffer.getvalue(), dtype=np.uint8)
