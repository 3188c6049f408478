import numpy as np
import pytest

from kinesynth.dataset.camera import project
from kinesynth.dataset.video import count_frames, decode_frames, pack_masks, unpack_masks
from shard_factory import encode


def test_any_window_of_a_video_with_several_key_frames() -> None:
    video = encode(np.zeros((40, 48, 64), dtype=bool))
    assert count_frames(video) == 40
    whole = decode_frames(video, 0, 40)
    for start, stop in ((0, 1), (11, 13), (12, 30), (25, 40), (39, 40)):
        np.testing.assert_array_equal(decode_frames(video, start, stop), whole[start:stop])
    with pytest.raises(ValueError, match="the video has 40 frames, frame 40 was asked for"):
        decode_frames(video, 30, 41)
    with pytest.raises(ValueError, match="cannot be read"):
        count_frames(video[:100])


def test_masks_of_any_size() -> None:
    masks = np.random.default_rng(0).random((3, 5, 7)) > 0.5
    bits = pack_masks(masks)
    assert bits.shape == (3, 5)
    np.testing.assert_array_equal(unpack_masks(bits[1:], 5, 7), masks[1:])


def test_projection_by_hand() -> None:
    K = np.array([[100.0, 0, 50], [0, 100, 40], [0, 0, 1]])
    pixels, depth = project(np.array([[0.5, -0.2, 2.0]]), K, np.eye(4))
    np.testing.assert_allclose(pixels, [[75.0, 30.0]])
    np.testing.assert_allclose(depth, [2.0])
