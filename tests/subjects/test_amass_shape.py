"""Betas of an AMASS file are used where they belong to the body; else its markers or its motion tell the size."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kinesynth.amass import read_amass
from kinesynth.body.bone_lengths import leg_length, lengths, smplx_lengths
from kinesynth.body.free.build import build_body
from kinesynth.body.identity import licensed
from kinesynth.body.model import BodyModel, load_body
from kinesynth.clips import ClipRow, write_clips
from kinesynth.errors import BadInput
from kinesynth.motion.subject import subject_shape
from kinesynth.subjects.amass_shape import require_own_betas, shape_of_amass

LIMBS = 4


def amass_file(path: Path, betas: np.ndarray, gender: Any = "neutral", poses: int = 165, height: float = 0.93) -> Path:
    """Write a file of somebody who stands still, the pelvis at a height."""
    upright = np.zeros((60, poses))
    upright[:, 0] = np.pi / 2
    motion = {"poses": upright, "trans": np.tile([0.0, 0.0, height], (60, 1)), "mocap_framerate": 120.0}
    np.savez(path, betas=betas, gender=gender, **motion)
    return path


def row(path: Path) -> ClipRow:
    return ClipRow("a", "s1", "walk", "train", "amass", path)


@pytest.fixture
def official(tmp_path: Path, licensed_path: Path) -> BodyModel:
    """A user's SMPLX_NEUTRAL.npz, as `build-body` hands it on."""
    build_body(model=str(licensed_path), output=tmp_path / "model.npz")
    return load_body(tmp_path / "model.npz")


def test_licensed_body_keeps_its_own_betas(tmp_path: Path, official: BodyModel) -> None:
    betas = np.linspace(-1.0, 1.0, 16)
    shape = shape_of_amass(official, [row(amass_file(tmp_path / "walk.npz", betas))], 985.0)
    np.testing.assert_array_equal(shape.betas, betas[:10])
    assert (shape.sex, shape.source, shape.amass_size) == ("neutral", "betas of the file", None)


@pytest.mark.parametrize(
    ("gender", "poses", "said"),
    [
        ("male", 165, "found smplx, male, expected smplx, neutral, as SMPLX_NEUTRAL.npz; set body.model to SMPLX_MALE"),
        ("male", 156, "found smplh, male, expected smplx, neutral, as SMPLX_NEUTRAL.npz; take this motion from AMASS"),
        ("neutral", 156, "found smplh, neutral, expected smplx, neutral"),
    ],
)
def test_licensed_body_refuses_the_betas_of_another(
    tmp_path: Path, official: BodyModel, gender: str, poses: int, said: str
) -> None:
    path = amass_file(tmp_path / "walk.npz", np.ones(16), gender, poses)
    with pytest.raises(BadInput) as error:
        shape_of_amass(official, [row(path)], 985.0)
    assert str(error.value).startswith(f"{path}: betas: {said}")
    assert "\n" not in str(error.value)


def test_a_gendered_body_takes_files_of_its_gender(tmp_path: Path, licensed_path: Path) -> None:
    path = licensed_path.rename(tmp_path / "SMPLX_FEMALE.npz")
    build_body(model=str(path), output=tmp_path / "model.npz")
    model = load_body(tmp_path / "model.npz")
    require_own_betas(read_amass(amass_file(tmp_path / "hers.npz", np.zeros(10), np.array(b"female"))), model)
    with pytest.raises(BadInput, match="SMPLX_NEUTRAL"):
        require_own_betas(read_amass(amass_file(tmp_path / "neutral.npz", np.zeros(10))), model)


def test_free_body_takes_the_proportions_of_neutral_smplx(tmp_path: Path, free: BodyModel) -> None:
    betas = np.array([1.0, 0.5, -0.5, 0.3, 0.0, 0.2, 0.0, 0.0, 0.1, 0.0])
    shape = shape_of_amass(free, [row(amass_file(tmp_path / "walk.npz", betas))], 985.0)
    mean = np.zeros(10)
    wanted = lengths(free.rest_joints(mean)) * smplx_lengths(betas) / smplx_lengths(mean)
    np.testing.assert_allclose(lengths(free.rest_joints(shape.betas))[:LIMBS], wanted[:LIMBS], atol=0.006)
    assert shape.source == "bone lengths of the file's betas"


