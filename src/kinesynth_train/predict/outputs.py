"""What `predict` writes, in the folders and by the names that Pose2Sim's users know."""

import importlib.util
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from kinesynth import __version__
from kinesynth.atomic import write_text
from kinesynth.dataset.exports.opensim import for_opensim
from kinesynth.errors import BadInput
from kinesynth.opensim_files import write_storage, write_trc
from kinesynth.subjects.shape import BMI
from kinesynth_train.predict.belief import stretches_of
from kinesynth_train.predict.landmarks import keypoint_sets
from kinesynth_train.predict.reconstruct import Reconstruction
from kinesynth_train.predict.synchronisation import frame_places
from kinesynth_train.predict.views import Sight
from kinesynth_train.predict.visualizer import write_visualizer

LIMBS = ("femur", "tibia", "talus", "humerus", "ulna", "hand")


def check_output(folder: Path) -> None:
    """Make the folder of the results, before hours are spent on what could not be kept.

    Raises:
        BadInput: nothing can be written there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        found = error.strerror or type(error).__name__
        raise BadInput(folder, "output", found, "a folder to write in", "give another --output") from error


def write_motion(folder: Path, name: str, found: Reconstruction) -> dict[str, Path]:
    """Write points (.trc), the same of the skeleton fitted to them, angles (.mot) and bones to look at; return where.

    Frames that are not shown are NaN in the .trc, and have no row in the .mot: OpenSim's tools end at NaN. The same
    angles with NaN wherever one is not believed stand in the .sto beside it.
    """
    points, angles = folder / "pose-3d" / f"{name}.trc", folder / "kinematics" / f"{name}.mot"
    fitted = points.with_name(f"{name}_fitted.trc")
    write_trc(points, found.names, found.points, found.fps)
    write_trc(fitted, found.names, found.poses.markers, found.fps)
    valid = found.poses.valid
    values = for_opensim(found.skeleton, found.poses.angles[valid])
    columns = dict(zip(found.skeleton.coordinate_names, values.T, strict=True))
    times = np.arange(len(found.times))[valid] / found.fps
    write_storage(angles, times, columns, in_degrees=True, name="Coordinates")
    believed = angles.with_name(f"{name}_believed.sto")
    masked = np.full(found.poses.angles.shape, np.nan)
    masked[valid] = np.where(found.angle_valid[valid], values, np.nan)
    columns = dict(zip(found.skeleton.coordinate_names, masked.T, strict=True))
    frames = np.arange(len(found.times)) / found.fps
    write_storage(believed, frames, columns, in_degrees=True, name="Coordinates", missing=True)
    visualizer = folder / "visualizer" / f"{name}.json"
    write_visualizer(visualizer, found)
    return {
        "points": points,
        "fitted points": fitted,
        "angles": angles,
        "believed angles": believed,
        "visualizer": visualizer,
    }


def write_model(folder: Path, name: str, found: Reconstruction, mass_kg: float, log: Path) -> Path | None:
    """Write the scaled model, where OpenSim is installed, whose messages go to `log`; return where, or None."""
    if importlib.util.find_spec("opensim") is None:
        return None
    from kinesynth.kinematics.scale_by_factors import scale_by_factors

    path = folder / "kinematics" / f"{name}_scaled.osim"
    log.parent.mkdir(parents=True, exist_ok=True)
    scale_by_factors(path, found.skeleton.body_names, found.size.scales, mass_kg, log)
    return path


def body_mass(found: Reconstruction, told: float | None) -> tuple[float, list[str]]:
    """Return the mass, kg, that is told or usual for the height, and a note where it was not told."""
    if told is not None:
        return told, []
    mass = round(BMI * found.size.height**2, 1)
    return mass, [f"no --mass: {mass:g} kg is usual for {found.size.height:.2f} m, and forces are in proportion to it"]


def reprojection(found: Reconstruction, sights: list[Sight]) -> dict[str, np.ndarray]:
    """Return how far, px, the skeleton's points lie from the detected ones: the RMS (T,) of each view's frames.

    NaN in frames that are not believed, and before and after those that the view has.
    """
    errors = {}
    for sight in sights:
        nearest = np.rint(frame_places(sight.view.times, found.times + sight.offset.seconds)).astype(int)
        last = len(sight.points) - 1
        seen = sight.points[nearest.clip(0, last)][:, _columns(sight, found)]
        seen[(nearest < 0) | (nearest > last)] = 0.0
        pixels, _ = sight.view.camera.pixels(found.poses.markers)
        away = np.where(seen[..., 2] > 0.3, np.linalg.norm(pixels - seen[..., :2], axis=-1), np.nan)
        with np.errstate(invalid="ignore"):
            counts = np.isfinite(away).sum(axis=1)
            errors[sight.view.name] = np.sqrt(np.nansum(away**2, axis=1) / np.where(counts, counts, np.nan))
    return errors


def joints_on_mask(found: Reconstruction, sight: Sight) -> float:
    """Return which fraction of the skeleton's limb joints lies on the detector's mask; NaN where there is no mask."""
    if sight.silhouettes is None:
        return float("nan")
    positions = frame_places(sight.view.times, found.times + sight.offset.seconds)
    nearest = np.rint(positions).astype(int)
    shown = found.poses.valid & (nearest >= 0) & (nearest < len(sight.points))
    shown[shown] = sight.silhouettes.shown(nearest[shown])
    names = found.skeleton.body_names
    joints = found.poses.joints[shown][:, [names.index(f"{body}_{side}") for body in LIMBS for side in "rl"]]
    pixels, _ = sight.view.camera.pixels(joints)
    return float(sight.silhouettes.holds(nearest[shown], pixels).mean()) if shown.any() else float("nan")


def _columns(sight: Sight, found: Reconstruction) -> list[int]:
    names = keypoint_sets()[sight.view.keypoints.set]
    return [names.index(name) for name in found.names]


def summary(
    folder: Path,
    found: Reconstruction,
    sights: list[Sight],
    files: Mapping[str, Path],
    notes: list[str],
    mass_kg: float,
    method: str,
) -> dict[str, Any]:
    """Return what predict.json in a folder holds; the files' paths begin there."""
    pixels = reprojection(found, sights)
    confidence = np.where(np.isfinite(found.confidence), found.confidence, 0.0).mean(axis=1)
    return {
        "kinesynth": __version__,
        "guess": found.guess,
        "method": method,
        "assumed": notes,
        "files": {kind: path.relative_to(folder).as_posix() for kind, path in files.items()},
        "frames": len(found.times),
        "frames_per_second": round(found.fps, 6),
        "first_frame_seconds": round(float(found.times[0]), 6),
        "height_m": round(found.size.height, 4),
        "height_measured_m": _rounded(found.size.measured, 4),
        "mass_kg": mass_kg,
        "scale_factors": {name: round(factor, 4) for name, factor in found.size.factors.items()},
        "views": {
            sight.view.name: {
                "offset_seconds": round(sight.offset.seconds, 4),
                "lines_of_sight_miss_first_view_mm": _rounded(1e3 * sight.miss, 1),
                "joints_on_mask": _rounded(joints_on_mask(found, sight), 3),
                "reprojection_rms_px": _rounded(_rms(pixels[sight.view.name]), 2),
                "reprojection_rms_px_by_frame": [_rounded(value, 1) for value in pixels[sight.view.name]],
            }
            for sight in sights
        },
        "valid": found.poses.valid.tolist(),
        "angles_not_believed_seconds": {
            name: np.round(stretches_of(~valid, found.fps), 4).tolist()
            for name, valid in zip(found.skeleton.coordinate_names, found.angle_valid.T, strict=True)
            if not valid.all()
        },
        "confidence": [round(float(value), 3) for value in confidence],
        "points_filled": found.filled.sum(axis=1).tolist(),
        "misfit_rms_mm": [_rounded(1e3 * value, 1) for value in found.poses.misfit],
    }


def _rms(values: np.ndarray) -> float:
    """Return the root mean square of those that are known, NaN where none is."""
    known = values[np.isfinite(values)]
    return float(np.sqrt((known**2).mean())) if len(known) else float("nan")


def _rounded(value: float, digits: int) -> float | None:
    return round(float(value), digits) if np.isfinite(value) else None


def write_summary(path: Path, content: Mapping[str, Any]) -> None:
    """Write predict.json."""
    write_text(path, json.dumps(content, indent=1, allow_nan=False) + "\n")
