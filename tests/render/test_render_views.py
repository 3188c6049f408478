"""The verb, on a body of ellipsoids and tiny pictures."""

import io
from pathlib import Path

import av
import numpy as np
import pytest

from kinesynth.body.joints import JOINT_NAMES
from kinesynth.body.model import SmplxPose, load_body
from kinesynth.body.parts import parts
from kinesynth.config import Render
from kinesynth.drawn_view import DrawnView
from kinesynth.errors import BadInput
from kinesynth.geometry.projection import project
from kinesynth.render.engine import VARIABLE, choose_engine
from kinesynth.render.presets import PRESETS
from kinesynth.render.render_views import clip_scene, render_views
from kinesynth.render.scene import Person, Scene
from kinesynth.stage_file import Clip, StageFile, read_stage, write_stage

N_FRAMES, WIDTH, HEIGHT = 3, 160, 120


def walking(n_frames: int) -> SmplxPose:
    """A person who swings arms and legs while going ahead, facing +x."""
    time = np.arange(n_frames)
    body_pose = np.zeros((n_frames, 21, 3))
    swing = 0.5 * np.sin(time)
    body_pose[:, 0, 0], body_pose[:, 1, 0] = swing, -swing  # hips
    body_pose[:, 15, 2], body_pose[:, 16, 2] = -1.2, 1.2  # shoulders
    return SmplxPose(
        betas=np.zeros(10),
        global_orient=np.tile([0.0, np.pi / 2, 0.0], (n_frames, 1)),
        body_pose=body_pose.reshape(n_frames, 63),
        left_hand_pose=np.zeros((n_frames, 45)),
        right_hand_pose=np.zeros((n_frames, 45)),
        transl=time[:, None] * [0.05, 0.0, 0.0] + [0.0, 0.96, 0.0],
    )


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory, body_path: Path) -> StageFile:
    folder = tmp_path_factory.mktemp("render")
    attrs = {"subject": "s1", "sex": "female", "action": "walk", "fps": 30.0, "n_frames": N_FRAMES}
    whole = walking(N_FRAMES).arrays
    broken = {**whole, "transl": np.full((N_FRAMES, 3), np.nan)}
    clips = {name: Clip(name, arrays, attrs) for name, arrays in (("broken", broken), ("whole", whole))}
    write_stage(folder / "fit.h5", StageFile(clips))
    render_views(
        body=body_path,
        fit=folder / "fit.h5",
        output=folder / "render.h5",
        render=Render(width=WIDTH, height=HEIGHT, tracks=()),
        log=folder / "log",
    )
    return read_stage(folder / "render.h5")


def test_one_bad_clip_does_not_sink_the_shard(rendered: StageFile) -> None:
    assert list(rendered.clips) == ["whole"]
    assert rendered.rejected["broken"].reason == "body is not finite"


def test_a_clip_that_names_a_rig_is_seen_by_it(tmp_path: Path, body_path: Path) -> None:
    attrs = {"subject": "s1", "action": "walk", "fps": 30.0, "n_frames": 1}
    rigs = {"listed": {}, "by_phones": {"rig": "phones"}}
    clips = {name: Clip(name, walking(1).arrays, {**attrs, **rig}) for name, rig in rigs.items()}
    write_stage(tmp_path / "fit.h5", StageFile(clips))
    render = Render(width=WIDTH, height=HEIGHT, views=("frontal",))
    render_views(body=body_path, fit=tmp_path / "fit.h5", output=tmp_path / "render.h5", render=render)
    drawn = read_stage(tmp_path / "render.h5").clips
    assert [list(drawn[name].attrs["views"]) for name in rigs] == [["frontal"], ["phone_left", "phone_right"]]
    sizes = [
        DrawnView.of(drawn[name], view).parts.shape
        for name, view in (("listed", "frontal"), ("by_phones", "phone_left"))
    ]
    assert sizes == [(1, HEIGHT, WIDTH), (1, WIDTH, 90)]


def test_every_view_is_complete(rendered: StageFile) -> None:
    clip = rendered.clips["whole"]
    assert clip.attrs["views"] == ["frontal", "sagittal"]
    assert (clip.attrs["width"], clip.attrs["height"]) == (WIDTH, HEIGHT)
    for view in clip.attrs["views"]:
        drawn = DrawnView.of(clip, view)
        with av.open(io.BytesIO(drawn.video.tobytes())) as container:
            pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        assert len(pictures) == N_FRAMES
        assert pictures[0].shape == (HEIGHT, WIDTH, 3)
        assert 60 < np.mean(pictures) < 230  # neither dark nor blown out
        assert drawn.bbox.shape == (N_FRAMES, 4)


def test_joints_fall_on_the_mask(rendered: StageFile, body_path: Path) -> None:
    clip = rendered.clips["whole"]
    _, joints = load_body(body_path).pose(walking(N_FRAMES))
    for name in clip.attrs["views"]:
        view = DrawnView.of(clip, name)
        mask = view.parts > 0
        pixels, _ = project(joints, view.K, view.world_to_camera)
        columns, rows = np.round(pixels).astype(int).transpose(2, 0, 1)
        hit = mask[np.arange(N_FRAMES)[:, None], rows, columns]
        assert hit.mean() >= 0.97


