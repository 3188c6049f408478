"""A network in predict says of a shard's own videos and cameras what `evaluate` has it say of the shard."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from PIL import Image

from kinesynth.dataset import ShardDataset
from kinesynth.dataset.exports.opensim import in_degrees
from kinesynth.dataset.video import unpack_masks
from kinesynth.errors import BadInput
from kinesynth.opensim_files import read_storage, write_trc
from kinesynth.skeleton import SkeletonDefinition, SkeletonLayer
from kinesynth_train.calibration import Camera
from kinesynth_train.calibration.own import as_json
from kinesynth_train.checkpoint import Model, save_checkpoint, source_of
from kinesynth_train.cli import run
from kinesynth_train.evaluate import held_out, labels_of_all, network_method, read_stretch
from kinesynth_train.networks import network_module
from kinesynth_train.predict.detector.people import save_keypoints
from kinesynth_train.predict.given_boxes import read_boxes
from kinesynth_train.predict.given_masks import read_masks
from kinesynth_train.predict.keypoint_files import Keypoints
from kinesynth_train.predict.landmarks import generic_skeleton, keypoint_sets, with_landmarks
from kinesynth_train.predict.network import read_network
from kinesynth_train.settings import Settings
from kinesynth_train.skeleton import CoordinateStats, DatasetSkeleton
from kinesynth_train.train import fit

SET = "halpe26"
PICTURES = ("odah_tiny", "odah_ours_tiny", "d3ke_tiny", "d3ke_ours_tiny", "hsmr_tiny", "biopose_tiny", "biohuman_tiny")
MARKERS = ("neurik_tiny", "neurik_ours_tiny")


@pytest.fixture(scope="module")
def exported(results: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one clip of the test split as a user has it: videos, masks, points, cameras and markers."""
    folder = tmp_path_factory.mktemp("exported")
    with h5py.File(results / "shards/carl_000.h5", "r") as file:
        clip = file["clips/carl_walk"]
        generic = SkeletonDefinition.read(file["skeleton"])
        marked, _ = with_landmarks(generic_skeleton(), SET)
        scales = torch.tensor(clip["scales"][()], dtype=torch.float64)
        pose = SkeletonLayer(marked)(torch.tensor(clip["angles"][()], dtype=torch.float64), scales)
        names = keypoint_sets()[SET]
        points = np.full((len(clip["angles"]), len(names), 3), np.nan)
        points[:, [names.index(name) for name in marked.marker_names]] = pose.markers.numpy()
        cameras = {}
        for name, view in clip["views"].items():
            height, width = int(view.attrs["height"]), int(view.attrs["width"])
            lens = view["distortion"][()] if "distortion" in view else np.zeros(5)
            cameras[name] = Camera(name, width, height, *(np.asarray(each, float) for each in (
                view["K"][()], lens, view["world_to_camera"][()])))  # fmt: skip
            (folder / f"{name}.mp4").write_bytes(view["video"][()].tobytes())
            lines = ["x0,y0,x1,y1", *(",".join(map(str, box)) for box in view["bbox"][()].tolist())]
            (folder / f"{name}_boxes.csv").write_text("\n".join(lines))
            np.savez(folder / f"{name}_masks.npz", masks=unpack_masks(view["mask"][()], height, width))
            pixels, _ = cameras[name].pixels(points)
            seen = np.isfinite(pixels).all(axis=-1, keepdims=True)
            shown = np.concatenate([np.where(seen, pixels, np.nan), 0.9 * seen], axis=-1)
            save_keypoints(folder / f"{name}.npz", Keypoints(SET, shown[:, None]))
        write_trc(
            folder / "walk.trc", generic.marker_names, clip["markers"][()].astype(float), float(clip.attrs["fps"])
        )
    (folder / "cameras.json").write_text(as_json(cameras))
    return folder


def saved(folder: Path, name: str, results: Path, stats: CoordinateStats, skeleton: DatasetSkeleton) -> Path:
    """Write the checkpoint of a network of random parameters; return it."""
    torch.manual_seed(3)
    preset = network_module(name).PRESETS[name]
    source = source_of(ShardDataset(results, "train", 1, ()), preset)
    model = Model.new(name, preset, stats, skeleton, source)
    with torch.no_grad():
        for parameter in model.network.parameters():  # heads begin with zeros, whatever they see
            parameter.add_(0.02 * torch.randn_like(parameter))
    save_checkpoint(folder / f"{name}.pt", model, {})
    return folder / f"{name}.pt"


