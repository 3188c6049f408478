"""Loads clips from any source of motion."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np

from kinesynth.body.model import load_body
from kinesynth.body.proportions import proportions_of
from kinesynth.clips import ClipRow, read_clips
from kinesynth.errors import BadInput, ClipRejected
from kinesynth.file_names import takes_file_names
from kinesynth.motion.ground_alignment import Placed, place
from kinesynth.motion.recording import Recording, cut, unseen_seconds
from kinesynth.motion.sources import Loading, Person, source_module
from kinesynth.motion.toes import are_stiff, bent
from kinesynth.notes import tell
from kinesynth.pose_layout import SMPLX
from kinesynth.records import BodyMotion, WornPaths
from kinesynth.shards import SHARD_SIZE, ShardSize, assign_shards
from kinesynth.sources import sources
from kinesynth.stage_file import Clip, Rejection, StageFile, progress, write_stage
from kinesynth.subject_record import SubjectRecord

STAGE = "load_motion"


@takes_file_names
def load_motion(
    *,
    clips: str,
    shard: str,
    body: Path,
    subject: Path,
    output: Path,
    size: ShardSize = SHARD_SIZE,
    seed: int = 1,
    log: Path = Path("load_motion.log"),
) -> None:
    """Write the motion of each clip of a shard: audited, cut, resampled, and placed on the floor of the common world.

    A clip whose file is unusable is written as rejected, with the reason; the others go on. So is every clip of a
    subject whom the skeleton cannot be scaled to.

    Args:
        clips: the clip table, or demo.
        shard: which shard of the table.
        body: the body model.
        subject: the subject's shape (json).
        output: the stage file.
        size: of the table's shards, with the rate and the maximum length of their clips.
        seed: of the procedural motions.
        log: where OpenSim's messages go.
    """
    rows = assign_shards(read_clips(clips), size).get(shard)
    if rows is None:
        raise BadInput(clips, "shard", repr(shard), "a shard of the table", "check the shard sizes")
    who, how = _person(subject, body), Loading(seed, size.max_clip_seconds, log)
    delivered: dict[str, Clip] = {}
    rejected: dict[str, Rejection] = {}
    for row in progress(rows, STAGE):
        if refused := who.record.rejected:
            rejected[row.clip_id] = Rejection(row.clip_id, STAGE, **refused)
            continue
        try:
            recording = cut(_record(row, who, how), row.start, row.end, size.max_clip_seconds, size.fps)
            delivered[row.clip_id] = _clip(row, who, recording)
        except ClipRejected as error:
            rejected[row.clip_id] = Rejection(row.clip_id, STAGE, error.reason, error.value, error.detail)
        except BadInput as error:
            rejected[row.clip_id] = Rejection(
                row.clip_id, STAGE, f"unusable motion file ({error.field})", detail=str(error)
            )
    write_stage(output, StageFile(delivered, rejected, {"fps": size.fps}))


def _person(path: Path, body: Path) -> Person:
    record, model = SubjectRecord.read(path), load_body(body)
    return Person(record, record.betas, model, proportions_of(model, record.betas))


def _record(row: ClipRow, who: Person, how: Loading) -> Recording:
    """Read or make the motion of a clip, from whatever source."""
    if sources()[row.source].file and (row.path is None or not row.path.is_file()):
        raise BadInput(row.path or "", "file", "no such file", "the motion that the clip table names", "check the path")
    if row.grf is not None and not row.grf.is_file():
        raise BadInput(row.grf, "grf", "no such file", "the forces that the clip table names", "check the path")
    return source_module(row.source).read(row, who, how)


def _belt_notes(row: ClipRow, placed: Placed) -> tuple[str, ...]:
    """Return what is to be said of a treadmill."""
    speed = float(np.linalg.norm(placed.belt))
    found = float(np.linalg.norm(placed.found_belt))
    if not speed:
        doubt = f"feet that stand move at {found:.2f} m/s, as on a treadmill, but the column belt says 0: check it"
        return (doubt,) if found else ()
    whence = "by the feet that stand on it" if row.belt is None else "as stated"
    return (f"treadmill: its belt runs at {speed:.2f} m/s {whence}; the motion is carried over ground",)


def _clip(row: ClipRow, who: Person, recording: Recording) -> Clip:
    placed = place(recording, who.proportions, row.belt)
    notes = recording.notes + _belt_notes(row, placed)
    tell(row.path or row.action, notes)
    poses, toes_bent = placed.poses, 0.0
    if sources()[row.source].file and are_stiff(poses):
        poses, toes_bent = bent(placed, who.proportions, recording.fps)
    motion = BodyMotion(who.betas, **SMPLX.split(poses), transl=placed.pelvis - who.proportions.joints[0])
    attrs = {
        "subject": row.subject,
        "action": row.action,
        "split": row.split,
        "source": row.source,
        "path": str(row.path or ""),
        "source_path": _source_path(row),
        "motion_license": row.license or sources()[row.source].license,
        "babel_id": row.babel or "",
        "rig": row.rig or "",
        "start": recording.begin,
        "fps": recording.fps,
        "n_frames": len(placed.pelvis),
        "sex": who.record.sex,
        "shape_source": who.record.shape_source,
        "root_scale": recording.root_scale,
        "heading_removed_rad": placed.heading,
        "floor_removed_m": placed.floor,
        "belt_velocity_m_per_s": placed.belt,
        "from_file": placed.from_file,
        "grf_file": str(row.grf or ""),
        "toes_bent_rad": toes_bent,
        "rest_pose": "the body's own",
        "notes": "; ".join(notes),
        **recording.attrs,
    }
    worn = {"worn_names": list(recording.worn_names)} if recording.worn_names else {}
    unseen = unseen_seconds(recording)
    clip = motion.clip(row.clip_id, {**attrs, **worn, **({"unseen": unseen} if unseen else {})})
    return replace(clip, arrays={**clip.arrays, **_worn(recording, placed.worn)})


def _source_path(row: ClipRow) -> str:
    """Return by what a clip's file is known elsewhere: DATASET/SUBJECT/MOTION.npz of AMASS, else the file's name."""
    parts = Path(os.path.normpath(row.path)).parts if row.path is not None else ()
    named = [part for part in parts if part not in (os.sep, os.pardir)]
    return "/".join(named[-sources()[row.source].path_parts :])


def _worn(recording: Recording, positions: np.ndarray | None) -> dict[str, np.ndarray]:
    """Return the measured markers' arrays, none of a motion without any."""
    if positions is None or recording.worn_seen is None:
        return {}
    return WornPaths(positions, recording.worn_seen).arrays
