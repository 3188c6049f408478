"""The clip and the bones that predict writes: readable as any shard is, with what is not believed masked."""

import json
import lzma
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from made_up_person import FPS, SET, bare, cameras, in_world, motion, seen, view
from scipy.spatial.transform import Rotation
from test_predict_verb import write_video

from kinesynth.dataset import ShardDataset
from kinesynth.dataset.export import export
from kinesynth.dataset.verify import shard_faults, verify
from kinesynth.opensim_files import read_storage
from kinesynth.report.view import view as view_clip
from kinesynth.skeleton import SkeletonLayer
from kinesynth_train.cli import run
from kinesynth_train.predict.clip_file import ANGLES_ONLY, write_clip_file
from kinesynth_train.predict.detector.people import save_keypoints
from kinesynth_train.predict.keypoint_files import Keypoints
from kinesynth_train.predict.reconstruct import Reconstruction, reconstruct
from kinesynth_train.predict.silhouettes import BYTES, Silhouettes
from kinesynth_train.predict.videos import open_video
from kinesynth_train.predict.views import Sight, sights
from kinesynth_train.predict.visualizer import write_visualizer

FRAMES = 40


@pytest.fixture(scope="module")
def walked() -> tuple[Reconstruction, list[Sight]]:
    points = in_world(motion(FRAMES))
    views = []
    for camera in map(bare, cameras().values()):
        shown = seen(camera, points)
        shown[:5, :, 2] = 0.0  # nobody there at first
        views.append(view(camera, shown))
    found_sights, _ = sights(views, None, {})
    return reconstruct(found_sights, views[0].times, 6.0, 1.8), found_sights


def test_a_clip_is_read_as_any_other(walked: tuple[Reconstruction, list[Sight]], tmp_path: Path) -> None:
    found, seen_from = walked
    videos = {"cam0": open_video(write_video(tmp_path / "cam0.mp4", 720, 1280, FRAMES))}
    write_clip_file(tmp_path / "step.h5", found, seen_from, videos, 71.0, None, None, ["a note"])
    (item,) = ShardDataset(tmp_path / "step.h5", window=FRAMES, stride=FRAMES)
    valid = found.poses.valid
    assert not valid[:5].any()
    np.testing.assert_array_equal(item["quality"]["angle_valid"].all(axis=1), valid)
    np.testing.assert_array_equal(item["quality"]["angle_valid"].any(axis=1), valid)
    np.testing.assert_allclose(item["angles"][valid], found.poses.angles[valid], atol=1e-5)
    np.testing.assert_array_equal(item["angles"][0], item["angles"][5])  # filled with the nearest
    assert not item["quality"]["force_valid"].any()
    assert item["mass_kg"] == 71.0
    shown = item["views"]["cam0"]
    assert shown["frames"].shape == (FRAMES, 720, 404, 3)
    knee = list(found.skeleton.body_names).index("tibia_r")
    pixels = shown["keypoints_2d"][valid, knee]
    truth, _ = bare(cameras()["cam0"]).pixels(found.poses.joints[valid, knee])
    half = np.array([404 / 720, 720 / 1280])
    np.testing.assert_allclose(pixels, (truth + 0.5) * half - 0.5, atol=0.02)


def test_a_clip_with_a_mask_has_no_fault(walked: tuple[Reconstruction, list[Sight]], tmp_path: Path) -> None:
    found, seen_from = walked
    whole = Silhouettes(np.full((FRAMES, BYTES), 255, np.uint8), np.tile([[10.0, 0, 0], [0, 10.0, 0]], (FRAMES, 1, 1)))
    sight = Sight(*[getattr(seen_from[0], name) for name in ("view", "points", "rays", "offset", "miss")], None, whole)
    videos = {"cam0": open_video(write_video(tmp_path / "cam0.mp4", 720, 1280, FRAMES))}
    write_clip_file(tmp_path / "step.h5", found, [sight], videos, 71.0, None, None, [])
    assert [fault for fault in shard_faults(tmp_path / "step.h5") if "model" not in fault] == []
    view_clip(tmp_path / "step.h5", "step", output=tmp_path / "step.html")
    assert "<video" in (tmp_path / "step.html").read_text()


