"""The fitted bodies as AMASS has them: `<subject>/<clip>_stageii.npz`, SMPL-X's parameters in a world whose z is up.

`surface_model_type` says whose betas they are: `smplx`, or `free` for the free body, whose parameters no other body
takes. The file opens with `smplx` (flat hands, no PCA) and with readers of AMASS, this project's among them.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from kinesynth.amass import Y_UP, AmassFile, write_amass
from kinesynth.body.model import SmplxPose
from kinesynth.dataset.exports.bodies import check_body, needed_body
from kinesynth.dataset.exports.clips import exported_clips

Z_UP = Y_UP.inv()


def write(shards: Sequence[Path], folder: Path, body: Path | None) -> None:
    """Write a file per clip.

    Raises:
        BadInput: a shard is unreadable, or `body` is missing or another's.
    """
    model = needed_body(body, "its root joint, about which SMPL-X turns")
    for clip in exported_clips(shards):
        check_body(model, clip)
        arrays, prefix = clip.record.arrays, "smplx/"
        pose = SmplxPose.from_arrays({name.removeprefix(prefix): each for name, each in arrays.items()})
        root = model.rest_joints(pose.betas)[0]
        path = folder / str(clip.person["subject"]) / f"{clip.clip_id}_stageii.npz"
        path.parent.mkdir(exist_ok=True)
        write_amass(
            AmassFile(
                path=path,
                fps=clip.record.fps,
                gender=model.identity.gender,  # type: ignore[arg-type]
                model=model.identity.surface_model,
                betas=pose.betas,
                trans=Z_UP.apply(pose.transl + root) - root,
                root_orient=np.asarray((Z_UP * Rotation.from_rotvec(pose.global_orient)).as_rotvec()),
                pose_body=pose.body_pose,
                left_hand=pose.left_hand_pose,
                right_hand=pose.right_hand_pose,
            )
        )