def evaluated(checkpoint: Path, results: Path) -> np.ndarray:
    """Return the angles (T, J) that evaluate would measure for carl's walk."""
    model = read_network(checkpoint, 9, 9)
    _, windows = held_out(results, model.preset.crop, labels_of_all([model]), model.preset.aspect)
    index = next(index for index in range(len(windows)) if windows.clip_of(index).clip_id == "carl_walk")
    with torch.no_grad():
        return network_method(model)(read_stretch(windows, index, "cpu")).angles.double().numpy()


def flags_of(exported: Path, views: Mapping[str, object]) -> list[str]:
    flags = ["--cameras", str(exported / "cameras.json"), "--no-overlay", "--name", "walk"]
    for name in views:
        flags += ["--video", f"{name}={exported / name}.mp4", "--keypoints", f"{name}={exported / name}.npz"]
        flags += ["--masks", f"{name}={exported / name}_masks.npz", "--boxes", f"{name}={exported / name}_boxes.csv"]
    return flags


def angles_of(output: Path) -> np.ndarray:
    """Return the angles (T, J) rad and m of what was predicted."""
    storage, skeleton = read_storage(output / "kinematics/walk.mot"), generic_skeleton()
    values = np.stack([storage.column(name) for name in skeleton.coordinate_names], axis=1)
    return np.where(in_degrees(skeleton), np.radians(values), values)


@pytest.fixture
def unrefined(monkeypatch: pytest.MonkeyPatch) -> None:
    """BioPose without its refinement: keypoints have a detector's noise in `evaluate`, and none here."""
    presets = network_module("biopose_tiny").PRESETS
    plain = dataclasses.replace(presets["biopose_tiny"].shape, steps=0)
    monkeypatch.setitem(presets, "biopose_tiny", dataclasses.replace(presets["biopose_tiny"], shape=plain))


@pytest.mark.usefixtures("unrefined")
@pytest.mark.parametrize("name", PICTURES)
def test_pictures_tell_what_evaluate_says(
    name: str, exported: Path, results: Path, stats: CoordinateStats, skeleton: DatasetSkeleton, tmp_path: Path
) -> None:
    checkpoint = saved(tmp_path, name, results, stats, skeleton)
    cameras = json.loads((exported / "cameras.json").read_text())["cameras"]
    flags = [*flags_of(exported, cameras), "--checkpoint", str(checkpoint), "--output", str(tmp_path / "out")]
    assert run(["predict", *flags]) == 0
    found, expected = angles_of(tmp_path / "out"), generic_skeleton().coupled(evaluated(checkpoint, results))
    compared = np.ones(found.shape[1], dtype=bool)
    if not read_network(checkpoint, 9, 9).network.places:
        compared = ~generic_skeleton().coordinate_translational
    np.testing.assert_allclose(found[:, compared], expected[:, compared], atol=1e-3)
    assert np.ptp(expected[:, generic_skeleton().coordinate_names.index("knee_angle_r")]) > 1e-4
    summary = json.loads((tmp_path / "out/predict.json").read_text())
    assert summary["method"] == name
    assert any(f"network {name}" in note for note in summary["assumed"])


@pytest.mark.parametrize("name", MARKERS)
def test_markers_tell_what_evaluate_says(
    name: str, exported: Path, results: Path, stats: CoordinateStats, skeleton: DatasetSkeleton, tmp_path: Path
) -> None:
    checkpoint = saved(tmp_path, name, results, stats, skeleton)
    flags = [
        "--markers",
        str(exported / "walk.trc"),
        "--checkpoint",
        str(checkpoint),
        "--output",
        str(tmp_path / "out"),
    ]
    assert run(["predict", *flags, "--name", "walk"]) == 0
    expected = generic_skeleton().coupled(evaluated(checkpoint, results))
    np.testing.assert_allclose(angles_of(tmp_path / "out"), expected, atol=1e-3)


