"""The judge of the cases is judged: each way of being wrong is told from being right."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tools.cases.runs import BONES, Motion, Outcome
from tools.cases.verdicts import (
    POOR_MESSAGE,
    RIGHT,
    SILENT_WRONG,
    SUNK,
    WRONGLY_REFUSED,
    Expectation,
    deviations,
    judge,
    read_expectations,
)

TABLES = Path(__file__).parents[2] / "tools" / "acceptance"
AHEAD = np.array([1.0, 0.0, 0.0])


def walk() -> Motion:
    bones = np.tile([0.0, -1.0, 0.0], (30, len(BONES), 1))
    told = np.ones((30, len(BONES)), dtype=bool)
    return Motion(60.0, 1.7, 30.0, np.arange(30)[:, None] * AHEAD / 30.0, bones, told, {"marker_fit_rms_m": 0.005})


def delivered(notes: str = "", **changes: object) -> Outcome:
    return Outcome("delivered", "", notes, replace(walk(), **changes), 0.0)  # type: ignore[arg-type]


def bent(degrees: float) -> np.ndarray:
    bones = walk().bones.copy()
    bones[:, 3] = [np.sin(np.radians(degrees)), -np.cos(np.radians(degrees)), 0.0]
    return bones


def test_the_same_motion_does_not_deviate() -> None:
    assert deviations(walk(), walk()) == []
    assert walk().speed == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"mass_kg": 66.0}, "mass"),
        ({"height_m": 1.75}, "height"),
        ({"fps": 31.5}, "speed"),
        ({"bones": bent(4.0)}, "deg off"),
        ({"pelvis": walk().pelvis[:10], "bones": walk().bones[:10]}, "10 of 30 frames"),
    ],
)
def test_each_deviation_is_told(changes: dict[str, object], told: str) -> None:
    (fault,) = deviations(replace(walk(), **changes), walk())  # type: ignore[arg-type]
    assert told in fault
    wrong = judge(Expectation("c", "either", "clean.trc"), delivered(**changes), walk())
    assert (wrong.verdict, told in wrong.happened) == (SILENT_WRONG, True)


def test_small_differences_are_none() -> None:
    assert deviations(replace(walk(), mass_kg=64.0, height_m=1.72, fps=30.5, bones=bent(2.0)), walk()) == []


@pytest.mark.parametrize(
    ("end", "line", "expected", "verdict"),
    [
        ("rejected", "a.trc: DataRate: found 50", "refused", RIGHT),
        ("rejected", "a.trc: datarate: found 50", "either", RIGHT),
        ("rejected", "a.trc: something else", "refused", POOR_MESSAGE),
        ("rejected", "DataRate\nand more", "refused", POOR_MESSAGE),
        ("rejected", "a.trc: DataRate: found 50", "delivered", WRONGLY_REFUSED),
        ("sunk", "a.trc: DataRate: found 50", "refused", SUNK),
        ("crashed", "Traceback\nKeyError", "refused", SUNK),
    ],
)
def test_refusals(end: str, line: str, expected: str, verdict: str) -> None:
    outcome = Outcome(end, line, "", None, 0.0)
    assert judge(Expectation("c", expected, words="DataRate"), outcome, None).verdict == verdict


def test_deliveries() -> None:
    assert judge(Expectation("c", "delivered"), delivered(), walk()).verdict == RIGHT
    assert judge(Expectation("c", "refused"), delivered(), walk()).verdict == SILENT_WRONG
    needed = Expectation("c", "delivered", note="Ball")
    assert judge(needed, delivered(), walk()).verdict == POOR_MESSAGE
    assert judge(needed, delivered("left out: Ball1"), walk()).verdict == RIGHT
    assert judge(Expectation("c", "told", note="rate"), delivered("too short to tell the rate"), None).verdict == RIGHT
    assert judge(Expectation("c", "told", note="rate"), delivered(), None).verdict == POOR_MESSAGE
    assert judge(Expectation("c", "delivered", mass_kg=65.7), delivered(), None).verdict == SILENT_WRONG
    assert judge(Expectation("c", "delivered", max_rms_mm=4.0), delivered(), None).verdict == SILENT_WRONG


@pytest.mark.parametrize("name", ["cases.csv", "realfiles.csv"])
def test_tables_are_sound(name: str) -> None:
    rows = read_expectations(TABLES / name)
    assert len({row.case for row in rows}) == len(rows)
    assert all(row.reason for row in rows)
    for row in rows:
        assert row.words or row.expected == "delivered", f"{row.case}: a refusal must name its cause"
        assert row.clean or row.expected in ("refused", "told") or name == "realfiles.csv", (
            f"{row.case}: held against nothing"
        )