@pytest.mark.parametrize(("gender", "poses"), [("male", 156), ("female", 165), ("neutral", 156)])
def test_free_body_takes_other_peoples_size_from_the_motion(
    tmp_path: Path, free: BodyModel, gender: str, poses: int
) -> None:
    legs = []
    for name, height in (("small", 0.82), ("tall", 0.98)):
        path = amass_file(tmp_path / f"{name}.npz", np.full(16, 2.0), gender, poses, height)
        shape = shape_of_amass(free, [row(path)], 985.0)
        assert shape.amass_size == pytest.approx(height / 0.935, abs=0.05)
        assert "betas are not used" in shape.source
        assert "from the motion" in shape.source
        assert shape.sex == gender
        legs.append(leg_length(free.rest_joints(shape.betas)))
    assert 1.10 < legs[1] / legs[0] < 1.20


def test_one_person_by_markers_and_by_motion(tmp_path: Path, free_path: Path, free: BodyModel, shared: Path) -> None:
    """His SMPL+H betas, read as neutral SMPL-X's, make him 1.86 m and 89 kg; his markers say 1.59 m and 56 kg."""
    real = shared / "data/amass/amass_sample.npz"
    with np.load(real) as keys:
        np.savez(tmp_path / "stripped.npz", **{name: keys[name] for name in keys.files if "marker" not in name})
    people = {}
    for name, path in (("markers", real), ("motion", tmp_path / "stripped.npz")):
        write_clips(tmp_path / "clips.tsv", [row(path)])
        subject_shape(body=free_path, clips=tmp_path / "clips.tsv", subject="s1", output=tmp_path / "s1.json")
        people[name] = json.loads((tmp_path / "s1.json").read_text())
    assert people["markers"]["shape_source"].startswith("measured markers of the AMASS file")
    assert 1.54 < people["markers"]["height_m"] < 1.70
    assert people["markers"]["mass_kg"] == pytest.approx(56.0, abs=6.0)
    shank = lengths(free.rest_joints(np.array(people["markers"]["betas"])))[1]
    assert 0.35 < shank < 0.39
    assert people["motion"]["shape_source"].startswith("leg length from the motion, +- 4 %")
    assert people["motion"]["height_m"] == pytest.approx(people["markers"]["height_m"], abs=0.10)
    assert people["motion"]["mass_kg"] == pytest.approx(56.0, abs=12.0)


@pytest.mark.parametrize(
    ("name", "gender"),
    [("SMPLX_NEUTRAL.npz", "neutral"), ("smplx_male_v1.1.npz", "male"), ("SMPLX_FEMALE.npz", "female")],
)
def test_names_tell_the_gender_of_licensed_files(name: str, gender: str) -> None:
    assert licensed(Path(name)).gender == gender
    assert not licensed(Path(name)).is_free


def test_a_licensed_file_of_unknown_gender_is_asked_about(tmp_path: Path, licensed_path: Path) -> None:
    path = licensed_path.rename(tmp_path / "model_of_mine.npz")
    with pytest.raises(BadInput, match=r"body\.gender"):
        build_body(model=str(path), output=tmp_path / "out.npz")
    build_body(model=str(path), gender="male", output=tmp_path / "out.npz")
    identity = load_body(tmp_path / "out.npz").identity
    assert (identity.name, identity.gender, identity.surface_model) == ("model_of_mine.npz", "male", "smplx")


def test_the_free_body_says_that_it_is_free(free: BodyModel) -> None:
    assert free.identity.is_free
    assert free.identity.license.startswith("CC0")


def test_a_licensed_file_with_our_optional_arrays_stays_licensed(
    tmp_path: Path, licensed_arrays: dict[str, np.ndarray]
) -> None:
    ours = {"sex_betas_mean": np.zeros((2, 10)), "sex_betas_covariance": np.tile(np.eye(10), (2, 1, 1))}
    np.savez(tmp_path / "SMPLX_MALE.npz", **licensed_arrays, **ours)
    build_body(model=str(tmp_path / "SMPLX_MALE.npz"), output=tmp_path / "model.npz")
    assert load_body(tmp_path / "model.npz").identity.license == "LicenseRef-SMPL-X"
