"""A person's motion as a clip of a shard, which `kinesynth view`, `export`, the report and `ShardDataset` read.

What is not shown is filled with its neighbours, what is not believed masked (`angle_valid`); what was not computed is
zero, not valid.
There is no fitted body: `smplx` has the pelvis' place, nothing else, and a residual of a metre.
"""

import lzma
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import torch

from kinesynth import __version__
from kinesynth.atomic import atomic_path
from kinesynth.dataset.quality import clip_quality
from kinesynth.dataset.record import ClipRecord, write_clip
from kinesynth.dataset.schema import SCHEMA_VERSION, load_schema
from kinesynth.reasons import names as reason_names
from kinesynth.reasons import packed
from kinesynth.records import GroundForces, Moments, MuscleActivity, Validity
from kinesynth.skeleton import SkeletonDefinition, SkeletonLayer
from kinesynth.stage_file import read_stage
from kinesynth_train.predict.clip_views import Pictures, clip_view
from kinesynth_train.predict.landmarks import generic_skeleton
from kinesynth_train.predict.reconstruct import Reconstruction
from kinesynth_train.predict.scaled import scaled
from kinesynth_train.predict.videos import Video
from kinesynth_train.predict.views import Sight

NO_BODY_M = 1.0  # residual of a body that was not fitted: the schema's largest
ANGLES_ONLY = "angles only: run predict with --dynamics"


@dataclass(frozen=True)
class Dynamics:
    """Forces, moments and activations as the stages hand them on.

    Attributes:
        folder: of the stages' files.
        part: the frames that they are of.
        floor: m, by how much the motion was lowered for them.
    """

    folder: Path
    part: slice
    floor: float


def write_clip_file(
    path: Path,
    found: Reconstruction,
    sights: list[Sight],
    videos: Mapping[str, Video],
    mass_kg: float,
    model: Path | None,
    dynamics: Dynamics | None,
    notes: list[str],
    pictures: Pictures | None = None,
    markers: np.ndarray | None = None,
    generic: SkeletonDefinition | None = None,
) -> None:
    """Write a shard of one clip, whose name is the file's; the views are those with a video.

    Args:
        path: the .h5.
        found: the motion.
        sights: the person in each view.
        videos: by view.
        mass_kg: the person's.
        model: the scaled .osim, which `export` gives out again; None where there is none.
        dynamics: None where there are none.
        notes: what was assumed.
        pictures: how they are kept.
        markers: (T, M, 3) m, given ones; None takes the skeleton's.
        generic: the generic skeleton with these M markers; None takes its own.
    """
    skeleton = scaled(generic or generic_skeleton(), found.size.scales)
    skeleton = replace(skeleton, masses=skeleton.masses * (mass_kg / skeleton.masses.sum()))
    arrays, rate, reason = _arrays(path.stem, found, skeleton, dynamics)
    if markers is not None:
        arrays["markers"] = markers
    attrs = {
        "action": "unknown",
        "source": "video" if sights else "markers",
        "fps": found.fps,
        "n_frames": len(found.times),
        "start_seconds": float(found.times[0]),
        "notes": "; ".join(notes),
        "root_scale": 1.0,
        "heading_removed_rad": 0.0,
        "floor_removed_m": 0.0,
        "so_rate": rate,
        "dynamics_reason": reason,
    }
    views = {
        sight.view.name: clip_view(found, sight, videos[sight.view.name], arrays["keypoints"], pictures or Pictures())
        for sight in sights
        if sight.view.name in videos
    }
    record = ClipRecord(arrays, attrs, views)
    with atomic_path(path) as temporary, h5py.File(temporary, "w") as file:
        file.attrs.update(_file_attributes(path.stem, found, mass_kg))
        skeleton.write(file.create_group("skeleton"))
        if model is not None:
            file["model"] = np.frombuffer(lzma.compress(model.read_bytes(), preset=9), np.uint8)
        group = file.create_group("clips").create_group(path.stem, track_order=True)
        write_clip(group, record)
        group.attrs.update(clip_quality(record, mass_kg))
        file.create_group("rejected")


