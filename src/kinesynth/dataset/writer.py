"""`kinesynth pack-shard`: the stages' files of one shard become one HDF5 file of schema 2."""

import json
import lzma
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from kinesynth import __version__
from kinesynth.atomic import atomic_path
from kinesynth.body.identity import read_identity
from kinesynth.body.parts import parts
from kinesynth.dataset.camera import camera_of
from kinesynth.dataset.checks import clip_faults
from kinesynth.dataset.names import Names, read_names
from kinesynth.dataset.quality import clip_quality
from kinesynth.dataset.record import ClipRecord, ViewRecord, write_clip
from kinesynth.dataset.schema import SCHEMA_VERSION
from kinesynth.dataset.verify import shard_faults
from kinesynth.dataset.video import pack_masks
from kinesynth.dataset.visibility import keypoint_tracks
from kinesynth.drawn_view import DrawnView
from kinesynth.errors import BadInput
from kinesynth.file_names import takes_file_names
from kinesynth.hdf5 import new_file
from kinesynth.licenses import OWN
from kinesynth.opensim_files.external_loads import FEET, OTHERS
from kinesynth.options import needed
from kinesynth.records import (
    BodyFit,
    BodyMotion,
    GroundForces,
    Kinematics,
    MarkerPaths,
    Moments,
    MuscleActivity,
    Record,
    Validity,
)
from kinesynth.skeleton.definition import SkeletonDefinition
from kinesynth.sources import sources
from kinesynth.stage_file import Clip, Rejection, StageFile, progress, read_stage
from kinesynth.subject_record import UNTWISTED, SubjectRecord
from kinesynth.text import read_json

STAGE = "pack_shard"
FIX = "run the stages of this shard again"
HDF5_FORMAT = ("v110", "v110")  # its index of chunks takes a quarter off the size of a small shard
_PERSON = ("subject", "split", "sex", "mass_kg", "mass_error_kg", "height_m", "height_error_m", "shape_source")
_PLACEMENT = {"root_scale": 1.0, "heading_removed_rad": 0.0, "floor_removed_m": 0.0}  # what a source may leave unsaid


@dataclass(frozen=True)
class StagePaths:
    """What the stages made of a shard's clips."""

    ik: Path = needed("joint angles")
    markers: Path = needed("virtual markers")
    fit: Path = needed("fitted body")
    grf: Path = needed("ground reaction forces")
    id: Path = needed("joint moments")
    so: Path = needed("muscle activations")
    quality: Path = needed("filtered activations and valid frames")
    render: Path = needed("videos, masks and cameras")


@takes_file_names
def pack_shard(
    *,
    body: Path,
    subject: Path,
    model: Path,
    scale_report: Path,
    stages: StagePaths,
    output: Path,
    config_sha256: str = "",
    created: str = "",
) -> None:
    """Assemble the labels and pixels of a shard.

    A clip that a stage rejected, or whose arrays break the schema, is listed under /rejected and left out.

    Args:
        body: body model.
        subject: who it is: sex, mass, height, split.
        model: scaled OpenSim model.
        scale_report: scale factors of the model's bodies.
        stages: files of the shard's stages.
        output: the shard.
        config_sha256: digest of the configuration.
        created: date in ISO 8601; empty: SOURCE_DATE_EPOCH's, else today's.

    Raises:
        BadInput: a file is missing or unreadable, or the files do not belong together.
    """
    read = {name: read_stage(path) for name, path in vars(stages).items()}
    person = SubjectRecord.read(subject)
    skeleton = SkeletonDefinition.from_osim(model)
    with atomic_path(output) as temporary:
        with new_file(temporary, libver=HDF5_FORMAT) as file:
            file.attrs["schema"] = SCHEMA_VERSION
            file.attrs["kinesynth_version"] = __version__
            file.attrs["config_sha256"] = config_sha256
            file.attrs["created"] = created or _date()
            file.attrs.update({name: getattr(person, name) for name in _PERSON})
            file.attrs.update(_torsions(person))
            file.attrs.update(_body_attributes(body))
            file.attrs["asset_license"] = OWN
            file.attrs["quality_reasons"] = " ".join(read["quality"].attrs["reasons"])
            file.attrs["part_names"] = " ".join(part.name for part in parts())
            skeleton.write(file.create_group("skeleton"))
            file["model"] = np.frombuffer(lzma.compress(model.read_bytes(), preset=9), np.uint8)
            names = read_names(file["skeleton"])
            _check_names(stages, read, names)
            scales = _scales(scale_report, names.bodies)
            _write_clips(file, read, scales, skeleton)
        for fault in shard_faults(temporary):
            raise BadInput(output, "shard", fault, "a shard that passes `kinesynth verify`", FIX)


