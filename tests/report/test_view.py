import base64
import io
import re
from pathlib import Path

import av
import h5py
import numpy as np
import pytest

from kinesynth import cli
from kinesynth.dataset.record import ClipRecord, read_clip
from kinesynth.report.muscle_paths import muscle_paths
from kinesynth.report.scene import FORCE, UNSURE_FORCE, Scene
from kinesynth.skeleton.definition import SkeletonDefinition


@pytest.fixture(scope="module")
def walk(results: Path) -> tuple[ClipRecord, SkeletonDefinition]:
    with h5py.File(results / "shards/anna_000.h5") as file:
        return read_clip(file["clips/anna_walk"]), SkeletonDefinition.read(file["skeleton"])


def test_a_page_holds_the_whole_clip_as_a_video(results: Path, tmp_path: Path) -> None:
    shard = str(results / "shards/anna_000.h5")
    assert cli.run(["view", shard, "anna_walk", "--output", str(tmp_path / "walk.html")]) == 0
    page = (tmp_path / "walk.html").read_text()
    video = re.search(r'src="data:video/mp4;base64,([^"]+)"', page)
    assert video
    with av.open(io.BytesIO(base64.b64decode(video[1]))) as container:
        assert container.streams.video[0].frames == 20
        assert container.streams.video[0].average_rate == 30
    assert "<svg" in page


def test_mistakes_are_told_in_a_line(results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shard = str(results / "shards/anna_000.h5")
    for arguments, told in (
        ([shard, "anna_run"], "one of anna_walk, anna_squat"),
        ([str(tmp_path / "no.h5"), "a"], "no.h5"),
        ([shard, "anna_walk", "--output", "walk.gif"], ".mp4, .html or .rrd"),
    ):
        assert cli.run(["view", *arguments]) == 2
        assert told in capsys.readouterr().err


def test_muscles_run_from_body_to_body(walk: tuple[ClipRecord, SkeletonDefinition]) -> None:
    clip, skeleton = walk
    paths = dict(zip(skeleton.muscle_names, muscle_paths(clip, skeleton), strict=True))
    joints = clip.arrays["keypoints"]
    ankle, knee = (joints[:, skeleton.body_names.index(name)] for name in ("talus_r", "tibia_r"))
    soleus = paths["soleus_r"]
    assert soleus.shape[0] == 20
    # It ends at the heel, a hand's breadth from the ankle, and begins below the knee, whatever the pose.
    assert (np.linalg.norm(soleus[:, -1] - ankle, axis=1) < 0.09).all()
    assert (np.linalg.norm(soleus[:, 0] - knee, axis=1) < 0.15).all()


def test_forces_are_grey_where_they_are_not_valid(walk: tuple[ClipRecord, SkeletonDefinition]) -> None:
    clip, skeleton = walk
    scene = Scene(clip, clip.views["sagittal"], skeleton, muscle_paths(clip, skeleton), 70.0)
    masked, valid = (np.asarray(picture).reshape(-1, 3) for picture in scene.pictures((180, 240), [1, 5]))

    def has(pixels: np.ndarray, colour: tuple[int, ...]) -> bool:
        return bool((np.abs(pixels.astype(int) - colour).max(axis=1) < 12).sum() > 20)

    assert has(valid, FORCE)
    assert not has(masked, FORCE)
    assert has(masked, UNSURE_FORCE)
