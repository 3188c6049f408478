from pathlib import Path

import numpy as np
import pytest

from kinesynth.errors import BadInput
from kinesynth.opensim_files import read_trc, write_trc

NAMES = ["RASI", "LASI", "C7"]


@pytest.fixture
def walk(tmp_path: Path) -> Path:
    positions = np.random.default_rng(0).normal(size=(5, 3, 3))
    positions[2, 1] = np.nan
    positions[4, 2] = np.nan
    write_trc(tmp_path / "walk.trc", NAMES, positions, 30.0)
    return tmp_path / "walk.trc"


def test_positions_survive_a_round_trip(walk: Path) -> None:
    expected = np.random.default_rng(0).normal(size=(5, 3, 3))
    trajectories = read_trc(walk)
    assert trajectories.names == tuple(NAMES)
    assert trajectories.fps == 30.0
    np.testing.assert_allclose(trajectories.times, np.arange(5) / 30.0, atol=1e-9)
    seen = ~np.isnan(trajectories.positions)
    assert seen.sum() == 45 - 6
    np.testing.assert_allclose(trajectories.positions[seen], expected[seen], atol=1e-9)


def test_opensim_reads_what_is_written(walk: Path) -> None:
    opensim = pytest.importorskip("opensim")
    table = opensim.TimeSeriesTableVec3(str(walk))
    assert list(table.getColumnLabels()) == NAMES
    np.testing.assert_allclose(
        table.getRowAtIndex(1).getElt(0, 2).to_numpy(), read_trc(walk).positions[1, 2], atol=1e-9
    )


def test_millimetres_become_metres(walk: Path) -> None:
    metres = read_trc(walk).positions
    walk.write_text(walk.read_text().replace("\tm\t", "\tmm\t"))
    np.testing.assert_allclose(read_trc(walk).positions, metres / 1000.0)


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (lambda text: text[:0], "header"),
        (lambda text: "\n".join(text.splitlines()[:6]), "frames"),
        (lambda text: text[: int(0.8 * len(text))], "frame"),
        (lambda text: text.replace("0.066666667", "0.166666667"), "Time"),
        (lambda text: text.replace("\n30\t", "\n15\t"), "DataRate: found 15 Hz, but Time .*30 Hz"),
        (lambda text: "\n".join(line for line in text.splitlines() if not line.startswith("3\t")), "even steps"),
        (lambda text: text.replace("\t3\tm\t", "\t4\tm\t").replace("\tZ3", ""), "NumMarkers"),
        (lambda text: text.replace("\tNaN\tNaN\tNaN\n", "\tNaN\n"), "cells"),
        (lambda text: text.replace("0.0333", "0,0333"), "decimal points"),
        (lambda text: text.replace("NaN", "-"), "'-'"),
        (lambda text: text.replace("X1\tY1\tZ1\tX2\tY2\tZ2\tX3\tY3\tZ3\n\n", ""), "line 5"),
        (lambda text: text.replace("\t1\t5\n", "\n").replace("30\t30\t5", "30\t5"), "header"),
        (lambda text: text.replace("\t", " ").replace("NaN", "").replace("LASI", "L ASI"), "tabs"),
        (lambda text: text.replace("\tm\t", "\tfurlong\t"), "Units"),
        (lambda text: text.replace("0.133333333", "0.033333333"), "Time"),
        (lambda text: text.replace("LASI", "RASI"), "marker names"),
        (lambda text: text.replace("0.033333333", "soon"), "numbers"),
    ],
)
def test_a_spoilt_file_is_named_in_one_line(walk: Path, spoil, named: str) -> None:
    walk.write_text(spoil(walk.read_text()))
    with pytest.raises(BadInput, match=named) as caught:
        read_trc(walk)
    assert str(walk) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"nowhere\.trc"):
        read_trc(tmp_path / "nowhere.trc")


@pytest.mark.parametrize(("name", "frames", "markers"), [("static_walk_1", 287, 64), ("motion_capture_walk", 238, 41)])
def test_real_files_are_read(shared: Path, name: str, frames: int, markers: int) -> None:
    trajectories = read_trc(shared / "data/walking" / f"{name}.trc")
    assert trajectories.positions.shape == (frames, markers, 3)
    assert trajectories.fps == 100.0
    assert 1.3 < np.nanmax(trajectories.positions[..., 1]) < 2.0
