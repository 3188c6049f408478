"""Shards of drawn people that hold labels of motion alone: what a network that sees markers learns from.

Each person passes through the workflow's label stages up to inverse kinematics. There are neither pictures, nor a
fitted body, nor forces: in the shards these are zero and not valid, as in the clips of `kinesynth-train predict`.
Beside the skeleton's own markers stand the landmarks that laboratories' sets have and it lacks.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from kinesynth import __version__
from kinesynth.atomic import atomic_path
from kinesynth.body.free.build import build_body
from kinesynth.body.identity import read_identity
from kinesynth.body.virtual_markers import virtual_markers
from kinesynth.clips import ClipRow, write_clips
from kinesynth.dataset.quality import clip_quality
from kinesynth.dataset.record import ClipRecord, write_clip
from kinesynth.dataset.schema import SCHEMA_VERSION, load_schema
from kinesynth.hdf5 import new_file
from kinesynth.kinematics.inverse_kinematics import inverse_kinematics
from kinesynth.kinematics.scaling import scale_model
from kinesynth.motion.load import load_motion
from kinesynth.motion.subject import subject_shape
from kinesynth.reasons import names as reason_names
from kinesynth.reasons import packed
from kinesynth.shards import ShardSize
from kinesynth.skeleton import SkeletonDefinition, SkeletonLayer
from kinesynth.skeleton.builder import build_skeleton
from kinesynth.stage_file import Clip, progress, read_stage
from kinesynth.subject_record import SubjectRecord
from kinesynth_train.laboratory_sets import with_all_landmarks
from tools.paper_sets import ACTIONS

FPS, SECONDS = 30.0, 3.0
MAX_MARKER_RMS_M = 0.02  # a frame whose markers lie farther from the skeleton's has no valid angles
NO_BODY_M = 1.0  # residual of a body that was not fitted: the schema's largest
REASON = "labels of motion alone"
VAL_EVERY, TEST_EVERY = 10, 10  # one person in so many is for validation, the next for tests


def make_label_shards(folder: Path, people: int) -> Path:
    """Draw people, let each do ten motions of the library, and pack a shard of each; return the shards' folder.

    What is there already, a person's shard or stages, is taken over.
    """
    body, skeleton, table = folder / "model.npz", folder / "generic.osim", folder / "clips.tsv"
    folder.mkdir(parents=True, exist_ok=True)
    build_body(output=body)
    build_skeleton(output=skeleton, log=folder / "skeleton.log")
    names = [f"p{number:03d}" for number in range(people)]
    write_clips(table, [row for number, name in enumerate(names) for row in rows_of(name, number)])
    for name in progress(names, "people"):
        shard = folder / "shards" / f"{name}_000.h5"
        if not shard.exists():
            _make_shard(folder, name, shard)
    return folder / "shards"


def rows_of(subject: str, number: int) -> list[ClipRow]:
    """Return a person's lines of the clip table."""
    split = {VAL_EVERY - 2: "val", TEST_EVERY - 1: "test"}.get(number % TEST_EVERY, "train")
    return [
        ClipRow(f"{subject}_{action}", subject, action, split, "procedural", start=0.0, end=SECONDS)
        for action in ACTIONS
    ]


def _make_shard(folder: Path, subject: str, output: Path) -> None:
    """Run a person's stages and pack their labels."""
    body, skeleton, clips = folder / "model.npz", folder / "generic.osim", str(folder / "clips.tsv")
    path, log = folder / "stages" / subject, folder / "stages" / f"{subject}.log"
    record, motion, markers, model, report, ik = (
        path.with_suffix(end) for end in (".json", ".motion.h5", ".markers.h5", ".osim", ".scale.json", ".ik.h5")
    )
    if not ik.exists():
        subject_shape(body=body, clips=Path(clips), subject=subject, output=record, log=log)
        size = ShardSize(clips_per_shard=len(ACTIONS), fps=FPS, max_clip_seconds=SECONDS)
        shard = f"{subject}_000"
        load_motion(clips=clips, shard=shard, body=body, subject=record, output=motion, size=size, log=log)
        virtual_markers(body=body, motion=motion, output=markers)
        scale_model(body=body, subject=record, skeleton=skeleton, output=model, report=report, log=log)
        inverse_kinematics(markers=markers, model=model, scaling=report, output=ik, log=log)
    pack_labels(body=body, subject=record, model=model, report=report, markers=markers, ik=ik, output=output)


