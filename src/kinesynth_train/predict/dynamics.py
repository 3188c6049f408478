"""From a person's motion to forces, moments and activations, by the stages that make the shards' labels."""

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from kinesynth.config import Filters
from kinesynth.errors import BadInput, MissingDependency
from kinesynth.gravity import GRAVITY
from kinesynth.opensim_files import write_storage
from kinesynth.opensim_files.external_loads import write_external_loads
from kinesynth.records import GroundForces, Kinematics, Moments, MuscleActivity, Validity
from kinesynth.runs import runs
from kinesynth.skeleton import SkeletonDefinition, SkeletonLayer
from kinesynth.stage_file import StageFile, read_stage, write_stage
from kinesynth_train.predict.belief import FILTERS, Tracking, stretches_of
from kinesynth_train.predict.clip_file import Dynamics
from kinesynth_train.predict.reconstruct import Reconstruction

MIN_SECONDS = 0.5
FLOOR_PERCENTILE = 10.0  # of each frame's lowest point of the soles: they rest there, and noise lets some frames dip
# A detector's points lie centimetres off a skeleton that fits them well; what the forces leave over tells more.
POINT_FILTERS = Filters(max_marker_rms_m=0.1)


def write_dynamics(
    folder: Path, name: str, found: Reconstruction, model: Path | None
) -> tuple[dict[str, Path], list[str], Dynamics]:
    """Write forces, moments and activations of the longest part without a gap; return the files, notes, and where.

    Raises:
        MissingDependency: OpenSim is not installed.
        BadInput: no part is long enough, or the feet cannot be told to carry the motion.
    """
    if model is None:
        raise MissingDependency("opensim", "pipeline")
    first, last = max(runs(found.poses.valid), key=lambda run: run[1] - run[0])
    if last - first < MIN_SECONDS * found.fps:
        seconds = (last - first) / found.fps
        expected = f"{MIN_SECONDS:g} s without a gap"
        raise BadInput(
            "--dynamics", "motion", f"{seconds:.2f} s", expected, "see that the whole body is in the pictures"
        )
    definition = SkeletonDefinition.from_osim(model, log=folder / "logs" / "opensim.log")
    angles = found.poses.angles[first:last].copy()
    floor = floor_height(definition, angles)
    angles[:, definition.coordinate_names.index("pelvis_ty")] -= floor
    stages = folder / "stages"
    part = slice(first, last)
    error = np.nan_to_num(np.linalg.norm(found.poses.markers[part] - found.points[part], axis=-1))
    points = Points(found.names, found.poses.markers[part], error, found.poses.misfit[part])
    if (tracking := found.tracking) is not None:
        told = Tracking(*(getattr(tracking, each.name)[part] for each in fields(Tracking)))
        points = points._replace(errors=np.nan_to_num(told.error), misfit=told.rms, tracking=told)
    write_stage(stages / "ik.h5", tracked(name, definition, angles, found.fps, points))
    filters = POINT_FILTERS if found.tracking is None else FILTERS
    run_stages(stages, model, folder / "logs" / "opensim.log", filters)
    files, notes = _write_results(folder / "dynamics", name, definition, stages, first / found.fps)
    files |= {f"stage {path.stem}": path for path in sorted(stages.glob("*"))}
    if (first, last) != (0, len(found.times)):
        notes.append(f"forces are those of frames {first} to {last - 1}, the longest part without a gap")
    notes.append(
        f"the soles rest {1e3 * floor:.0f} mm above the calibration's zero; the files of the dynamics have it at 0"
    )
    return files, notes, Dynamics(stages, slice(first, last), floor)


def floor_height(definition: SkeletonDefinition, angles: np.ndarray) -> float:
    """Return the height, m, at which the soles of a motion (T, J) rest."""
    soles = replace(
        definition,
        marker_names=definition.contact_names,
        marker_bodies=definition.contact_bodies,
        marker_places=definition.contact_places,
    )
    points = SkeletonLayer(soles)(torch.tensor(angles)).markers.numpy()
    lowest = (points[..., 1] - definition.contact_radii).min(axis=1)
    return float(np.percentile(lowest, FLOOR_PERCENTILE))


class Points(NamedTuple):
    """The points that a motion was found by: names (M,), places (T, M, 3) m, their errors (T, M) and RMS (T,), m.

    A few points of a detector tell no segment's own misfit; markers that a person wore do.
    """

    names: tuple[str, ...]
    places: np.ndarray
    errors: np.ndarray
    misfit: np.ndarray
    tracking: Tracking | None = None


