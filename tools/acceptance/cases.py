"""Nothing silently wrong: inputs of the kinds that public bug reports tell of, each run from its file.

Every case is refused in one line that names the cause, or delivered with the clean input's values; the tables beside
this file say which. One run of the workflow then takes all cases together. Real files of several producers are held
against what is known of them.
"""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from kinesynth.body.free.build import build_body
from kinesynth.clips import ClipRow
from kinesynth.dataset import sample
from tools.acceptance.metrics import OUTPUT, SHARED, Metric
from tools.cases.inputs import LOADER, jobs, row_of, write_clean
from tools.cases.runs import Motion, run_isolated
from tools.cases.together import run_all
from tools.cases.verdicts import (
    POOR_MESSAGE,
    RIGHT,
    SILENT_WRONG,
    SUNK,
    WRONGLY_REFUSED,
    Expectation,
    Verdict,
    judge,
    print_verdicts,
    read_expectations,
)

HERE, FOLDER = Path(__file__).parent, OUTPUT / "cases"
FORK_SECONDS = 60.0
COUNTED = {
    "silent_wrong": SILENT_WRONG,
    "wrongly_refused": WRONGLY_REFUSED,
    "sunk": SUNK,
    "poor_messages": POOR_MESSAGE,
}  # fmt: skip


def metrics() -> Iterator[Metric]:
    """Run all cases and all real files, print what became of them, and count what is wrong."""
    cases, real = SHARED / "data/cases", SHARED / "data/realfiles"
    if not cases.is_dir():
        print(f"cases: none at {cases}; set KINESYNTH_SHARED to the folder of reference data")  # noqa: T201
        return
    body = FOLDER / "body.npz"
    build_body(output=body)
    found = [*case_verdicts(cases, body), fork_verdict(cases / LOADER / "hang.py")]
    print_verdicts(found)
    yield from counts("cases", found)
    yield Metric("cases.processor_minutes", round(sum(each.seconds for each in found) / 60.0, 2), "min", 6.0, "lower")
    together = run_all(cases, read_expectations(HERE / "cases.csv"), FOLDER / "together")
    print_verdicts(together.verdicts)
    yield from counts("cases.together", together.verdicts)
    if real.is_dir():
        found = real_verdicts(real, body)
        print_verdicts(found)
        yield from counts("cases.realfiles", found)


def counts(name: str, verdicts: Iterable[Verdict]) -> Iterator[Metric]:
    """Yield how many verdicts of each kind there are, none being the bar."""
    counted = Counter(each.verdict for each in verdicts)
    for metric, verdict in COUNTED.items():
        yield Metric(f"{name}.{metric}", counted[verdict], "cases", 0, "lower")


def case_verdicts(cases: Path, body: Path) -> list[Verdict]:
    """Run the cases of a folder that the table names, and judge them."""
    expectations = read_expectations(HERE / "cases.csv")
    unlisted = {folder.name for folder in cases.iterdir() if folder.is_dir()}
    unlisted -= {each.case.partition("/")[0] for each in expectations} | {LOADER}
    if unlisted:
        raise RuntimeError(f"cases.csv lacks {', '.join(sorted(unlisted))}")
    clean = CleanMotions(write_clean(cases, FOLDER / "clean"), body)
    verdicts = []
    for rows, expected in jobs(cases, expectations):
        outcomes = run_isolated(rows, body, FOLDER / rows[0].clip_id)
        for row, expectation in zip(rows, expected, strict=True):
            reference = clean.of(expectation) if expectation.clean else None
            verdicts.append(_told(judge(expectation, outcomes[row.clip_id], reference)))
    return verdicts


def real_verdicts(folder: Path, body: Path) -> list[Verdict]:
    """Run the real files that the table names, and judge them."""
    verdicts = []
    for expectation in read_expectations(HERE / "realfiles.csv"):
        path = folder / expectation.case
        outcome = run_isolated([row_of("real", path)], body, FOLDER / path.stem)["real"]
        verdicts.append(_told(judge(expectation, outcome, None)))
    return verdicts


class CleanMotions:
    """The motions of the clean inputs, each run once."""

    def __init__(self, rows: dict[str, ClipRow], body: Path) -> None:
        self._rows, self._body = rows, body
        self._found: dict[tuple[str, float | None], Motion] = {}

    def of(self, expectation: Expectation) -> Motion:
        """Return the motion that a case's is held against."""
        key = expectation.clean, expectation.clean_start
        if key not in self._found:
            row = replace(self._rows[expectation.clean], start=expectation.clean_start)
            (outcome,) = run_isolated([row], self._body, FOLDER / f"{expectation.clean}_{key[1]}").values()
            if outcome.motion is None:
                raise RuntimeError(f"{expectation.clean} is good and yet {outcome.end}: {outcome.line}")
            self._found[key] = outcome.motion
        return self._found[key]


def fork_verdict(script: Path) -> Verdict:
    """Read the shipped sample's pictures, fork workers, and wait for their batches."""
    command = [sys.executable, str(script), str(sample()), "fork", "2", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            said, _ = process.communicate(timeout=FORK_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            said = ""
    delivered = process.returncode == 0 and " ok " in said
    happened = said.strip().splitlines()[-1] if delivered else "hangs, no batch"
    return Verdict(LOADER, "delivered", happened, RIGHT if delivered else SUNK)


def _told(verdict: Verdict) -> Verdict:
    """Say at once how a case ended: all of them take minutes."""
    print(f"{verdict.case}: {verdict.verdict} after {verdict.seconds:.1f} s", file=sys.stderr, flush=True)  # noqa: T201
    return verdict
