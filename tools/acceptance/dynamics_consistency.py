"""Labels that belong together: over frame rates, between activations and moments, and in OpenSim's own tools."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from kinesynth.dynamics.ground_reaction import ground_reaction
from kinesynth.dynamics.static_optimization import exact_supply
from kinesynth.gravity import GRAVITY
from kinesynth.isolation import isolated
from kinesynth.opensim_files import read_storage
from kinesynth.records import Kinematics
from kinesynth.skeleton import SkeletonDefinition
from kinesynth.stage_file import Clip, StageFile, read_stage, write_stage
from tools.acceptance.gait_trial import model_motion
from tools.acceptance.metrics import OUTPUT, Metric

SECONDS = 3600.0
LOG = OUTPUT / "consistency.log"
RATES = (30.0, 120.0)  # Hz, of the same procedural motions
GAIT_STEPS = (33, 8)  # of the measured trial's 1 kHz: 30.3 and 125 Hz
EDGE_SECONDS = 0.1  # at the ends of a clip accelerations rest on one side's frames only
MIN_MOMENT = 0.2  # N m/kg: of smaller moments no fraction is taken
MIN_FRACTION = 0.2  # of a moment that muscles and reserves may miss, as filters.max_reserve_share


def rate_metrics(slow: Path, fast: Path, clips: dict[str, str]) -> Iterator[Metric]:
    """Yield how far the forces of the same motions at two rates are apart, from two runs' stages.

    Args:
        slow: the stages at the first of `RATES`.
        fast: those at the second.
        clips: the shard of each clip.
    """
    for clip_id, shard in clips.items():
        pair = [read_stage(stages / f"grf/{shard}.h5").clips[clip_id] for stages in (slow, fast)]
        apart = _force_apart(*pair)
        for foot, side in enumerate(("right", "left")):
            yield Metric(f"dynamics.rate.{clip_id}_{side}", apart[foot], "BW", 0.015, "lower")


def jump_metrics(slow: Path, fast: Path, shard: str, clip_id: str) -> Iterator[Metric]:
    """Yield how far the moments of a jump's valid frames are from those at the faster rate."""
    pair = [read_stage(stages / f"id/{shard}.h5").clips[clip_id].arrays["moments"] for stages in (slow, fast)]
    valid = read_stage(slow / f"quality/{shard}.h5").clips[clip_id].arrays["force_valid"]
    ground = read_stage(slow / f"grf/{shard}.h5")
    every = round(RATES[1] / RATES[0])
    frames = min(len(valid), len(pair[1][::every]))
    names = ground.attrs["coordinate_names"]
    joints = [index for index, name in enumerate(names) if not name.startswith("pelvis") and "beta" not in name]
    apart = np.abs(pair[0][:frames] - pair[1][::every][:frames])[valid[:frames]][:, joints]
    mass = float(ground.clips[clip_id].attrs["mass_kg"])
    yield Metric("dynamics.rate.jump_moments_rms", _rms(apart) / mass, "N m/kg", 0.05, "lower")
    yield Metric("dynamics.rate.jump_moments_max", float(apart.max()) / mass, "N m/kg", 0.15, "lower")


def gait_rate_metrics(folder: Path, work: Path) -> Iterator[Metric]:
    """Yield the same of the measured gait trial in `folder`, taken at two rates."""
    model = folder / "subject_walk_scaled.osim"
    names, _, angles = model_motion(folder, work / "log", step=1)
    clips = {}
    for step in GAIT_STEPS:
        name = f"every_{step}"
        clips[name] = Kinematics.partly(angles=angles[::step]).clip(name, {"fps": 1e3 / step})
    write_stage(work / "rates.h5", StageFile(clips, {}, {"coordinate_names": names}))
    ground_reaction(ik=work / "rates.h5", model=model, output=work / "rates_grf.h5", log=work / "log")
    for foot, apart in zip(
        ("right", "left"), _force_apart(*read_stage(work / "rates_grf.h5").clips.values()), strict=True
    ):
        yield Metric(f"dynamics.rate.gait_{foot}", apart, "BW", 0.015, "lower")