def test_without_a_video_a_clip_has_no_view(walked: tuple[Reconstruction, list[Sight]], tmp_path: Path) -> None:
    found, seen_from = walked
    write_clip_file(tmp_path / "step.h5", found, seen_from, {}, 71.0, None, None, [])
    (item,) = ShardDataset(tmp_path / "step.h5", window=FRAMES, stride=FRAMES)
    assert item["views"] == {}
    verify([tmp_path / "step.h5"])  # neither pictures nor a model are missed where none were made
    view_clip(tmp_path / "step.h5", "step", output=tmp_path / "step.mp4")
    assert len(open_video(tmp_path / "step.mp4").times) == FRAMES


def test_a_shard_of_drawn_people_must_have_pictures(walked: tuple[Reconstruction, list[Sight]], tmp_path: Path) -> None:
    write_clip_file(tmp_path / "step.h5", walked[0], walked[1], {}, 71.0, None, None, [])
    with h5py.File(tmp_path / "step.h5", "r+") as file:
        file.attrs["part_names"] = "pelvis"
        file["model"] = np.frombuffer(lzma.compress(b"<?xml"), np.uint8)
    assert any("views: found none" in fault for fault in shard_faults(tmp_path / "step.h5"))


def test_bones_stand_where_the_skeleton_has_them(walked: tuple[Reconstruction, list[Sight]], tmp_path: Path) -> None:
    found, _ = walked
    write_visualizer(tmp_path / "step.json", found)
    told = json.loads((tmp_path / "step.json").read_text())
    valid = found.poses.valid
    assert len(told["time"]) == valid.sum()
    assert told["time"][0] == pytest.approx(5 / FPS, abs=1e-4)
    pose = SkeletonLayer(found.skeleton)(torch.tensor(found.poses.angles[valid]))
    for name in ("pelvis", "tibia_r", "hand_l"):
        body, index = told["bodies"][name], found.skeleton.body_names.index(name)
        np.testing.assert_allclose(body["translation"], pose.joint_centres[:, index].numpy(), atol=1e-5)
        turned = Rotation.from_euler("XYZ", body["rotation"]).as_matrix()
        np.testing.assert_allclose(turned, pose.transforms[:, index, :3, :3].numpy(), atol=5e-5)


@pytest.mark.slow
def test_forces_come_with_the_clip(tmp_path: Path) -> None:
    points = in_world(motion(90))
    for name, camera in cameras().items():
        save_keypoints(tmp_path / f"{name}.npz", Keypoints(SET, seen(camera, points)[:, None]))
    from kinesynth_train.calibration.own import as_json

    (tmp_path / "cameras.json").write_text(as_json(cameras()))
    flags = [part for name in cameras() for part in ("--keypoints", f"{name}={tmp_path / name}.npz")]
    out = tmp_path / "out"
    assert run(["predict", "--cameras", str(tmp_path / "cameras.json"), *flags, "--fps", "60", "--output", str(out),
                "--name", "step", "--dynamics"]) == 0  # fmt: skip
    (item,) = ShardDataset(out / "step.h5", window=90, stride=90)
    told = read_storage(out / "dynamics/step_grf.mot")
    np.testing.assert_allclose(item["grf"]["force"][:, 0, 1], told.column("ground_force_r_y"), atol=0.1)
    export([out / "step.h5"], opensim=tmp_path / "opensim")
    assert (tmp_path / "opensim/step.osim").read_bytes() == (out / "kinematics/step_scaled.osim").read_bytes()
    assert ANGLES_ONLY not in (out / "predict.json").read_text()
