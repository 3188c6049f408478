"""Ground forces from motion alone, held against force plates: every recording at hand that has them.

    python -m tools.acceptance.measured_forces [CLIP ...]

`measured_forces.csv` lists the plates' files beside the clips of `people.csv`: the kind of motion, which decides the
bars, from and to which second of the file's own time both feet are on plates or in the air, and whether a setting was
tuned on it. Joint moments are held against inverse dynamics of the same motion with the plates' forces, as the clip
table's column grf takes them. Validity is also told as it would be with the mass stated. What stands in
acceptance/people_forces is taken over; delete its stages/grf and id to estimate anew, and measured to take the plates'
forces anew.
"""

import csv
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from kinesynth.atomic import write_text
from kinesynth.config import Filters
from kinesynth.dynamics.names import FEET, TOES
from kinesynth.dynamics.quality import StageLabels, Subject, doubt_of_feet, failed_checks, gimbal_locked, unseen_bearers
from kinesynth.gravity import GRAVITY
from kinesynth.layout import FILES
from kinesynth.reasons import REASONS, spoilt
from kinesynth.records import GroundForces, Kinematics, Moments, MuscleActivity, unseen_bodies
from kinesynth.skeleton.definition import SkeletonDefinition
from kinesynth.stage_file import Clip, read_stage
from tools.acceptance.force_doubts import HEADER, rows
from tools.acceptance.force_errors import FootForces, errors
from tools.acceptance.measured_people import COLUMNS, SECONDS, Row
from tools.acceptance.measured_people import recordings as people
from tools.acceptance.metrics import OUTPUT, SHARED, Metric, print_table
from tools.acceptance.plate_dynamics import JOINTS, moment_errors, with_plates
from tools.acceptance.plates import foot_markers, plate_forces
from tools.acceptance.runs import run_workflow
from tools.acceptance.stated_mass import with_mass

FOLDER = OUTPUT / "people_forces"
FPS = 100.0
STAGES = ("load_motion", "inverse_kinematics", "ground_reaction", "inverse_dynamics")
UNITS = {"pearson": "", "stance_off": "points", "event_off": "ms", "mean_off": "of plates", "peak_off": "of plates"}
BARS: dict[str, dict[str, float]] = {
    "stand": {"vertical": 0.04},
    "walk": {"vertical": 0.07, "fore_aft": 0.05, "event_off": 20.0},
    "run": {
        "vertical": 0.20, "pearson": 0.97, "fore_aft": 0.10, "stance_off": 3.0, "event_off": 15.0, "mean_off": 0.02,
    },
    "squat": {"vertical": 0.04},
    "sit": {"vertical": 0.10},
    "jump": {"total": 0.35, "peak_off": 0.20},
    "sprint": {"vertical": 0.50},
}  # fmt: skip
MOMENT_BARS = {"stand": 0.2, "walk": 0.2, "squat": 0.2, "run": 0.35}  # N m/kg
HIGHER = {"pearson"}
WITHIN_BAR = 0.95  # of all valid frames have vertical errors of 0.15 body weights at most


@dataclass(frozen=True)
class Found:
    """What became of a recording: forces with their errors, or why there are none.

    Attributes:
        row: of both tables.
        reason: why it has no forces, or nothing.
        forces: both, on the frames in which both feet are measured.
        stated: the same as if the mass by the plates had been stated.
        errors: by name.
        failed: the checks that most of the frames fail, with their fractions.
    """

    row: Row
    reason: str
    forces: FootForces | None = None
    stated: FootForces | None = None
    errors: dict[str, float] | None = None
    failed: str = ""


def metrics() -> Iterator[Metric]:
    """Run all recordings at hand that have plates, print how far the forces are off, and yield what is promised."""
    yield from metrics_of(measure())


def metrics_of(found: list[Found]) -> Iterator[Metric]:
    """Print the recordings' errors and yield those that have a bar, and how far validity is to be believed."""
    if not found:
        print(f"people: no force plates at {SHARED}/data; set KINESYNTH_SHARED to the reference data")  # noqa: T201
        return
    print_forces(found)
    with_plates = [each for each in found if each.errors is not None]
    yield Metric("people.forces.clips", len(with_plates), f"of {len(found)}", len(found), "higher")
    for each in with_plates:
        for name, bar in BARS[each.row["kind"]].items():
            better = "higher" if name in HIGHER else "lower"
            value = round((each.errors or {})[name], 4)
            yield Metric(f"people.forces.{each.row['clip']}.{name}", value, UNITS.get(name, "BW"), bar, better)
        for joint in JOINTS if each.row["kind"] in MOMENT_BARS else ():
            value = round((each.errors or {})[f"{joint}_moment"], 4)
            bar = MOMENT_BARS[each.row["kind"]]
            yield Metric(f"people.forces.{each.row['clip']}.{joint}_moment", value, "N m/kg", bar, "lower")
    for name, parts in (("", "forces"), ("stated_mass_", "stated")):
        trials = [(each.row["clip"], getattr(each, parts)) for each in with_plates]
        print(f"errors by doubt, {parts}", HEADER, *rows(trials), sep="\n")  # noqa: T201
        believed = np.concatenate([forces.believed[forces.valid] for _, forces in trials])
        within = round(float(believed.mean()), 4) if len(believed) else 0.0
        yield Metric(f"people.forces.{name}valid_within_0.15_bw", within, "fraction", WITHIN_BAR, "higher")


