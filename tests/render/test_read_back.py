from pathlib import Path

import av
import numpy as np
import pytest

from kinesynth.errors import ClipRejected
from kinesynth.render.job_folder import PART_LEVEL
from kinesynth.render.read_back import read_parts

LABELS = np.repeat(np.repeat(np.array([[[0, 1, 1, 0], [0, 2, 3, 0]]], dtype=np.uint8), 64, axis=1), 64, axis=2)


def test_a_stray_level_takes_the_label_around_it(tmp_path: Path) -> None:
    levels = LABELS * PART_LEVEL
    levels[0, 40, 50] += 5
    write_lossless(tmp_path / "frontal_parts.mkv", levels)
    np.testing.assert_array_equal(read_parts(tmp_path / "frontal_parts.mkv", 1), LABELS)


def test_blurred_edges_reject_the_clip(tmp_path: Path) -> None:
    levels = LABELS * PART_LEVEL
    levels[0, :, 64] += 5
    write_lossless(tmp_path / "frontal_parts.mkv", levels)
    with pytest.raises(ClipRejected, match=r"parts of the body are blurred.*frontal_parts\.mkv"):
        read_parts(tmp_path / "frontal_parts.mkv", 1)


def test_an_empty_picture_rejects_the_clip(tmp_path: Path) -> None:
    write_lossless(tmp_path / "frontal_parts.mkv", np.concatenate([LABELS * PART_LEVEL, 0 * LABELS]))
    with pytest.raises(ClipRejected, match=r"nobody in the picture.*frame 1"):
        read_parts(tmp_path / "frontal_parts.mkv", 2)


def write_lossless(path: Path, levels: np.ndarray) -> None:
    """Write grey pictures (T,H,W) as Blender does."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=30)
        stream.height, stream.width, stream.pix_fmt = *levels.shape[1:], "gray"
        for picture in levels:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="gray")))
        container.mux(stream.encode())
