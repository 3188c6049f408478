"""What `kill -9` leaves of a shard that is being written."""

import multiprocessing
import signal
import time
from pathlib import Path
from unittest.mock import patch

from kinesynth.dataset.verify import shard_faults
from kinesynth.skeleton import SkeletonDefinition
from shard_factory import make_model, make_stages, pack

FRACTIONS = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9)  # of the time that one writing takes, from where its file is there


def packed(stages: dict[str, Path], skeleton: SkeletonDefinition, output: Path, created: str) -> None:
    with patch.object(SkeletonDefinition, "from_osim", return_value=skeleton):
        pack(stages, output=output, created=created)


def partial(folder: Path) -> list[Path]:
    return list(folder.glob(".partial-*-anna_000.h5"))


def test_a_killed_writer_leaves_the_old_shard_or_the_new(results: Path, tmp_path: Path) -> None:
    stages, skeleton = make_stages(results.parent, "anna"), make_model(results.parent)[1]
    output = tmp_path / "anna_000.h5"
    packed(stages, skeleton, output, "2026-01-01")  # the first one also opens what the others find open
    begun = time.perf_counter()
    packed(stages, skeleton, output, "2026-01-01")
    seconds = time.perf_counter() - begun
    old = output.read_bytes()
    left_behind, fork = 0, multiprocessing.get_context("fork")
    for fraction in FRACTIONS:
        child = fork.Process(target=packed, args=(stages, skeleton, output, "2026-01-02"))
        child.start()
        deadline = time.perf_counter() + 60
        while not partial(tmp_path) and child.is_alive() and time.perf_counter() < deadline:
            time.sleep(0.001)
        time.sleep(fraction * seconds)
        child.kill()
        child.join()
        left_behind += len(partial(tmp_path))
        assert set(tmp_path.iterdir()) == {output, *partial(tmp_path)}
        assert len(partial(tmp_path)) <= 1
        assert list(shard_faults(output)) == []
        if child.exitcode == -signal.SIGKILL and partial(tmp_path):
            assert output.read_bytes() == old
        else:
            packed(stages, skeleton, output, "2026-01-01")
    assert left_behind > 0
    packed(stages, skeleton, output, "2026-01-01")
    assert [path.name for path in tmp_path.iterdir()] == [output.name]
    assert output.read_bytes() == old
