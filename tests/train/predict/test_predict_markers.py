"""Points in space: virtual markers and a video tool's keypoints give the motion that they come from."""

from pathlib import Path

import numpy as np
import pytest
import torch
from made_up_person import FPS, in_world, motion, size

from kinesynth.errors import BadInput
from kinesynth.opensim_files import read_storage, write_trc
from kinesynth.skeleton import SkeletonLayer
from kinesynth_train.calibration.camera import TO_Y_UP
from kinesynth_train.cli import run
from kinesynth_train.predict.landmarks import generic_skeleton, keypoint_sets
from kinesynth_train.predict.marker_files import lines_through, read_marked
from kinesynth_train.predict.scaled import scaled

FRAMES = 30


def errors(path: Path, angles: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    found, coordinates = read_storage(path), generic_skeleton().coordinate_names
    return np.stack([found.column(name) - np.degrees(angles[:, coordinates.index(name)]) for name in names], axis=1)


def test_markers_give_the_motion(tmp_path: Path) -> None:
    angles, skeleton = motion(FRAMES), scaled(generic_skeleton(), size())
    markers = SkeletonLayer(skeleton)(torch.tensor(angles)).markers.numpy()
    names = [name if name.startswith(("R", "L")) else f"{name}_study" for name in skeleton.marker_names]
    write_trc(tmp_path / "walk.trc", names, markers, FPS)
    assert run(["predict", "--markers", str(tmp_path / "walk.trc"), "--output", str(tmp_path / "out")]) == 0
    away = errors(tmp_path / "out/kinematics/walk.mot", angles, ("pelvis_tilt", "hip_flexion_r", "knee_angle_l"))
    assert np.abs(away).max() < 2.0
    assert not (tmp_path / "out/overlay").exists()


def test_keypoints_of_a_trc_give_the_motion(tmp_path: Path) -> None:
    angles = motion(FRAMES)
    points = in_world(angles, "halpe26")
    known = np.isfinite(points).all(axis=(0, 2))
    names = [name for name, there in zip(keypoint_sets()["halpe26"], known, strict=True) if there]
    write_trc(tmp_path / "walk.trc", names, points[:, known], FPS)
    assert read_marked(tmp_path / "walk.trc").skeleton.marker_names == tuple(names)
    assert run(["predict", "--markers", str(tmp_path / "walk.trc"), "--output", str(tmp_path / "out")]) == 0
    away = errors(tmp_path / "out/kinematics/walk.mot", angles, ("hip_flexion_r", "knee_angle_r", "knee_angle_l"))
    assert np.sqrt((away**2).mean()) < 2.0


def test_unknown_names_are_told(tmp_path: Path) -> None:
    write_trc(tmp_path / "a.trc", ["one", "two"], np.zeros((9, 2, 3)), FPS)
    with pytest.raises(BadInput, match="0 of known names"):
        read_marked(tmp_path / "a.trc")


def test_markers_stand_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["predict", "--markers", "a.trc", "--cameras", "b.toml", "--output", str(tmp_path)]
    assert run(given) == 2
    assert "markers alone" in capsys.readouterr().err


def written(path: Path, turn: np.ndarray) -> Path:
    """Write markers of a motion in a world that is turned by a matrix (3, 3)."""
    skeleton = scaled(generic_skeleton(), size())
    markers = SkeletonLayer(skeleton)(torch.tensor(motion(FRAMES))).markers.numpy()
    names = [name if name.startswith(("R", "L")) else f"{name}_study" for name in skeleton.marker_names]
    write_trc(path, names, markers @ turn.T, FPS)
    return path


def test_markers_with_another_axis_up_are_told_and_turned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "walk.trc", TO_Y_UP["z"].T)
    given = ["predict", "--markers", str(path), "--output", str(tmp_path / "out")]
    assert run(given) == 0
    assert "the person lies along z" in capsys.readouterr().err
    assert run([*given, "--up", "z"]) == 0
    assert "lies along" not in capsys.readouterr().err
    away = errors(tmp_path / "out/kinematics/walk.mot", motion(FRAMES), ("pelvis_tilt", "knee_angle_l"))
    assert np.abs(away).max() < 2.0


def test_markers_on_their_head_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "walk.trc", TO_Y_UP["-y"])
    assert run(["predict", "--markers", str(path), "--output", str(tmp_path / "out")]) == 2
    assert "stands on the head" in capsys.readouterr().err


def test_what_belongs_to_views_is_not_ignored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["predict", "--markers", "a.trc", "--output", str(tmp_path / "out"), "--fps", "60"]) == 2
    assert "--fps: found what belongs to views" in capsys.readouterr().err


def test_lines_meet_in_the_points() -> None:
    points = np.random.default_rng(5 + FRAMES).normal(size=(4, 3, 3))
    points[1, 2] = np.nan
    lines = lines_through(points, np.array([0.01, 0.02, 0.03]))
    place = np.nan_to_num(points) + np.array([0.02, -0.01, 0.03])
    away = torch.tensor(place) - lines.origins[:, None, None]
    miss = away - (away * lines.directions).sum(dim=-1, keepdim=True) * lines.directions
    cost = (lines.weights * miss.square().sum(dim=-1)).sum(dim=0).numpy()
    truth = np.nansum((place - points) ** 2, axis=-1) / np.array([0.01, 0.02, 0.03]) ** 2
    np.testing.assert_allclose(cost, np.where(np.isfinite(points).all(axis=-1), truth, 0.0), rtol=2e-3)