def test_the_middle_of_each_segment_bears_its_label(rendered: StageFile, body_path: Path) -> None:
    """Seen from the front before the person takes the first step: no limb is before another."""
    clip = rendered.clips["whole"]
    _, joints = load_body(body_path).pose(walking(N_FRAMES))
    view, label = DrawnView.of(clip, "frontal"), {part.name: 1 + k for k, part in enumerate(parts())}
    segments = {("head", "head"): "head", ("spine2", "spine2"): "torso", ("pelvis", "pelvis"): "pelvis"}
    for side in ("right", "left"):
        for start, end, part in (
            ("shoulder", "elbow", "upper_arm"),
            ("elbow", "wrist", "forearm"),
            ("hip", "knee", "thigh"),
            ("knee", "ankle", "shank"),
            ("ankle", "foot", "foot"),
        ):
            segments[f"{side}_{start}", f"{side}_{end}"] = f"{side}_{part}"
    for ends, part in segments.items():
        middle = joints[0, [JOINT_NAMES.index(end) for end in ends]].mean(axis=0)
        pixel, _ = project(middle, view.K, view.world_to_camera)
        column, row = np.rint(pixel).astype(int)
        assert view.parts[0, row, column] == label[part], part


def test_joints_fall_on_the_mask_through_a_phone_s_lens(tmp_path: Path, body_path: Path) -> None:
    attrs = {"subject": "s1", "sex": "female", "action": "walk", "fps": 30.0, "n_frames": N_FRAMES}
    write_stage(tmp_path / "fit.h5", StageFile({"walk": Clip("walk", walking(N_FRAMES).arrays, attrs)}))
    render_views(
        body=body_path, fit=tmp_path / "fit.h5", output=tmp_path / "render.h5", log=tmp_path / "log",
        render=Render(rig="phones", width=160, height=120, motion_blur=True, tracks=("depth",)),
    )  # fmt: skip
    clip = read_stage(tmp_path / "render.h5").clips["walk"]
    assert clip.attrs["views"] == ["phone_left", "phone_right"]
    assert (clip.attrs["width"], clip.attrs["height"]) == (90, 160)
    _, joints = load_body(body_path).pose(walking(N_FRAMES))
    scene = Scene.from_json(clip.attrs["appearance"])
    for camera in scene.cameras:
        assert camera.exposure.seconds > 0
        assert camera.exposure.rate >= 20
        drawn = DrawnView.of(clip, camera.name)
        assert drawn.distortion is not None
        assert drawn.depth is not None
        np.testing.assert_array_equal(drawn.distortion, camera.distortion)
        with av.open(io.BytesIO(drawn.video.tobytes())) as container:
            assert [(frame.width, frame.height) for frame in container.decode(video=0)] == [(90, 160)] * N_FRAMES
        pixels, distance = project(joints, drawn.K, drawn.world_to_camera, drawn.distortion)
        columns, rows = np.round(pixels).astype(int).transpose(2, 0, 1)
        frames = np.arange(N_FRAMES)[:, None]
        assert (drawn.parts[frames, rows, columns] > 0).mean() >= 0.97
        depth = drawn.depth / 1000
        on_body = drawn.parts[frames, rows, columns] > 0
        assert np.median(np.abs(depth[frames, rows, columns] - distance)[on_body]) < 0.15


def test_depth_is_left_out_unless_asked_for(rendered: StageFile) -> None:
    clip = rendered.clips["whole"]
    assert clip.attrs["tracks"] == ""
    assert not [name for name in clip.arrays if name.endswith("depth")]


def test_a_look_belongs_to_the_subject_and_clothes_to_the_clip() -> None:
    def person(subject: str, clip: str, seed: int = 1) -> Person:
        attrs = {"subject": subject, "sex": "female", "fps": 30.0}
        return clip_scene(Clip(clip, {}, attrs), N_FRAMES, seed, PRESETS["preview"])[0].person

    clips = [person("s1", f"s1_{k}") for k in range(8)]
    assert len({clip.look for clip in clips}) == 1
    assert len({clip.upper for clip in clips}) == 8
    assert person("s2", "s1_0").look != clips[0].look
    assert person("s1", "s1_0", seed=2).look != clips[0].look
    assert person("s1", "s1_0") == clips[0]


def test_the_environment_chooses_the_engine_and_the_log_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "cycles")
    assert choose_engine(PRESETS["preview"], tmp_path / "log").engine == "cycles"
    assert "Cycles draws" in (tmp_path / "log").read_text()
    monkeypatch.setenv(VARIABLE, "crayons")
    with pytest.raises(BadInput, match=VARIABLE):
        choose_engine(PRESETS["preview"], tmp_path / "log")