def _file_attributes(name: str, found: Reconstruction, mass_kg: float) -> dict[str, Any]:
    return {
        "schema": SCHEMA_VERSION,
        "kinesynth_version": __version__,
        "config_sha256": "",
        "created": "",
        "subject": name,
        "split": "test",
        "sex": "neutral",
        "mass_kg": mass_kg,
        "mass_error_kg": 0.0,
        "height_m": found.size.height,
        "height_error_m": 0.0,
        "shape_source": "predict",
        "body_model": "none",
        "body_license": "none",
        "quality_reasons": " ".join(reason_names()),
        "part_names": "",
    }


def _arrays(
    name: str, found: Reconstruction, skeleton: SkeletonDefinition, dynamics: Dynamics | None
) -> tuple[dict[str, np.ndarray], float, str]:
    """Return the clip's arrays by their paths, the rate of static optimization, and why there are no dynamics."""
    frames, valid = len(found.times), found.poses.valid
    known = np.flatnonzero(valid)
    angles = np.stack([np.interp(np.arange(frames), known, column[known]) for column in found.poses.angles.T], axis=1)
    pose = SkeletonLayer(skeleton)(torch.tensor(angles))
    sizes = {"T": frames, "J": angles.shape[1], "B": len(skeleton.body_names), "A": len(skeleton.muscle_names)}
    sizes |= {"K": 2 * sizes["B"], "M": len(skeleton.marker_names)}
    arrays = {
        path: np.zeros([sizes.get(str(axis), axis) for axis in field.shape], field.dtype)
        for path, field in load_schema().clip.items()
    }
    misfit = np.where(valid, np.nan_to_num(found.poses.misfit), 0.0)
    failed = {reason: np.zeros(frames, dtype=bool) for reason in reason_names()}
    doubted = ~found.angle_valid.any(axis=1)  # not shown, or with all markers off
    failed["marker_error"], failed["no_dynamics"] = doubted, np.ones(frames, dtype=bool)
    arrays |= {
        "angles": angles,
        "smooth_angles": angles,
        "scales": found.size.scales,
        "keypoints": pose.keypoints.numpy(),
        "markers": pose.markers.numpy(),
        "smplx/transl": pose.keypoints[:, 0].numpy(),
        "smplx/residual": np.full(frames, NO_BODY_M),
        "quality/marker_error_rms": misfit,
        "quality/marker_error_max": misfit,
        "quality/angle_valid": found.angle_valid,
        "quality/reasons": packed(failed),
    }
    if dynamics is None:
        return arrays, 0.0, ANGLES_ONLY
    return _with_dynamics(name, arrays, skeleton, dynamics)


def _with_dynamics(
    name: str, arrays: dict[str, np.ndarray], skeleton: SkeletonDefinition, dynamics: Dynamics
) -> tuple[dict[str, np.ndarray], float, str]:
    """Return the arrays with what the stages tell of their part, on the floor as it is in the clip."""
    clips = {stage: read_stage(dynamics.folder / f"{stage}.h5").clips[name] for stage in ("grf", "id", "so", "quality")}
    ground, moments = GroundForces.of(clips["grf"]), Moments.of(clips["id"])
    muscles, validity = MuscleActivity.of(clips["so"]), Validity.of(clips["quality"])
    labels = {
        "smooth_angles": ground.smooth_angles,
        "grf/force": ground.force,
        "grf/cop": ground.cop,
        "grf/moment": ground.moment,
        "moments": moments.moments,
        "quality/residual": moments.residual,
        "activations": muscles.activations,
        "reserves": muscles.reserves,
        "quality/so_violation": muscles.so_violation,
        **{f"quality/{kind}": array for kind, array in validity.arrays.items()},
    }
    for path, label in labels.items():
        whole = arrays[path].copy()
        whole[dynamics.part] = label
        arrays[path] = whole
    height = skeleton.coordinate_names.index("pelvis_ty")
    arrays["smooth_angles"][dynamics.part, height] += dynamics.floor
    arrays["grf/cop"][dynamics.part, :, 1] += dynamics.floor
    told = clips["quality"].attrs
    return arrays, float(told["so_rate"]), str(told.get("dynamics_reason", ""))
