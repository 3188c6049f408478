"""A user's table of labels comes before what the labels themselves say, and is refused where it cannot be meant."""

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinesynth.errors import BadInput
from kinesynth.markers.anatomy import Markers
from kinesynth.markers.labels import known
from kinesynth.markers.user_labels import read_labels, with_user_landmarks, write_labels
from kinesynth.opensim_files.trc import MarkerTrajectories

NAMES = ("R_Knee_Lat", "M12", "Wand", "RHJC")
TRIAL = MarkerTrajectories(NAMES, np.zeros((3, 4, 3)), 100.0, np.arange(3) / 100)


def csv_of(folder: Path, *lines: str) -> Path:
    path = folder / "labels.csv"
    path.write_text("\n".join(("label,landmark", *lines)) + "\n")
    return path


def test_landmarks_are_told_by_name_or_by_a_common_label(tmp_path: Path) -> None:
    table = csv_of(tmp_path, "M12,L.Ankle.Med", "Wand,none", "R_Knee_Lat,RMFC", "Elsewhere,C7", "RHJC,")
    told = with_user_landmarks(tmp_path / "walk.trc", TRIAL, table)
    assert told.names == ("R_Knee_Lat", "M12", "RHJC")
    assert told.places == {"M12": "LMMAL", "R_Knee_Lat": "RMFC"}
    assert told.positions.shape == (3, 3, 3)
    assert {name: label.landmark for name, label in known(told.names, told.places).items()} == told.places
    assert told.notes == ("landmarks of 2 labels as labels.csv says, left out Wand",)


def test_sides_are_checked_of_labels_that_a_table_explains(tmp_path: Path) -> None:
    table = csv_of(tmp_path, "M12,RKNE", "Wand,LKNE")
    told = with_user_landmarks(tmp_path / "walk.trc", TRIAL, table)
    labels = {name: label for name, label in known(told.names, told.places).items() if name in told.places}
    assert Markers.of(told.names, told.positions, labels).pairs() == [("M12", "Wand")]


def test_what_is_written_can_be_read_and_edited(tmp_path: Path) -> None:
    write_labels(tmp_path / "labels.csv", TRIAL)
    assert (tmp_path / "labels.csv").read_text().splitlines()[1:] == ["R_Knee_Lat,RLFC", "M12,", "Wand,", "RHJC,none"]
    assert read_labels(tmp_path / "labels.csv") == {"R_Knee_Lat": "RLFC", "RHJC": "none"}


@pytest.mark.parametrize(
    ("lines", "where"),
    [
        (["M12,knee bone"], "line 2, landmark"),
        (["M12,C7", "M12,T8"], "line 3"),
        (["M12,C7,T8"], "line 2"),
        ([",C7"], "line 2"),
        (["X1,C7"], "label: found none of R_Knee_Lat, M12"),
    ],
)
def test_faults_are_named(tmp_path: Path, lines: list[str], where: str) -> None:
    with pytest.raises(BadInput, match=rf"labels\.csv: {where}"):
        with_user_landmarks(tmp_path / "walk.trc", TRIAL, csv_of(tmp_path, *lines))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_table_or_bad_input(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(b"label,landmark\n" + content)
    with suppress(BadInput):
        assert all(read_labels(path).values())
