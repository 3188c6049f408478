"""What is stated of a person overrides what is estimated, in the shape too, and is held against the recording."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kinesynth.body.bone_lengths import LEG, lengths
from kinesynth.body.model import BodyModel
from kinesynth.errors import ClipRejected
from kinesynth.geometry.mesh import volume
from kinesynth.motion.subject import subject_shape
from kinesynth.stated import NOTHING, Stated
from kinesynth.subjects.shape import Shape, height
from kinesynth.subjects.stated_shape import errors_of, require_consistent, with_file_mass, with_stated

DENSITY = 985.0


@pytest.fixture
def worn() -> Shape:
    """A body as markers tell it."""
    return Shape(
        np.array([0.5, -0.4, 0.3, 0.0, 0.2, 0.0, 0.0, 0.1, 0.0, 0.0]), "neutral", "measured markers", basis="skin"
    )


def measured(model: BodyModel, betas: np.ndarray) -> tuple[float, float, np.ndarray]:
    vertices = model.rest_vertices(betas)
    return height(vertices), DENSITY * volume(vertices, model.faces), lengths(model.rest_joints(betas))


def test_mass_and_height_are_met_and_legs_stay(free: BodyModel, worn: Shape) -> None:
    tall, mass, bones = measured(free, worn.betas)
    stated = Stated(mass + 12.0, tall + 0.02, "male")
    met = with_stated(free, worn, stated, DENSITY)
    new_tall, new_mass, new_bones = measured(free, met.betas)
    assert new_tall == pytest.approx(tall + 0.02, abs=0.01)
    assert new_mass == pytest.approx(mass + 12.0, abs=2.0)
    np.testing.assert_allclose(new_bones[: len(LEG)], bones[: len(LEG)], atol=0.006)
    assert (met.mass_kg, met.sex) == (mass + 12.0, "male")
    assert errors_of(free, met, stated, DENSITY) == (0.0, 0.0)


def test_betas_that_are_the_files_own_stay(free: BodyModel, worn: Shape) -> None:
    own = Shape(worn.betas, "female", "betas of the file", basis="betas")
    met = with_stated(free, own, Stated(mass=80.0), DENSITY)
    np.testing.assert_array_equal(met.betas, own.betas)
    assert met.mass_kg == 80.0


def test_an_estimate_has_an_error(free: BodyModel, worn: Shape) -> None:
    mass, tall = errors_of(free, worn, NOTHING, DENSITY)
    assert 2.0 < mass < 12.0
    assert 0.003 < tall < 0.05
    loose = Shape(
        worn.betas, "neutral", "leg length from the motion", length_spread_m=np.array([0.03, 0.03, *[np.inf] * 5])
    )
    assert errors_of(free, loose, NOTHING, DENSITY)[1] > tall
    assert errors_of(free, worn, Stated(height=1.7), DENSITY)[1] == 0.0


def test_a_height_far_from_the_recordings_is_refused(free: BodyModel, worn: Shape) -> None:
    tall, _, _ = measured(free, worn.betas)
    require_consistent(free, worn, Stated(height=1.05 * tall), DENSITY)
    with pytest.raises(ClipRejected, match="measured markers; correct the column height"):
        require_consistent(free, worn, Stated(height=1.12 * tall), DENSITY)
    with pytest.raises(ClipRejected, match="correct the column mass"):
        require_consistent(free, worn, Stated(mass=250.0), DENSITY)


def test_a_files_own_mass_is_taken_where_it_can_be_the_persons(
    free: BodyModel, worn: Shape, capsys: pytest.CaptureFixture[str]
) -> None:
    _, mass, _ = measured(free, worn.betas)
    said = replace(worn, file_mass_kg=mass + 8.0)
    assert with_file_mass(free, "s1", said, NOTHING, DENSITY) == Stated(mass=mass + 8.0)
    assert f"s1: mass {mass + 8.0:g} kg, as the files state it" in capsys.readouterr().err
    assert with_file_mass(free, "s1", said, Stated(mass=70.0), DENSITY) == Stated(mass=70.0)
    pounds = replace(worn, file_mass_kg=2.2 * mass)
    assert with_file_mass(free, "s1", pounds, Stated(height=1.7), DENSITY) == Stated(height=1.7)
    assert "is not taken" in capsys.readouterr().err
    assert with_file_mass(free, "s1", worn, NOTHING, DENSITY) is NOTHING


@pytest.mark.parametrize(
    ("stated", "says"),
    [
        ({"mass": "66", "height": "1.72", "sex": "female"}, {"mass_kg": 66.0, "height_m": 1.72, "sex": "female"}),
        ({"sex": "male"}, {"sex": "male"}),
        ({"height": "1.6"}, {"height_m": 1.6}),
    ],
)
def test_a_drawn_person_is_as_stated(
    tmp_path: Path, free_path: Path, free: BodyModel, stated: dict[str, str], says: dict[str, Any]
) -> None:
    header = ("clip_id", "subject", "action", "split", "source", "path", "start", "end", *stated)
    row = ("a", "s1", "walking", "train", "procedural", "", "", "", *stated.values())
    (tmp_path / "clips.tsv").write_text("\n".join("\t".join(line) for line in (header, row)) + "\n")
    subject_shape(body=free_path, clips=tmp_path / "clips.tsv", subject="s1", output=tmp_path / "s1.json")
    record = json.loads((tmp_path / "s1.json").read_text())
    assert {name: record[name] for name in says} == says
    tall, mass, _ = measured(free, np.array(record["betas"]))
    assert record["height_m"] == pytest.approx(tall, abs=0.01)
    assert record["mass_kg"] == pytest.approx(mass, abs=2.0)
