"""What leaves as an AMASS file comes back through the pipeline as the same body in the same motion."""

import json
import shutil
from pathlib import Path

import h5py
import numpy as np

from kinesynth.body.model import SmplxPose, load_body
from kinesynth.clips import ClipRow, write_clips
from kinesynth.dataset.export import export
from kinesynth.geometry.rigid_fit import rigid_fit
from kinesynth.motion.load import load_motion
from kinesynth.motion.subject import subject_shape
from kinesynth.stage_file import Clip, read_stage

CLIP = "anna_walk"


def through_the_pipeline(file: Path, body: Path, folder: Path) -> Clip:
    """Return the clip that the first stages make of an AMASS file."""
    table, record, motion = folder / "clips.tsv", folder / "anna.json", folder / "motion.h5"
    write_clips(table, [ClipRow(CLIP, "anna", "walk", "train", "amass", file, license="CC-BY-4.0", babel="9884")])
    subject_shape(body=body, clips=table, subject="anna", output=record, log=folder / "log")
    assert json.loads(record.read_text())["shape_source"] == "betas of the file"
    load_motion(clips=str(table), shard="anna_000", body=body, subject=record, output=motion, log=folder / "log")
    stage = read_stage(motion)
    assert not stage.rejected
    told = [stage.clips[CLIP].attrs[name] for name in ("motion_license", "babel_id", "source_path")]
    assert told == ["CC-BY-4.0", "9884", f"smplx/anna/{file.name}"]
    return stage.clips[CLIP]


def test_vertices_come_back_within_a_millimetre(results: Path, free_path: Path, tmp_path: Path) -> None:
    """But for heading, origin and floor, which the pipeline settles anew: one rigid motion of the whole clip."""
    shard = Path(shutil.copy(results / "shards/anna_000.h5", tmp_path))
    rng = np.random.default_rng(3)
    with h5py.File(shard, "r+") as file:
        del file["clips/anna_squat"]
        arrays = file[f"clips/{CLIP}/smplx"]
        phase = np.linspace(0.0, 2.0, len(arrays["transl"]))[:, None]
        for name in ("global_orient", "body_pose", "left_hand_pose", "right_hand_pose", "transl"):
            width = arrays[name].shape[1]
            arrays[name][...] = 0.3 * np.sin(phase + rng.uniform(0, 6, width)) * rng.uniform(-0.5, 0.5, width)
        arrays["betas"][...] = rng.normal(scale=0.7, size=10)
        before = SmplxPose.from_arrays({name: each[()] for name, each in arrays.items()})
    export([shard], smplx=tmp_path / "smplx", body=free_path)
    clip = through_the_pipeline(tmp_path / f"smplx/anna/{CLIP}_stageii.npz", free_path, tmp_path)
    model = load_body(free_path)
    back, vertices = (model.pose(pose)[0].reshape(-1, 3) for pose in (SmplxPose.from_clip(clip), before))
    rotation, shift = rigid_fit(back, vertices[None], np.ones((1, len(vertices)), dtype=bool))
    error = np.linalg.norm(back @ rotation[0].T + shift[0] - vertices, axis=1)
    assert error.max() < 1e-5
