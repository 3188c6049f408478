"""The fitted bodies as AMASS has them: `<subject>/<clip>_stageii.npz`, SMPL-X's parameters in a world whose z is up.

`surface_model_type` says whose betas they are: `smplx`, or `free` for the free body, whose parameters no other body
takes. The file opens with `smplx` (flat hands, no PCA) and with readers of AMASS, this project's among them.
"""

from collections.abc import Sequence
from pathlib import Path

from kinesynth.amass import Y_UP, AmassFile, write_amass
from kinesynth.dataset.exports.bodies import check_body, fitted_pose, needed_body, turned
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
        pose = turned(model, fitted_pose(clip), Z_UP)
        path = folder / str(clip.person["subject"]) / f"{clip.clip_id}_stageii.npz"
        path.parent.mkdir(exist_ok=True)
        write_amass(
            AmassFile(
                path=path,
                fps=clip.record.fps,
                gender=model.identity.gender,  # type: ignore[arg-type]
                model=model.identity.surface_model,
                betas=pose.betas,
                trans=pose.transl,
                root_orient=pose.global_orient,
                pose_body=pose.body_pose,
                left_hand=pose.left_hand_pose,
                right_hand=pose.right_hand_pose,
            )
        )
