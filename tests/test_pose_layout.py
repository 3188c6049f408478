import numpy as np

from kinesynth.pose_layout import SMPLX, WITH_FACE


def test_parts_follow_one_another_and_come_back_together() -> None:
    poses = np.arange(2.0 * SMPLX.width).reshape(2, SMPLX.width)
    parts = SMPLX.split(poses)
    assert {name: part.shape[1] for name, part in parts.items()} == {
        "global_orient": 3, "body_pose": 63, "left_hand_pose": 45, "right_hand_pose": 45,
    }  # fmt: skip
    np.testing.assert_array_equal(SMPLX.joined(**parts), poses)
    np.testing.assert_array_equal(SMPLX.joints(poses)[:, 0], poses[:, SMPLX.root])
    assert SMPLX.joints(poses).shape == (2, 22, 3)


def test_jaw_and_eyes_rest_between_body_and_hands() -> None:
    poses = np.arange(1.0, 2.0 * WITH_FACE.width + 1).reshape(2, WITH_FACE.width)
    back = WITH_FACE.joined(**WITH_FACE.split(poses))
    assert np.flatnonzero((back != poses).any(axis=0)).tolist() == list(range(66, 75))
    assert not back[:, 66:75].any()
    assert back.shape[1] == SMPLX.width + 9
