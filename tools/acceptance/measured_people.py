"""Recordings of real people, each from its file to angles by the workflow, held against what others published of it.

`people.csv` lists the recordings: the columns of a clip table, the published angles and what stands in them for ours
(terms), the published model, the mass by force plates, and which bars apply. What stands in acceptance/people is taken
over; delete it to measure anew.
"""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from kinesynth.atomic import write_text
from kinesynth.clips import REQUIRED_COLUMNS
from kinesynth.config import Filters
from kinesynth.dynamics.quality import valid_angles
from kinesynth.layout import FILES
from kinesynth.opensim_files import read_storage
from kinesynth.opensim_files.trc import read_trc
from kinesynth.records import Kinematics, unseen_bodies
from kinesynth.skeleton.definition import SkeletonDefinition
from kinesynth.stage_file import read_stage
from tools.acceptance.kinematics import published_error
from tools.acceptance.metrics import OUTPUT, SHARED, Metric
from tools.acceptance.runs import run_workflow

FOLDER = OUTPUT / "people"
SECONDS = 20.0
COLUMNS = (*REQUIRED_COLUMNS, "static", "fps")
GROUPS = {
    "pelvis": ("pelvis_tilt",),
    "hip": ("hip_flexion_r", "hip_flexion_l"),
    "knee": ("knee_angle_r", "knee_angle_l"),
    "ankle": ("ankle_angle_r", "ankle_angle_l"),
    "subtalar": ("subtalar_angle_r", "subtalar_angle_l"),
    "lumbar": ("lumbar_extension",),
    "elbow": ("elbow_flex_r", "elbow_flex_l"),
}
ANGLE_BARS_DEG = {"pelvis": 6.0, "hip": 6.0, "knee": 6.0, "ankle": 6.0, "subtalar": 10.0, "lumbar": 8.0, "elbow": 8.0}
VALID_BARS = {"steady": 0.97, "fast": 0.92, "free": 0.92}
STAGES = ("load_motion", "virtual_markers", "inverse_kinematics")
Row = dict[str, str]


@dataclass(frozen=True)
class Apart:
    """Our angles of a group less the published ones, (N,) degrees, and which of ours are valid (N,)."""

    degrees: np.ndarray
    valid: np.ndarray

    @property
    def rms(self) -> float:
        """Root mean square, valid or not."""
        return _rms(self.degrees)

    @property
    def mean(self) -> float:
        """Mean, valid or not."""
        return float(np.mean(self.degrees))


@dataclass(frozen=True)
class Found:
    """What became of a recording.

    Attributes:
        row: of the table.
        reason: why it was rejected, or nothing.
        markers_m: RMS distance of the measured markers from the skeleton's that follow them, NaN without any.
        apart: of each group of angles, ours less the published.
        valid: fraction of angles that the masks leave which kinematics alone decide.
        invalid: the coordinates that they mask most, with the fraction left.
        mass_kg: of the subject's record.
        seconds: that its stages took.
    """

    row: Row
    reason: str
    markers_m: float
    apart: dict[str, Apart]
    valid: float
    invalid: str
    mass_kg: float
    seconds: float


def metrics() -> Iterator[Metric]:
    """Run all recordings at hand, print what became of them, and yield each promise's worst."""
    rows = recordings()
    if not rows:
        print(f"people: no recordings at {SHARED}/data; set KINESYNTH_SHARED to the folder of reference data")  # noqa: T201
        return
    shards = run(rows)
    found = [found_of(row, shard) for row, shard in zip(rows, shards, strict=True)]
    print_people(found)
    yield Metric("people.delivered", sum(not each.reason for each in found), f"of {len(found)}", len(found), "higher")
    for each in found:
        name = f"people.{each.row['clip']}"
        for group, apart in each.apart.items():
            yield Metric(f"{name}.{group}_apart", round(apart.rms, 2), "degrees", ANGLE_BARS_DEG[group], "lower")
        if each.row["bars"]:
            yield Metric(
                f"{name}.valid_angles", round(each.valid, 4), "fraction", VALID_BARS[each.row["bars"]], "higher"
            )
    worn = [1e3 * each.markers_m for each in found if np.isfinite(each.markers_m)]
    yield Metric("people.markers_rms_median", round(float(np.median(worn)), 2), "mm", 12.0, "lower")
    elbows = [each.apart["elbow"].mean for each in found if "elbow" in each.apart]
    yield Metric("people.elbow_mean_apart", round(abs(float(np.mean(elbows))), 2), "degrees", 4.0, "lower")
    for subject, kg in masses_apart(found).items():
        yield Metric(f"people.{subject}.mass_apart", round(kg, 2), "kg", 4.0, "lower")