def _write_clips(
    file: h5py.File, stages: Mapping[str, StageFile], scales: np.ndarray, skeleton: SkeletonDefinition
) -> None:
    sizes = read_names(file["skeleton"]).sizes
    rejected = {clip_id: rejection for stage in stages.values() for clip_id, rejection in stage.rejected.items()}
    clips = file.create_group("clips", track_order=True)
    wanted = [clip_id for clip_id in stages["ik"].clips if clip_id not in rejected]
    for clip_id in progress(wanted, STAGE):
        record = _assemble({name: stage.clips[clip_id] for name, stage in stages.items()}, scales, skeleton)
        faults = list(clip_faults(record, sizes))
        if faults:
            rejected[clip_id] = Rejection(clip_id, STAGE, "breaks the schema", len(faults), faults[0])
        else:
            group = clips.create_group(clip_id, track_order=True)
            write_clip(group, record)
            group.attrs.update(clip_quality(record, float(file.attrs["mass_kg"])))
    refused = file.create_group("rejected", track_order=True)
    for clip_id, rejection in rejected.items():
        refused.create_group(clip_id).attrs.update(
            stage=rejection.stage, reason=rejection.reason, value=rejection.value, detail=rejection.detail
        )


def _assemble(stages: Mapping[str, Clip], scales: np.ndarray, skeleton: SkeletonDefinition) -> ClipRecord:
    """Return a clip's record, float32, from its stages."""
    arrays = {name: _single(array) for name, array in _labels(stages).items()} | {"scales": _single(scales)}
    source, ground = stages["fit"].attrs, stages["grf"].attrs
    frames = len(arrays["angles"])
    attrs = {
        "action": source["action"],
        "source": source["source"],
        "fps": float(source["fps"]),
        "n_frames": frames,
        "start_seconds": float(source.get("start", 0.0)),
        "source_path": str(source.get("source_path", "")),
        "babel_id": str(source.get("babel_id", "")),
        "motion_license": str(source.get("motion_license", sources()[source["source"]].license)),
        "notes": "; ".join(filter(None, (str(source.get("notes", "")), str(ground.get("grf_notes", ""))))),
        **{name: float(source.get(name, neutral)) for name, neutral in _PLACEMENT.items()},
        "belt_m_per_s": float(np.linalg.norm(source.get("belt_velocity_m_per_s", 0.0))),
        "grf_engine": str(ground["grf_engine"]),
        "angle_cutoff_hz": float(np.median(ground.get("angle_cutoffs_hz", 0.0))),
        "path_cutoff_hz": float(np.ravel(ground.get("path_cutoffs_hz", (0.0, 0.0)))[1]),
        "oscillation_gain": float(ground.get("oscillation_gain", 1.0)),
        "so_rate": float(stages["quality"].attrs["so_rate"]),
        "dynamics_reason": stages["quality"].attrs.get("dynamics_reason", ""),
    }
    render = stages["render"]
    views = {view: _view(render, view, arrays["keypoints"], skeleton) for view in render.attrs["views"]}
    return ClipRecord(arrays, attrs, views)


def _labels(stages: Mapping[str, Clip]) -> dict[str, np.ndarray]:
    """Return the arrays that the stages say of a clip, by their path in the shard, in which order they are written."""
    kinematics, ground, moments = (
        _record(Kinematics, stages["ik"]), _record(GroundForces, stages["grf"]), _record(Moments, stages["id"])
    )  # fmt: skip
    muscles, validity = _record(MuscleActivity, stages["so"]), _record(Validity, stages["quality"])
    body = _record(BodyMotion, stages["fit"]).arrays | _record(BodyFit, stages["fit"]).arrays
    # Where a person's own markers led, the virtual ones are the skeleton's.
    led = "followed_names" in stages["ik"].attrs
    return {
        "angles": kinematics.angles,
        "smooth_angles": ground.smooth_angles,
        "keypoints": kinematics.keypoints,
        "markers": kinematics.markers if led else _record(MarkerPaths, stages["markers"]).markers,
        **{f"smplx/{name}": array for name, array in body.items()},
        "grf/split_error": ground.split_error,
        "moments": moments.moments,
        "activations": muscles.activations,
        "reserves": muscles.reserves,
        "quality/marker_error_max": kinematics.marker_error_max,
        "quality/marker_error_rms": kinematics.marker_error_rms,
        "quality/residual": moments.residual,
        "quality/so_violation": muscles.so_violation,
        **{f"quality/{name}": array for name, array in validity.arrays.items()},
        **_pushed(ground),
    }


