"""A clip for Rerun's viewer, opened again by Rerun's own reader."""

import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from kinesynth import cli
from kinesynth.dataset.camera import CORNER
from kinesynth.dataset.record import ClipRecord, read_clip
from kinesynth.skeleton.definition import SkeletonDefinition

Columns = dict[str, dict[str, list[Any]]]


@pytest.fixture(scope="module")
def clip(results: Path) -> tuple[ClipRecord, SkeletonDefinition, float]:
    with h5py.File(results / "shards/anna_000.h5") as file:
        record = read_clip(file["clips/anna_walk"])
        return record, SkeletonDefinition.read(file["skeleton"]), float(file.attrs["mass_kg"])


@pytest.fixture(scope="module")
def recording(results: Path, tmp_path_factory: pytest.TempPathFactory) -> Columns:
    """Return each entity's columns, in the order of time."""
    reason = "rerun-sdk, the extra kinesynth[rerun], is not installed"
    chunks = pytest.importorskip("rerun.chunk", reason=reason)
    path = tmp_path_factory.mktemp("rerun") / "clip.rrd"
    assert cli.run(["view", str(results / "shards/anna_000.h5"), "anna_walk", f"--output={path}"]) == 0
    reader = chunks.RrdReader(path)
    (store,) = reader.recordings()
    assert (store.application_id, store.recording_id) == ("kinesynth", "anna_walk")
    assert len(reader.blueprints()) == 1
    found: Columns = defaultdict(lambda: defaultdict(list))
    for chunk in reader.stream().to_chunks():
        if not chunk.is_static and chunk.entity_path != "/__properties":
            assert chunk.timeline_names == ["time"], chunk.entity_path
        for name, column in chunk.to_record_batch().to_pydict().items():
            found[chunk.entity_path][name] += column
    return found


def in_order(columns: dict[str, list[Any]], name: str) -> list[Any]:
    order = np.argsort([moment.total_seconds() for moment in columns["time"]])
    return [columns[name][index] for index in order]


def test_curves_are_the_shards_and_stop_where_they_are_not_valid(
    recording: Columns, clip: tuple[ClipRecord, SkeletonDefinition, float]
) -> None:
    record, skeleton, _ = clip
    valid = record.arrays["quality/activation_valid"]
    assert not valid.all()
    for column in (0, 7, len(skeleton.muscle_names) - 1):
        entity = recording[f"/curves/activations/{skeleton.muscle_names[column]}"]
        values = np.ravel(in_order(entity, "Scalars:scalars"))
        np.testing.assert_allclose(values[valid], record.arrays["activations"][valid, column], atol=1e-7)
        assert np.isnan(values[~valid]).all()
    names = list(skeleton.coordinate_names)
    knee = np.ravel(in_order(recording["/curves/angles/knee_angle_r"], "Scalars:scalars"))
    np.testing.assert_allclose(knee, np.degrees(record.arrays["angles"][:, names.index("knee_angle_r")]), atol=1e-4)
    seconds = sorted(moment.total_seconds() for moment in recording["/curves/vertical_force/left"]["time"])
    np.testing.assert_allclose(seconds, np.arange(record.n_frames) / record.fps, atol=1e-6)
    assert len([path for path in recording if path.startswith("/curves/activations/")]) == len(skeleton.muscle_names)


def test_bones_and_forces_stand_in_the_world(
    recording: Columns, clip: tuple[ClipRecord, SkeletonDefinition, float]
) -> None:
    record, skeleton, mass_kg = clip
    joints = record.arrays["keypoints"]
    pairs = [(parent, body) for body, parent in enumerate(skeleton.parents) if parent >= 0]
    frames = in_order(recording["/world/bones"], "LineStrips3D:strips")
    assert len(frames) == record.n_frames
    for number, frame in enumerate(frames):
        np.testing.assert_allclose(frame, joints[number][np.array(pairs)], atol=1e-6)
    origins = in_order(recording["/world/forces"], "Arrows3D:origins")
    vectors = in_order(recording["/world/forces"], "Arrows3D:vectors")
    loaded = np.linalg.norm(record.arrays["grf/force"], axis=-1) > 0.02 * mass_kg * 9.80665
    assert loaded.any()
    for number in range(record.n_frames):
        np.testing.assert_allclose(
            np.reshape(origins[number], (-1, 3)), record.arrays["grf/cop"][number][loaded[number]], atol=1e-6
        )
        arrows = np.reshape(vectors[number], (-1, 3)) * mass_kg * 9.80665 / 0.55
        np.testing.assert_allclose(arrows, record.arrays["grf/force"][number][loaded[number]], rtol=1e-4, atol=1e-2)


def test_cameras_see_their_own_video_and_joints(
    recording: Columns, clip: tuple[ClipRecord, SkeletonDefinition, float]
) -> None:
    record, skeleton, _ = clip
    for camera, view in record.views.items():
        place = f"/world/cameras/{camera}"
        (blob,) = recording[f"{place}/picture/video"]["AssetVideo:blob"]
        assert np.ravel(blob).astype(np.uint8).tobytes() == view.arrays["video"].tobytes()
        (matrix,) = recording[f"{place}/picture"]["Pinhole:image_from_camera"]
        K = np.reshape(matrix, (3, 3)).T  # column by column
        np.testing.assert_allclose(K[:2, 2], view.arrays["K"][:2, 2] + CORNER, atol=1e-4)
        (turn,), (shift,) = (recording[place][f"Transform3D:{name}"] for name in ("mat3x3", "translation"))
        rotation, eye = np.reshape(turn, (3, 3)).T, np.ravel(shift)
        joints = record.arrays["keypoints"][:, : len(skeleton.body_names)]
        in_camera = (joints - eye) @ rotation
        pixels = (in_camera @ K.T)[..., :2] / in_camera[..., 2:]
        seen = view.arrays["visibility"][:, : len(skeleton.body_names)] == 2
        shown = in_order(recording[f"{place}/picture/joints"], "Points2D:positions")
        for number in range(record.n_frames):
            np.testing.assert_allclose(np.reshape(shown[number], (-1, 2)), pixels[number][seen[number]], atol=0.01)


def test_without_rerun_the_extra_is_named(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "rerun", None)
    output = tmp_path / "clip.rrd"
    assert cli.run(["view", str(results / "shards/anna_000.h5"), "anna_walk", f"--output={output}"]) == 2
    assert "rerun-sdk is not installed; run: pip install 'kinesynth[rerun]'" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
