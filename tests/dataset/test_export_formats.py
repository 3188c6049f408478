"""Each export, opened by the library that reads it."""

import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
import smplx
import torch
import webdataset
from PIL import Image
from pycocotools import mask as masks_of
from pycocotools.coco import COCO
from scipy.spatial.transform import Rotation

from kinesynth import cli
from kinesynth.amass import read_amass
from kinesynth.body.identity import FREE
from kinesynth.body.model import SmplxPose, load_body
from kinesynth.body.parts import parts
from kinesynth.dataset.export import export
from kinesynth.dataset.exports.picture_keypoints import (
    keypoints_in_view,
    picture_keypoints,
    picture_layout,
    skin_points,
)
from kinesynth.dataset.exports.smplx import Z_UP
from kinesynth.dataset.names import read_names
from kinesynth.dataset.record import ViewRecord
from kinesynth.dataset.video import decode_frames, unpack_masks
from kinesynth.errors import BadInput
from kinesynth.motion.recording import from_amass

CLIP = "clips/anna_walk"
JOINTS = {row.name: row.centres[0] for row in picture_keypoints() if len(row.centres) == 1}
# Halpe's points on the skin, and what smplx calls the vertices nearest to them.
SKIN = {"NOSE": 55, "REYE": 56, "LEYE": 57, "REAR": 58, "LEAR": 59, "LTOE": 60, "LTO5": 61, "LCAL": 62, "RTOE": 63,
        "RTO5": 64, "RCAL": 65}  # fmt: skip