def _record[R: Record](kind: type[R], clip: Clip) -> R:
    """Return a stage's record, its sizes unchecked: wrong sizes are a fault of the clip, not of the shard."""
    return kind.of_arrays(f"{clip.file or 'stage'}: clip {clip.clip_id}", clip.arrays)


def _pushed(ground: GroundForces) -> dict[str, np.ndarray]:
    """Return what pushes the feet, and what the other bodies: zeros where nothing does."""
    arrays: dict[str, np.ndarray] = {}
    for name, rows in zip(("force", "cop", "moment"), ground.wrench, strict=True):
        others = np.zeros((len(rows), len(OTHERS), 3), rows.dtype)
        others[:, : rows.shape[1] - len(FEET)] = rows[:, len(FEET) :]
        arrays |= {f"grf/{name}": rows[:, : len(FEET)], f"grf/other_{name}": others}
    return arrays


def _view(render: Clip, view: str, keypoints: np.ndarray, skeleton: SkeletonDefinition) -> ViewRecord:
    """Return a view's tracks; the mask is where the picture shows any part, and keypoints are seen by their parts."""
    drawn, tracks = DrawnView.of(render, view), str(render.attrs["tracks"]).split()
    if len(drawn.parts) != len(keypoints):
        found, expected = f"{len(drawn.parts)} frames", f"the {len(keypoints)} of the angles"
        raise BadInput(render.file or render.clip_id, f"{view}/parts", found, expected, FIX)
    arrays = {"bbox": _single(drawn.bbox), "K": _single(drawn.K), "world_to_camera": _single(drawn.world_to_camera)}
    if drawn.distortion is not None:
        arrays["distortion"] = _single(drawn.distortion)
    arrays |= {"video": drawn.video, "mask": pack_masks(drawn.parts > 0)}
    K, world_to_camera, distortion = camera_of(arrays)
    blocked = None
    if drawn.whole_mask is not None:
        arrays["whole_mask"] = pack_masks(drawn.whole_mask)
        blocked = drawn.whole_mask & (drawn.parts == 0)
    arrays["keypoints_2d"], arrays["visibility"] = keypoint_tracks(
        keypoints, drawn.parts, K, world_to_camera, skeleton.body_names, skeleton.parents, distortion, blocked
    )
    if "parts" in tracks:
        arrays["parts"] = drawn.parts
    if "depth" in tracks and drawn.depth is not None:
        arrays["depth"] = drawn.depth
    size = {"width": int(render.attrs["width"]), "height": int(render.attrs["height"])}
    return ViewRecord(arrays, {**size, "appearance": _text(render.attrs["appearance"])})


def _single(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float32) if array.dtype.kind == "f" else array


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _check_names(paths: StagePaths, stages: Mapping[str, StageFile], names: Names) -> None:
    """Stages made with another model would put right values under wrong names."""
    expected = {
        "body_names": names.bodies,
        "coordinate_names": names.coordinates,
        "marker_names": names.markers,
        "muscle_names": names.muscles,
    }
    for stage, path in vars(paths).items():
        for kind, wanted in expected.items():
            found = stages[stage].attrs.get(kind)
            if found is not None and tuple(found) != wanted:
                raise BadInput(path, kind, "names that differ from the scaled model's", "one model throughout", FIX)


def _scales(report: Path, bodies: tuple[str, ...]) -> np.ndarray:
    """Return the scale factors (B, 3) in the skeleton's order of bodies."""
    table = read_json(report, "the report of scale-model", FIX)
    for name in ("body_names", "scale_factors"):
        if name not in table:
            raise BadInput(report, name, "nothing", "a value", FIX)
    factors = dict(zip(table["body_names"], table["scale_factors"], strict=True))
    missing = [body for body in bodies if body not in factors]
    if missing:
        raise BadInput(report, "body_names", f"no {', '.join(missing)}", "all bodies of the model", "scale it again")
    return np.array([factors[body] for body in bodies], dtype=float)


def _torsions(person: SubjectRecord) -> dict[str, float]:
    torsion = person.tibial_torsion or UNTWISTED
    return {"tibial_torsion_right_rad": torsion.right, "tibial_torsion_left_rad": torsion.left}


def _body_attributes(body: Path) -> dict[str, str]:
    """Return the body model's name and the licence that its parameters are under."""
    identity = read_identity(body)
    return {"body_model": identity.name, "body_license": identity.license}


def _date() -> str:
    seconds = os.environ.get("SOURCE_DATE_EPOCH")
    moment = datetime.fromtimestamp(int(seconds), UTC) if seconds else datetime.now(UTC)
    return moment.date().isoformat()
