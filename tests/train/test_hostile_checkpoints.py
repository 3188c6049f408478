"""Checkpoints and weights from strangers run no code and end in one line."""

import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from kinesynth.errors import BadInput
from kinesynth_train.checkpoint import FORMAT, load_checkpoint
from kinesynth_train.networks.pretrained import load_weights


class Payload:
    """Writes a file into the working directory when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (Path("executed"),)


def saved(content: Any) -> Callable[[Path], None]:
    return lambda path: torch.save(content, path)


def bare_pickle(path: Path) -> None:
    path.write_bytes(pickle.dumps({"format": FORMAT, "model": Payload()}))


def archive_of_a_pickle(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"format": FORMAT, "model": Payload()}, protocol=2))
        archive.writestr("archive/version", "3\n")


def climbing(path: Path) -> None:
    """Name an entry so that whoever unpacks the archive writes beside it."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../executed", "")


HOSTILE: dict[str, Callable[[Path], None]] = {
    "an object where tensors are": saved({"format": FORMAT, "skeleton": Payload()}),
    "a class among the names": saved({Payload: 1}),
    "a bare pickle": bare_pickle,
    "an archive of a pickle": archive_of_a_pickle,
    "an archive that climbs out": climbing,
    "a list": saved([1, 2, 3]),
    "a number": saved(3),
    "a network that is a path": saved(
        {"format": FORMAT, "skeleton": {"reference": torch.ones(1)}, "name": "../../evil"}
    ),
    "a skeleton of numbers": saved({"format": FORMAT, "skeleton": {"reference": [1.0]}}),
    "a skeleton of other fields": saved({"format": FORMAT, "skeleton": {"reference": torch.ones(3), "__class__": [1]}}),
}


@pytest.mark.parametrize("write", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("read", [load_checkpoint, lambda path: load_weights(torch.nn.Linear(2, 2), str(path), "any")])
def test_nothing_runs(
    write: Callable[[Path], None], read: Callable[[Path], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "inner"
    folder.mkdir()
    monkeypatch.chdir(folder)
    write(folder / "checkpoint.pt")
    with pytest.raises(BadInput) as caught:
        read(folder / "checkpoint.pt")
    assert "\n" not in str(caught.value)
    assert "checkpoint.pt" in str(caught.value)
    assert [path.name for path in tmp_path.rglob("*")] == ["inner", "checkpoint.pt"]