@pytest.fixture(scope="module")
def exported(moving_shard: Path, free_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exports")
    flags = [f"--{name}={folder / name}" for name in ("smplx", "coco", "webdataset")]
    assert cli.run(["export", str(moving_shard), *flags, f"--body={free_path}"]) == 0
    return folder


def fitted(moving_shard: Path) -> SmplxPose:
    with h5py.File(moving_shard) as file:
        return SmplxPose.from_arrays({name: each[()] for name, each in file[CLIP]["smplx"].items()})


def test_smplx_poses_the_same_body(moving_shard: Path, exported: Path, free_path: Path) -> None:
    """In a world whose z is up; hands are flat and whole, as AMASS has them."""
    model = load_body(free_path)
    vertices, _ = model.pose(fitted(moving_shard))
    with np.load(exported / "smplx/anna/anna_walk_stageii.npz") as file:
        arrays = {name: torch.as_tensor(file[name]) for name in ("trans", "root_orient", "pose_body", "pose_hand")}
        betas = torch.as_tensor(file["betas"])
        assert (str(file["surface_model_type"]), float(file["mocap_frame_rate"])) == ("free", 30.0)
        assert file["poses"].shape == (len(vertices), 165)
    assert isinstance(model.layer, smplx.SMPLX)
    zeros = torch.zeros(len(vertices), 3, dtype=torch.float64)
    posed = model.layer(
        betas=betas.expand(len(vertices), -1),
        global_orient=arrays["root_orient"],
        body_pose=arrays["pose_body"],
        left_hand_pose=arrays["pose_hand"][:, :45],
        right_hand_pose=arrays["pose_hand"][:, 45:],
        transl=arrays["trans"],
        expression=torch.zeros(len(vertices), 10, dtype=torch.float64),
        jaw_pose=zeros,
        leye_pose=zeros,
        reye_pose=zeros,
    ).vertices.numpy()
    np.testing.assert_allclose(Z_UP.inv().apply(posed.reshape(-1, 3)), vertices.reshape(-1, 3), atol=1e-6)


def test_smplx_comes_back_through_the_pipelines_reader(moving_shard: Path, exported: Path) -> None:
    file = read_amass(exported / "smplx/anna/anna_walk_stageii.npz")
    back, before = from_amass(file), fitted(moving_shard)
    np.testing.assert_allclose(back.poses[:, :3], before.global_orient, atol=1e-6)
    np.testing.assert_allclose(back.poses[:, 3:66], before.body_pose, atol=1e-6)
    np.testing.assert_allclose(back.poses[:, 66:111], before.left_hand_pose, atol=1e-6)
    np.testing.assert_allclose(back.root - back.root[0], before.transl - before.transl[0], atol=1e-6)
    assert (file.model, file.gender) == (FREE.surface_model, FREE.gender)  # the betas are its own, and are used


@pytest.mark.parametrize(("behind", "shown"), [(1.0, {"nose", "left_eye", "right_ear"}), (-1.0, {"right_ear"})])
def test_faces_are_seen_from_the_front(behind: float, shown: set[str], free_path: Path) -> None:
    model = load_body(free_path)
    skin = skin_points(picture_layout(model), *model.pose(SmplxPose.rest(np.zeros(10))))
    turn = np.diag([-behind, -1.0, -behind])  # a camera before or behind a person who looks along z
    look = np.eye(4)
    look[:3, :3], look[:3, 3] = turn, [0.0, skin.places[0, :, 1].max() - 0.1, 3.0]
    head = np.full((1, 200, 200), 1 + [part.name for part in parts()].index("head"), np.uint8)
    arrays = {
        "K": np.array([[400.0, 0.0, 100.0], [0.0, 400.0, 100.0], [0.0, 0.0, 1.0]]),
        "world_to_camera": look,
        "parts": head,
        "keypoints_2d": np.zeros((1, 56, 2)),
        "visibility": np.zeros((1, 56), np.uint8),
    }
    bodies = tuple(body for row in picture_keypoints() for body in row.centres)
    _, visibility = keypoints_in_view(ViewRecord(arrays, {"height": 200, "width": 200}), bodies, skin)
    names = [row.name for row in picture_keypoints()]
    seen = {name for name in ("nose", "left_eye", "right_ear") if visibility[0, names.index(name)] == 2}
    assert seen == shown


def test_faces_and_feet_are_where_smplx_has_them(free_path: Path) -> None:
    """Halpe's landmarks, by rules on any mesh, lie within 4 cm of the vertices that smplx names after them."""
    model, pose = load_body(free_path), SmplxPose.rest(np.zeros(10))
    skin = skin_points(picture_layout(model), *model.pose(pose))
    assert set(skin.names) == {*SKIN, "HTOP"}
    named = model.keypoints(pose)[0]
    apart = {name: np.linalg.norm(skin.places[0, skin.names.index(name)] - named[at]) for name, at in SKIN.items()}
    assert max(apart.values()) < 0.04, apart


def test_coco_reads_boxes_masks_and_keypoints(moving_shard: Path, exported: Path) -> None:
    with h5py.File(moving_shard) as file:
        view = {name: each[()] for name, each in file[CLIP]["views/frontal"].items()}
        height, width = (int(file[CLIP]["views/frontal"].attrs[name]) for name in ("height", "width"))
        bodies = read_names(file["skeleton"]).bodies
    masks = unpack_masks(view["mask"], height, width)
    for name, count in {"person_keypoints": 17, "halpe26": 26}.items():
        coco = COCO(exported / f"coco/{name}_train.json")
        chosen = [image for image in coco.imgs.values() if (image["clip"], image["camera"]) == ("anna_walk", "frontal")]
        assert [image["frame"] for image in chosen] == list(range(20))
        names = coco.cats[1]["keypoints"]
        assert len(names) == count
        assert {coco.dataset["licenses"][image["license"] - 1]["name"] for image in chosen} == {"free"}
        for image in chosen:
            (person,) = coco.loadAnns(coco.getAnnIds(imgIds=image["id"]))
            frame = image["frame"]
            np.testing.assert_array_equal(coco.annToMask(person), masks[frame])
            box = masks_of.toBbox(person["segmentation"])
            np.testing.assert_allclose(person["bbox"], box, atol=1e-3)
            found = np.array(person["keypoints"]).reshape(count, 3)
            for keypoint, body in JOINTS.items():
                if keypoint not in names:
                    continue
                seen = view["visibility"][frame, bodies.index(body)]
                expected = view["keypoints_2d"][frame, bodies.index(body)] if seen else (0.0, 0.0)
                np.testing.assert_allclose(found[names.index(keypoint)], (*expected, seen), atol=0.006)
            assert person["num_keypoints"] == (found[:, 2] > 0).sum()
    picture = np.asarray(Image.open(exported / "coco" / chosen[0]["file_name"]))
    assert np.abs(picture.astype(int) - decode_frames(view["video"], 0, 1)[0]).mean() < 4.0


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # it leaves its files open
def test_webdataset_reads_a_sample_per_clip(moving_shard: Path, exported: Path) -> None:
    samples = list(webdataset.WebDataset(str(exported / "webdataset/anna_000.tar"), shardshuffle=False))
    assert [sample["__key__"] for sample in samples] == ["anna_walk", "anna_squat"]
    told = json.loads(samples[0]["clip.json"])
    labels = np.load(io.BytesIO(samples[0]["labels.npz"]))
    with h5py.File(moving_shard) as file:
        clip = file[CLIP]
        np.testing.assert_array_equal(labels["grf.force"], clip["grf/force"])
        np.testing.assert_array_equal(labels["angles"], clip["angles"])
        assert samples[0]["frontal.mp4"] == clip["views/frontal/video"][()].tobytes()
        assert told["person"]["mass_kg"] == file.attrs["mass_kg"]
        assert tuple(told["coordinate_names"]) == read_names(file["skeleton"]).coordinates


def test_equal_shards_give_equal_tars(moving_shard: Path, exported: Path, tmp_path: Path) -> None:
    export([moving_shard], webdataset=tmp_path / "again")
    first, second = (folder / "anna_000.tar" for folder in (exported / "webdataset", tmp_path / "again"))
    assert first.read_bytes() == second.read_bytes()


def test_what_is_missing_is_told(moving_shard: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="format: found none, expected one of --opensim, --smplx"):
        export([moving_shard])
    with pytest.raises(BadInput, match=r"body: found nothing, expected the body model, for the landmarks of faces"):
        export([moving_shard], coco=tmp_path / "coco")
    assert not list(tmp_path.iterdir())


def test_what_stands_in_a_folder_is_not_taken_away(moving_shard: Path, tmp_path: Path) -> None:
    thesis = tmp_path / "home" / "thesis.txt"
    thesis.parent.mkdir()
    thesis.write_text("years of work")
    with pytest.raises(BadInput, match=r"folder: found thesis.txt in it, expected nothing that this export"):
        export([moving_shard], webdataset=thesis.parent)
    inside = shutil.copy(moving_shard, thesis.parent)
    with pytest.raises(BadInput, match=r"folder: found .*anna_000.h5 in it, expected a folder of its own"):
        export([Path(inside)], webdataset=thesis.parent)
    with pytest.raises(BadInput, match=r"folder: found a file, expected a folder"):
        export([moving_shard], webdataset=thesis)
    assert thesis.read_text() == "years of work"


def test_formats_and_shards_do_not_write_over_each_other(moving_shard: Path, free_path: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="expected a folder of its own for each format"):
        export([moving_shard], webdataset=tmp_path / "all", smplx=tmp_path / "all", body=free_path)
    copy = tmp_path / "other" / moving_shard.name
    copy.parent.mkdir()
    shutil.copy(moving_shard, copy)
    with pytest.raises(BadInput, match=r"shards: found the name of .*anna_000.h5 too, expected each name once"):
        export([moving_shard, copy], webdataset=tmp_path / "tars")
    renamed = copy.rename(copy.with_name("anna_001.h5"))
    with pytest.raises(BadInput, match=r"clips: found anna_\w+, which .*anna_000.h5 has too, expected each clip once"):
        export([moving_shard, renamed], smplx=tmp_path / "bodies", body=free_path)
    assert [each.name for each in tmp_path.iterdir()] == ["other"]


def test_coco_without_pictures_is_told(moving_shard: Path, free_path: Path, tmp_path: Path) -> None:
    blind = Path(shutil.copy(moving_shard, tmp_path / "anna_000.h5"))
    with h5py.File(blind, "r+") as file:
        for clip in file["clips"].values():
            del clip["views"]
            clip.create_group("views")
    with pytest.raises(BadInput, match="views: found none, expected pictures to annotate"):
        export([blind], coco=tmp_path / "coco", body=free_path)


def test_the_visualizers_bodies_stand_where_the_shards_do(moving_shard: Path, tmp_path: Path) -> None:
    """Its rotations are body-fixed about x, y, z, as OpenCap writes them: they carry a body's own mass centre."""
    export([moving_shard], visualizer=tmp_path / "visualizer")
    told = json.loads((tmp_path / "visualizer/anna_walk.json").read_text())
    with h5py.File(moving_shard) as file:
        keypoints = file[f"{CLIP}/keypoints"][()]
        names = read_names(file["skeleton"]).bodies
        centres = file["skeleton/mass_centres"][()]
        scales = file[f"{CLIP}/scales"][()]
    np.testing.assert_allclose(told["time"], np.arange(20) / 30.0, atol=1e-5)
    assert len(told["bodies"]) >= 20
    for body, each in told["bodies"].items():
        at = names.index(body)
        place = scales[at] * ([0.02, -0.125, 0.0] if body == "torso" else 0.0)  # the back joint, where the mesh begins
        origin = keypoints[:, at] + Rotation.from_euler("XYZ", each["rotation"]).apply(np.broadcast_to(place, 3))
        np.testing.assert_allclose(each["translation"], origin, atol=2e-5)
        turned = Rotation.from_euler("XYZ", each["rotation"]).apply(centres[at] - place)
        np.testing.assert_allclose(turned + each["translation"], keypoints[:, len(names) + at], atol=5e-5)
        np.testing.assert_allclose(each["scaleFactors"], scales[at], atol=1e-5)
        assert all(name.endswith(".vtp") for name in each["attachedGeometries"])


def test_plain_formats_need_no_other_packages(moving_shard: Path, tmp_path: Path) -> None:
    """After a plain `pip install`, without SciPy and Pillow."""
    code = (
        "import sys; sys.modules.update(scipy=None, PIL=None, torch=None); from kinesynth import cli; "
        f"sys.exit(cli.run(['export', {str(moving_shard)!r}, '--opensim', 'opensim', '--webdataset', 'tars']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
