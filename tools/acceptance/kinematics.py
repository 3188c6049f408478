"""Scaling and inverse kinematics: marker errors, a published gait trial, and our engine beside OpenSim's."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from benchmarks.inverse_kinematics import compare

from kinesynth.atomic import write_text
from kinesynth.config import Filters
from kinesynth.dynamics.quality import valid_angles
from kinesynth.isolation import isolated
from kinesynth.kinematics.inverse_kinematics import inverse_kinematics, motion_weights, solve_with_opensim
from kinesynth.kinematics.scale_to_markers import scale_to_markers
from kinesynth.layout import FILES
from kinesynth.opensim_files import read_storage
from kinesynth.opensim_files.trc import MarkerTrajectories, read_trc
from kinesynth.procedural import MOTIONS
from kinesynth.records import Kinematics, unseen_bodies
from kinesynth.skeleton.definition import SkeletonDefinition
from kinesynth.stage_file import Clip, read_stage
from tools.acceptance.metrics import OUTPUT, SHARED, Metric
from tools.acceptance.runs import HEADER, recordings, run_workflow

RUN = "kinematics"
SUBJECTS = ("p1", "p2", "p3")
Trial = tuple[Path, Path, Path | None]  # markers, model, marker set
MARKER_SET = Path("rajagopal2016")
LEG_ANGLES = tuple(f"{name}_{side}" for name in ("hip_flexion", "knee_angle", "ankle_angle") for side in "rl")


def metrics() -> Iterator[Metric]:
    """Measure scaling and inverse kinematics; run the demo's stages first where needed."""
    shards = _solve_library()
    yield from marker_metrics("library", [name for name in shards if name.startswith("p")])
    if amass := [name for name in shards if name.startswith("amass")]:
        yield from marker_metrics("amass", amass)
    trials = [_stage_pair(name) for name in ("s01_000", "s02_000", "s03_000")]
    trials += [(_folder() / FILES["virtual_markers"].format(shard=name), _model(name), None) for name in amass]
    if (SHARED / "data/walking").is_dir():
        walking = SHARED / "data/walking"
        yield from gait_metrics(walking)
        trials.append((walking / "motion_capture_walk.trc", _folder() / "gait.osim", MARKER_SET))
    yield from engine_metrics(trials)


def _folder() -> Path:
    return OUTPUT / RUN


def _model(shard: str) -> Path:
    return _folder() / FILES["scale_model"].format(subject=shard.rpartition("_")[0])


def _stage_pair(shard: str) -> Trial:
    """Return the demo's markers and model of a shard."""
    subject = shard.rpartition("_")[0]
    targets = [FILES["virtual_markers"].format(shard=shard), FILES["scale_model"].format(subject=subject)]
    run_workflow("demo", {}, targets)
    return OUTPUT / "demo" / targets[0], OUTPUT / "demo" / targets[1], None


def _solve_library() -> list[str]:
    """Solve every procedural motion for three subjects, and the whole AMASS files; return the shards."""
    rows: list[tuple[str, ...]] = [
        (f"{subject}_{name}", subject, name, "train", "procedural", "", "0", "2.5", "")
        for subject in SUBJECTS
        for name in MOTIONS
    ]
    rows += [(*row[:6], "", "", "") for row in recordings().get("amass", [])]
    table = _folder() / "clips.tsv"
    write_text(table, "\n".join("\t".join(row) for row in (HEADER, *rows)) + "\n")
    shards = list(dict.fromkeys(f"{row[1]}_000" for row in rows))
    config = {"clips": str(table), "clips_per_shard": 16, "motion": {"max_clip_seconds": 30.0}}
    run_workflow(RUN, config, [FILES["inverse_kinematics"].format(shard=shard) for shard in shards])
    return shards


def marker_metrics(name: str, shards: list[str]) -> Iterator[Metric]:
    """Yield the worst clip's marker errors and its fraction of valid angles."""
    rms, greatest, valid = [], [], []
    for shard in shards:
        path = _folder() / FILES["inverse_kinematics"].format(shard=shard)
        stage = read_stage(path)
        if stage.rejected:
            raise RuntimeError(f"{shard}: {sorted(stage.rejected)} rejected")
        for clip_id, clip in stage.clips.items():
            rms.append(1e3 * float(np.sqrt(np.mean(clip.arrays["marker_error_rms"] ** 2))))
            greatest.append(1e3 * float(clip.arrays["marker_error_max"].max()))
            valid.append(_valid_fraction(clip, _model(shard)))
            print(f"{clip_id:24} RMS {rms[-1]:5.1f} mm, maximum {greatest[-1]:5.1f} mm, valid angles {valid[-1]:.2f}")  # noqa: T201
    yield Metric(f"skeleton.ik_{name}_rms", round(max(rms), 2), "mm", 15.0, "lower")
    yield Metric(f"skeleton.ik_{name}_max", round(max(greatest), 2), "mm", 40.0, "lower")
    yield Metric(f"skeleton.ik_{name}_valid_angles", round(float(np.mean(valid)), 4), "fraction", 0.75, "higher")


