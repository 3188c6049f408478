import numpy as np

from kinesynth.pose_layout import SMPLX


def test_parts_follow_one_another_and_come_back_together() -> None:
    poses = np.arange(2.0 * SMPLX.width).reshape(2, SMPLX.width)
    parts = SMPLX.split(poses)
    assert {name: part.shape[1] for name, part in parts.items()} == {
        "global_orient": 3, "body_pose": 63, "left_hand_pose": 45, "right_hand_pose": 45,
    }  # fmt: skip
    np.testing.assert_array_equal(SMPLX.joined(**parts), poses)
    np.testing.assert_array_equal(SMPLX.joints(poses)[:, 0], poses[:, SMPLX.root])
    assert SMPLX.joints(poses).shape == (2, 22, 3)
