"""Run clips from their files through the two stages that read them, and measure what came out."""

import json
import re
import resource
import time
import traceback
from collections.abc import Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass, replace
from io import StringIO
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from kinesynth.body.forward_kinematics import forward_kinematics
from kinesynth.body.model import BodyModel, load_body
from kinesynth.body.proportions import ANKLES, ELBOWS, FEET, HIPS, KNEES, SHOULDERS, WRISTS
from kinesynth.clips import ClipRow, write_clips
from kinesynth.errors import KinesynthError
from kinesynth.motion.load import load_motion
from kinesynth.motion.subject import subject_shape
from kinesynth.records import unseen_bodies
from kinesynth.shards import ShardSize, assign_shards
from kinesynth.stage_file import Clip, StageFile, read_stage

TIMEOUT_SECONDS = 240.0
_NECK, _HEAD = 12, 15
BONES = {
    "trunk": (0, _NECK),
    "head": (_NECK, _HEAD),
    **{
        f"{side} {bone}": (start[which], end[which])
        for which, side in enumerate(("right", "left"))
        for bone, start, end in (
            ("thigh", HIPS, KNEES), ("shank", KNEES, ANKLES), ("foot", ANKLES, FEET),
            ("upper arm", SHOULDERS, ELBOWS), ("forearm", ELBOWS, WRISTS),
        )
    },
}  # fmt: skip
BODIES = {
    "trunk": ("torso", "scapula", "pelvis"), "head": ("head", "torso"), "thigh": ("femur",), "shank": ("tibia",),
    "foot": ("calcn", "toes"), "upper arm": ("humerus",), "forearm": ("ulna", "radius"),
}  # fmt: skip
_PROGRESS = re.compile(r"^\w+: +\d+%\|.*$")
_REPORTED = ("marker_fit_rms_m", "n_markers", "marker_missing_fraction")


@dataclass(frozen=True)
class Motion:
    """What a delivered clip says.

    Attributes:
        mass_kg: of the subject.
        height_m: of the subject.
        fps: frames per second.
        pelvis: (T, 3) m, its path in the clip's world (x ahead, y up).
        bones: (T, B, 3), directions of `BONES` in the same world, unit length.
        told: (T, B) bool, false where the clip says that no marker told the bone.
        fit: what the clip's record says of it, where there was one.
    """

    mass_kg: float
    height_m: float
    fps: float
    pelvis: np.ndarray
    bones: np.ndarray
    told: np.ndarray
    fit: dict[str, float]

    @property
    def speed(self) -> float:
        """Metres per second over the floor, from end to end of the path."""
        return float(np.linalg.norm((self.pelvis[-1] - self.pelvis[0])[[0, 2]]) * self.fps / (len(self.pelvis) - 1))

    @property
    def knees(self) -> tuple[float, float]:
        """The least and the greatest angle between right thigh and shank, degrees."""
        names = list(BONES)
        thigh, shank = (self.bones[:, names.index(f"right {bone}")] for bone in ("thigh", "shank"))
        bent = np.degrees(np.arccos(np.clip(np.sum(thigh * shank, axis=-1), -1.0, 1.0)))
        return float(bent.min()), float(bent.max())


@dataclass(frozen=True)
class Outcome:
    """How a clip ended.

    Attributes:
        end: delivered; rejected, the other clips of its shard going on; sunk, a stage having ended with one line; or
            crashed, with a traceback.
        line: what the user reads of a clip that is not delivered.
        notes: the lines on standard error, and what the clip's record says in words.
        motion: of a delivered clip.
        seconds: of processor time that its share of the run took, children included.
    """

    end: str
    line: str
    notes: str
    motion: Motion | None
    seconds: float


def run_clips(rows: Sequence[ClipRow], body: Path, folder: Path) -> dict[str, Outcome]:
    """Run the clips of one subject through `subject-shape` and `load-motion`; return each clip's outcome."""
    folder.mkdir(parents=True, exist_ok=True)
    start, said = _processor_seconds(), StringIO()
    shape, end, line = folder / "subject.json", "", ""
    stage = StageFile({})
    try:
        with redirect_stderr(said):
            stage = _stages(rows, body, folder, shape)
    except KinesynthError as error:
        end, line = "sunk", str(error)
    except Exception:  # noqa: BLE001 - a bug is an outcome too, and the other cases must be run
        end, line = "crashed", traceback.format_exc()
    notes, seconds = _unplaced(_notes(said.getvalue()), rows), (_processor_seconds() - start) / len(rows)
    if end:
        line = _unplaced(line, rows)
        return {row.clip_id: Outcome(end, line, notes, None, seconds) for row in rows}
    model, subject = load_body(body), json.loads(shape.read_text())
    outcomes = {row.clip_id: _outcome(row.clip_id, stage, notes, model, subject, seconds) for row in rows}
    return {name: replace(each, line=_unplaced(each.line, rows)) for name, each in outcomes.items()}