def _valid_fraction(clip: Clip, model: Path) -> float:
    """Return the fraction of angles that the masks on marker errors leave."""
    skeleton = SkeletonDefinition.from_osim(model)
    unseen = unseen_bodies(clip, len(clip.arrays["angles"]), skeleton.body_names)
    return float(valid_angles(Kinematics.of(clip), skeleton, Filters(), unseen).mean())


def gait_metrics(walking: Path) -> Iterator[Metric]:
    """Yield leg angles and marker errors of the published gait trial, beside those of the published model."""
    folder, log = _folder(), _folder() / "gait.log"
    scale_to_markers(
        static=walking / "static_walk_1.trc", marker_set=MARKER_SET, skeleton=folder / FILES["build_skeleton"],
        mass_kg=85.07, output=folder / "gait.osim", report=folder / "gait.json", log=log,
    )  # fmt: skip
    file = walking / "motion_capture_walk.trc"
    inverse_kinematics(
        markers=file, model=folder / "gait.osim", marker_set=MARKER_SET, output=folder / "gait.h5", log=log
    )
    stage, trial = read_stage(folder / "gait.h5"), read_trc(file)
    found = stage.clips[file.stem].arrays
    reference = read_storage(walking / "coordinates.sto")
    common = (trial.times >= reference.times[0]) & (trial.times <= reference.times[-1])
    for name in LEG_ANGLES:
        column = next(at for at, path in enumerate(reference.names) if f"/{name}/" in path)
        there = np.interp(trial.times[common], reference.times, reference.values[:, column])
        here = found["angles"][common, stage.attrs["coordinate_names"].index(name)]
        apart = float(np.rad2deg(np.sqrt(np.mean((here - there) ** 2))))
        yield Metric(f"skeleton.gait_{name}", round(apart, 3), "degrees", 5.0, "lower")
    published = published_error(walking / "subject_walk_scaled.osim", trial, log)
    rms = np.sqrt(np.mean(published**2, axis=1)).mean()
    ours = found["marker_error_rms"].mean(), found["marker_error_max"].max()
    for name, value, bar in (("rms", ours[0], rms), ("max", ours[1], published.max())):
        bar_mm = round(1e3 * float(bar), 2)
        yield Metric(f"skeleton.gait_marker_{name}", round(1e3 * float(value), 2), "mm", bar_mm, "lower")


def published_error(model: Path, trial: MarkerTrajectories, log: Path) -> np.ndarray:
    """Return the errors (T, M) m of the published scaled model's weighted markers, by OpenSim's tool."""
    weights = motion_weights(trial.names, MARKER_SET)
    solved = isolated(
        solve_with_opensim, model, trial.names, trial.positions, trial.fps, weights, 1e-5, timeout_seconds=900, log=log
    )
    error = np.linalg.norm(solved["markers"] - trial.positions, axis=-1)
    return np.asarray(error[:, [weights[name] > 0 for name in trial.names]])


def engine_metrics(trials: list[Trial]) -> Iterator[Metric]:
    """Yield how the batched engine compares with OpenSim's tool on markers, models and marker sets."""
    found = [compare(*trial) for trial in trials]
    for (markers, _, _), each in zip(trials, found, strict=True):
        print(f"{markers.stem:24} {len(each.cost_ratio)} frames, {each.speedup:.1f} x {each.tool_rate:.1f} frames/s")  # noqa: T201
    ratios = np.concatenate([each.cost_ratio for each in found])
    apart = np.concatenate([each.apart.ravel() for each in found])
    yield Metric("skeleton.ik_speedup", round(min(each.speedup for each in found), 1), "x", 30.0, "higher")
    yield Metric("skeleton.ik_cost_no_higher", round(float(np.mean(ratios <= 1.0)), 5), "fraction", 0.99, "higher")
    yield Metric("skeleton.ik_angles_apart", round(float(np.median(apart)), 3), "degrees", 0.5, "lower")
