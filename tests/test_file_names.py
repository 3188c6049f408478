"""Public functions take the names of files as `str` as well as `Path`."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from kinesynth.body.virtual_markers import virtual_markers
from kinesynth.cli import VERBS
from kinesynth.config_file import write_schema
from kinesynth.dataset import ShardDataset, sample
from kinesynth.errors import BadInput
from kinesynth.file_names import takes_file_names
from kinesynth.opensim_files import read_storage, read_trc, write_storage, write_trc
from kinesynth.skeleton import SkeletonDefinition, SkeletonLayer
from kinesynth_train.calibration import read_cameras
from kinesynth_train.evaluate import evaluate
from kinesynth_train.predict.predict import predict
from kinesynth_train.predict.request import Request
from kinesynth_train.settings import Settings
from kinesynth_train.train import fit


@dataclass(frozen=True)
class Group:
    output: Path
    views: dict[str, Path] | None = None
    name: str = "walk"


@takes_file_names
def verb(*, files: list[Path], folder: Path | None = None, group: Group = Group(Path()), name: str = "") -> object:
    return files, folder, group, name


def test_names_become_paths_where_paths_are_asked_for() -> None:
    group = Group("out", {"left": "l.mov"})  # type: ignore[arg-type, dict-item]
    found = verb(files=["a", Path("b")], folder="c", group=group, name="d")  # type: ignore[list-item, arg-type]
    assert found == ([Path("a"), Path("b")], Path("c"), Group(Path("out"), {"left": Path("l.mov")}), "d")
    assert verb(files=[]) == ([], None, Group(Path()), "")


@pytest.mark.parametrize("name", VERBS)
def test_every_verb_takes_names(name: str) -> None:
    module, _, function = VERBS[name][0].partition(":")
    found = getattr(import_module(module), function)
    assert inspect.unwrap(found) is not found


@pytest.mark.parametrize("function", [fit, evaluate, predict])
def test_so_do_training_evaluation_and_prediction(function: Callable[..., object]) -> None:
    assert inspect.unwrap(function) is not function


@pytest.mark.parametrize(
    "read",
    [
        read_trc, read_storage, read_cameras, SkeletonLayer.from_osim, SkeletonLayer.load,
        SkeletonDefinition.from_osim, SkeletonDefinition.load, ShardDataset,
        lambda path: virtual_markers(body=path, motion=path, output=path),
        lambda path: fit(Settings(shards=path, output=f"{path}.fit")),  # type: ignore[arg-type]
        lambda path: evaluate([path], path, f"{path}.json", "cpu"),
        lambda path: predict(Request(cameras=path, output=f"{path}.out", videos={"a": path, "b": path})),
    ],
)  # fmt: skip
def test_a_file_that_is_not_there_is_told_by_its_name(read: Callable[[str], object], tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="nowhere"):
        read(str(tmp_path / "nowhere"))


def test_what_is_written_by_a_name_is_read_by_it(tmp_path: Path) -> None:
    table, markers, schema = (str(tmp_path / name) for name in ("a.sto", "a.trc", "config.schema.yaml"))
    write_storage(table, np.arange(3.0), {"knee": np.ones(3)}, in_degrees=False, name="angles")
    write_trc(markers, ["r_knee"], np.zeros((3, 1, 3)), 30.0)
    write_schema(output=schema)  # type: ignore[arg-type]
    assert read_storage(table).names == ("knee",)
    assert read_trc(markers).names == ("r_knee",)
    assert Path(schema).is_file()
    assert len(ShardDataset(str(sample()), window=16)) > 0
