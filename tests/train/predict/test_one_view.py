"""One view: a made-up person's motion is found from points alone, up to what one camera cannot tell."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_up_person import FPS, SET, bare, cameras, in_world, motion, seen, view
from test_predict_verb import write_video

from kinesynth.errors import BadInput
from kinesynth.opensim_files import read_storage
from kinesynth_train.calibration import Camera
from kinesynth_train.cli import run
from kinesynth_train.predict.assumed_camera import LEVEL, assumed_camera
from kinesynth_train.predict.detector.people import save_keypoints
from kinesynth_train.predict.gravity import upward
from kinesynth_train.predict.keypoint_files import Keypoints
from kinesynth_train.predict.landmarks import generic_skeleton, keypoint_sets
from kinesynth_train.predict.one_view import reconstruct_one
from kinesynth_train.predict.reconstruct import Reconstruction
from kinesynth_train.predict.sequence import Chain, _banded, minimize_chain
from kinesynth_train.predict.soles import soles
from kinesynth_train.predict.views import sights

FRAMES = 40
FLEXIONS = ("hip_flexion", "knee_angle", "ankle_angle")
HEIGHT = 1.80  # the made-up person's, within a percent


def camera() -> Camera:
    return bare(cameras((0.5,))["cam0"])


def lifted(camera: Camera, points: np.ndarray) -> np.ndarray:
    """Return points (T, P, 3) m as a detector guesses them: seen along the sight of the hips, of a smaller person."""
    names = keypoint_sets()[SET]
    hips = points[:, [names.index("RHip"), names.index("LHip")]].mean(axis=1, keepdims=True)
    sight = (hips - camera.centre)[:, 0] / np.linalg.norm(hips - camera.centre, axis=-1)
    right = np.cross(sight, [0.0, 1.0, 0.0])
    right /= np.linalg.norm(right, axis=1, keepdims=True)
    axes = np.stack([right, np.cross(sight, right), sight], axis=1)
    return 0.9 * (points - hips) @ axes.transpose(0, 2, 1)


def errors(found: Reconstruction, frames: int = FRAMES) -> float:
    """Return the RMS error, degrees, of the legs' flexions."""
    names = generic_skeleton().coordinate_names
    columns = [names.index(f"{name}_{side}") for name in FLEXIONS for side in "rl"]
    off = found.poses.angles[:, columns] - motion(frames)[:, columns]
    return float(np.degrees(np.sqrt(np.mean(off**2))))


@pytest.mark.parametrize("guessed", [True, False], ids=["with a guess of depth", "from headings"])
def test_flexions_are_found_from_one_view(guessed: bool) -> None:
    points = in_world(motion(FRAMES))
    shown = view(camera(), seen(camera(), points))
    if guessed:
        shown = replace(shown, keypoints=replace(shown.keypoints, lifted=lifted(camera(), points)[:, None]))
    (sight,), _ = sights([shown], None, {})
    found, same = reconstruct_one(sight, shown.times, 6.0, HEIGHT, calibrated=True)
    assert found.poses.valid.all()
    assert errors(found) < 8.0  # of points without noise: what is left, one view does not tell
    assert found.guess
    np.testing.assert_array_equal(same.view.camera.world_to_camera, camera().world_to_camera)
    wrong = np.linalg.norm(found.poses.markers - found.points, axis=-1)
    assert np.nanmedian(wrong) < 0.015


def test_a_camera_that_nobody_calibrated_is_turned_upright_with_the_floor_at_zero() -> None:
    points = in_world(motion(FRAMES))
    level = camera()
    assumed, _ = assumed_camera("cam0", level.width, level.height, float(level.K[0, 0]))
    shown = view(assumed, seen(level, points))
    (sight,), _ = sights([replace(shown, keypoints=replace(shown.keypoints, lifted=lifted(level, points)[:, None]))],
                         None, {})  # fmt: skip
    found, placed = reconstruct_one(sight, shown.times, 6.0, HEIGHT, calibrated=False)
    assert errors(found) < 9.0
    lowest = soles(found.skeleton, found.poses.angles)[..., 1].min(axis=1)
    assert np.abs(np.median(lowest)) < 0.02
    assert abs(placed.view.camera.centre[1] - 1.3) < 0.4  # who stays on one spot hardly tells which way is up
    assert any("degrees down" in note for note in found.notes)


def test_a_short_gap_is_bridged_and_a_long_one_is_not_believed() -> None:
    points = seen(camera(), in_world(motion(90)))
    points[10:20, :, 2] = 0.0
    points[40:80, :, 2] = 0.0
    shown = view(camera(), points)
    (sight,), _ = sights([shown], None, {})
    found, _ = reconstruct_one(sight, shown.times, 6.0, HEIGHT, calibrated=True)
    assert found.poses.valid[:40].all()
    assert found.filled[10:20].all()
    assert not found.poses.valid[40:].any()  # who comes after a long gap is nobody that is known
    assert any("50 of 90 frames are not believed" in note for note in found.notes)


