"""A file is whole or absent, whoever else writes it, and however a writer ended."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kinesynth.atomic import atomic_path, write_text

KILLED = """
import os, signal, sys
from pathlib import Path
from kinesynth.atomic import atomic_path
with atomic_path(Path(sys.argv[1])) as temporary:
    temporary.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""

OTHER = """
import sys
from pathlib import Path
from kinesynth.atomic import write_text
write_text(Path(sys.argv[1]), "theirs")
"""


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "old")
    with pytest.raises(UnicodeEncodeError):
        write_text(tmp_path / "a.txt", "half \ud800")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "old"


def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "a.txt")], check=False)
    assert [path.name.startswith(".partial-") for path in tmp_path.iterdir()] == [True]
    write_text(tmp_path / "a.txt", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_the_half_of_a_living_process_is_left_alone(tmp_path: Path) -> None:
    """The jobs of a killed Snakemake work on: their half must neither be renamed nor removed."""
    with atomic_path(tmp_path / "a.txt") as temporary:
        temporary.write_text("mine")
        subprocess.run([sys.executable, "-c", OTHER, str(tmp_path / "a.txt")], check=True)
        assert (tmp_path / "a.txt").read_text() == "theirs"
    assert (tmp_path / "a.txt").read_text() == "mine"
    assert str(os.getpid()) in temporary.name