def activation_metrics(stages: Path) -> Iterator[Metric]:
    """Yield what OpenSim's own muscles at the stored activations, and the reserves, miss of the moments.

    Over the frames whose activations are valid and the coordinates that muscles drive: RMS, and the fraction of frames
    in which a coordinate misses more of its moment than a valid frame may.
    """
    for path in sorted((stages / "so").glob("*.h5")):
        muscles, names = read_stage(path), read_stage(stages / f"grf/{path.name}").attrs["coordinate_names"]
        ground, moments, quality = (
            read_stage(stages / f"{stage}/{path.name}").clips for stage in ("grf", "id", "quality")
        )
        driven = list(muscles.attrs["muscle_driven"])
        columns = [list(names).index(name) for name in driven]
        model = (stages / f"scale/{path.stem.rpartition('_')[0]}.osim").absolute()
        skeleton = SkeletonDefinition.from_osim(model)
        for clip_id, clip in muscles.clips.items():
            valid = quality[clip_id].arrays["activation_valid"]
            supplied = isolated(
                exact_supply, model, driven, ground[clip_id].arrays["smooth_angles"], clip.fps,
                clip.arrays["activations"][None], timeout_seconds=SECONDS, log=LOG,
            )  # fmt: skip
            carried = skeleton.carried(ground[clip_id].arrays["smooth_angles"], moments[clip_id].arrays["moments"])
            wanted = carried[:, columns]
            missed = np.abs(supplied[0] + clip.arrays["reserves"][:, columns] - wanted)[valid]
            least = MIN_MOMENT * float(ground[clip_id].attrs["mass_kg"])
            off = (missed > MIN_FRACTION * np.maximum(np.abs(wanted[valid]), least)).any(axis=1)
            yield Metric(f"dynamics.activations.{clip_id}_missed", _rms(missed), "N m", 0.1, "lower")
            yield Metric(f"dynamics.activations.{clip_id}_frames_off", float(off.mean()), "fraction", 0.0, "lower")


def export_metrics(stages: Path, exported: Path) -> Iterator[Metric]:
    """Yield how far OpenSim's inverse dynamics on the exported files is from the exported moments, in valid frames."""
    for motion in sorted(exported.glob("*/*_smooth.mot")):
        clip_id = motion.name.removesuffix("_smooth.mot")
        found = isolated(
            inverse_dynamics_as_exported, motion.parent.absolute(), clip_id, timeout_seconds=SECONDS, log=LOG
        )
        told = read_storage(motion.with_name(f"{clip_id}_moments.sto"))
        expected = np.stack([told.column(name) for name in found], axis=1)
        shards = [read_stage(path) for path in sorted((stages / "quality").glob(f"{motion.parent.name}_*.h5"))]
        valid = next(shard.clips[clip_id] for shard in shards if clip_id in shard.clips).arrays["force_valid"]
        ground = [read_stage(path) for path in sorted((stages / "grf").glob(f"{motion.parent.name}_*.h5"))]
        clip = next(shard.clips[clip_id] for shard in ground if clip_id in shard.clips)
        values = np.stack(list(found.values()), axis=1)
        apart = _rms((values - expected)[valid]) / float(clip.attrs["mass_kg"])
        yield Metric(f"dynamics.export.{clip_id}_moments", apart, "N m/kg", 0.02, "lower")
        if clip.attrs["action"] == "walking":
            force = np.stack([found[f"pelvis_t{axis}_force"] for axis in "xyz"], axis=1)[valid]
            residual = float(np.sqrt(np.mean(np.sum(force**2, axis=1))))
            yield Metric(f"dynamics.export.{clip_id}_residual", residual, "N", 10.0, "lower")


def inverse_dynamics_as_exported(folder: Path, clip_id: str) -> dict[str, np.ndarray]:
    """Return, by the tool's labels, what it gives on a clip's exported files. Runs OpenSim, in a child process."""
    import opensim

    tool = opensim.InverseDynamicsTool()
    tool.setModelFileName(str(next(folder.glob("*.osim"))))
    tool.setCoordinatesFileName(str(folder / f"{clip_id}_smooth.mot"))
    tool.setExternalLoadsFileName(str(folder / f"{clip_id}_grf.xml"))
    tool.setLowpassCutoffFrequency(-1.0)
    tool.setStartTime(-1.0)
    tool.setEndTime(1e4)
    excluded = opensim.ArrayStr()
    excluded.append("Muscles")
    tool.setExcludedForces(excluded)
    tool.setResultsDir(str(Path.cwd()))
    tool.setOutputGenForceFileName("moments.sto")
    if not tool.run():
        raise RuntimeError("InverseDynamicsTool failed")
    table = read_storage(Path.cwd() / "moments.sto")
    return dict(zip(table.names, table.values.T, strict=True))


def _force_apart(slow: Clip, fast: Clip) -> list[float]:
    """Return the RMS distance in body weights between both clips' forces on each foot, at the slow one's instants."""
    rates = [clip.fps for clip in (slow, fast)]
    times, finer = (np.arange(len(clip.arrays["force"])) / rate for clip, rate in zip((slow, fast), rates, strict=True))
    inner = (times > EDGE_SECONDS) & (times < min(times[-1], finer[-1]) - EDGE_SECONDS)
    columns = fast.arrays["force"].reshape(len(finer), -1).T
    there = np.stack([np.interp(times, finer, column) for column in columns], axis=1).reshape(-1, 2, 3)
    apart = (slow.arrays["force"] - there)[inner] / (float(slow.attrs["mass_kg"]) * GRAVITY)
    return [float(np.sqrt(np.mean(np.sum(apart[:, foot] ** 2, axis=1)))) for foot in range(2)]


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(values**2)))
