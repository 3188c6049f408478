"""Every variant of an AMASS file is read; every fault of one ends in one line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kinesynth.amass import AmassFile, read_amass, write_amass
from kinesynth.errors import BadInput

Write = Callable[..., Path]


def test_smplh(amass: Write) -> None:
    file = read_amass(amass())
    assert (file.model, file.gender, file.fps, file.n_frames, file.seconds) == ("smplh", "male", 120.0, 60, None)
    with np.load(file.path) as keys:
        np.testing.assert_array_equal(file.left_hand, keys["poses"][:, 66:111])
        np.testing.assert_array_equal(file.right_hand, keys["poses"][:, 111:156])


@pytest.mark.parametrize("gender", ["female", b"female", np.array("female"), np.array([b"female"]), "b'female'"])
def test_every_spelling_of_gender(amass: Write, gender: Any) -> None:
    assert read_amass(amass(gender=gender)).gender == "female"


@pytest.mark.parametrize("betas", [np.zeros(10), np.zeros(16), np.zeros(300), np.zeros((1, 16))])
def test_every_size_of_betas(amass: Write, betas: np.ndarray) -> None:
    assert read_amass(amass(betas=betas)).betas.shape == (betas.size,)


def test_stageii_and_its_split_keys_say_the_same(amass: Write) -> None:
    whole = read_amass(amass(model="smplx", mocap_framerate=None, mocap_frame_rate=120.0, mocap_time_length=0.5))
    with np.load(whole.path) as keys:
        poses = keys["poses"]
    split = {"root_orient": poses[:, :3], "pose_body": poses[:, 3:66], "pose_hand": poses[:, 75:]}
    parts = read_amass(amass("split.npz", poses=None, **split))
    assert (whole.model, whole.seconds, parts.model) == ("smplx", 0.5, "smplx")
    for name in ("root_orient", "pose_body", "left_hand", "right_hand"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(parts, name))


def test_an_object_array_beside_the_motion_is_never_touched(amass: Write) -> None:
    vertices = np.array([{"pickled": 1}], dtype=object)
    extra = {"markers_latent_vids": vertices, "dmpls": np.zeros((60, 8)), "marker_data": np.zeros((60, 5, 3))}
    assert read_amass(amass(**extra)).n_frames == 60


def bad_poses(shape: tuple[int, ...] = (60, 156), at: tuple[int, int] | None = None, value: float = np.nan) -> Any:
    poses = np.zeros(shape)
    if at:
        poses[at] = value
    return poses


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"poses": None}, "poses"),
        ({"trans": None}, "trans: found no such key"),
        ({"betas": None}, "betas: found no such key"),
        ({"mocap_framerate": None}, "mocap_framerate: found no such key"),
        ({"poses": bad_poses((60, 72))}, "shape (60, 72)"),
        ({"poses": bad_poses((10, 7))}, "shape (10, 7)"),
        ({"poses": bad_poses((0, 156)), "trans": np.zeros((0, 3))}, "no frames"),
        ({"poses": bad_poses(at=(3, 9))}, "nan at index (3, 9)"),
        ({"poses": bad_poses(at=(3, 9), value=np.inf)}, "inf at index (3, 9)"),
        ({"poses": bad_poses(at=(3, 9), value=1e6)}, "1e+06 rad"),
        ({"poses": np.full((60, 156), "a")}, "values of type"),
        ({"poses": np.full((60, 156), None)}, "unreadable data"),
        ({"trans": np.zeros((59, 3))}, "shape (59, 3), expected shape (60, 3)"),
        ({"trans": np.full((60, 3), 1e9)}, "1e+09 m"),
        ({"betas": np.zeros(7)}, "shape (7,)"),
        ({"gender": "robot"}, "'robot'"),
        ({"mocap_framerate": 0.0}, "mocap_framerate: found 0"),
        ({"mocap_framerate": 1e5}, "mocap_framerate: found 100000"),
        ({"mocap_framerate": [1.0, 2.0]}, "shape (2,)"),
    ],
)
def test_every_fault_is_one_line_that_names_the_key(amass: Write, changes: dict[str, Any], said: str) -> None:
    path = amass(**changes)
    with pytest.raises(BadInput) as error:
        read_amass(path)
    assert said in str(error.value)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", [b"", b"not an archive", b"PK\x03\x04 but no more"])
def test_what_is_no_archive(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file.npz"
    path.write_bytes(content)
    with pytest.raises(BadInput, match="no npz archive"):
        read_amass(path)
    with pytest.raises(BadInput, match="no such file"):
        read_amass(tmp_path / "missing.npz")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_damage_escapes_as_anything_else(amass: Write, data: st.DataObject) -> None:
    content = bytearray(amass("good.npz", frames=3).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = amass("damaged.npz", frames=3)
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))] if data.draw(st.booleans()) else content)
    try:
        read_amass(path)
    except BadInput as error:
        assert "\n" not in str(error)  # noqa: PT017


def test_round_trip_and_equal_bytes(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    shapes = {"trans": 3, "root_orient": 3, "pose_body": 63, "left_hand": 45, "right_hand": 45}
    arrays = {name: rng.normal(size=(20, width)) for name, width in shapes.items()}
    file = AmassFile(tmp_path / "a.npz", 59.94, "female", "smplx", np.arange(10.0), seconds=20 / 59.94, **arrays)
    write_amass(file)
    first = file.path.read_bytes()
    back = read_amass(file.path)
    write_amass(back)
    assert first == file.path.read_bytes()
    for name, array in arrays.items():
        np.testing.assert_array_equal(getattr(back, name), array)


def test_real_files(shared: Path) -> None:
    smplh, smplx = (
        read_amass(shared / "data/amass" / name) for name in ("amass_sample.npz", "A3-Swing_arms_stageii.npz")
    )
    assert (smplh.model, smplh.gender, smplh.n_frames, smplh.seconds) == ("smplh", "male", 601, None)
    assert (smplx.model, smplx.gender, smplx.n_frames) == ("smplx", "neutral", 1279)
    assert smplx.seconds == pytest.approx(smplx.n_frames / smplx.fps)