def _unplaced(text: str, rows: Sequence[ClipRow]) -> str:
    """Return a text with files named without their folders, whose names would tell what a message must."""
    for row in rows:
        for path in (row.path, row.model):
            text = text if path is None else text.replace(str(path), path.name)
    return text


def _stages(rows: Sequence[ClipRow], body: Path, folder: Path, shape: Path) -> StageFile:
    table, log, who = folder / "clips.tsv", folder / "opensim.log", rows[0].subject
    write_clips(table, rows)
    subject_shape(body=body, clips=table, subject=who, output=shape, log=log)
    size = ShardSize(clips_per_shard=len(rows))
    (shard,) = assign_shards(rows, size)
    output = folder / "motion.h5"
    load_motion(clips=str(table), shard=shard, body=body, subject=shape, output=output, size=size, log=log)
    return read_stage(output)


def _processor_seconds() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _notes(said: str) -> str:
    lines = [line.rpartition("\r")[2].strip() for line in said.splitlines()]
    return "\n".join(line for line in lines if line and not _PROGRESS.match(line))


def _outcome(
    clip_id: str, stage: StageFile, notes: str, body: BodyModel, subject: dict[str, Any], seconds: float
) -> Outcome:
    if clip_id in stage.rejected:
        rejection = stage.rejected[clip_id]
        line = f"{rejection.reason}: {rejection.detail}" if rejection.detail else rejection.reason
        return Outcome("rejected", line, notes, None, seconds)
    clip = stage.clips[clip_id]
    recorded = [f"{name}: {value}" for name, value in clip.attrs.items() if isinstance(value, str) and name != "path"]
    return Outcome("delivered", "", "\n".join([notes, *recorded]), motion_of(clip, body, subject), seconds)


def motion_of(clip: Clip, body: BodyModel, subject: dict[str, Any]) -> Motion:
    """Measure a clip of `load-motion`."""
    rest = body.rest_joints(clip.arrays["betas"])
    pose = np.concatenate([clip.arrays["global_orient"], clip.arrays["body_pose"]], axis=1).reshape(-1, 22, 3)
    pelvis = clip.arrays["transl"] + rest[0]
    joints, _ = forward_kinematics(rest, pelvis, pose)
    bones = np.stack([joints[:, end] - joints[:, start] for start, end in BONES.values()], axis=1)
    bones /= np.linalg.norm(bones, axis=-1, keepdims=True)
    fit = {name: float(clip.attrs[name]) for name in _REPORTED if name in clip.attrs}
    mass, height = float(subject["mass_kg"]), float(subject["height_m"])
    return Motion(mass, height, clip.fps, pelvis, bones, _told(clip, len(pelvis)), fit)


def _told(clip: Clip, frames: int) -> np.ndarray:
    """Return (T, B), false where the clip says that no marker told a bone."""
    hidden = []
    for bone in BONES:
        side = bone[:1] if bone.partition(" ")[0] in ("right", "left") else ""
        bodies = BODIES[bone.removeprefix("right ").removeprefix("left ")]
        names = [f"{body}_{side}" if side else body for body in bodies]
        hidden.append(unseen_bodies(clip, frames, names).any(axis=1))
    return ~np.stack(hidden, axis=1)


def run_isolated(rows: Sequence[ClipRow], body: Path, folder: Path) -> dict[str, Outcome]:
    """Run `run_clips` in a process of its own, which may crash or hang without harm to the next."""
    context = get_context("forkserver")
    context.set_forkserver_preload(["tools.cases.runs", "kinesynth.motion.marker_motion", "scipy.optimize"])
    here, there = context.Pipe()
    child = context.Process(target=_serve, args=(there, list(rows), body, folder))
    child.start()
    there.close()
    try:
        if here.poll(TIMEOUT_SECONDS):
            outcomes: dict[str, Outcome] = here.recv()
            return outcomes
        line = f"no end after {TIMEOUT_SECONDS:.0f} s"
    except EOFError:
        line = "the process died"
    finally:
        child.kill()
        child.join()
    return {row.clip_id: Outcome("crashed", line, "", None, TIMEOUT_SECONDS) for row in rows}


def _serve(pipe: Connection, rows: list[ClipRow], body: Path, folder: Path) -> None:
    pipe.send(run_clips(rows, body, folder))
