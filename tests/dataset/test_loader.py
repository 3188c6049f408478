"""Pixels read before a fork must not keep forked workers from reading: whole sessions, killed when they hang."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

SECONDS = 240.0  # a session takes 10 s on a free core, much longer beside others


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_workers_read_what_the_parent_reads(results: Path, method: str) -> None:
    script = Path(__file__).with_name("loader_work.py")
    session = subprocess.Popen(
        [sys.executable, "-W", "ignore", str(script), str(results), method],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # so that its workers can be ended with it
    )
    try:
        _, said = session.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        pytest.fail(f"workers started by {method} did not read within {SECONDS:.0f} s")
    finally:
        if session.poll() is None:
            os.killpg(session.pid, signal.SIGKILL)
            session.wait()
    assert (session.returncode, said) == (0, "")
