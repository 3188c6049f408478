import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("opensim")

from kinesynth.errors import BadInput
from kinesynth.kinematics import scaling
from kinesynth.kinematics.scale_tool import ScaledModel

PERSON = {"subject": "s1", "sex": "neutral", "betas": [0.0] * 10, "mass_kg": 70.0, "height_m": 1.7,
          "mass_error_kg": 8.1, "height_error_m": 0.0, "split": "train", "shape_source": "drawn"}  # fmt: skip
SCALED = ScaledModel(("pelvis", "torso"), np.ones((2, 3)), ("RASI", "HTOP"), np.array([0.01, 0.5]), ("q",), np.ones(1))


@pytest.fixture
def subject(tmp_path: Path) -> Path:
    path = tmp_path / "s1.json"
    path.write_text(json.dumps(PERSON))
    return path


@pytest.fixture
def scale(monkeypatch: pytest.MonkeyPatch, subject: Path, tmp_path: Path):
    """The verb with OpenSim's part replaced by a known outcome."""

    def run(outcome: ScaledModel = SCALED) -> Path:
        def write(_function, _skeleton, output: Path, *_arguments, **_options) -> ScaledModel:
            output.write_text("<model/>")
            return outcome

        monkeypatch.setattr(scaling, "static_markers", lambda *_: {"RASI": np.zeros(3), "HTOP": np.zeros(3)})
        monkeypatch.setattr(scaling, "isolated", write)
        scaling.scale_model(
            body=tmp_path / "b.npz",
            subject=subject,
            skeleton=tmp_path / "generic.osim",
            output=tmp_path / "s1.osim",
            report=tmp_path / "s1.scale.json",
        )
        return tmp_path / "s1.scale.json"

    return run


def test_report_counts_weighted_landmarks(scale) -> None:
    report = json.loads(scale().read_text())
    assert report["static_marker_max_m"] == report["static_marker_rms_m"] == 0.01
    assert report["scale_factors"] == [[1.0] * 3] * 2
    assert report["mass_kg"] == 70.0
    assert report["mass_error_kg"] == 8.1


def test_implausible_factors_are_refused_and_nothing_is_written(scale, tmp_path: Path) -> None:
    factors = np.ones((2, 3))
    factors[1, 2] = 1.66
    with pytest.raises(BadInput, match=r"torso along Z: found 1\.66"):
        scale(replace(SCALED, scale_factors=factors))
    assert not (tmp_path / "s1.osim").exists()


@pytest.mark.parametrize("change", [{"mass_kg": -1.0}, {"mass_kg": None}, {"betas": [float("nan")] * 10}])
def test_a_spoilt_subject_is_named(scale, subject: Path, change: dict) -> None:
    subject.write_text(json.dumps(PERSON | change))
    with pytest.raises(BadInput, match=r"s1\.json"):
        scale()
