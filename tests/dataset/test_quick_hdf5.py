from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest

from kinesynth.dataset.quick_hdf5 import read_integer, read_number, read_text


@pytest.fixture
def group(tmp_path: Path) -> Iterator[h5py.h5g.GroupID]:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.attrs.update(
            word="Zoë ←", number=2.5, count=7, bytes=np.bytes_("fixed"), many=np.arange(100), words=["a", "b"],
            none=h5py.Empty("f8"),
        )  # fmt: skip
        yield h5py.h5g.open(file.id, b"/")


def test_single_values(group: h5py.h5g.GroupID) -> None:
    assert read_text(group, "word") == "Zoë ←"
    assert (read_number(group, "number"), read_number(group, "count")) == (2.5, 7.0)
    assert read_integer(group, "count") == 7


@pytest.mark.parametrize("name", ["bytes", "many", "words", "none"])
@pytest.mark.parametrize("read", [read_text, read_number, read_integer])
def test_what_is_no_single_value_is_refused(group: h5py.h5g.GroupID, read: Callable[..., object], name: str) -> None:
    with pytest.raises(ValueError, match=f"attribute {name} is no"):
        read(group, name)


def test_what_is_not_there_is_told(group: h5py.h5g.GroupID) -> None:
    with pytest.raises(KeyError):
        read_number(group, "height")
