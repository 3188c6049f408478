"""Every malformed input ends in a line that names file and field; none runs code, writes elsewhere, hangs or floods."""

import resource
import subprocess
import sys
import time
from pathlib import Path

import c3d_files
import hdf5_files
import npz_files
import osim_files
import pytest
import text_files
from case import Case

from kinesynth.errors import KinesynthError

CASES = (*npz_files.CASES, *text_files.CASES, *hdf5_files.CASES, *osim_files.CASES, *c3d_files.CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_one_line_names_file_and_field(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = tmp_path / "inputs"
    inputs.mkdir()
    monkeypatch.chdir(tmp_path)
    start = time.monotonic()
    with pytest.raises(KinesynthError) as caught:
        case.open(inputs)
    assert time.monotonic() - start < 60
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 1000
    missing = [text for text in case.says if text.lower() not in message.lower()]
    assert not missing, message
    assert [path.name for path in tmp_path.iterdir()] == ["inputs"], "something was written or executed"


def test_names_are_unique_and_there_are_enough() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 60
    assert {case.name.split()[0] for case in CASES} >= {
        "amass",
        "body",
        "osim",
        "mot",
        "trc",
        "c3d",
        "yaml",
        "tsv",
        "h5",
        "mp4",
    }


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("amass hides a pickle in its poses", ["check-motion", "--files"]),
        ("tsv with path traversal in a clip id", ["list-shards", "--output", "shards.tsv", "--clips"]),
        ("h5 shard truncated", ["verify", "--shards"]),
    ],
)
def test_commands_print_one_line_and_exit_with_2(name: str, command: list[str], tmp_path: Path) -> None:
    case = next(case for case in CASES if case.name == name)
    with pytest.raises(KinesynthError):
        case.open(tmp_path)
    (made,) = tmp_path.iterdir()
    program = Path(sys.executable).with_name("kinesynth")
    done = subprocess.run([program, *command, made], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert [line.startswith("kinesynth: ") for line in done.stderr.splitlines()][-1:] == [True], done.stderr
    assert "Traceback" not in done.stderr
    assert made.name in done.stderr
    assert list(tmp_path.iterdir()) == [made]


def test_no_case_took_more_than_four_gigabytes() -> None:
    """Runs last: the peak is that of all cases, in this process and in its children."""
    peaks = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    assert max(peaks) < 4e6
