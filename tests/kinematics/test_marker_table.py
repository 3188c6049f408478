import csv
from importlib.resources import files

import numpy as np
import pytest

MIDLINE = {"C7", "T4", "T8", "T10", "CLAV", "STRN", "XIPH", "HTOP", "SACR"}


@pytest.fixture(scope="module")
def markers() -> dict[str, tuple[str, np.ndarray]]:
    with (files("kinesynth.skeleton") / "tables" / "markers.csv").open(encoding="utf-8") as stream:
        return {
            row["marker"]: (row["body"], np.array([float(row[axis]) for axis in "xyz"]))
            for row in csv.DictReader(stream)
        }


def test_there_are_103_markers_on_21_bodies(markers) -> None:
    assert len(markers) == 103
    assert len({body for body, _ in markers.values()}) == 21


def test_markers_mirror_exactly(markers) -> None:
    for name, (body, position) in markers.items():
        if name in MIDLINE:
            assert position[2] == 0, name
        elif name.startswith("R"):
            mirrored_body, mirrored = markers["L" + name[1:]]
            assert mirrored_body == (f"{body[:-2]}_l" if body.endswith("_r") else body)
            np.testing.assert_array_equal(mirrored, position * [1, 1, -1], err_msg=name)


def test_no_two_markers_share_a_place(markers) -> None:
    positions = {(body, *position) for body, position in markers.values()}
    assert len(positions) == len(markers)


def test_right_markers_of_the_trunk_lie_on_the_right(markers) -> None:
    for name, (body, position) in markers.items():
        if body in {"torso", "pelvis"} and name not in MIDLINE:
            assert (position[2] > 0.02) == name.startswith("R"), name