def pack_labels(*, body: Path, subject: Path, model: Path, report: Path, markers: Path, ik: Path, output: Path) -> None:
    """Write a shard of the labels of motion that inverse kinematics gave."""
    person, skeleton = SubjectRecord.read(subject), SkeletonDefinition.from_osim(model)
    told = json.loads(report.read_text(encoding="utf-8"))
    factors = dict(zip(told["body_names"], told["scale_factors"], strict=True))
    scales = np.array([factors[name] for name in skeleton.body_names])
    skeleton = with_all_landmarks(skeleton, scales)
    found, seen = read_stage(ik), read_stage(markers)
    with atomic_path(output) as temporary, new_file(temporary) as file:
        file.attrs.update(_file_attributes(person, body))
        skeleton.write(file.create_group("skeleton"))
        clips = file.create_group("clips", track_order=True)
        for clip_id, clip in found.clips.items():
            record = _record(clip, seen.clips[clip_id].arrays["markers"], scales, skeleton)
            group = clips.create_group(clip_id, track_order=True)
            write_clip(group, record)
            group.attrs.update(clip_quality(record, person.mass_kg))
        refused = file.create_group("rejected")
        for clip_id, rejection in found.rejected.items():
            refused.create_group(clip_id).attrs.update(
                {name: value for name, value in asdict(rejection).items() if name != "clip_id"}
            )


def _record(clip: Clip, seen: np.ndarray, scales: np.ndarray, skeleton: SkeletonDefinition) -> ClipRecord:
    """Return a clip's labels; the skin's markers (T, M, 3) are `seen`, landmarks beside them are the skeleton's."""
    angles, frames = clip.arrays["angles"], len(clip.arrays["angles"])
    markers = SkeletonLayer(skeleton)(torch.tensor(angles)).markers.numpy()
    markers[:, : seen.shape[1]] = seen
    sizes = {"T": frames, "J": angles.shape[1], "B": len(scales), "K": 2 * len(scales)}
    sizes |= {"M": markers.shape[1], "A": len(skeleton.muscle_names)}
    valid = clip.arrays["marker_error_rms"] <= MAX_MARKER_RMS_M
    failed = {reason: np.zeros(frames, dtype=bool) for reason in reason_names()}
    failed["marker_error"], failed["no_dynamics"] = ~valid, np.ones(frames, dtype=bool)
    arrays = {
        path: np.zeros([sizes.get(str(axis), axis) for axis in field.shape], field.dtype)
        for path, field in load_schema().clip.items()
    }
    arrays |= {
        "angles": angles, "smooth_angles": angles, "scales": scales, "markers": markers,
        "keypoints": clip.arrays["keypoints"], "smplx/residual": np.full(frames, NO_BODY_M),
        "quality/marker_error_rms": clip.arrays["marker_error_rms"],
        "quality/marker_error_max": clip.arrays["marker_error_max"],
        "quality/angle_valid": np.repeat(valid[:, None], angles.shape[1], axis=1),
        "quality/reasons": packed(failed),
    }  # fmt: skip
    attrs: dict[str, Any] = {
        "action": clip.attrs["action"], "source": "procedural", "fps": clip.fps, "n_frames": frames,
        "start_seconds": 0.0, "notes": "", "root_scale": 1.0, "heading_removed_rad": 0.0, "floor_removed_m": 0.0,
        "so_rate": 0.0, "dynamics_reason": REASON,
    }  # fmt: skip
    return ClipRecord(arrays, attrs, {})


def _file_attributes(person: SubjectRecord, body: Path) -> dict[str, Any]:
    identity = read_identity(body)
    names = ("subject", "split", "sex", "mass_kg", "mass_error_kg", "height_m", "height_error_m", "shape_source")
    return {
        "schema": SCHEMA_VERSION, "kinesynth_version": __version__, "config_sha256": "", "created": "",
        **{name: getattr(person, name) for name in names},
        "body_model": identity.name, "body_license": identity.license,
        "quality_reasons": " ".join(reason_names()), "part_names": "",
    }  # fmt: skip