def tracked(name: str, definition: SkeletonDefinition, angles: np.ndarray, fps: float, points: Points) -> StageFile:
    """Return what the stage of inverse kinematics would hand on of angles (T, J)."""
    pose = SkeletonLayer(definition)(torch.tensor(angles))
    untold, tracking = np.zeros((len(angles), len(definition.body_names))), points.tracking
    record = Kinematics(
        angles=angles,
        keypoints=pose.keypoints.numpy(),
        markers=points.places,
        marker_error=points.errors,
        marker_error_rms=points.misfit,
        marker_error_max=points.errors.max(axis=1),
        segment_turn=untold if tracking is None else tracking.turn,
        segment_shift=untold if tracking is None else tracking.shift,
    )
    attrs = {
        "coordinate_names": list(definition.coordinate_names),
        "body_names": list(definition.body_names),
        "marker_names": list(points.names),
    }
    hidden = (
        {}
        if tracking is None
        else {
            body: stretches_of(column, fps)
            for body, column in zip(definition.body_names, tracking.unseen.T, strict=True)
            if column.any()
        }
    )
    return StageFile({name: record.clip(name, {"fps": fps, "unseen": json.dumps(hidden)})}, attrs=attrs)


def run_stages(stages: Path, model: Path, log: Path, filters: Filters = POINT_FILTERS) -> None:
    """Make the files of forces, moments, activations and quality from ik.h5 in a folder, by the filters' limits."""
    from kinesynth.dynamics.ground_reaction import ground_reaction
    from kinesynth.dynamics.inverse_dynamics import inverse_dynamics
    from kinesynth.dynamics.muscle_path_fit import fit_muscle_paths
    from kinesynth.dynamics.quality import quality_filter
    from kinesynth.dynamics.static_optimization import static_optimization

    ik, grf, moments, paths, muscles = (stages / each for each in ("ik.h5", "grf.h5", "id.h5", "paths.npz", "so.h5"))
    ground_reaction(ik=ik, model=model, output=grf, log=log)
    inverse_dynamics(grf=grf, model=model, output=moments, log=log)
    fit_muscle_paths(grf=grf, model=model, output=paths, log=log)
    static_optimization(grf=grf, id=moments, model=model, paths=paths, output=muscles, log=log)
    quality_filter(ik=ik, grf=grf, id=moments, so=muscles, model=model, output=stages / "quality.h5", filters=filters)


def _write_results(
    folder: Path, name: str, definition: SkeletonDefinition, stages: Path, start: float
) -> tuple[dict[str, Path], list[str]]:
    """Write OpenSim's files: NaN in the .sto where a frame is not believed."""
    from kinesynth.dataset.exports.opensim import for_opensim, moment_labels

    ground, moments, muscles, quality = (read_stage(stages / f"{each}.h5") for each in ("grf", "id", "so", "quality"))
    if name not in quality.clips:
        rejected = quality.rejected[name]
        raise BadInput("--dynamics", rejected.stage, rejected.reason, "a motion on two feet", "leave --dynamics out")
    believed, forces = Validity.of(quality.clips[name]), GroundForces.of(ground.clips[name])
    fps = float(ground.clips[name].attrs["fps"])
    times = start + np.arange(len(forces.force)) / fps
    paths = {
        "smooth angles": folder / f"{name}_smooth.mot",
        "forces": folder / f"{name}_grf.mot",
        "external loads": folder / f"{name}_grf.xml",
        "moments": folder / f"{name}_moments.sto",
        "activations": folder / f"{name}_activations.sto",
    }
    columns = dict(zip(definition.coordinate_names, for_opensim(definition, forces.smooth_angles).T, strict=True))
    write_storage(paths["smooth angles"], times, columns, in_degrees=True, name="Coordinates")
    write_external_loads(
        paths["external loads"], paths["forces"], times, *forces.wrench, motion=paths["smooth angles"].name
    )
    for kind, labels, values, valid in (
        ("moments", moment_labels(definition), Moments.of(moments.clips[name]).moments, believed.force_valid),
        (
            "activations", list(definition.muscle_names), MuscleActivity.of(muscles.clips[name]).activations,
            believed.activation_valid,
        ),
    ):  # fmt: skip
        masked = np.where(valid[:, None], values, np.nan)
        write_storage(
            paths[kind], times, dict(zip(labels, masked.T, strict=True)), in_degrees=False, name=kind, missing=True
        )
    weight = float(ground.clips[name].attrs.get("mass_kg", np.nan)) * GRAVITY
    shown = {"force": believed.force_valid, "activation": believed.activation_valid}
    fractions = ", ".join(f"{kind} in {frames.mean():.0%}" for kind, frames in shown.items())
    carried = forces.force[..., 1].sum(axis=1).mean() / weight
    notes = [f"vertical force is {carried:.3f} body weights on average; believed: {fractions} of the frames"]
    if reason := str(quality.clips[name].attrs.get("dynamics_reason", "")):
        notes.append(f"forces are not believed: {reason}")
    return paths, notes
