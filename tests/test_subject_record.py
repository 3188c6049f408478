import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kinesynth.errors import BadInput
from kinesynth.subject_record import SubjectRecord, TibialTorsion

ANNA = SubjectRecord("anna", "female", np.linspace(-1, 1, 10).round(3), 1.7, 0.01, 61.5, 2.0, "train", "drawn")


@pytest.mark.parametrize(
    "record",
    [
        ANNA,
        replace(ANNA, amass_collar=(0.0, 0.1, -0.3), tibial_torsion=TibialTorsion(0.2, -0.05)),
        replace(ANNA, amass_size=0.95, worn={"labels": ["RASI"]}, rejected={"reason": "r", "value": 2.0}),
    ],
)
def test_what_is_written_is_read(record: SubjectRecord, tmp_path: Path) -> None:
    record.write(tmp_path / "anna.json")
    found = SubjectRecord.read(tmp_path / "anna.json")
    for name, value in vars(record).items():
        np.testing.assert_equal(getattr(found, name), value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mass_kg": -1.0}, "mass_kg: found -1"),
        ({"mass_kg": "heavy"}, "mass_kg: found heavy"),
        ({"height_m": float("nan")}, "height_m: found nan"),
        ({"mass_error_kg": None}, "mass_error_kg: found nothing"),
        ({"betas": [float("nan")] * 10}, "betas: found shape"),
        ({"betas": [[0.0], "x"]}, "betas: "),
        ({"amass_collar": [0.1, 0.2]}, "amass_collar: found"),
        ({"amass_collar": [0.1, 0.2, float("nan")]}, "amass_collar: found"),
        ({"tibial_torsion": {"right": 0.1}}, "tibial_torsion: found"),
        ({"tibial_torsion": {"right": 0.1, "left": 12.0}}, "tibial_torsion: found"),
        ({"tibial_torsion": 0.1}, "tibial_torsion: found 0.1"),
    ],
)
def test_a_spoilt_record_is_told_by_its_field(change: dict[str, Any], message: str, tmp_path: Path) -> None:
    path = tmp_path / "anna.json"
    ANNA.write(path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(BadInput, match=message):
        SubjectRecord.read(path)


@pytest.mark.parametrize("text", ["", "[1, 2]", "{"])
def test_what_is_no_record_is_told(text: str, tmp_path: Path) -> None:
    (tmp_path / "anna.json").write_text(text)
    with pytest.raises(BadInput, match="file: found"):
        SubjectRecord.read(tmp_path / "anna.json")
