from pathlib import Path

import numpy as np
import pytest

from kinesynth.errors import BadInput
from kinesynth.opensim_files import read_storage, write_storage


@pytest.fixture
def angles(tmp_path: Path) -> Path:
    times = np.arange(4) / 30.0
    columns = {"hip_flexion_r": np.array([1.0, 2.0, 3.0, 1e-13]), "pelvis_tx": np.pi * times}
    write_storage(tmp_path / "angles.mot", times, columns, in_degrees=True, name="Coordinates")
    return tmp_path / "angles.mot"


def test_values_survive_a_round_trip(angles: Path) -> None:
    storage = read_storage(angles)
    assert storage.names == ("hip_flexion_r", "pelvis_tx")
    assert storage.in_degrees
    np.testing.assert_allclose(storage.times, np.arange(4) / 30.0, rtol=1e-11)
    np.testing.assert_allclose(storage.column("hip_flexion_r"), [1.0, 2.0, 3.0, 1e-13], rtol=1e-11)


def test_opensim_reads_what_is_written(angles: Path) -> None:
    opensim = pytest.importorskip("opensim")
    table = opensim.TimeSeriesTable(str(angles))
    assert list(table.getColumnLabels()) == ["hip_flexion_r", "pelvis_tx"]
    assert table.getTableMetaDataAsString("inDegrees") == "yes"
    assert table.getNumRows() == 4


def test_values_that_are_not_finite_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not finite"):
        write_storage(tmp_path / "a.mot", np.zeros(1), {"q": np.array([np.nan])}, in_degrees=False, name="q")
    assert not (tmp_path / "a.mot").exists()


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (lambda text: text[:0], "endheader"),
        (lambda text: "\n".join(text.splitlines()[:7]), "no rows"),
        (lambda text: "\n".join(text.splitlines()[:-1]), "nRows"),
        (lambda text: text.rstrip().rpartition("\t")[0], "cells"),
        (lambda text: text.replace("time", "frame"), "first column"),
        (lambda text: text.replace("0.0666666666667", "0.02"), "increase"),
        (lambda text: text.replace("0.0666666666667", "nan"), "not finite"),
    ],
)
def test_a_spoilt_file_is_named_in_one_line(angles: Path, spoil, named: str) -> None:
    angles.write_text(spoil(angles.read_text()))
    with pytest.raises(BadInput, match=named) as caught:
        read_storage(angles)
    assert str(angles) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_real_files_are_read(shared: Path) -> None:
    reference = read_storage(shared / "data/walking/coordinates.sto")
    assert reference.values.shape == (1350, 31)
    assert not reference.in_degrees
    assert read_storage(shared / "data/walking/grf_walk.mot").values.shape == (4778, 18)
