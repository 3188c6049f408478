"""Every case of the shared folder, and every real file, becomes what the tables say it should."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from tools.acceptance import cases as topic
from tools.cases.inputs import LOADER, jobs, row_of, write_clean
from tools.cases.runs import Motion, run_clips
from tools.cases.verdicts import RIGHT, Expectation, judge, read_expectations
from variant import Lab

TABLES = Path(topic.__file__).parent
CASES, REAL = read_expectations(TABLES / "cases.csv"), read_expectations(TABLES / "realfiles.csv")
FOLDERS = list(dict.fromkeys(each.case.partition("/")[0] for each in CASES))


@cache
def clean(cases: Path, lab: Lab, name: str, start: float | None) -> Motion:
    rows = write_clean(cases, lab.folder / "shared")
    outcome = run_clips([replace(rows[name], start=start)], lab.path, lab.folder / f"shared_{name}_{start}")["clean"]
    assert outcome.motion is not None, outcome.line
    return outcome.motion


@pytest.mark.parametrize("folder", FOLDERS)
def test_case(folder: str, shared: Path, lab: Lab, tmp_path: Path) -> None:
    cases = shared / "data/cases"
    wanted = [each for each in CASES if each.case.partition("/")[0] == folder]
    ((rows, expected),) = jobs(cases, wanted)
    outcomes = run_clips(rows, lab.path, tmp_path)
    for row, expectation in zip(rows, expected, strict=True):
        outcome = outcomes[row.clip_id]
        held = bool(expectation.clean and outcome.motion)
        motion = clean(cases, lab, expectation.clean, expectation.clean_start) if held else None
        verdict = judge(expectation, outcome, motion)
        assert verdict.verdict == RIGHT, f"{verdict.verdict}: {verdict.happened}"


def test_loader_forks(shared: Path) -> None:
    verdict = topic.fork_verdict(shared / "data/cases" / LOADER / "hang.py")
    assert verdict.verdict == RIGHT, verdict.happened


@pytest.mark.parametrize("expectation", REAL, ids=lambda expectation: expectation.case)
def test_real_file(expectation: Expectation, shared: Path, lab: Lab, tmp_path: Path) -> None:
    row = row_of("real", shared / "data/realfiles" / expectation.case)
    verdict = judge(expectation, run_clips([row], lab.path, tmp_path)["real"], None)
    assert verdict.verdict == RIGHT, f"{verdict.verdict}: {verdict.happened}"
