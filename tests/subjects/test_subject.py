"""One shape per subject: drawn, taken from a file, or fitted to bone lengths."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kinesynth.body.bone_lengths import LENGTHS, lengths
from kinesynth.body.model import BodyModel
from kinesynth.errors import BadInput
from kinesynth.motion.subject import subject_shape, write_subject
from kinesynth.subjects.shape import Shape, fit_lengths

LIMBS = 4


def table(folder: Path, *rows: str) -> Path:
    path = folder / "clips.tsv"
    header = ["clip_id", "subject", "action", "split", "source", "path", "start", "end", "model"]
    path.write_text("\n".join("\t".join(row) for row in (header, *(row.split(",") for row in rows))) + "\n")
    return path


def amass_file(path: Path, betas: np.ndarray, gender: Any = "neutral", poses: int = 165) -> Path:
    upright = np.zeros((5, poses))
    upright[:, 0] = np.pi / 2
    motion = {"poses": upright, "trans": np.zeros((5, 3)), "mocap_framerate": 120.0}
    np.savez(path, betas=betas, gender=gender, **motion)
    return path


def shape(body: Path, clips: Path, subject: str, folder: Path, **options: Any) -> dict[str, Any]:
    output = folder / f"{subject}.json"
    subject_shape(body=body, clips=clips, subject=subject, output=output, log=folder / "log", **options)
    return json.loads(output.read_text())


def test_drawn_shapes_depend_on_seed_and_subject_alone(tmp_path: Path, free_path: Path) -> None:
    one = table(tmp_path, "a,s1,walking,train,procedural,,,,", "b,s2,walking,test,procedural,,,,")
    first = shape(free_path, one, "s1", tmp_path, seed=3)
    alone = table(tmp_path, "x,s1,squat,train,procedural,,,,")
    assert shape(free_path, alone, "s1", tmp_path, seed=3) == first
    assert shape(free_path, alone, "s1", tmp_path, seed=4)["betas"] != first["betas"]
    other = shape(free_path, table(tmp_path, "b,s2,walking,test,procedural,,,,"), "s2", tmp_path, seed=3)
    assert other["betas"] != first["betas"]
    assert other["split"] == "test"


def test_drawn_people_are_ordinary(tmp_path: Path, free_path: Path) -> None:
    clips = table(tmp_path, *(f"c{k},s{k},walking,train,procedural,,,," for k in range(6)))
    people = [shape(free_path, clips, f"s{k}", tmp_path) for k in range(6)]
    assert {person["sex"] for person in people} == {"male", "female"}
    for person in people:
        assert 1.4 < person["height_m"] < 2.1
        assert 18.4 < person["mass_kg"] / person["height_m"] ** 2 < 32.1
        assert person["mass_error_kg"] == person["height_error_m"] == 0.0
    assert shape(free_path, clips, "s0", tmp_path, density_kg_m3=1000.0)["mass_kg"] > people[0]["mass_kg"]


def test_lengths_of_a_known_shape_are_found_again(free: BodyModel) -> None:
    betas = np.array([0.8, -0.3, 0.5, 0.2, -0.4, 0.1, 0.3, 0.0, 0.0, 0.2])
    target = lengths(free.rest_joints(betas))
    fitted = fit_lengths(free, target, "neutral", 985.0)
    np.testing.assert_allclose(lengths(free.rest_joints(fitted))[:LIMBS], target[:LIMBS], atol=0.004)


def test_opensim_model_gives_lengths_and_mass(tmp_path: Path, free_path: Path, free: BodyModel, shared: Path) -> None:
    walking = shared / "data" / "walking"
    row = f"a,s1,walk,val,opensim,{walking / 'coordinates.sto'},,,{walking / 'subject_walk_scaled.osim'}"
    person = shape(free_path, table(tmp_path, row), "s1", tmp_path)
    assert person["mass_kg"] == pytest.approx(85.27, abs=0.01)
    found = lengths(free.rest_joints(np.array(person["betas"])))
    np.testing.assert_allclose(found[: LENGTHS.index("upper_arm")], [0.395, 0.465], atol=0.008)


MOTION = {"poses": np.zeros((5, 156)), "trans": np.zeros((5, 3)), "mocap_framerate": 120.0}
NANS, NO_BETAS = {**MOTION, "betas": np.full(16, np.nan)}, MOTION


@pytest.mark.parametrize(
    ("content", "names"),
    [(b"", "file"), (b"PK\x03\x04", "file"), (None, "walk.npz"), (NANS, "nan"), (NO_BETAS, "betas")],
)
def test_unreadable_motion_is_named_and_does_not_sink_the_subject(
    tmp_path: Path,
    free_path: Path,
    content: bytes | dict[str, np.ndarray] | None,
    names: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if isinstance(content, bytes):
        (tmp_path / "walk.npz").write_bytes(content)
    elif content is not None:
        np.savez(tmp_path / "walk.npz", **content)
    person = shape(free_path, table(tmp_path, "a,s1,walk,val,amass,walk.npz,,,"), "s1", tmp_path)
    assert person["shape_source"] == "drawn"
    message = capsys.readouterr().err
    assert "walk.npz" in message
    assert names in message
    assert message.count("\n") == 1


def test_unknown_subject_is_named(tmp_path: Path, free_path: Path) -> None:
    with pytest.raises(BadInput, match="nobody"):
        shape(free_path, table(tmp_path, "a,s1,walking,train,procedural,,,,"), "nobody", tmp_path)


def test_worn_markers_stand_on_record(tmp_path: Path, free: BodyModel) -> None:
    """On a line of their own, after everything that other subjects have, and read as any JSON."""
    worn = {"standing": True, "labels": ["r_knee"], "positions": [[[0.1, 0.5, None]]]}
    one = Shape(np.zeros(10), "neutral", "measured markers", worn=worn)
    plain, whole = tmp_path / "plain.json", tmp_path / "whole.json"
    for path, each in ((plain, replace(one, worn=None)), (whole, one)):
        write_subject(path, free, each, subject="anna", split="train", density_kg_m3=985.0)
    record = json.loads(whole.read_text())
    assert record.pop("worn") == worn
    assert record == json.loads(plain.read_text())
    assert len(whole.read_text().splitlines()) == len(plain.read_text().splitlines()) + 1
