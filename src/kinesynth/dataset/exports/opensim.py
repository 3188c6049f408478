"""A subject's shards as the files that OpenSim opens: model, markers, angles, forces, moments and activations.

In the folder stand `<subject>.osim` and, per clip, `<clip>.trc` (virtual markers), `<clip>.mot` (coordinates in degrees
and metres; those that OpenSim calls coupled in radians, as it writes and reads them itself), `<clip>_smooth.mot` (the
same of the motion that forces, moments and activations belong to), `<clip>_grf.mot` with `<clip>_grf.xml`
(ExternalLoads), `<clip>_moments.sto` and `<clip>_activations.sto`.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from kinesynth.dataset.exports.clips import ExportedClip, exported_clips
from kinesynth.dataset.record import ClipRecord, pushes
from kinesynth.dataset.sound import readable, unpacked_model
from kinesynth.errors import BadInput
from kinesynth.opensim_files import write_storage, write_trc
from kinesynth.opensim_files.external_loads import write_external_loads
from kinesynth.skeleton.definition import SkeletonDefinition, evaluate


def write(shards: Sequence[Path], folder: Path) -> None:
    """Write the model, which all shards of a subject hold alike, and all clips.

    Raises:
        BadInput: a file is missing or unreadable, or the shards are not one subject's.
    """
    subject, shard = "", None
    for clip in exported_clips(shards):
        if clip.shard != shard:
            subject, shard = _write_model(clip, subject, folder), clip.shard
            with readable(clip.shard, "skeleton"):
                skeleton = SkeletonDefinition.read(clip.file["skeleton"])
        _write_clip(folder / clip.clip_id, clip.record, skeleton)


def _write_model(clip: ExportedClip, earlier: str, folder: Path) -> str:
    """Write the model of a clip's shard, and return its subject, who must be that of `earlier` shards, if any.

    Raises:
        BadInput: the subject is another, or the model is unreadable.
    """
    subject = str(clip.person["subject"])
    if earlier not in ("", subject):
        raise BadInput(clip.shard, "subject", subject, earlier, "export one subject at a time")
    (folder / f"{subject}.osim").write_bytes(unpacked_model(clip.shard, clip.file))
    return subject


def _write_clip(stem: Path, clip: ClipRecord, skeleton: SkeletonDefinition) -> None:
    """Write one clip's files, whose names begin with `stem`."""

    def named(suffix: str) -> Path:
        return stem.with_name(stem.name + suffix)

    arrays = {name: array.astype(float) for name, array in clip.arrays.items()}
    fps = clip.fps
    times = np.arange(clip.n_frames) / fps
    write_trc(named(".trc"), skeleton.marker_names, arrays["markers"], fps)
    tables = {
        ".mot": ("coordinates", skeleton.coordinate_names, for_opensim(skeleton, arrays["angles"])),
        "_smooth.mot": ("coordinates", skeleton.coordinate_names, for_opensim(skeleton, arrays["smooth_angles"])),
        "_moments.sto": ("moments", moment_labels(skeleton), arrays["moments"]),
        "_activations.sto": ("activations", skeleton.muscle_names, arrays["activations"]),
    }
    for suffix, (title, names, values) in tables.items():
        columns = dict(zip(names, values.T, strict=True))
        write_storage(named(suffix), times, columns, in_degrees=suffix.endswith(".mot"), name=title)
    ground = pushes(arrays)
    write_external_loads(named("_grf.xml"), named("_grf.mot"), times, *ground, motion=named("_smooth.mot").name)


def for_opensim(skeleton: SkeletonDefinition, angles: np.ndarray) -> np.ndarray:
    """Return `angles` (T, J) as they stand in a file that says degrees."""
    return np.where(in_degrees(skeleton), np.degrees(angles), angles)


def in_degrees(skeleton: SkeletonDefinition) -> np.ndarray:
    """Return (J,), true for the coordinates that OpenSim converts when a file says degrees: those that are angles.

    Where a body turns by a function of a coordinate, as the knee cap does, OpenSim takes the coordinate for no angle.
    """
    asked = np.array([-1.0, 0.0, 0.5, 2.0])
    pieces = zip(skeleton.function_knots, skeleton.function_coefficients, strict=True)
    identity = np.array([np.allclose(evaluate(knots, coefficients, asked), asked) for knots, coefficients in pieces])
    turning = skeleton.axis_coordinates[:, :3][identity[skeleton.axis_functions[:, :3]]]
    return np.isin(np.arange(len(skeleton.coordinate_names)), turning)


def moment_labels(skeleton: SkeletonDefinition) -> list[str]:
    """Return the column names that InverseDynamicsTool gives: a moment for an angle, a force for all else."""
    pairs = zip(skeleton.coordinate_names, in_degrees(skeleton), strict=True)
    return [f"{name}_{'moment' if angle else 'force'}" for name, angle in pairs]
