"""BEDLAM's npz, read as codebases that train on it do: numpy, smplx, and the addition of `trans_cam` and `cam_ext`."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from PIL import Image

from kinesynth import cli
from kinesynth.body.model import load_body
from kinesynth.dataset.camera import CORNER, camera_of, project
from kinesynth.dataset.exports.pictures import without_lens
from kinesynth.dataset.names import read_names
from kinesynth.dataset.record import ViewRecord, read_clip
from kinesynth.geometry.projection import distort
from shard_factory import encode

CLIP = "clips/anna_walk"
Rows = dict[str, np.ndarray]


@pytest.fixture(scope="module")
def folder(moving_shard: Path, free_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export of a shard whose person stands where the cameras look, but for the first five frames of one clip."""
    shard = Path(shutil.copy(moving_shard, tmp_path_factory.mktemp("shard")))
    with h5py.File(shard, "r+") as file:
        path = file[f"{CLIP}/smplx/transl"]
        path[...] += [0.0, 1.2, 0.0]
        path[:5] += [0.0, 5.0, 0.0]
    folder = tmp_path_factory.mktemp("exports") / "bedlam"
    assert cli.run(["export", str(shard), f"--bedlam={folder}", f"--body={free_path}"]) == 0
    shutil.copy(shard, folder.with_name("shard.h5"))
    return folder