def recordings() -> list[Row]:
    """Return the table's rows whose files are at hand."""
    with Path(__file__).with_name("people.csv").open(encoding="utf-8", newline="") as stream:
        return [row for row in csv.DictReader(stream) if (SHARED / row["path"]).exists()]


def run(rows: list[Row]) -> list[str]:
    """Run the workflow as far as angles, a shard per recording; return the shards in the rows' order."""
    lines = ["\t".join(COLUMNS)]
    shards, taken = [], dict.fromkeys((row["subject"] for row in rows), 0)
    for row in rows:
        cells = {**row, "clip_id": row["clip"], "split": "test"}
        cells |= {name: str(SHARED / row[name]) for name in ("path", "static") if row[name]}
        lines.append("\t".join(cells[name] for name in COLUMNS))
        shards.append(f"{row['subject']}_{taken[row['subject']]:03d}")
        taken[row["subject"]] += 1
    write_text(FOLDER / "clips.tsv", "\n".join(lines) + "\n")
    config = {"clips": "clips.tsv", "clips_per_shard": 1, "motion": {"max_clip_seconds": SECONDS}}
    run_workflow(FOLDER.name, config, [FILES["inverse_kinematics"].format(shard=shard) for shard in shards])
    return shards


def found_of(row: Row, shard: str) -> Found:
    """Return what the stages of a recording hold."""
    motion, stage = (
        read_stage(FOLDER / FILES[rule].format(shard=shard)) for rule in ("load_motion", "inverse_kinematics")
    )
    person = json.loads((FOLDER / FILES["subject_shape"].format(subject=row["subject"])).read_text(encoding="utf-8"))
    mass, seconds = float(person["mass_kg"]), sum(_seconds(rule, shard) for rule in STAGES)
    if rejection := stage.rejected.get(row["clip"]):
        reason = f"{rejection.reason} {rejection.detail}".strip()
        return Found(row, reason, np.nan, {}, 0.0, "", mass, seconds)
    clip, attrs = stage.clips[row["clip"]], motion.clips[row["clip"]].attrs
    skeleton = SkeletonDefinition.from_osim(FOLDER / FILES["scale_model"].format(subject=row["subject"]))
    unseen = unseen_bodies(clip, len(clip.arrays["angles"]), skeleton.body_names)
    valid = valid_angles(Kinematics.of(clip), skeleton, Filters(), unseen)
    times = float(attrs["start"]) + np.arange(len(valid)) / float(attrs["fps"])
    apart = angles_apart(row, times, clip.arrays["angles"], valid, list(stage.attrs["coordinate_names"]))
    fraction = dict(zip(skeleton.coordinate_names, valid.mean(axis=0), strict=True))
    worst = ", ".join(
        f"{name} {fraction[name]:.0%}" for name in sorted(fraction, key=fraction.__getitem__)[:3] if fraction[name] < 1
    )
    measured = "followed_names" in clip.attrs
    rms = float(np.sqrt(np.nanmean(Kinematics.of(clip).marker_error ** 2))) if measured else np.nan
    return Found(row, "", rms, apart, float(valid.mean()), worst, mass, seconds)


def _seconds(rule: str, shard: str) -> float:
    with (FOLDER / f"results/runtimes/{rule}/{shard}.tsv").open(encoding="utf-8") as stream:
        return float(next(csv.DictReader(stream, delimiter="\t"))["s"])


