"""Every source becomes the same record, placed on the floor, and one bad clip spoils no other."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kinesynth.body.identity import licensed
from kinesynth.body.model import SmplxPose, load_body
from kinesynth.clips import ClipRow, write_clips
from kinesynth.errors import BadInput
from kinesynth.motion.load import load_motion
from kinesynth.npz import write_npz
from kinesynth.procedural import MOTIONS
from kinesynth.shards import ShardSize
from kinesynth.stage_file import StageFile, read_stage
from small_body import body_arrays

Write = Callable[..., Path]


def load(rows: list[ClipRow], folder: Path, body: Path, subject: Path, seed: int = 1) -> StageFile:
    write_clips(folder / "clips.tsv", rows)
    output = folder / "motion.h5"
    load_motion(
        clips=str(folder / "clips.tsv"),
        shard="s01_000",
        size=ShardSize(clips_per_shard=20),
        body=body,
        subject=subject,
        seed=seed,
        output=output,
        log=folder / "log",
    )
    return read_stage(output)


def row(clip_id: str, path: Path | None = None, action: str = "walking", **more: float) -> ClipRow:
    source = "procedural" if path is None else "amass"
    return ClipRow(clip_id, "s01", action, "train", source, path, more.get("start"), more.get("end"))


def test_the_library_through_the_door(tmp_path: Path, body: Path, subject: Path) -> None:
    rows = [replace(row(name, action=name, end=1.2), rig="phones" if name == "squat" else None) for name in MOTIONS]
    stage = load(rows, tmp_path, body, subject)
    assert list(stage.clips) == list(MOTIONS)
    assert {name for name, clip in stage.clips.items() if clip.attrs["rig"] == "phones"} == {"squat"}
    model = load_body(body)
    for clip in stage.clips.values():
        shapes = {name: array.shape for name, array in clip.arrays.items()}
        assert shapes == {
            "betas": (10,),
            "global_orient": (36, 3),
            "body_pose": (36, 63),
            "left_hand_pose": (36, 45),
            "right_hand_pose": (36, 45),
            "transl": (36, 3),
        }
        assert clip.attrs["n_frames"] == 36
        vertices, joints = model.pose(SmplxPose.from_clip(clip))
        assert abs(vertices[..., 1].min()) < 0.012
        np.testing.assert_allclose(joints[0, 0, [0, 2]], 0.0, atol=1e-9)
        left_hip_to_right = (joints[:, 2] - joints[:, 1]).mean(axis=0)
        assert left_hip_to_right[2] > 0.1, "right is +z when facing +x"


def test_walking_goes_along_x(tmp_path: Path, body: Path, subject: Path) -> None:
    (clip,) = load([row("walk", end=1.5)], tmp_path, body, subject).clips.values()
    travelled = clip.arrays["transl"][-1] - clip.arrays["transl"][0]
    assert travelled[0] > 1.2
    assert np.abs(travelled[1:]).max() < 0.08


def test_same_seed_same_bytes(tmp_path: Path, body: Path, subject: Path) -> None:
    rows = [row("walk", end=1.0), row("squat", action="squat", end=1.0)]
    contents = []
    for seed in (1, 1, 2):
        load(rows, tmp_path, body, subject, seed)
        contents.append((tmp_path / "motion.h5").read_bytes())
    assert contents[0] == contents[1] != contents[2]


def test_one_bad_clip_among_good_ones(tmp_path: Path, body: Path, subject: Path, amass: Write) -> None:
    poses = np.zeros((60, 156))
    poses[5, 5] = np.nan
    rows = [
        row("good", amass("good.npz")),
        row("nan", amass("nan.npz", poses=poses)),
        row("missing", tmp_path / "missing.npz"),
        row("unknown", action="moonwalk"),
        row("outside", amass("good.npz"), start=9.0),
        row("also_good", end=1.0),
        ClipRow("points", "s01", "walk", "train", "markers", amass("good.npz")),
    ]
    stage = load(rows, tmp_path, body, subject)
    assert list(stage.clips) == ["good", "also_good"]
    reasons = {clip_id: rejection.reason for clip_id, rejection in stage.rejected.items()}
    assert reasons == {
        "nan": "unusable motion file (poses)",
        "missing": "unusable motion file (file)",
        "unknown": "unusable motion file (action)",
        "outside": "clip lies outside its file",
        "points": "unusable motion file (marker_data)",
    }
    assert {rejection.stage for rejection in stage.rejected.values()} == {"load_motion"}


def test_clips_of_an_impossible_person_are_rejected(tmp_path: Path, body: Path, subject: Path) -> None:
    why = {"reason": "a person whom the skeleton cannot be scaled to", "value": 1.61, "detail": "torso_width of 1.61"}
    subject.write_text(json.dumps({**json.loads(subject.read_text()), "rejected": why}))
    stage = load([row("walk", end=1.0), row("squat", action="squat", end=1.0)], tmp_path, body, subject)
    assert not stage.clips
    assert list(stage.rejected) == ["walk", "squat"]
    assert {(found.reason, found.value) for found in stage.rejected.values()} == {(why["reason"], 1.61)}


def test_amass_is_turned_upright_and_scaled_to_the_legs(
    tmp_path: Path, body: Path, subject: Path, amass: Write
) -> None:
    path = amass(frames=120, model="smplx", gender="neutral")
    (clip,) = load([row("c", path)], tmp_path, body, subject).clips.values()
    assert 1.0 < clip.attrs["root_scale"] < 1.1
    with np.load(path) as keys:
        moved = np.linalg.norm(keys["trans"][116] - keys["trans"][0])
    found = np.linalg.norm(clip.arrays["transl"][29] - clip.arrays["transl"][0])
    assert found == pytest.approx(clip.attrs["root_scale"] * moved, rel=1e-3)
    _, joints = load_body(body).pose(SmplxPose.from_clip(clip))
    assert (joints[:, 15, 1] > joints[:, 0, 1] + 0.5).all()


def test_rest_pose_is_re_expressed_for_the_free_body_only(
    tmp_path: Path, body: Path, subject: Path, amass: Write
) -> None:
    path = amass(frames=120, model="smplx", gender="neutral")
    (free,) = load([row("c", path)], tmp_path, body, subject).clips.values()
    subject.write_text(subject.read_text().replace("drawn", "betas of the file"))
    write_npz(tmp_path / "licensed.npz", body_arrays() | licensed(Path("SMPLX_NEUTRAL.npz")).arrays())
    rows = [
        row("c", path),
        row("his", amass("his.npz")),
        row("hers", amass("hers.npz", model="smplx", gender="female")),
    ]
    stage = load(rows, tmp_path, tmp_path / "licensed.npz", subject)
    (theirs,) = stage.clips.values()
    assert {name: rejection.reason for name, rejection in stage.rejected.items()} == {
        "his": "unusable motion file (betas)",
        "hers": "unusable motion file (betas)",
    }
    assert "SMPLX_FEMALE.npz" in stage.rejected["hers"].detail
    with np.load(path) as keys:
        recorded = keys["poses"][0, 3:66]
    np.testing.assert_allclose(theirs.arrays["body_pose"][0], recorded, atol=1e-6)
    collar = slice(3 * 12, 3 * 12 + 3)
    assert np.abs(free.arrays["body_pose"][0] - recorded)[collar].max() > np.radians(10.0)
    assert (theirs.attrs["rest_pose"], theirs.attrs["root_scale"]) == ("the body's own", 1.0)
    assert free.attrs["rest_pose"] == "re-expressed from SMPL-X's"


def test_bad_calls(tmp_path: Path, body: Path, subject: Path) -> None:
    with pytest.raises(BadInput, match="shard"):
        load_motion(clips="demo", shard="s09_000", body=body, subject=subject, output=tmp_path / "m.h5")
    subject.write_text("{}")
    with pytest.raises(BadInput, match="subject"):
        load_motion(clips="demo", shard="s01_000", body=body, subject=subject, output=tmp_path / "m.h5")


@pytest.mark.parametrize("name", ["A3-Swing_arms_stageii.npz", "amass_sample.npz"])
def test_real_files_stand_on_the_floor(tmp_path: Path, body: Path, subject: Path, shared: Path, name: str) -> None:
    (clip,) = load([row("c", shared / "data/amass" / name)], tmp_path, body, subject).clips.values()
    vertices, _ = load_body(body).pose(SmplxPose.from_clip(clip))
    assert -0.02 < vertices[..., 1].min() < 0.01
