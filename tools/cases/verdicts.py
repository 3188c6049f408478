"""What should become of a case, and whether it did."""

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tools.cases.runs import BONES, Motion, Outcome

OWN_MASS_KG = 3.0  # of the expectation's own value
_MIN_LENGTH = 0.6  # of the clean input's frames
RIGHT, SILENT_WRONG, WRONGLY_REFUSED, POOR_MESSAGE, SUNK = (
    "right", "SILENT WRONG", "WRONGLY REFUSED", "POOR MESSAGE", "SUNK",
)  # fmt: skip


@dataclass(frozen=True)
class Limits:
    """How far a delivered motion may be from the clean input's: kg, m, fraction of the speed (or m/s), degrees RMS."""

    mass_kg: float = 5.0
    height_m: float = 0.03
    speed: float = 0.03
    angle_deg: float = 3.0


CLEAN = Limits()


@dataclass(frozen=True)
class Expectation:
    """What should become of a case.

    Attributes:
        case: its name.
        expected: delivered, refused, or either (then refused, or delivered with the right values); or told, of what a
            file cannot tell (then refused, or delivered as the file says, with a note that this was taken on trust).
        clean: the case or input whose values a delivered clip must have.
        start: the second from which the clip is taken, None for the file's beginning.
        clean_start: the same of the clean input.
        words: what the line of a refusal must hold, a regular expression in any case of letters.
        note: what must be said where the clip is delivered, likewise; empty where nothing needs saying.
        mass_kg: what the subject's mass must be near to, where no clean input tells it.
        max_rms_mm: of the markers, where the fit tells whether they were understood.
        reason: why this is right.
    """

    case: str
    expected: str
    clean: str = ""
    start: float | None = None
    clean_start: float | None = None
    words: str = ""
    note: str = ""
    mass_kg: float | None = None
    max_rms_mm: float | None = None
    reason: str = ""


@dataclass(frozen=True)
class Verdict:
    """A case, what happened, what is wrong with that, and how many seconds of a processor it took."""

    case: str
    expected: str
    happened: str
    verdict: str
    seconds: float = 0.0


def read_expectations(path: Path) -> list[Expectation]:
    """Read a table of expectations."""
    with path.open(encoding="utf-8", newline="") as stream:
        return [_expectation(row) for row in csv.DictReader(stream)]


def _expectation(row: dict[str, str]) -> Expectation:
    numbers = ("start", "clean_start", "mass_kg", "max_rms_mm")
    if row["expected"] not in ("delivered", "refused", "either", "told"):
        raise ValueError(f"{row['case']}: expected is {row['expected']!r}")
    values = {name: (float(text) if text else None) if name in numbers else text for name, text in row.items()}
    return Expectation(**values)  # type: ignore[arg-type]  # the columns are the fields


def judge(expectation: Expectation, outcome: Outcome, clean: Motion | None, limits: Limits = CLEAN) -> Verdict:
    """Hold an outcome against what was expected, and against the clean input's motion where there is one."""
    if outcome.motion is None:
        happened, verdict = f"{outcome.end}: {outcome.line.strip().splitlines()[-1]}", _of_refusal(expectation, outcome)
    else:
        faults = deviations(outcome.motion, clean, limits) if clean else []
        faults += _own_faults(expectation, outcome.motion)
        happened = f"delivered, {_told(outcome.motion)}" + (f"; {', '.join(faults)}" if faults else "")
        verdict = _of_delivery(expectation, outcome, faults)
        if verdict == POOR_MESSAGE:
            happened += f"; no word of /{expectation.note}/"
    return Verdict(expectation.case, expectation.expected, happened, verdict, outcome.seconds)


def _of_refusal(expectation: Expectation, outcome: Outcome) -> str:
    if outcome.end != "rejected":
        return SUNK
    if expectation.expected == "delivered":
        return WRONGLY_REFUSED
    one_line = "\n" not in outcome.line.strip()
    return RIGHT if one_line and says(expectation.words, outcome.line) else POOR_MESSAGE


def _of_delivery(expectation: Expectation, outcome: Outcome, faults: list[str]) -> str:
    if expectation.expected == "refused" or faults:
        return SILENT_WRONG
    return RIGHT if says(expectation.note, outcome.notes) else POOR_MESSAGE


def says(words: str, text: str) -> bool:
    """Return whether a text holds what a regular expression asks for, in any case of letters."""
    return re.search(words, text, re.IGNORECASE | re.DOTALL) is not None


def deviations(found: Motion, clean: Motion, limits: Limits = CLEAN) -> list[str]:
    """Return in words what of a motion is not the clean input's."""
    faults = []
    if abs(found.mass_kg - clean.mass_kg) > limits.mass_kg:
        faults.append(f"mass is {clean.mass_kg:.1f} kg")
    if abs(found.height_m - clean.height_m) > limits.height_m:
        faults.append(f"height {found.height_m:.2f} is {clean.height_m:.2f} m")
    frames = min(len(found.pelvis), len(clean.pelvis))
    if frames < _MIN_LENGTH * len(clean.pelvis):
        return [*faults, f"{len(found.pelvis)} of {len(clean.pelvis)} frames"]
    if abs(found.speed - clean.speed) > limits.speed * max(1.0, clean.speed):
        faults.append(f"speed is {clean.speed:.2f} m/s")
    cosine = np.sum(found.bones[:frames] * clean.bones[:frames], axis=-1)
    told = found.told[:frames]
    if told.mean() < _MIN_LENGTH:
        return [*faults, f"{told.mean():.0%} of the bones told"]
    squared = np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))) ** 2
    apart = np.sqrt((squared * told).sum(axis=0) / np.maximum(told.sum(axis=0), 1))
    worst = int(apart.argmax())
    if apart[worst] > limits.angle_deg:
        faults.append(f"{list(BONES)[worst]} {apart[worst]:.1f} deg off")
    return faults


def _own_faults(expectation: Expectation, found: Motion) -> list[str]:
    """Return what is wrong by the expectation's own values."""
    faults = []
    if expectation.mass_kg is not None and abs(found.mass_kg - expectation.mass_kg) > OWN_MASS_KG:
        faults.append(f"mass is {expectation.mass_kg:.1f} kg")
    rms_mm = 1e3 * found.fit.get("marker_fit_rms_m", 0.0)
    if expectation.max_rms_mm is not None and rms_mm > expectation.max_rms_mm:
        faults.append(f"more than {expectation.max_rms_mm:g} mm")
    return faults


def _told(motion: Motion) -> str:
    least, most = motion.knees
    fit = motion.fit.get("marker_fit_rms_m")
    rms = "" if fit is None else f", {1e3 * fit:.1f} mm"
    return (
        f"{motion.mass_kg:.1f} kg, {motion.height_m:.2f} m, {motion.speed:.2f} m/s, knee {least:.0f}..{most:.0f}{rms}"
    )


def print_verdicts(verdicts: Iterable[Verdict]) -> None:
    """Print a table: case, what was expected, what happened, verdict."""
    for each in verdicts:
        happened = " ".join(each.happened.split())
        print(f"{each.case:44} {each.expected:10} {each.verdict:16} {happened}")  # noqa: T201
