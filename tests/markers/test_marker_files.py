"""Every kind of marker file becomes one record, and each fault one line."""

import struct
from pathlib import Path

import numpy as np
import opensim
import pytest

from c3d_writer import NAMES, POSITIONS, write_c3d
from kinesynth.errors import BadInput
from kinesynth.markers.files import read_markers
from kinesynth.markers.up_axis import check_extent, up_note, upright
from kinesynth.opensim_files.trc import write_trc


def test_c3d(tmp_path: Path) -> None:
    trial = read_markers(write_c3d(tmp_path / "a.c3d"))
    assert (trial.names, trial.fps) == (NAMES, 100.0)
    assert np.isnan(trial.positions[5, 0]).all()
    np.testing.assert_allclose(trial.positions[6:], POSITIONS[6:], atol=1e-6)


@pytest.mark.parametrize(("mass", "read"), [(None, None), (63.5, 63.5), (0.0, None), (63_500.0, None)])
def test_a_c3d_may_state_the_persons_mass(tmp_path: Path, mass: float | None, read: float | None) -> None:
    trial = read_markers(write_c3d(tmp_path / "a.c3d", mass=mass))
    assert trial.mass_kg == read
    assert trial.notes == (("PROCESSING:BODYMASS says 63.5 kg",) if read else ())


def test_of_two_markers_of_one_name_one_that_is_never_seen_is_left_out(tmp_path: Path) -> None:
    names = (*NAMES, NAMES[1])
    positions = np.resize(POSITIONS, (len(POSITIONS), len(names), 3))
    hidden = positions.copy()
    hidden[:, -1] = np.nan
    assert read_markers(write_c3d(tmp_path / "a.c3d", names, positions=hidden)).names == NAMES
    with pytest.raises(BadInput, match=f"{NAMES[1]} twice"):
        read_markers(write_c3d(tmp_path / "b.c3d", names, positions=positions))


def test_a_c3d_cut_out_of_a_trial_keeps_its_time(tmp_path: Path) -> None:
    trial = read_markers(write_c3d(tmp_path / "a.c3d", first_frame=251))
    np.testing.assert_allclose(trial.times, 2.5 + np.arange(len(POSITIONS)) / 100.0)
    assert trial.fps == 100.0


@pytest.mark.parametrize(
    ("unit", "factor", "note"),
    [
        ("", 1000.0, "POINT:UNITS says nothing: in mm, markers are 1.75"),
        ("", 100.0, "POINT:UNITS says nothing: in cm, markers are 1.75"),
        ("", 1.0, "POINT:UNITS says nothing: in m, markers are 1.75"),
        ("mete", 1.0, "POINT:UNITS says 'mete'"),
        ("mill", 1000.0, "POINT:UNITS says 'mill'"),
        ("Millimeters", 1000.0, ""),
        ("MM", 1000.0, ""),
    ],
)
def test_one_persons_spread_tells_a_unit_that_is_missing(tmp_path: Path, unit: str, factor: float, note: str) -> None:
    trial = read_markers(write_c3d(tmp_path / "a.c3d", unit=unit, factor=factor))
    np.testing.assert_allclose(trial.positions[6:], POSITIONS[6:], atol=1e-6)
    assert len(trial.notes) == bool(note)
    assert "".join(trial.notes).startswith(note)


def test_rates_that_contradict_each_other_are_named(tmp_path: Path) -> None:
    path = write_c3d(tmp_path / "a.c3d")
    content = bytearray(path.read_bytes())
    struct.pack_into("<f", content, 20, 200.0)
    path.write_bytes(content)
    with pytest.raises(BadInput, match="POINT:RATE: found 100 Hz, but 200 Hz in the file's first block"):
        read_markers(path)
    keys = {"marker_data": POSITIONS, "marker_labels": np.array(NAMES, "S"), "mocap_framerate": 100.0}
    np.savez(tmp_path / "good.npz", **keys, mocap_time_length=0.2)
    assert read_markers(tmp_path / "good.npz").fps == 100.0
    np.savez(tmp_path / "half.npz", **keys, mocap_time_length=0.4)
    with pytest.raises(BadInput, match=r"frame rate: found 100 Hz, at which 20 frames last 0\.20 s, expected 0\.40 s"):
        read_markers(tmp_path / "half.npz")


@pytest.mark.parametrize("name", ["mocap_framerate", "mocap_time_length"])
@pytest.mark.parametrize(("value", "found"), [([], r"shape \(0,\)"), (np.nan, "nan"), (0.0, "0"), ("fast", "values")])
def test_a_rate_or_duration_that_is_no_number_is_named(tmp_path: Path, name: str, value: object, found: str) -> None:
    keys = {"marker_data": POSITIONS, "marker_labels": np.array(NAMES, "S"), "mocap_framerate": 100.0}
    np.savez(tmp_path / "a.npz", **{**keys, name: np.array(value)})
    with pytest.raises(BadInput, match=f"{name}: found {found}") as caught:
        read_markers(tmp_path / "a.npz")
    assert "\n" not in str(caught.value)


def test_a_unit_that_is_missing_and_fits_nobody_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"POINT:UNITS: found nothing, and markers .* apart.*write m, cm or mm"):
        read_markers(write_c3d(tmp_path / "a.c3d", unit="", factor=20.0))


def test_c3d_leaves_out_what_is_no_labelled_marker(tmp_path: Path) -> None:
    names = ("Anna:LASI", "*11", "RKneeAngles", "RHEE")
    trial = read_markers(write_c3d(tmp_path / "a.c3d", names, angles=("RKneeAngles",)))
    assert trial.names == ("LASI", "RHEE")


