"""The verb, on a figure of ellipsoids and tiny pictures."""

import io
from pathlib import Path

import av
import numpy as np
import pytest

from kinesynth.body.model import SmplxPose, load_body
from kinesynth.errors import BadInput
from kinesynth.render.cameras import project
from kinesynth.render.scene import PRESETS
from kinesynth.render.views import ENGINE_VARIABLE, choose_engine, render_views
from kinesynth.stage_file import Clip, StageFile, read_stage, write_stage

N_FRAMES, WIDTH, HEIGHT = 3, 160, 120


def walking(n_frames: int) -> SmplxPose:
    """A figure that swings arms and legs while it goes ahead, facing +x."""
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
    whole = walking(N_FRAMES).arrays()
    broken = {**whole, "transl": np.full((N_FRAMES, 3), np.nan)}
    clips = {name: Clip(name, arrays, attrs) for name, arrays in (("broken", broken), ("whole", whole))}
    write_stage(folder / "fit.h5", StageFile(clips))
    render_views(
        body=body_path,
        fit=folder / "fit.h5",
        output=folder / "render.h5",
        views=["frontal", "sagittal"],
        width=WIDTH,
        height=HEIGHT,
        log=folder / "log",
    )
    return read_stage(folder / "render.h5")


def test_one_bad_clip_does_not_sink_the_shard(rendered: StageFile) -> None:
    assert list(rendered.clips) == ["whole"]
    assert rendered.rejected["broken"].reason == "body is not finite"


def test_every_view_is_complete(rendered: StageFile) -> None:
    clip = rendered.clips["whole"]
    assert clip.attrs["views"] == ["frontal", "sagittal"]
    assert (clip.attrs["width"], clip.attrs["height"]) == (WIDTH, HEIGHT)
    for view in clip.attrs["views"]:
        with av.open(io.BytesIO(clip.arrays[f"{view}/video"].tobytes())) as container:
            pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        assert len(pictures) == N_FRAMES
        assert pictures[0].shape == (HEIGHT, WIDTH, 3)
        assert 60 < np.mean(pictures) < 230  # neither dark nor blown out
        assert clip.arrays[f"{view}/bbox"].shape == (N_FRAMES, 4)


def test_joints_fall_on_the_mask(rendered: StageFile, body_path: Path) -> None:
    clip = rendered.clips["whole"]
    _, joints = load_body(body_path).pose(walking(N_FRAMES))
    for view in clip.attrs["views"]:
        bits = np.unpackbits(clip.arrays[f"{view}/mask"], count=N_FRAMES * HEIGHT * WIDTH)
        mask = bits.reshape(N_FRAMES, HEIGHT, WIDTH).astype(bool)
        pixels = project(joints, clip.arrays[f"{view}/K"], clip.arrays[f"{view}/world_to_camera"])
        columns, rows = np.round(pixels).astype(int).transpose(2, 0, 1)
        hit = mask[np.arange(N_FRAMES)[:, None], rows, columns]
        assert hit.mean() >= 0.97


def test_the_environment_chooses_the_engine_and_the_log_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENGINE_VARIABLE, "cycles")
    assert choose_engine(PRESETS["preview"], tmp_path / "log").engine == "cycles"
    assert "Cycles draws" in (tmp_path / "log").read_text()
    monkeypatch.setenv(ENGINE_VARIABLE, "crayons")
    with pytest.raises(BadInput, match=ENGINE_VARIABLE):
        choose_engine(PRESETS["preview"], tmp_path / "log")
