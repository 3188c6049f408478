"""The registry of sources and its modules."""

import inspect
from importlib.resources import files
from pathlib import Path

import pytest

from kinesynth.clips import SOURCES, ClipRow
from kinesynth.motion.sources import SourceModule, source_module
from kinesynth.sources import sources
from kinesynth.subjects.shape import Shape

FOLDER = Path(str(files("kinesynth.motion"))) / "sources"


def test_every_row_has_a_module_and_every_module_a_row() -> None:
    assert {path.stem for path in FOLDER.glob("*.py")} - {"__init__"} == set(sources()) == set(SOURCES)


@pytest.mark.parametrize("name", SOURCES)
def test_modules_keep_the_contract(name: str) -> None:
    module = source_module(name)
    for function in ("read", "shape"):
        expected = list(inspect.signature(getattr(SourceModule, function)).parameters)[1:]  # without self
        assert list(inspect.signature(getattr(module, function)).parameters) == expected


def test_the_first_source_that_tells_a_shape_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from kinesynth.errors import BadInput
    from kinesynth.motion import subject

    asked: list[tuple[str, str]] = []

    class Stub:
        def __init__(self, name: str) -> None:
            self.name = name

        def shape(self, _model: object, row: ClipRow, *_: object) -> Shape:
            asked.append((self.name, row.clip_id))
            if self.name == "amass":
                raise BadInput("a.npz", "file", "nothing", "something", "fix it")
            return Shape([], "neutral", self.name)  # type: ignore[arg-type]

    monkeypatch.setattr(subject, "source_module", Stub)
    rows = [
        ClipRow("m", "s", "walk", "train", "markers", path=tmp_path),
        ClipRow("p", "s", "walk", "train", "procedural"),
        ClipRow("a", "s", "walk", "train", "amass", path=tmp_path),
        ClipRow("o", "s", "walk", "train", "opensim", path=tmp_path),
    ]
    found = subject._shape(None, rows, 1, None)  # type: ignore[arg-type]
    assert found.source == "opensim"
    assert asked == [("amass", "a"), ("opensim", "o")]
    assert "a: a.npz: file" in capsys.readouterr().err
