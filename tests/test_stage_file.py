"""Stage files: whole or absent, the same bytes for the same content, and no clip lost."""

import errno
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from kinesynth.errors import BadInput, ClipRejected
from kinesynth.stage_file import Clip, Rejection, StageFile, process_clips, read_stage, write_stage


def example() -> StageFile:
    clips = {
        name: Clip(
            name, {"angles": np.full((3, 2), k, float), "front/video": np.arange(4, dtype=np.uint8)}, {"fps": 30.0}
        )
        for k, name in enumerate(["walk", "jump", "bow"])
    }
    rejected = {"fall": Rejection("fall", "load_motion", "NaN in poses", 3.0, "frame 7")}
    return StageFile(clips, rejected, {"names": ["a", "b"], "rate": 10})


def test_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "s_000.h5"
    write_stage(path, example())
    read = read_stage(path)
    assert list(read.clips) == ["walk", "jump", "bow"]
    assert read.rejected == example().rejected
    assert read.attrs == example().attrs
    assert read.clips["jump"].attrs == {"fps": 30.0}
    np.testing.assert_array_equal(read.clips["bow"].arrays["front/video"], np.arange(4))


def test_equal_content_gives_equal_bytes(tmp_path: Path) -> None:
    for name in ("one.h5", "two.h5"):
        write_stage(tmp_path / name, example())
    assert (tmp_path / "one.h5").read_bytes() == (tmp_path / "two.h5").read_bytes()


def test_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "s_000.h5"
    write_stage(path, example())
    before = path.read_bytes()
    with pytest.raises(TypeError):
        write_stage(path, StageFile({"x": Clip("x", {"a": np.array([object()])})}))
    assert path.read_bytes() == before
    assert [item.name for item in tmp_path.iterdir()] == ["s_000.h5"]


def test_truncated_file_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "s_000.h5"
    write_stage(path, example())
    path.write_bytes(path.read_bytes()[:900])
    with pytest.raises(BadInput, match=r"s_000\.h5: stage file: found") as caught:
        read_stage(path)
    assert "\n" not in str(caught.value)


def test_a_bad_clip_does_not_sink_its_shard(tmp_path: Path) -> None:
    def work(clip: Clip) -> Clip:
        if clip.clip_id == "jump":
            raise ClipRejected("too high", 2.5, "knee")
        return Clip(clip.clip_id, {"twice": 2 * clip.arrays["angles"]}, clip.attrs)

    write_stage(tmp_path / "in.h5", example())
    process_clips("twice", [tmp_path / "in.h5"], tmp_path / "out.h5", work)
    out = read_stage(tmp_path / "out.h5")
    assert list(out.clips) == ["walk", "bow"]
    assert out.rejected["fall"].stage == "load_motion"
    assert out.rejected["jump"] == Rejection("jump", "twice", "too high", 2.5, "knee")


def test_a_disk_that_takes_no_more_ends_in_an_error_not_a_crash(tmp_path: Path) -> None:
    script = """
import resource, sys
import numpy as np
from pathlib import Path
from kinesynth.stage_file import Clip, StageFile, write_stage
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
try:
    write_stage(Path(sys.argv[1]), StageFile({"a": Clip("a", {"x": np.zeros(100_000)})}))
except OSError as error:
    print("refused", error.errno)
"""
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path / "a.h5"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, f"refused {errno.EFBIG}\n"), done.stderr
    assert list(tmp_path.iterdir()) == []
