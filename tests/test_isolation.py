"""A child may crash, hang or chatter; its caller gets a rejected clip and goes on."""

import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from kinesynth.errors import BadInput, ClipRejected, MissingDependency
from kinesynth.isolation import isolated


def double(values: np.ndarray) -> np.ndarray:
    os.write(1, b"chatter\n")
    return 2 * values


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def hang() -> None:
    time.sleep(60)


def reject() -> None:
    raise ClipRejected("too high", 2.5, "knee")


def refuse() -> None:
    raise BadInput("a.trc", "rows", "none", "some", "export it again")


def lack() -> None:
    raise MissingDependency("ezc3d", "pipeline")


def fail() -> None:
    raise RuntimeError("SimTK Exception\n thrown")


def test_result_and_chatter(tmp_path: Path) -> None:
    result = isolated(double, np.arange(3.0), timeout_seconds=60, log=tmp_path / "a.log")
    np.testing.assert_array_equal(result, [0, 2, 4])
    assert "chatter" in (tmp_path / "a.log").read_text()


@pytest.mark.parametrize(
    ("function", "reason", "detail"),
    [
        (crash, "process crashed", "SIGSEGV"),
        (hang, "process hung", "no result after 3 s"),
        (reject, "too high", "knee"),
        (fail, "tool failed", "SimTK Exception thrown"),
    ],
)
def test_every_bad_ending_is_a_rejection(tmp_path: Path, function: object, reason: str, detail: str) -> None:
    with pytest.raises(ClipRejected) as caught:
        isolated(function, timeout_seconds=3 if function is hang else 60, log=tmp_path / "a.log")  # type: ignore[arg-type]
    assert caught.value.reason == reason
    assert detail in caught.value.detail


def test_bad_input_stays_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"a\.trc: rows") as caught:
        isolated(refuse, timeout_seconds=60, log=tmp_path / "a.log")
    assert (caught.value.field, caught.value.fix) == ("rows", "export it again")


def test_a_missing_package_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingDependency, match="ezc3d"):
        isolated(lack, timeout_seconds=60, log=tmp_path / "a.log")


def crash_once(folder: Path) -> int:
    """Crash the first process that calls it and no other."""
    if not (folder / "crashed").exists():
        (folder / "crashed").touch()
        crash()
    return 7


def test_a_child_that_was_lost_gets_a_second_chance(tmp_path: Path) -> None:
    """As when the machine was out of memory for a moment: the clip is not lost."""
    assert isolated(crash_once, tmp_path, timeout_seconds=60, log=tmp_path / "a.log") == 7
    assert "SIGSEGV" in (tmp_path / "a.log").read_text()