@pytest.fixture(scope="module", params=["frontal", "sagittal"])
def rows(folder: Path, request: pytest.FixtureRequest) -> Rows:
    with np.load(folder / f"train/anna_000_{request.param}.npz", allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    walks = np.char.startswith(arrays["imgname"], f"images/anna_walk/{request.param}/")
    names = arrays.pop("skeleton_names")
    return {**{name: array[walks] for name, array in arrays.items()}, "skeleton_names": names}


def smplx_posed(body: Path, pose: np.ndarray, betas: np.ndarray, transl: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return vertices and joints of rows, by the package `smplx` alone."""
    columns = {"global_orient": 3, "body_pose": 63, "jaw_pose": 3, "leye_pose": 3, "reye_pose": 3,
               "left_hand_pose": 45, "right_hand_pose": 45}  # fmt: skip
    parts = np.split(pose, np.cumsum(list(columns.values()))[:-1], axis=1)
    poses = {name: torch.as_tensor(part) for name, part in zip(columns, parts, strict=True)}
    output = load_body(body).layer(
        betas=torch.as_tensor(betas),
        transl=torch.as_tensor(transl),
        expression=torch.zeros(len(pose), 10, dtype=torch.float64),
        **poses,
    )
    return output.vertices.numpy(), output.joints.numpy()


def projected(in_camera: np.ndarray, K: np.ndarray) -> np.ndarray:
    homogeneous = np.einsum("tij,tnj->tni", K, in_camera / in_camera[..., 2:])
    return homogeneous[..., :2]


def shard_view(folder: Path, rows: Rows) -> tuple[ViewRecord, np.ndarray]:
    camera = str(rows["imgname"][0]).split("/")[2]
    frames = np.array([int(Path(str(name)).stem) for name in rows["imgname"]])
    with h5py.File(folder.with_name("shard.h5")) as file:
        return read_clip(file[CLIP]).views[camera], frames


def test_a_reader_finds_every_key_in_the_shape_it_knows(rows: Rows) -> None:
    count = len(rows["imgname"])
    shapes = {"center": (2,), "scale": (), "pose_cam": (165,), "pose_world": (165,), "shape": (10,), "trans_cam": (3,),
              "trans_world": (3,), "gtkps": (127, 3), "cam_int": (3, 3), "cam_ext": (4, 4), "gender": (),
              "motion_info": (), "sub": (), "imgname": ()}  # fmt: skip
    assert {name: rows[name].shape[1:] for name in shapes} == shapes
    assert {len(rows[name]) for name in shapes} == {count}
    assert set(rows["sub"]) == {"anna"}
    (told,) = {str(each) for each in rows["motion_info"]}
    expected = {"action": "walk", "source_path": "", "seconds": [0.0, 0.6667], "babel_id": "", "license": "free"}
    assert json.loads(told) == expected
    assert (rows["cam_int"][:, :2, 2] == [48.0, 36.0]).all()  # the middle of 96 x 72 pixels, counted from the corner


def test_the_body_stands_where_the_shards_camera_sees_it(folder: Path, rows: Rows, free_path: Path) -> None:
    view, frames = shard_view(folder, rows)
    K, world_to_camera, _ = camera_of(view.arrays)
    with h5py.File(folder.with_name("shard.h5")) as file:
        arrays = {name: each[()][frames] for name, each in file[f"{CLIP}/smplx"].items() if name != "betas"}
        betas = file[f"{CLIP}/smplx/betas"][()].astype(float)
    model = load_body(free_path)
    parts = [arrays[n] for n in ("global_orient", "body_pose")], [arrays[f"{s}_hand_pose"] for s in ("left", "right")]
    whole = np.concatenate([*parts[0], np.zeros((len(frames), 9)), *parts[1]], axis=1).astype(float)
    world, _ = smplx_posed(free_path, whole, np.tile(betas, (len(frames), 1)), arrays["transl"].astype(float))
    expected, _ = project(world, K, world_to_camera)
    vertices, joints = smplx_posed(free_path, rows["pose_cam"], rows["shape"], rows["trans_cam"])
    assert vertices.shape[1] == model.n_vertices
    beside = rows["cam_ext"][:, None, :3, 3]
    np.testing.assert_allclose(projected(vertices + beside, rows["cam_int"]), expected + CORNER, atol=1e-4)
    np.testing.assert_allclose(projected(joints + beside, rows["cam_int"]), rows["gtkps"][..., :2], atol=1e-4)


def test_cam_ext_leads_from_the_world_to_the_camera(rows: Rows, free_path: Path) -> None:
    _, in_camera = smplx_posed(free_path, rows["pose_cam"], rows["shape"], rows["trans_cam"])
    _, in_world = smplx_posed(free_path, rows["pose_world"], rows["shape"], rows["trans_world"])
    through = np.einsum("tij,tnj->tni", rows["cam_ext"][:, :3, :3], in_world) + rows["cam_ext"][:, None, :3, 3]
    np.testing.assert_allclose(through, in_camera + rows["cam_ext"][:, None, :3, 3], atol=1e-6)
    assert (in_world[:, 15, 1] < in_world[:, 7, 1]).mean() > 0.9  # heads are above ankles: y points down


def test_the_shards_keypoints_are_there_too(folder: Path, rows: Rows) -> None:
    view, frames = shard_view(folder, rows)
    np.testing.assert_allclose(
        rows["skeleton_keypoints"][..., :2] - CORNER, view.arrays["keypoints_2d"][frames], atol=0.01
    )
    np.testing.assert_array_equal(rows["skeleton_keypoints"][..., 2], view.arrays["visibility"][frames])
    with h5py.File(folder.with_name("shard.h5")) as file:
        bodies = read_names(file["skeleton"]).bodies
    assert tuple(rows["skeleton_names"][: len(bodies)]) == bodies


def test_people_out_of_the_picture_have_no_row_and_others_a_square(folder: Path, rows: Rows) -> None:
    _, frames = shard_view(folder, rows)
    assert set(frames) == set(range(5, 20))
    with Image.open(folder / str(rows["imgname"][0])) as picture:
        size = picture.size
    assert size == (96, 72)
    points = rows["gtkps"][:, :22, :2]
    inside = ((points >= 0) & (points <= size)).all(axis=-1)
    reach = np.abs(points - rows["center"][:, None]).max(axis=-1)
    half = rows["scale"][:, None] * 200.0 / 2.0
    assert (reach <= half)[inside].all()
    np.testing.assert_allclose(np.where(inside, reach, 0.0).max(axis=1), half[:, 0] / 1.2, atol=1e-6)


def test_the_lens_is_taken_out_of_pictures() -> None:
    """A spot that the lens shows off its place is where the pinhole's K projects it."""
    K = np.array([[90.0, 0.0, 63.5], [0.0, 90.0, 47.5], [0.0, 0.0, 1.0]])
    lens = np.array([-0.2, 0.02, 0.001, -0.001, 0.0])
    spot = np.array([20.0, 20.0])
    shown = distort((spot - K[:2, 2]) / 90.0, lens) * 90.0 + K[:2, 2]
    assert np.linalg.norm(shown - spot) > 3.0
    rows, columns = np.mgrid[:96, :128]
    frame = np.hypot(columns - shown[0], rows - shown[1]) < 5.0
    arrays = {"video": encode(frame[None]), "bbox": np.zeros((1, 4)), "K": K, "world_to_camera": np.eye(4)}
    view = ViewRecord({**arrays, "distortion": lens}, {"height": 96, "width": 128})
    (bare,) = without_lens(replace(view, arrays=arrays))
    (straight,) = without_lens(view)
    for pixels, expected in ((bare, shown), (straight, spot)):
        weight = np.clip(pixels[..., 0].astype(float) - 100.0, 0.0, None)
        place = np.array([(weight * columns).sum(), (weight * rows).sum()]) / weight.sum()
        np.testing.assert_allclose(place, expected, atol=0.4)


def test_a_body_or_pictures_that_are_missing_are_told(
    moving_shard: Path, free_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["export", str(moving_shard), f"--bedlam={tmp_path / 'x'}"]) == 2
    assert "body: found nothing, expected the body model, for its joints" in capsys.readouterr().err
    blind = Path(shutil.copy(moving_shard, tmp_path / "anna_000.h5"))
    with h5py.File(blind, "r+") as file:
        for clip in file["clips"].values():
            del clip["views"]
            clip.create_group("views")
    assert cli.run(["export", str(blind), f"--bedlam={tmp_path / 'x'}", f"--body={free_path}"]) == 2
    said = capsys.readouterr().err
    assert "views: found none, expected pictures to annotate" in said
    assert "the free body's, which no SMPL-X file takes" in said
