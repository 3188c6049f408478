"""Checkpoints and weights from strangers run no code and end in one line."""

import copy
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from kinesynth.errors import BadInput
from kinesynth.networks import network_modules
from kinesynth_train.checkpoint import FORMAT, load_checkpoint
from kinesynth_train.networks import preset_named
from kinesynth_train.networks.pretrained import load_weights
from kinesynth_train.shipped import shipped_checkpoint
from kinesynth_train.strange_checkpoint import check_preset


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


@pytest.fixture(scope="module")
def good() -> dict[str, Any]:
    """What a good checkpoint holds: that of the network which ships."""
    with shipped_checkpoint("neurik") as path:
        content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return content


def into(*keys: Any, value: Any) -> Callable[[dict[str, Any]], None]:
    """Put a value into nested dictionaries and lists."""

    def spoil(content: Any) -> None:
        for key in keys[:-1]:
            content = content[key]
        content[keys[-1]] = value

    return spoil


def filled(part: str, value: float) -> Callable[[dict[str, Any]], None]:
    """Fill one tensor of a part."""

    def spoil(content: dict[str, Any]) -> None:
        next(each for each in content[part].values() if each.is_floating_point()).fill_(value)

    return spoil


def without(name: str) -> Callable[[dict[str, Any]], None]:
    return lambda content: content.pop(name)


NAN, INF = float("nan"), float("inf")
SPOILT: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "weights that are NaN": (filled("model", NAN), "1 of .* parameters that hold no numbers, .* take an earlier"),
    "weights that are endless": (filled("model", INF), "parameters that hold no numbers"),
    "no weights": (without("model"), "model: found nothing"),
    "no preset": (without("preset"), "preset: found nothing"),
    "no skeleton": (without("skeleton"), "skeleton: found nothing"),
    "an unknown network": (into("name", value="nope"), "network: found 'nope', expected one of networks.csv"),
    "another network's name": (into("name", value="odah"), "checkpoint: found"),
    "a network that is a number": (into("name", value=3), "network: found 3"),
    "a billion layers": (into("preset", "shape", "layers", value=10**9), "shape.layers of 1e[+]09"),
    "a billion channels": (into("preset", "shape", "width", value=10**9), "shape.width of 1e[+]09"),
    "a width below zero": (into("preset", "shape", "width", value=-1), "shape.width of -1"),
    "no precision": (into("preset", "precision", value="fp1"), "precision of 1.0, 'fp1'"),
    "a crop of words": (into("preset", "crop", value="x"), "crop of 'x'"),
    "windows of nothing": (into("preset", "phases", -1, "window", value=0), "phases without windows"),
    "a rate below zero": (into("source", "fps", value=-1), "source/fps of -1"),
    "no rate": (into("source", "fps", value=NAN), "source/fps of nan"),
    "views that are a number": (into("source", "views", value=0), "source/views of 0"),
    "a mean of NaN": (into("anatomy", "mean", value=torch.full((53,), NAN)), "anatomy/mean holds what is no number"),
    "a mean of another length": (into("anatomy", "mean", value=torch.zeros(2)), "anatomy/mean does not fit"),
    "a root of numbers": (into("anatomy", "root", value=torch.zeros(3)), "anatomy/root is not that"),
    "a root far away": (into("anatomy", "root", value=torch.tensor([0, 1, 10**6])), "root is not that"),
    "axes that are none": (into("anatomy", "root_axes", value=torch.full((3, 3), 9.0)), "root_axes is not that"),
    "an unknown way to tell angles": (into("preset", "shape", "output", value="x"), "shape.output of 'x'"),
    "a switch of words": (into("preset", "shape", "facing", value="x"), "shape.facing of 'x'"),
    "a batch of words": (into("preset", "phases", -1, "batch_size", value="x"), "phase.batch_size of 'x'"),
    "a body more": (into("anatomy", "bodies", value=torch.tensor(29)), "do not fit the skeleton"),
    "a parent far away": (into("skeleton", "parents", value=torch.full((28,), 99)), "parents holds what is no index"),
    "a parent after its child": (into("skeleton", "parents", 0, value=torch.tensor(3)), "comes after its child"),
    "masses of NaN": (into("skeleton", "masses", value=torch.full((28,), NAN).double()), "masses holds what is no num"),
    "axes of another shape": (into("skeleton", "axes", value=torch.zeros(28, 3)), "axes has shape"),
}  # fmt: skip


@pytest.mark.parametrize(("spoil", "message"), SPOILT.values(), ids=SPOILT)
def test_parts_that_do_not_belong_together_are_one_line(
    good: dict[str, Any], spoil: Callable[[dict[str, Any]], None], message: str, tmp_path: Path
) -> None:
    content = copy.deepcopy(good)
    spoil(content)
    torch.save(content, tmp_path / "checkpoint.pt")
    with pytest.raises(BadInput, match=message) as caught:
        load_checkpoint(tmp_path / "checkpoint.pt")
    assert str(caught.value).startswith(str(tmp_path / "checkpoint.pt"))
    assert "\n" not in str(caught.value)


def test_every_preset_is_within_its_bounds() -> None:
    for name in network_modules():
        check_preset(preset_named(name), tensors=100)
