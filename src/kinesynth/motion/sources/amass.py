"""AMASS files: SMPL+H's and SMPL-X's parameters, brought to the subject's body."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from kinesynth.amass import AmassFile
from kinesynth.body.bone_lengths import leg_length, smplx_rest_joints
from kinesynth.body.model import BodyModel
from kinesynth.clips import ClipRow
from kinesynth.motion.rate_audit import audit_rate
from kinesynth.motion.recording import Recording, from_amass
from kinesynth.motion.retarget import re_expressed
from kinesynth.motion.sources import Loading, Person, Shaping
from kinesynth.motion.told_anatomy import Poses, hanging_collar, tibial_torsion
from kinesynth.subjects.amass_shape import (
    OWN_BETAS,
    first_betas,
    has_own_betas,
    read_row,
    readable_files,
    require_own_betas,
    shape_of_amass,
    usual_size,
)
from kinesynth.subjects.amass_size import has_size, mean_joints, size_from_motion
from kinesynth.subjects.shape import Shape


def read(row: ClipRow, who: Person, how: Loading) -> Recording:  # noqa: ARG001 the contract's
    """Read a file; a rate that its motion contradicts is doubted in a note."""
    file = read_row(row)
    if doubt := audit_rate(file):
        file = replace(file, notes=(*file.notes, f"rate: {file.fps:g} Hz, taken as it stands; {doubt}"))
    return _fitted(file, who)


def shape(model: BodyModel, row: ClipRow, rows: Sequence[ClipRow], how: Shaping) -> Shape:
    """Return the shape that the file's betas, its markers or its motion tell, and what of the bones the motions do."""
    left = list(rows)[list(rows).index(row) :]
    found = shape_of_amass(model, left, how.density_kg_m3, how.stated)
    files = readable_files(left)
    poses = [Poses(from_amass(file).poses, file.fps) for file in files]
    if found.basis == "betas":
        return replace(found, tibial_torsion=tibial_torsion(poses))
    theirs = [_joints_of(file, model, found.amass_size) for file in files]
    collar = hanging_collar(poses, theirs[0])
    ours = model.rest_joints(found.betas)
    moved = [
        replace(motion, values=re_expressed(motion.values, ours, joints, collar))
        for motion, joints in zip(poses, theirs, strict=True)
    ]
    told = None if collar is None else tuple(collar.round(6).tolist())
    return replace(found, amass_collar=told, tibial_torsion=tibial_torsion(moved))


def _fitted(file: AmassFile, who: Person) -> Recording:
    """Bring a file's motion to the subject's body: verbatim if the betas are the file's, else from SMPL-X's rest pose.

    Where the file's betas are no neutral SMPL-X's, its body is SMPL-X's mean one in the size that the subject's record
    or else the motion itself tells.
    """
    recording = from_amass(file)
    if not who.body.identity.is_free:
        require_own_betas(file, who.body)
    if who.record.shape_source == OWN_BETAS and has_own_betas(file, who.body):
        return recording
    theirs, ours = _joints_of(file, who.body, who.record.amass_size), who.proportions.joints
    collar = None if who.record.amass_collar is None else np.array(who.record.amass_collar)
    return replace(
        recording,
        poses=re_expressed(recording.poses, ours, theirs, collar),
        root_scale=leg_length(ours) / leg_length(theirs),
        attrs={**recording.attrs, "rest_pose": "re-expressed from SMPL-X's"},
    )


def _joints_of(file: AmassFile, body: BodyModel, size: float | None) -> np.ndarray:
    """Return the rest joints (22, 3) m of the body that a file's motion was recorded for."""
    if body.identity.is_free and has_own_betas(file, body):
        return body.rest_joints(first_betas(file))
    if has_size(file) or not body.identity.is_free:
        return smplx_rest_joints(first_betas(file))
    return mean_joints(size or size_from_motion([file], usual_size(body, file.gender))[0])
