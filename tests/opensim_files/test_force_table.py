"""Tables of measured forces: whatever a laboratory calls its columns, the same plates come out."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinesynth.errors import BadInput
from kinesynth.opensim_files.force_table import column_part, plate_columns, read_force_table
from kinesynth.opensim_files.storage import write_storage

TIMES = np.arange(40) / 100.0
STYLES = {  # force, point and torque of a plate, as they are found in the wild; {} is the plate
    "gait2354": ("{}_ground_force_v", "{}_ground_force_p", "{}_ground_torque_"),
    "numbered": ("ground_force_{}_v", "ground_force_{}_p", "ground_force_{}_m"),
    "osimC3D": ("ground_force_{}_v", "ground_force_{}_p", "ground_moment_{}_m"),
    "sides first": ("{}_ground_force_v", "{}_ground_force_p", "{}_ground_torque_"),
    "sides last": ("ground_force_{}_v", "ground_force_{}_p", "ground_torque_{}_"),
    "own": ("ground_force_{}_", "ground_point_{}_", "ground_torque_{}_"),
    "addbiomechanics": ("ground_force_calcn_{}_v", "ground_force_calcn_{}_p", "ground_force_calcn_{}_m"),
}


def columns(style: str, plates: tuple[str, ...], values: np.ndarray) -> dict[str, np.ndarray]:
    """Return the columns of values (T, P, 3, 3): of each plate force, point and torque."""
    return {
        (pattern.format(plate) + axis).lstrip("_"): values[:, at, quantity, letter]
        for at, plate in enumerate(plates)
        for quantity, pattern in enumerate(STYLES[style])
        for letter, axis in enumerate("xyz")
    }


@pytest.fixture
def values() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(len(TIMES), 2, 3, 3))


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("plates", [("1", "2"), ("R", "L"), ("", "1")])
def test_all_namings_give_the_same_plates(
    tmp_path: Path, values: np.ndarray, style: str, plates: tuple[str, str]
) -> None:
    path = tmp_path / "forces.mot"
    write_storage(path, TIMES, columns(style, plates, values), in_degrees=False, name="forces")
    found = read_force_table(path)
    assert len(found.names) == 2
    for quantity, array in enumerate((found.force, found.point, found.torque)):
        np.testing.assert_allclose(array, values[:, :, quantity], rtol=1e-9)
    assert found.rate_hz == pytest.approx(100.0)
    assert found.notes == ()


def test_a_plate_without_torque_is_told(tmp_path: Path, values: np.ndarray) -> None:
    path = tmp_path / "forces.mot"
    bare = {name: column for name, column in columns("numbered", ("1", "2"), values).items() if "_2_m" not in name}
    write_storage(path, TIMES, bare, in_degrees=False, name="forces")
    found = read_force_table(path)
    assert found.notes == ("no torque of 2: taken for none",)
    np.testing.assert_array_equal(found.torque[:, 1], 0.0)


def test_a_table_that_was_cut_is_taken_and_told(tmp_path: Path, values: np.ndarray) -> None:
    path = tmp_path / "forces.mot"
    write_storage(path, TIMES, columns("numbered", ("1", "2"), values), in_degrees=False, name="forces")
    lines = path.read_text().splitlines()
    path.write_text("\n".join(lines[:-10]) + "\n")
    found = read_force_table(path)
    assert len(found.times) == len(TIMES) - 10
    assert found.notes == ("nRows 40 in its header, 30 rows: taken as it is",)


def test_missing_rows_in_the_middle_are_refused(tmp_path: Path, values: np.ndarray) -> None:
    path = tmp_path / "forces.mot"
    there = np.r_[0:10, 20:40]
    write_storage(path, TIMES[there], columns("numbered", ("1", "2"), values[there]), in_degrees=False, name="forces")
    with pytest.raises(BadInput, match=r"time: found a step of 0\.11 s"):
        read_force_table(path)


def test_a_table_of_angles_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "angles.mot"
    names = ("pelvis_tx", "pelvis_ty", "pelvis_tz", "hip_flexion_r")
    write_storage(path, TIMES, dict.fromkeys(names, TIMES), in_degrees=True, name="angles")
    with pytest.raises(BadInput, match="expected a force and its point by axis"):
        read_force_table(path)


def test_a_point_that_lacks_an_axis_makes_no_plate(values: np.ndarray) -> None:
    names = tuple(name for name in columns("numbered", ("1", "2"), values) if name != "ground_force_2_pz")
    assert list(plate_columns(names)) == ["1"]


@given(st.text(alphabet="abfmptvxyz_.0123456789 RL", max_size=24))
def test_any_name_is_a_part_or_none(name: str) -> None:
    part = column_part(name)
    if part is not None:
        plate, quantity, axis = part
        assert quantity in ("force", "point", "torque")
        assert name.lower().rstrip("_. ").endswith(axis)
        assert plate == plate.strip().lower()


@given(plate=st.from_regex(r"[a-z]{0,3}[0-9]{0,2}", fullmatch=True), style=st.sampled_from(sorted(STYLES)))
def test_a_plates_quantities_go_together(plate: str, style: str) -> None:
    if plate in ("force", "point", "cop", "grf", "fp"):
        return
    parts = [column_part((pattern.format(plate) + "x").lstrip("_")) for pattern in STYLES[style]]
    assert [part and part[1] for part in parts] == ["force", "point", "torque"]
    assert len({part and part[0] for part in parts}) == 1