def measure(only: set[str] | None = None) -> list[Found]:
    """Return what became of each recording, or of those named."""
    chosen = [row for row in recordings() if not only or row["clip"] in only]
    return [found_of(row, shard) for row, shard in zip(chosen, run(chosen), strict=True)] if chosen else []


def recordings() -> list[Row]:
    """Return the table's rows whose files are at hand, with what the table of people says of them."""
    persons = {row["clip"]: row for row in people()}
    with Path(__file__).with_suffix(".csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return [persons[row["clip"]] | row for row in rows if row["clip"] in persons and (SHARED / row["plates"]).exists()]


def run(rows: list[Row]) -> list[str]:
    """Run the workflow as far as joint moments, a subject's shard per recording; return the shards in order."""
    lines, shards = ["\t".join(COLUMNS)], []
    for row in recordings():
        cells = {**row, "clip_id": row["clip"], "split": "test"}
        cells |= {name: str(SHARED / row[name]) for name in ("path", "static") if row[name]}
        lines.append("\t".join(cells[name] for name in COLUMNS))
        shards.append(row["subject"])
    write_text(FOLDER / "clips.tsv", "\n".join(lines) + "\n")
    config = {"clips": "clips.tsv", "clips_per_shard": 1, "motion": {"max_clip_seconds": SECONDS, "fps": FPS}}
    numbered = [f"{subject}_{shards[:at].count(subject):03d}" for at, subject in enumerate(shards)]
    wanted = {row["clip"] for row in rows}
    chosen = [shard for row, shard in zip(recordings(), numbered, strict=True) if row["clip"] in wanted]
    run_workflow(FOLDER.name, config, [FILES["inverse_dynamics"].format(shard=shard) for shard in chosen])
    return chosen


def found_of(row: Row, shard: str) -> Found:
    """Return what the stages of a recording hold, beside its plates, and what they would with the mass stated."""
    files = {rule: FOLDER / FILES[rule].format(shard=shard, subject=row["subject"]) for rule in FILES}
    stages = {rule: read_stage(files[rule]) for rule in STAGES}
    if rejection := stages["inverse_dynamics"].rejected.get(row["clip"]):
        return Found(row, f"{rejection.reason} {rejection.detail}".strip())
    clips = {rule: stage.clips[row["clip"]] for rule, stage in stages.items()}
    bodies = list(stages["inverse_kinematics"].attrs["body_names"])
    forces, seen, told = compared(row, clips, files["scale_model"], bodies)
    found = errors(forces) | moments_of(row, shard, clips, seen)
    ground, moments, model = with_mass(
        files["inverse_kinematics"], files["scale_model"], float(row["mass_kg"]), row["clip"], FOLDER / "measured"
    )
    stated, *_ = compared(row, clips | {"ground_reaction": ground, "inverse_dynamics": moments}, model, bodies)
    return Found(
        row, "", forces, stated, found | {f"stated_{name}": value for name, value in errors(stated).items()}, told
    )


def compared(row: Row, clips: dict[str, Clip], model: Path, bodies: list[str]) -> tuple[FootForces, np.ndarray, str]:
    """Return a clip's forces beside the plates' where both feet are measured, (T,) where, and what masks most of it."""
    motion, ground = clips["load_motion"], clips["ground_reaction"]
    times = float(motion.attrs["start"]) + np.arange(int(motion.attrs["n_frames"])) / motion.fps
    turn = Rotation.from_euler("y", -float(motion.attrs["heading_removed_rad"]))
    weight = GRAVITY * float(row["mass_kg"])
    plates = plate_forces(SHARED / row["plates"], times, foot_markers(SHARED / row["path"], times))
    measured = turn.apply(plates.reshape(-1, 3)).reshape(-1, 2, 3) / weight
    estimated = GroundForces.of(ground).force[:, :2] / weight
    failed, doubt = checks(clips, model, bodies)
    begin, end = (float(row[name] or default) for name, default in (("from", -np.inf), ("to", np.inf)))
    seen = (times >= begin) & (times <= end) & np.isfinite(measured).all(axis=(1, 2))
    others = failed | {"force_doubt": np.zeros(len(times), dtype=bool)}
    valid, checked = (~spoilt(each, "forces")[seen] for each in (failed, others))
    whole = times, estimated
    forces = FootForces(times[seen], estimated[seen], measured[seen], valid, doubt[seen], checked, whole)
    fractions = {reason.name: failed[reason.name][seen].mean() for reason in REASONS if reason.level != "activations"}
    worst = sorted((name for name in fractions if fractions[name] > 0.0), key=lambda name: -fractions[name])[:3]
    told = ", ".join(f"{name} {fractions[name]:.0%}" for name in worst)
    return forces, seen, f"{told} {ground.attrs['dynamics_reason']}".strip()


def moments_of(row: Row, shard: str, clips: dict[str, Clip], seen: np.ndarray) -> dict[str, float]:
    """Return how far a clip's moments are from those with measured forces, and how those explain its motion."""
    files = {rule: FOLDER / FILES[rule].format(shard=shard, subject=row["subject"]) for rule in FILES}
    work = FOLDER / "measured"
    work.mkdir(exist_ok=True)
    ground, moments = with_plates(
        files["inverse_kinematics"], files["scale_model"], SHARED / row["plates"], row["clip"], work
    )
    if ground.attrs["dynamics_reason"]:
        print(f"{row['clip']}: with plates: {ground.attrs['dynamics_reason']}")  # noqa: T201
    names = list(read_stage(files["inverse_dynamics"]).attrs["coordinate_names"])
    known = seen & ~GroundForces.of(ground).unmeasured
    estimated, measured = (Moments.of(clip) for clip in (clips["inverse_dynamics"], moments))
    mass = float(row["mass_kg"])
    left = np.linalg.norm(measured.residual[known, :3], axis=1) / (GRAVITY * mass)
    return {
        **moment_errors(estimated.moments[known], measured.moments[known], names, mass),
        "measured": float(known[seen].mean()),
        "measured_residual": float(np.sqrt(np.mean(left**2))),
    }


def checks(clips: dict[str, Clip], model: Path, bodies: list[str]) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return which frames (T,) fail which of the quality filter's checks on forces, and their doubt (T,), BW."""
    skeleton = SkeletonDefinition.from_osim(model)
    frames, coordinates = len(clips["inverse_dynamics"].arrays["moments"]), len(skeleton.coordinate_names)
    labels = StageLabels(
        Kinematics.of(clips["inverse_kinematics"]), GroundForces.of(clips["ground_reaction"]),
        Moments.of(clips["inverse_dynamics"]), MuscleActivity.zeros(T=frames, J=coordinates, A=0),
    )  # fmt: skip
    feet = [[bodies.index(heel), bodies.index(toes)] for heel, toes in zip(FEET, TOES, strict=True)]
    who, attrs = Subject(skeleton, np.zeros(coordinates, dtype=bool), feet), clips["ground_reaction"].attrs
    valid = not clips["inverse_dynamics"].attrs["dynamics_reason"]
    failed = failed_checks(labels, attrs, valid, gimbal_locked(labels, who, Filters()), who, Filters())
    failed["unseen_body"] = unseen_bearers(unseen_bodies(clips["inverse_kinematics"], frames, bodies), bodies)
    mass = float(skeleton.masses.sum())
    return failed, doubt_of_feet(labels.ground, float(attrs["mass_error_kg"]) / mass) / (GRAVITY * mass)


def print_forces(found: list[Found]) -> None:
    """Print a line per recording; forces in body weights by the plates' mass."""
    print(  # noqa: T201
        f"{'forces':16}{'vert r':>7}{'vert l':>7}{'total':>7}{'r':>7}{'fore-aft':>9}{'stance':>7}{'events':>7}"
        f"{'mean':>6}{'plates':>7}{'peak':>6}{'valid':>7}{'<0.15':>7}{'stated':>7}{'<0.15':>7}{'hip':>6}{'knee':>6}{'ankle':>6}{'known':>7}"
        f"{'left':>6}   BW RMS; points; ms; BW; ratio; fractions; N m/kg; with plates: of frames, BW at the pelvis"
    )
    for each in found:
        if not (e := each.errors):
            print(f"{each.row['clip']:16}{each.reason}")  # noqa: T201
            continue
        print(  # noqa: T201
            f"{each.row['clip']:16}{e['vertical_r']:7.3f}{e['vertical_l']:7.3f}{e['total']:7.3f}{e['pearson']:7.3f}"
            f"{e['fore_aft']:9.3f}{e['stance_off']:7.1f}{e['event_off']:7.1f}{e['mean']:6.2f}{e['mean_measured']:7.2f}"
            f"{e['peak_ratio']:6.2f}{e['valid']:7.1%}{e['valid_within']:7.1%}"
            f"{e['stated_valid']:7.1%}{e['stated_valid_within']:7.1%}"
            f"{e['hip_moment']:6.2f}{e['knee_moment']:6.2f}{e['ankle_moment']:6.2f}{e['measured']:7.1%}"
            f"{e['measured_residual']:6.2f}   {each.failed}"
        )


if __name__ == "__main__":
    print_table(list(metrics_of(measure(set(sys.argv[1:])))))
