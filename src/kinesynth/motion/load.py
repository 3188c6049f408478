"""Loads clips from any source of motion."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from kinesynth.amass import AmassFile, read_amass, write_amass
from kinesynth.body.amass_shape import OWN_BETAS, first_betas, read_row, require_own_betas, usual_size
from kinesynth.body.amass_size import mean_joints, size_from_motion, tells_size
from kinesynth.body.bone_lengths import leg_length, smplx_rest_joints
from kinesynth.body.forward_kinematics import forward_kinematics
from kinesynth.body.model import BodyModel, load_body
from kinesynth.clips import ClipRow, read_clips
from kinesynth.errors import BadInput, ClipRejected
from kinesynth.motion.figure import Figure, figure_of
from kinesynth.motion.ground_alignment import Placed, place
from kinesynth.motion.procedural import make
from kinesynth.motion.rate_audit import audit_joint_paths, audit_rate
from kinesynth.motion.recording import Recording, cut, from_amass, unseen_seconds
from kinesynth.motion.retarget import re_expressed
from kinesynth.motion.toes import are_stiff, bent
from kinesynth.notes import tell
from kinesynth.pose_layout import SMPLX
from kinesynth.records import WornPaths
from kinesynth.seeds import generator
from kinesynth.shards import ShardSize, assign_shards
from kinesynth.stage_file import Clip, Rejection, StageFile, progress, write_stage
from kinesynth.subject_record import SubjectRecord

STAGE = "load_motion"
_MARGIN_SECONDS = 0.5  # a procedural motion goes on beyond the cut, so that filters see no end
TIMEOUT_SECONDS = 600.0


@dataclass(frozen=True)
class Subject:
    """Whose clips are loaded: the subject's record, and the body with its figure at the subject's shape."""

    record: SubjectRecord
    betas: np.ndarray
    body: BodyModel
    figure: Figure


def load_motion(
    *,
    clips: str,
    shard: str,
    body: Path,
    subject: Path,
    output: Path,
    clips_per_shard: int = ShardSize.clips,
    frames_per_shard: int = ShardSize.frames,
    seed: int = 1,
    fps: float = 30.0,
    max_clip_seconds: float = 1.5,
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
        clips_per_shard: as the shard was made.
        frames_per_shard: as the shard was made.
        seed: of the procedural motions.
        fps: frames per second.
        max_clip_seconds: longer clips are cut.
        log: where OpenSim's messages go.
    """
    size = ShardSize(clips_per_shard, frames_per_shard, fps, max_clip_seconds)
    rows = assign_shards(read_clips(clips), size).get(shard)
    if rows is None:
        raise BadInput(clips, "shard", repr(shard), "a shard of the table", "check the shard sizes")
    who = _read_subject(subject, body)
    delivered: dict[str, Clip] = {}
    rejected: dict[str, Rejection] = {}
    for row in progress(rows, STAGE):
        if refused := who.record.rejected:
            rejected[row.clip_id] = Rejection(row.clip_id, STAGE, **refused)
            continue
        try:
            recording = cut(_record(row, who, seed, max_clip_seconds, log), row.start, row.end, max_clip_seconds, fps)
            delivered[row.clip_id] = _clip(row, who, recording)
        except ClipRejected as error:
            rejected[row.clip_id] = Rejection(row.clip_id, STAGE, error.reason, error.figure, error.detail)
        except BadInput as error:
            rejected[row.clip_id] = Rejection(
                row.clip_id, STAGE, f"unusable motion file ({error.field})", detail=str(error)
            )
    write_stage(output, StageFile(delivered, rejected, {"fps": fps}))


def _read_subject(path: Path, body: Path) -> Subject:
    record, model = SubjectRecord.read(path), load_body(body)
    return Subject(record, record.betas, model, figure_of(model, record.betas))


def _record(row: ClipRow, who: Subject, seed: int, seconds: float, log: Path) -> Recording:
    """Read or make the motion of a clip, from whatever source."""
    if row.source == "procedural":
        return _procedural(row, who, seed, seconds)
    if row.path is None or not row.path.is_file():
        raise BadInput(row.path or "", "file", "no such file", "the motion that the clip table names", "check the path")
    if row.grf is not None and not row.grf.is_file():
        raise BadInput(row.grf, "grf", "no such file", "the forces that the clip table names", "check the path")
    if row.source == "amass":
        file = read_row(row)
        if doubt := audit_rate(file):
            file = replace(file, notes=(*file.notes, f"rate: {file.fps:g} Hz, taken as it stands; {doubt}"))
        return _fitted(file, who)
    if row.source == "opensim":
        from kinesynth.motion.opensim_motion import read_opensim

        recording = read_opensim(row.path, row.model or Path(), who.figure, TIMEOUT_SECONDS, log)
        return audited(row.path, recording, who.figure)
    if row.source == "markers":
        from kinesynth.body.mocap.worn import assumed
        from kinesynth.motion.marker_motion import read_marker_motion

        part = (row.start, row.end, seconds)
        recording = read_marker_motion(row.path, row.static, who.body, who.betas, part, row.labels)
        if who.record.worn is not None:
            recording = replace(recording, notes=recording.notes + assumed(who.record.worn))
        return audited(row.path, recording, who.figure)
    raise ValueError(f"a clip of source {row.source!r} passed the check of the table")


