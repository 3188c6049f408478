"""The body model that belongs to a shard's parameters, for exports that need its joints or its mesh."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from kinesynth.body.model import BodyModel, SmplxPose, load_body
from kinesynth.dataset.exports.clips import ExportedClip
from kinesynth.errors import BadInput

FIX = "give the run's stages/body/model.npz as --body"


def needed_body(body: Path | None, why: str) -> BodyModel:
    """Load the body model.

    Raises:
        BadInput: none was given.
    """
    if body is None:
        raise BadInput("export", "body", "nothing", f"the body model, for {why}", FIX)
    return load_body(body)


def check_body(model: BodyModel, clip: ExportedClip) -> None:
    """Require that a clip's parameters are those of this body.

    Raises:
        BadInput: they are another's.
    """
    if (found := model.identity.name) != (expected := str(clip.person["body_model"])):
        raise BadInput(model.path, "body", found, f"{expected}, with which {clip.shard.name} was made", FIX)


def fitted_pose(clip: ExportedClip) -> SmplxPose:
    """Return the parameters of a clip's fitted body, in the shards' world."""
    prefix = "smplx/"
    return SmplxPose.from_arrays({name.removeprefix(prefix): each for name, each in clip.record.arrays.items()})


def turned(model: BodyModel, pose: SmplxPose, rotation: Rotation) -> SmplxPose:
    """Return the pose of the same body in a world turned about its origin: SMPL-X itself turns about its root joint."""
    root = model.rest_joints(pose.betas)[0]
    return replace(
        pose,
        global_orient=np.asarray((rotation * Rotation.from_rotvec(pose.global_orient)).as_rotvec()),
        transl=rotation.apply(pose.transl + root) - root,
    )
