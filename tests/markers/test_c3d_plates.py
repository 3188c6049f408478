"""Force plates of .c3d files: known forces come back, whatever the plate's type and unit."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from c3d_plates_writer import ANALOG_RATE, CORNERS_M, FRAMES, RATE, write_plates
from c3d_writer import write_c3d
from kinesynth.errors import BadInput
from kinesynth.markers.c3d_plates import _off_plate, read_c3d_plates
from kinesynth.opensim_files.force_table import Plates

SAMPLES = round(FRAMES * ANALOG_RATE / RATE)
TIMES = np.arange(SAMPLES) / ANALOG_RATE
FORCE = np.stack([20 + 60 * np.sin(5 * TIMES), -40 * np.cos(3 * TIMES), 700 + 100 * np.sin(4 * TIMES)], axis=1)
COP = np.stack([0.2 + 0.1 * TIMES, 0.25 - 0.1 * TIMES, 0.0 * TIMES], axis=1)
FREE = 3.0 + 2.0 * np.sin(TIMES)


def pressure(plates: Plates) -> tuple[np.ndarray, np.ndarray]:
    """Return the only plate's centre of pressure (N, 2) m on z = 0, and the free moment (N,) N m there."""
    force, moment = plates.force[:, 0], plates.torque[:, 0] + np.cross(plates.point[:, 0], plates.force[:, 0])
    cop = np.stack([-moment[:, 1], moment[:, 0]], axis=1) / force[:, 2:]
    return cop, moment[:, 2] - (cop[:, 0] * force[:, 1] - cop[:, 1] * force[:, 0])


@pytest.mark.parametrize("kind", [1, 2, 3, 4])
@pytest.mark.parametrize("unit", ["mm", "m"])
def test_forces_of_each_type_come_back(tmp_path: Path, kind: int, unit: str) -> None:
    plates = read_c3d_plates(write_plates(tmp_path / "walk.c3d", kind, FORCE, COP, FREE, unit))
    np.testing.assert_allclose(plates.force[:, 0], FORCE, atol=0.01)
    cop, free = pressure(plates)
    np.testing.assert_allclose(cop, COP[:, :2], atol=1e-5)
    np.testing.assert_allclose(free, FREE, atol=0.01)
    assert plates.rate_hz == pytest.approx(ANALOG_RATE)
    assert (plates.names, plates.feet, plates.notes) == (("plate 1",), (None,), ())


def test_an_offset_is_taken_off_where_the_file_says_that_nobody_stood(tmp_path: Path) -> None:
    force = FORCE.copy()
    force[:100] = 0.0
    path = write_plates(tmp_path / "walk.c3d", 2, force + np.array([1.0, 2.0, 12.0]), COP, FREE, zero=(1, 8))
    plates = read_c3d_plates(path)
    np.testing.assert_allclose(plates.force[:100, 0], 0.0, atol=0.01)
    np.testing.assert_allclose(plates.force[100:, 0], FORCE[100:], atol=0.01)


def test_a_load_is_no_offset(tmp_path: Path) -> None:
    plates = read_c3d_plates(write_plates(tmp_path / "walk.c3d", 2, FORCE, COP, FREE, zero=(1, 8)))
    np.testing.assert_allclose(plates.force[:, 0], FORCE, atol=0.01)


def test_forces_beside_the_plate_are_refused(tmp_path: Path) -> None:
    path = write_plates(tmp_path / "walk.c3d", 2, FORCE, COP + np.array([0.8, 0.0, 0.0]), FREE)
    with pytest.raises(BadInput, match=r"plate 1: found a centre of pressure 0\.4\d m beyond its edges"):
        read_c3d_plates(path)


def test_moments_in_another_unit_than_points_are_refused(tmp_path: Path) -> None:
    path = write_plates(tmp_path / "walk.c3d", 2, FORCE, COP, FREE, moment_unit="Nm")
    with pytest.raises(BadInput, match="ANALOG:UNITS: found moments in Nm, points in mm, expected Nmm"):
        read_c3d_plates(path)


def test_corners_of_no_plate_are_refused(tmp_path: Path) -> None:
    path = write_plates(tmp_path / "walk.c3d", 2, FORCE, COP, FREE, corners=1e-3 * CORNERS_M)
    with pytest.raises(BadInput, match=r"CORNERS: found edges of 0\.4 to 0\.6 mm, expected 0\.25 to 3 m"):
        read_c3d_plates(path)


def test_an_unknown_type_is_refused(tmp_path: Path) -> None:
    path = write_plates(tmp_path / "walk.c3d", 2, FORCE, COP, FREE, said=7)
    with pytest.raises(BadInput, match="FORCE_PLATFORM: found Type 7 is not supported"):
        read_c3d_plates(path)


def test_a_file_without_plates_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="FORCE_PLATFORM: found no plates"):
        read_c3d_plates(write_c3d(tmp_path / "walk.c3d"))


@pytest.mark.parametrize("name", ["helen_hayes_walk", "plug_in_gait_full"])
def test_people_push_real_plates_down(shared: Path, name: str) -> None:
    path = shared / f"data/realfiles/{name}.c3d"
    if not path.exists():
        pytest.skip(f"{path.name} is not at hand")
    plates = read_c3d_plates(path)
    upward = plates.force[..., 2]
    assert ((upward.max(axis=0) > 400.0) & (upward.min(axis=0) > -60.0)).all()


@given(st.floats(-0.29, 0.29), st.floats(-0.19, 0.19), st.floats(0.0, 1.0))
def test_no_point_on_a_plate_is_beside_it(x: float, y: float, beyond: float) -> None:
    corners = CORNERS_M - CORNERS_M.mean(axis=0)
    force = np.array([[30.0, -20.0, 700.0]])

    def off(point: list[float]) -> float:
        return _off_plate(force, np.cross([point], force), corners)

    assert off([x, y, 0.0]) <= 0.0
    assert off([0.3 + beyond, y, 0.0]) == pytest.approx(beyond, abs=1e-9)