def test_the_floor_tells_which_way_is_up() -> None:
    rng = np.random.default_rng([2])
    truth = np.array([0.12, 1.0, -0.03])
    truth /= np.linalg.norm(truth)
    across = np.array([[1.0, -truth[0] / truth[1], 0.0], [0.0, -truth[2] / truth[1], 1.0]])
    soles = rng.uniform(-1.5, 1.5, (90, 4, 2)) @ across - 1.3 * truth
    body = np.tile(truth, (90, 1))
    np.testing.assert_allclose(upward(soles, np.ones((90, 4)), body, FPS), truth, atol=0.01)
    leaning = np.tile([0.0, 1.0, 0.0], (90, 1))  # feet outweigh the trunk
    np.testing.assert_allclose(upward(soles, np.ones((90, 4)), leaning, FPS), truth, atol=0.03)
    level = upward(soles, np.zeros((90, 4)), leaning, FPS)
    np.testing.assert_allclose(level, [0.0, 1.0, 0.0], atol=1e-9)


def chain_of(matrix: np.ndarray, target: np.ndarray, width: int) -> Chain:
    frames = len(target) // width
    blocks = np.zeros((3, frames, width, width))
    for ahead in range(3):
        for frame in range(frames - ahead):
            row, column = frame * width, (frame + ahead) * width
            blocks[ahead, frame] = matrix[row : row + width, column : column + width]
    return Chain(float(target @ matrix @ target), (matrix @ target).reshape(frames, width), blocks)


def test_a_banded_problem_is_solved_within_its_bounds() -> None:
    rng, frames, width = np.random.default_rng([1]), 6, 3
    matrix = rng.normal(size=(frames * width, frames * width))
    matrix = matrix @ matrix.T + 20 * np.eye(frames * width)
    near = np.abs(np.subtract.outer(np.arange(frames), np.arange(frames))) <= 2
    matrix = np.where(np.kron(near, np.ones((width, width), bool)), matrix, 0.0) + 60 * np.eye(frames * width)
    truth = rng.normal(size=frames * width)
    band = _banded(chain_of(matrix, truth, width).blocks, np.ones((frames, width)))
    for below in range(3 * width):
        np.testing.assert_allclose(band[below, : frames * width - below], np.diag(matrix, -below))
    free = np.tile([-10.0, 10.0], (width, 1))
    start = np.zeros((frames, width))
    found = minimize_chain(lambda motion: chain_of(matrix, motion.ravel() - truth, width), start, free, 1e-12, 60)
    np.testing.assert_allclose(found.ravel(), truth, atol=1e-4)
    tight = np.tile([-0.3, 0.3], (width, 1))
    held = minimize_chain(lambda motion: chain_of(matrix, motion.ravel() - truth, width), start, tight, 1e-12, 60)
    slope = (matrix @ (held.ravel() - truth)).reshape(frames, width)
    inside = np.abs(held) < 0.3 - 1e-6
    assert np.abs(slope[inside]).max() < 1e-2
    assert (slope[held >= 0.3 - 1e-9] < 0).all()  # those at a bound would go on
    assert (slope[held <= -0.3 + 1e-9] > 0).all()


def test_an_assumed_camera_is_said_and_an_impossible_one_refused() -> None:
    camera, notes = assumed_camera("phone", 720, 1280, 0.0)
    assert camera.K[0, 0] == pytest.approx(882.5, abs=0.5)
    assert "focal length taken to be 882 px" in notes[0]
    np.testing.assert_array_equal(camera.world_to_camera[:3, :3], LEVEL)
    pixels, depth = camera.pixels(np.array([[-3.0, 0.5, 0.0], [-3.0, 0.0, 1.0]]))
    assert (depth > 0).all()
    assert pixels[0, 1] < 639.5  # what is higher stands higher in the picture
    assert pixels[1, 0] < 359.5  # and the right hand of one who faces the camera at its left
    with pytest.raises(BadInput, match="--focal-px"):
        assumed_camera("phone", 720, 1280, 90.0)


def test_the_verb_takes_one_video_without_a_calibration(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    points = in_world(motion(FRAMES))
    save_keypoints(tmp_path / "phone.npz", Keypoints(SET, seen(camera(), points)[:, None]))
    video = write_video(tmp_path / "phone.mp4", 720, 1280, FRAMES)
    flags = ["--video", f"phone={video}", "--keypoints", f"phone={tmp_path / 'phone.npz'}", "--focal-px", "700"]
    assert run(["predict", *flags, "--output", str(tmp_path / "out"), "--name", "step", "--height", "1.8"]) == 0
    told = capsys.readouterr().err
    assert "one view tells no depth" in told
    summary = json.loads((tmp_path / "out/predict.json").read_text())
    assert summary["guess"]
    assert summary["views"]["phone"]["joints_on_mask"] is None
    assert (tmp_path / "out/overlay/phone.mp4").is_file()
    truth = np.degrees(motion(FRAMES))[:, generic_skeleton().coordinate_names.index("knee_angle_r")]
    found = read_storage(tmp_path / "out/kinematics/step.mot").column("knee_angle_r")
    assert np.sqrt(np.mean((found - truth) ** 2)) < 15.0