def test_a_trained_network_sees_another_rate_and_may_be_drawn_to_the_points(
    exported: Path, results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fit(Settings(shards=results, output=tmp_path / "fit", network="d3ke_tiny", steps=2, device="cpu"))
    content = torch.load(tmp_path / "fit/checkpoint.pt", weights_only=True)
    content["source"]["fps"] = 15.0
    torch.save(content, tmp_path / "half.pt")
    (name, *_) = json.loads((exported / "cameras.json").read_text())["cameras"]
    flags = [*flags_of(exported, {name: None}), "--checkpoint", str(tmp_path / "half.pt")]
    assert run(["predict", *flags, "--output", str(tmp_path / "out")]) == 0
    assert "learned at 15 frames per second" in capsys.readouterr().err
    plain = angles_of(tmp_path / "out")
    assert len(plain) == 20
    assert np.isfinite(plain).all()
    assert run(["predict", *flags, "--refine", "--output", str(tmp_path / "out")]) == 0
    errors = [reprojection(tmp_path / "out", name)]
    assert run(["predict", *flags, "--output", str(tmp_path / "out")]) == 0
    errors.append(reprojection(tmp_path / "out", name))
    assert errors[0] < errors[1]


def reprojection(output: Path, view: str) -> float:
    return float(json.loads((output / "predict.json").read_text())["views"][view]["reprojection_rms_px"])


def test_what_a_network_lacks_is_told(
    exported: Path, results: Path, stats: CoordinateStats, skeleton: DatasetSkeleton, tmp_path: Path
) -> None:
    mesh = saved(tmp_path, "mqhmr_tiny", results, stats, skeleton)
    with pytest.raises(BadInput, match="mqhmr_tiny, which tells no angles"):
        read_network(mesh, 1, 1)
    two = saved(tmp_path, "odah_tiny", results, stats, skeleton)
    with pytest.raises(BadInput, match="found 1 videos, expected 2, which odah_tiny looks at"):
        read_network(two, 1, 1)
    assert run(["predict", "--markers", str(exported / "walk.trc"), "--checkpoint", str(two), "--output",
                str(tmp_path / "out")]) == 2  # fmt: skip


def test_boxes_are_read_row_by_row(tmp_path: Path) -> None:
    (tmp_path / "boxes.csv").write_text("x0,y0,x1,y1\n1,2,30.5,40\n2,3,31,41\n")
    np.testing.assert_array_equal(read_boxes(tmp_path / "boxes.csv", 2, 90, 160), [[1, 2, 30.5, 40], [2, 3, 31, 41]])
    for text, message in (
        ("x0,y0,x1,y1\n1,2,3,4\n", "found 1 rows, expected 2"),
        ("x0,y0,x1,y1\n1,2,3,4\n5,2,3,4\n", "row 2: found 5,2,3,4"),
        ("x0,y0,x1,y1\n1,2,3,4\n5,2,nan,4\n", "row 2"),
        ("left,top\n1,2\n1,2\n", "x0"),
        ("x0,y0,x1,y1\n1,2,3\n1,2,3,4\n", "boxes: found"),
    ):
        (tmp_path / "boxes.csv").write_text(text)
        with pytest.raises(BadInput, match=message):
            read_boxes(tmp_path / "boxes.csv", 2, 90, 160)


def test_masks_are_those_of_the_video(tmp_path: Path) -> None:
    masks = np.zeros((3, 8, 6), bool)
    masks[:, 2:5, 1:3] = True
    np.savez(tmp_path / "masks.npz", masks=masks)
    (tmp_path / "pictures").mkdir()
    for frame, mask in enumerate(masks):
        Image.fromarray(mask.astype(np.uint8) * 255).save(tmp_path / f"pictures/frame_{frame + 8}.png")
    for source in ("masks.npz", "pictures"):
        given = read_masks(tmp_path / source, 3, 6, 8)
        np.testing.assert_array_equal(given.masks, masks)
        assert given.holds(np.array([1]), np.array([[[1.2, 2.4], [5.0, 2.0], [-3.0, 2.0]]])).tolist() == [
            [True, False, False]
        ]
    for source, message in (("none", "no such file"), ("masks.npz", "3 x 8 x 6, expected 4 frames")):
        with pytest.raises(BadInput, match=message):
            read_masks(tmp_path / source, 4, 6, 8)
    (tmp_path / "pictures/frame_9.png").write_bytes(b"no picture")
    with pytest.raises(BadInput, match=r"frame_9\.png"):
        read_masks(tmp_path / "pictures", 3, 6, 8)
