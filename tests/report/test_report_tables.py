import json

import numpy as np
import pytest

from kinesynth.dataset.schema import load_schema
from kinesynth.report import tables
from kinesynth.report.ranking import strains, worst_first
from kinesynth.report.tables import CLIPS, REJECTED, counts, table
from kinesynth.seeds import generator

ORDINARY = {"marker_rms_mm": 5.0, "marker_max_mm": 20.0, "fit_residual_mm": 4.0, "peak_vertical_force_bw": 1.2,
            "residual_force_n": 10.0, "residual_moment_nm": 6.0, "keypoints_on_mask": 0.99, "angle_valid": 0.95,
            "force_valid": 0.9, "activation_valid": 0.9}  # fmt: skip


def run_of(count: int) -> list[dict[str, object]]:
    rng = generator(5, "rows")
    return [
        {"clip_id": f"c{place}", "subject": "s", "action": "walking", "split": "train", "source": "amass",
         **{name: value * (1.0 - 0.02 * rng.uniform()) for name, value in ORDINARY.items()}}
        for place in range(count)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("measure", "value"), [("marker_rms_mm", 9.0), ("force_valid", 0.3), ("keypoints_on_mask", 0.9)]
)
def test_what_is_far_off_comes_first_and_is_named(measure: str, value: float) -> None:
    rows = run_of(200)
    rows[77][measure] = value
    first = worst_first(rows)[0]
    assert (first["clip_id"], first["strained"]) == ("c77", measure)


@pytest.mark.parametrize(("measure", "value"), [("marker_rms_mm", 1.0), ("force_valid", 1.0)])
def test_what_is_better_than_others_does_not_stand_out(measure: str, value: float) -> None:
    rows = run_of(200)
    rows[77][measure] = value
    assert worst_first(rows)[0]["clip_id"] != "c77"


def test_clips_that_are_alike_do_not_stand_out() -> None:
    assert strains([{**ORDINARY} for _ in range(3)]) == [(0.0, "")] * 3
    assert strains([ORDINARY]) == [(0.0, "")]


def test_every_measure_of_quality_has_a_column() -> None:
    assert set(load_schema().clip_quality) <= {column.name for column in CLIPS}


def test_what_strangers_wrote_ends_no_script() -> None:
    detail = "</script><script>alert(1)</script>"
    row = {"clip_id": "a", "subject": "s", "stage": "x", "reason": "y", "value": "", "detail": detail}
    text = table("all-rejected", REJECTED, [row]).json
    assert "<" not in text
    assert json.loads(text)["rows"][0][-1] == detail


def test_long_tables_are_cut_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MAX_ROWS", 3)
    cut = table("all-clips", CLIPS, worst_first(run_of(5)), mark="strained")
    assert (len(cut.rows), cut.total, len(cut.marked)) == (3, 5, 3)
    assert json.loads(cut.json)["marked"] == list(cut.marked)


def test_cells_are_short() -> None:
    row = {**run_of(1)[0], "clip_id": "c" * 500, "strain": 1.23456, "force_valid": 0.912345}
    cells = dict(zip([column.name for column in CLIPS], table("t", CLIPS, [row]).rows[0], strict=True))
    assert (len(str(cells["clip_id"])), cells["strain"], cells["force_valid"]) == (160, 1.23, 91.2)


def test_reasons_are_counted() -> None:
    rows = [{"stage": "a", "reason": "x"}, {"stage": "b", "reason": "y"}, {"stage": "b", "reason": "y"}]
    assert counts(rows, "stage", "reason") == [(("b", "y"), 2), (("a", "x"), 1)]


def test_ten_thousand_rows_take_few_bytes() -> None:
    rows = worst_first(run_of(10_000))
    assert len(table("all-clips", CLIPS, rows, mark="strained").json) < 2e6
    assert np.all(np.diff([row["strain"] for row in rows]) <= 0.0)
