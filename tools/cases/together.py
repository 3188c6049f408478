"""All cases in one run of the workflow: it ends well, delivers nothing wrong and rejects nothing right."""

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic

import numpy as np

from kinesynth.atomic import write_text
from kinesynth.clips import ClipRow, write_clips
from kinesynth.layout import FILES
from kinesynth.shards import ShardSize, assign_shards
from kinesynth.stage_file import StageFile, read_stage
from tools.acceptance.runs import workflow_command
from tools.cases.inputs import jobs, write_clean
from tools.cases.verdicts import CLEAN, RIGHT, SILENT_WRONG, SUNK, WRONGLY_REFUSED, Expectation, Verdict

PEOPLE = {"markers": "points", "opensim": "model", "amass": "betas"}  # one person by each kind of file
SECONDS = 1.5
_LAST = ("quality_filter", "inverse_kinematics")
_SPINE_AND_LEGS = ("hip_", "knee_angle_r", "knee_angle_l", "ankle_", "pelvis_t", "pelvis_list", "lumbar_")


@dataclass(frozen=True)
class Together:
    """The verdicts of a run of all cases, its exit code, and how long it took."""

    verdicts: list[Verdict]
    code: int
    seconds: float


def run_all(cases: Path, expectations: Sequence[Expectation], folder: Path) -> Together:
    """Run all cases and their clean inputs as clips of three people, up to the quality stage."""
    rows, expected = _table(cases, expectations, folder)
    start = monotonic()
    shards = list(assign_shards(rows, ShardSize(max_clip_seconds=SECONDS)))
    code = _workflow(folder, rows, [FILES[_LAST[0]].format(shard=shard) for shard in shards])
    if code:
        return Together([Verdict("the run", "delivered", f"exit code {code}", SUNK)], code, monotonic() - start)
    read = [[read_stage(folder / FILES[rule].format(shard=shard)) for shard in shards] for rule in _LAST]
    stages = list(zip(*read, strict=True))
    clips = _Clips(stages)
    verdicts = [clips.verdict(clip_id, expectation) for clip_id, expectation in expected.items()]
    return Together(verdicts, code, monotonic() - start)


def _table(
    cases: Path, expectations: Sequence[Expectation], folder: Path
) -> tuple[list[ClipRow], dict[str, Expectation]]:
    """Return the table's rows, clean inputs first, and what is expected of the clips that are cases."""
    clean = write_clean(cases, folder / "clean")
    rows = [replace(row, clip_id=_id(name), subject=PEOPLE[row.source]) for name, row in clean.items()]
    expected = {}
    for found, wanted in jobs(cases, expectations):
        for row, expectation in zip(found, wanted, strict=True):
            rows.append(replace(row, clip_id=_id(expectation.case), subject=PEOPLE[row.source]))
            expected[rows[-1].clip_id] = expectation
    return rows, expected


def _id(name: str) -> str:
    return name.replace("/", "_").replace(".", "_")


def _workflow(folder: Path, rows: Sequence[ClipRow], targets: Sequence[str]) -> int:
    write_clips(folder / "clips.tsv", rows)
    write_text(
        folder / "config.yaml",
        json.dumps({"clips": str(folder / "clips.tsv"), "motion": {"max_clip_seconds": SECONDS}}),
    )
    command = [*workflow_command(folder, "1"), *targets]
    with (folder / "run.log").open("w") as log:
        return subprocess.run(command, stdout=log, stderr=log, check=False, env=os.environ).returncode


class _Clips:
    """The clips of a run by name: what is valid of their angles, and why others were rejected."""

    def __init__(self, stages: Sequence[tuple[StageFile, StageFile]]) -> None:
        self._angles: dict[str, np.ndarray] = {}
        self._names: list[str] = []
        self.rejected: dict[str, str] = {}
        for quality, ik in stages:
            self.rejected |= {
                name: f"{each.stage}: {each.reason} {each.detail}" for name, each in quality.rejected.items()
            }
            self._names = list(ik.attrs["coordinate_names"])
            for name, clip in quality.clips.items():
                angles = ik.clips[name].arrays["angles"]
                self._angles[name] = np.where(clip.arrays["angle_valid"], angles, np.nan)

    def verdict(self, clip_id: str, expectation: Expectation) -> Verdict:
        """Hold a clip's valid angles and speed against the clean input's in the same run."""
        if clip_id in self.rejected:
            verdict = WRONGLY_REFUSED if expectation.expected == "delivered" else RIGHT
            return Verdict(expectation.case, expectation.expected, self.rejected[clip_id], verdict)
        if clip_id not in self._angles:
            return Verdict(expectation.case, expectation.expected, "neither delivered nor rejected", SUNK)
        faults = [] if not expectation.clean else self._faults(clip_id, expectation)
        wrong = bool(faults) or expectation.expected == "refused"
        happened = f"delivered {', '.join(faults)}"
        return Verdict(expectation.case, expectation.expected, happened, SILENT_WRONG if wrong else RIGHT)

    def _faults(self, clip_id: str, expectation: Expectation) -> list[str]:
        found, clean = self._angles[clip_id], self._angles[_id(expectation.clean)]
        later = round(30.0 * (expectation.clean_start or 0.0))
        frames = min(len(found), len(clean) - later)
        found, clean = found[:frames], clean[later : later + frames]
        faults = []
        columns = [
            i for i, name in enumerate(self._names) if name.startswith(_SPINE_AND_LEGS) and name[:-1] != "pelvis_t"
        ]
        squared = (found - clean)[:, columns] ** 2
        valid = np.isfinite(squared)
        apart = np.degrees(np.sqrt(np.where(valid, squared, 0.0).sum(axis=0) / np.maximum(valid.sum(axis=0), 1)))
        worst = int(apart.argmax())
        if apart[worst] > CLEAN.angle_deg:
            faults.append(f"{self._names[columns[worst]]} {apart[worst]:.2f} deg off")
        path = self._names.index("pelvis_tx")
        speeds = [float(np.nanmean(np.diff(each[:, path])) * 30.0) for each in (found, clean)]
        if abs(speeds[0] - speeds[1]) > CLEAN.speed * max(1.0, speeds[1]):
            faults.append(f"{speeds[0]:.2f} m/s is {speeds[1]:.2f}")
        return faults