def audited(path: Path, recording: Recording, figure: Figure) -> Recording:
    """Return a recording whose joints move as a body's can, at its rate and in its units.

    Raises:
        ClipRejected: they do not; the detail names the file.
    """
    turns = SMPLX.joints(recording.poses)
    joints, _ = forward_kinematics(figure.joints, recording.root_scale * recording.root, turns)
    try:
        audit_joint_paths(joints, recording.fps)
    except ClipRejected as error:
        detail = f"{path}: {error.detail} at {recording.fps:.4g} Hz; correct its rate, times or units"
        raise ClipRejected(error.reason, error.figure, detail) from error
    return recording


def _procedural(row: ClipRow, who: Subject, seed: int, seconds: float) -> Recording:
    """Write a motion as an AMASS file, and read it with the same reader as recorded data."""
    start = row.start or 0.0
    end = start + seconds if row.end is None else min(row.end, start + seconds)
    random = generator(seed, row.clip_id, "motion")
    with tempfile.TemporaryDirectory(prefix="kinesynth-") as folder:
        path = Path(folder) / f"{row.clip_id}.npz"
        write_amass(make(row.action, who.figure, who.betas, end + _MARGIN_SECONDS, random, path))
        return from_amass(read_amass(path))


def _fitted(file: AmassFile, who: Subject) -> Recording:
    """Bring a file's motion to the subject's body: verbatim if the betas are the file's, else from SMPL-X's rest pose.

    Where the file's betas are no neutral SMPL-X's, its body is SMPL-X's mean one in the size that the subject's record
    or else the motion itself tells.
    """
    recording = from_amass(file)
    if not who.body.identity.is_free:
        require_own_betas(file, who.body)
        if who.record.shape_source == OWN_BETAS:
            return recording
    theirs, ours = _joints_of(file, who), who.figure.joints
    return replace(
        recording,
        poses=re_expressed(recording.poses, ours, theirs),
        root_scale=leg_length(ours) / leg_length(theirs),
        attrs={**recording.attrs, "rest_pose": "re-expressed from SMPL-X's"},
    )


def _joints_of(file: AmassFile, who: Subject) -> np.ndarray:
    """Return the rest joints (22, 3) m of the body that a file's motion was recorded for."""
    if tells_size(file) or not who.body.identity.is_free:
        return smplx_rest_joints(first_betas(file))
    size = who.record.amass_size
    return mean_joints(size or size_from_motion([file], usual_size(who.body, file.gender))[0])


def _belt_notes(row: ClipRow, placed: Placed) -> tuple[str, ...]:
    """Return what is to be said of a treadmill."""
    speed = float(np.linalg.norm(placed.belt))
    if not speed:
        return ()
    whence = "by the feet that stand on it" if row.belt is None else "as stated"
    return (f"treadmill: its belt runs at {speed:.2f} m/s {whence}; the motion is carried over ground",)


def _clip(row: ClipRow, who: Subject, recording: Recording) -> Clip:
    placed = place(recording, who.figure, row.belt)
    notes = recording.notes + _belt_notes(row, placed)
    tell(row.path or row.action, notes)
    poses, toes_bent = placed.poses, 0.0
    if row.source != "procedural" and are_stiff(poses):
        poses, toes_bent = bent(placed, who.figure, recording.fps)
    arrays = {
        "betas": who.betas,
        **SMPLX.split(poses),
        "transl": placed.pelvis - who.figure.joints[0],
        **_worn(recording, placed.worn),
    }
    attrs = {
        "subject": row.subject,
        "action": row.action,
        "split": row.split,
        "source": row.source,
        "path": str(row.path or ""),
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
    return Clip(row.clip_id, arrays, {**attrs, **worn, **({"unseen": unseen} if unseen else {})})


def _worn(recording: Recording, positions: np.ndarray | None) -> dict[str, np.ndarray]:
    """Return the measured markers' arrays, none of a motion without any."""
    if positions is None or recording.worn_seen is None:
        return {}
    return WornPaths(positions, recording.worn_seen).arrays
