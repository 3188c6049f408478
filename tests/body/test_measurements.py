"""Who can be scaled is known before OpenSim is asked."""

import json
from pathlib import Path

import numpy as np
import pytest

from kinesynth.body.measurements import Tape, measurements
from kinesynth.body.model import BodyModel
from kinesynth.clips import ClipRow, write_clips
from kinesynth.motion.subject import subject_shape, write_subject
from kinesynth.subjects.sampled import sample_shape
from kinesynth.subjects.shape import height

SHORT = np.array([-4.0, *[0.0] * 9])


@pytest.fixture(scope="module")
def tape(free: BodyModel) -> Tape:
    return Tape(free)


def test_hundreds_of_drawn_people_can_all_be_scaled(free: BodyModel, tape: Tape) -> None:
    for number in range(150):
        assert tape.misfit(sample_shape(free, f"p{number}", 1, 985.0, tape).betas) is None


def test_one_whom_the_bound_stops_is_drawn_again(free: BodyModel, tape: Tape, monkeypatch: pytest.MonkeyPatch) -> None:
    first = sample_shape(free, "p0", 1, 985.0, tape).betas
    usual = tape.misfit
    monkeypatch.setattr(tape, "misfit", lambda betas: "too broad" if np.array_equal(betas, first) else usual(betas))
    assert not np.array_equal(sample_shape(free, "p0", 1, 985.0, tape).betas, first)


def test_tall_and_short_people_are_people(free: BodyModel, tape: Tape) -> None:
    for size in (3.0, -2.5):
        betas = np.array([size, *[0.0] * 9])
        assert not 1.45 < height(free.rest_vertices(betas)) < 2.0
        assert tape.misfit(betas) is None
    assert "expected 0." in str(tape.misfit(SHORT))


@pytest.mark.parametrize("subject", ["p217", "p280"])
def test_the_factors_are_scale_tools(
    tmp_path: Path, free_path: Path, free: BodyModel, tape: Tape, skeleton: Path, subject: str
) -> None:
    """Both were refused once: "torso along Z, 1.43"."""
    from kinesynth.kinematics.scaling import scale_model

    shape = sample_shape(free, subject, 1, 985.0, tape)
    write_subject(tmp_path / "s.json", free, shape, subject=subject, split="train", density_kg_m3=985.0)
    paths = {"output": tmp_path / "s.osim", "report": tmp_path / "scale.json", "log": tmp_path / "log"}
    scale_model(body=free_path, subject=tmp_path / "s.json", skeleton=skeleton, **paths)
    report = json.loads((tmp_path / "scale.json").read_text())
    factors = dict(zip(report["body_names"], report["scale_factors"], strict=True))
    predicted = tape.factors(np.array(json.loads((tmp_path / "s.json").read_text())["betas"]))
    for row in measurements():
        for body in set(row.bodies) & set(factors):
            for axis in row.axes:
                assert factors[body]["XYZ".index(axis)] == pytest.approx(predicted[row.name], abs=2e-5)


def test_an_impossible_person_goes_on_record_and_a_drawn_one_stands_in(
    tmp_path: Path, free_path: Path, tape: Tape, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from kinesynth.motion import subject as module
    from kinesynth.subjects.shape import Shape

    monkeypatch.setattr(module, "_shape", lambda *_: Shape(SHORT, "female", "measured markers"))
    write_clips(tmp_path / "clips.tsv", [ClipRow("a", "s1", "walking", "train", "procedural")])
    subject_shape(body=free_path, clips=tmp_path / "clips.tsv", subject="s1", output=tmp_path / "s1.json", seed=1)
    record = json.loads((tmp_path / "s1.json").read_text())
    assert record["shape_source"] == "drawn"
    assert tape.misfit(np.array(record["betas"])) is None
    assert record["rejected"]["reason"] == "a person whom the skeleton cannot be scaled to"
    assert record["rejected"]["value"] < 0.64
    assert record["rejected"]["detail"] in capsys.readouterr().err