def test_c3d_and_opensim_live_in_one_process(tmp_path: Path) -> None:
    """Both bring SWIG's std::vector<int>: whichever comes second takes the other's away."""
    read_markers(write_c3d(tmp_path / "a.c3d"))
    numbers = opensim.StdVectorInt()
    numbers.append(0)
    assert opensim.LinearFunction(2.0, 1.0).calcDerivative(numbers, opensim.Vector(1, 0.0)) == 2.0


def test_trc_and_npz_and_markers_at_the_origin(tmp_path: Path) -> None:
    positions = POSITIONS.copy()
    positions[3, 2] = 0.0
    write_trc(tmp_path / "a.trc", NAMES, positions, 100.0)
    np.savez(tmp_path / "a.npz", marker_data=positions, marker_labels=np.array(NAMES, "S"), mocap_framerate=100.0)
    for suffix in ("trc", "npz"):
        trial = read_markers(tmp_path / f"a.{suffix}")
        assert trial.names == NAMES
        assert np.isnan(trial.positions).sum() == 3
        np.testing.assert_allclose(trial.positions[4:], positions[4:], atol=1e-8)


def test_faults_are_told_in_one_line(tmp_path: Path) -> None:
    whole = write_c3d(tmp_path / "whole.c3d").read_bytes()
    (tmp_path / "half.c3d").write_bytes(whole[:2000])
    (tmp_path / "text.c3d").write_text("no c3d")
    np.savez(tmp_path / "none.npz", poses=np.zeros((3, 156)))
    np.savez(tmp_path / "shape.npz", marker_data=np.zeros((3, 5, 3)), marker_labels=np.array(NAMES))
    write_trc(tmp_path / "unseen.trc", NAMES, np.full((5, 4, 3), np.nan), 100.0)
    write_trc(tmp_path / "slow.trc", NAMES, POSITIONS, 1.0)
    write_c3d(tmp_path / "twice.c3d", ("A:LASI", "B:LASI", "RASI"))
    write_c3d(tmp_path / "unit.c3d", unit="furlong")
    for name, fault in {
        "half.c3d": "truncated", "text.c3d": "no .c3d header", "none.npz": "no such key", "shape.npz": "shape",
        "unseen.trc": "none of them both named and seen", "slow.trc": "rate: found 1", "twice.c3d": "LASI twice",
        "unit.c3d": "furlong", "missing.trc": "no such file", "a.txt": "suffix .txt",
    }.items():  # fmt: skip
        with pytest.raises(BadInput, match=fault) as caught:
            read_markers(tmp_path / name)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("axis", "sign"), [(0, 1), (0, -1), (1, 1), (1, -1), (2, 1), (2, -1)])
def test_up_is_where_the_trunk_is(axis: int, sign: int) -> None:
    rng = np.random.default_rng(2)
    positions = rng.normal(0.0, 0.1, (10, 4, 3))
    positions[:, :2, axis] += sign * 0.5
    turn = upright(Path("a.trc"), positions, ["torso", "pelvis", "calcn_r", "tibia_l"])
    assert np.linalg.det(turn) == pytest.approx(1.0)
    turned = positions @ turn.T
    assert (turned[:, :2, 1] - turned[:, 2:, 1]).mean() > 0.3


def test_whoever_crawls_is_not_set_upright() -> None:
    """Trunk before feet along the way: the axis of the way is not up, however long the way; stairs are not so steep."""
    positions = np.zeros((20, 4, 3)) + np.random.default_rng(3).normal(0.0, 0.02, (20, 4, 3))
    positions[:, :2, 0] += 0.6
    bodies, ahead = ["torso", "pelvis", "calcn_r", "tibia_l"], np.linspace(0.0, 1.5, 20)[:, None]
    crawling, stairs = positions.copy(), positions.copy()
    crawling[..., 0] += ahead
    with pytest.raises(BadInput, match=r"up axis: found trunk and feet apart along x, which is where the subject goes"):
        upright(Path("a.trc"), crawling, bodies)
    stairs[..., 0] += 0.65 * ahead
    stairs[..., 2] += ahead
    for steep in (positions, stairs):
        assert np.linalg.det(upright(Path("a.trc"), steep, bodies)) == pytest.approx(1.0)


def test_an_unusual_up_axis_is_told() -> None:
    for axis, sign, note in ((1, 1, ""), (2, 1, ""), (0, 1, "+x"), (1, -1, "-y")):
        positions = np.zeros((10, 2, 3))
        positions[:, 0, axis] = 0.9 * sign
        notes = up_note(upright(Path("a.trc"), positions, ["torso", "calcn_r"]))
        assert (note in notes[0]) if note else notes == ()


def test_someone_lying_and_wrong_units_are_refused() -> None:
    askew = np.zeros((10, 2, 3))
    askew[:, 0] = [0.5, 0.5, 0.5]
    with pytest.raises(BadInput, match="up axis: found trunk and feet apart"):
        upright(Path("a.trc"), askew, ["torso", "calcn_r"])
    with pytest.raises(BadInput, match="no known markers on trunk or feet"):
        upright(Path("a.trc"), askew, ["torso", "torso"])
    for factor in (1000.0, 0.001):
        with pytest.raises(BadInput, match=r"unit: found markers .* m apart"):
            check_extent(Path("a.trc"), factor * POSITIONS)