def angles_apart(
    row: Row, times: np.ndarray, angles: np.ndarray, valid: np.ndarray, names: list[str]
) -> dict[str, Apart]:
    """Return, of each group that was published, how far angles (T, J) rad, valid or not (T, J), are from it."""
    if not row["published"]:
        return {}
    file = read_storage(SHARED / row["published"])
    published = {name.split("/")[-2] if "/" in name else name: column for column, name in enumerate(file.names)}
    unit = 1.0 if np.abs(file.values[:, published["knee_angle_r"]]).max() > np.pi else np.degrees(1.0)
    common = (times >= file.times[0]) & (times <= file.times[-1])
    result = {}
    for group, coordinates in GROUPS.items():
        apart, good = [], []
        for name in coordinates:
            terms = _terms(row["terms"], name)
            if all(term in published for _, term in terms) and common.any():
                theirs = sum(sign * unit * file.values[:, published[term]] for sign, term in terms)
                there = np.interp(times[common], file.times, theirs)
                apart.append(np.degrees(_as_published(angles[common], names, name)) - there)
                good.append(valid[common, names.index(name)])
        if apart:
            result[group] = Apart(np.concatenate(apart), np.concatenate(good))
    return result


def _as_published(angles: np.ndarray, names: list[str], name: str) -> np.ndarray:
    """Return a coordinate (T,) of ours as of a model whose trunk has one joint: the sum of both."""
    here = angles[:, names.index(name)]
    return here + angles[:, names.index(name.replace("lumbar", "thoracic"))] if name.startswith("lumbar") else here


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(values)))) if len(values) else np.nan


def _terms(table: str, name: str) -> list[tuple[float, str]]:
    """Return which published columns, with their signs, add up to a coordinate: its own unless the table says else."""
    side = name[-2:] if name[-2:] in ("_r", "_l") else ""
    said = dict(entry.split("=") for entry in table.split())
    parts = said.get(name.removesuffix(side), name.removesuffix(side)).split("+")
    return [(-1.0 if part.startswith("-") else 1.0, part.removeprefix("-") + side) for part in parts]


def masses_apart(found: list[Found]) -> dict[str, float]:
    """Return how far each subject's mass is from that by the plates, kg."""
    return {
        each.row["subject"]: abs(each.mass_kg - float(each.row["mass_kg"])) for each in found if each.row["mass_kg"]
    }


@cache
def _published_rms_mm(model: Path, markers: Path) -> float:
    """Return the RMS over all frames and weighed markers of the published model's own errors, mm."""
    return 1e3 * float(np.sqrt(np.mean(published_error(model, read_trc(markers), FOLDER / "published.log") ** 2)))


def print_people(found: list[Found]) -> None:
    """Print a line per recording: marker error (published model's beside it), angles, valid fraction, mass, seconds."""
    title = f"{'recording':17}{'markers mm':>11}{'publ.':>6}{'valid':>7}{'kg':>7}{'plates':>7}{'s':>6}  "
    print(title + "".join(f"{group:>13}" for group in GROUPS) + "  degrees: RMS (mean) from published")  # noqa: T201
    for each in found:
        row = each.row
        theirs = f"{_published_rms_mm(SHARED / row['model'], SHARED / row['path']):.1f}" if row["model"] else "-"
        ours = f"{1e3 * each.markers_m:.1f}" if np.isfinite(each.markers_m) else "-"
        cells = f"{row['clip']:17}{ours:>11}{theirs:>6}{each.valid:7.1%}{each.mass_kg:7.1f}{row['mass_kg'] or '-':>7}"
        cells += f"{each.seconds:6.0f}  "
        for group in GROUPS:
            apart = each.apart.get(group)
            cells += f"{f'{apart.rms:.1f} ({apart.mean:+.1f})' if apart else '-':>13}"
        print(f"{cells}  {each.reason or each.invalid}")  # noqa: T201
    print(f"RMS from published, degrees, valid / masked angles of all recordings: {_validity(found)}")  # noqa: T201


def _validity(found: list[Found]) -> str:
    """Return how far valid and masked angles are from the published ones: what the masks are worth."""
    told = []
    for group in GROUPS:
        parts = [each.apart[group] for each in found if group in each.apart]
        if parts:
            degrees, valid = (np.concatenate([getattr(part, name) for part in parts]) for name in ("degrees", "valid"))
            told.append(f"{group} {_rms(degrees[valid]):.1f} / {_rms(degrees[~valid]):.1f}")
    return ", ".join(told)
