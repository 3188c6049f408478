"""Real markers: marker sets, static trials, and a published gait trial against its reference."""

from pathlib import Path

import numpy as np
import pytest

from kinesynth.errors import BadInput
from kinesynth.kinematics.marker_set import read_marker_set, shipped_sets
from kinesynth.kinematics.scale_to_markers import scale_to_markers, static_places
from kinesynth.opensim_files import read_storage, write_trc
from kinesynth.opensim_files.trc import read_trc

SET = Path("rajagopal2016")
LEGS = ("hip_flexion", "knee_angle", "ankle_angle")


@pytest.mark.parametrize("name", shipped_sets())
def test_shipped_sets_are_symmetric(name: str) -> None:
    known = read_marker_set(Path(name))
    for marker, (body, (x, y, z)) in known.places.items():
        mirrored = known.places.get({"R": "L", "L": "R"}.get(marker[0], "") + marker[1:])
        if mirrored is not None:
            assert mirrored == (body.replace("_r", "_X").replace("_l", "_r").replace("_X", "_l"), (x, y, -z))
    for row in known.measurements:
        pairs = {frozenset(pair) for pair in row.pairs}
        mirrored = {frozenset({"R": "L", "L": "R"}.get(m[0], m[0]) + m[1:] for m in pair) for pair in pairs}
        assert mirrored == pairs


@pytest.mark.parametrize(
    ("row", "found"),
    [("A,torso,0,0,nil,1,1,no,me", "nil"), ("A,torso,0,0,0,1,1,maybe,me", "maybe"), ("A,torso", "NoneType")],
)
def test_a_bad_row_is_named(tmp_path: Path, row: str, found: str) -> None:
    (tmp_path / "markers.csv").write_text(f"marker,body,x,y,z,static,motion,fixed,source\n{row}\n")
    with pytest.raises(BadInput, match=rf"line 2: found .*{found}"):
        read_marker_set(tmp_path)


def test_an_unknown_set_is_bad_input() -> None:
    with pytest.raises(BadInput, match="rajagopal2016"):
        read_marker_set(Path("nobody"))


def _write_trial(path: Path, sway: np.ndarray) -> dict[str, np.ndarray]:
    """Write a static trial of the shipped set's markers, all moved by `sway` (T,) m, and return their places."""
    names = list(read_marker_set(SET).places)
    places = np.random.default_rng(0).uniform(0.0, 1.5, size=(len(names), 3))
    write_trc(path, names, places + sway[:, None, None], 100.0)
    return dict(zip(names, places, strict=True))


def test_the_steadiest_part_of_a_static_trial_counts(tmp_path: Path) -> None:
    sway = np.concatenate([np.linspace(0.3, 0.0, 40, endpoint=False), np.zeros(40), np.linspace(0.0, 0.2, 40)])
    places = _write_trial(tmp_path / "static.trc", sway)
    found = static_places(tmp_path / "static.trc", read_marker_set(SET))
    assert max(np.abs(found[name] - place).max() for name, place in places.items()) < 1e-8


def test_a_trial_that_is_not_static_is_bad_input(tmp_path: Path) -> None:
    _write_trial(tmp_path / "static.trc", np.linspace(0.0, 2.0, 60))
    with pytest.raises(BadInput, match="markers that move"):
        static_places(tmp_path / "static.trc", read_marker_set(SET))


def test_a_lost_marker_is_named(tmp_path: Path) -> None:
    write_trc(tmp_path / "static.trc", ["R.ASIS"], np.zeros((3, 1, 3)), 100.0)
    with pytest.raises(BadInput, match="every marker of the set"):
        static_places(tmp_path / "static.trc", read_marker_set(SET))


def test_published_gait_is_reproduced(shared: Path, skeleton: Path, tmp_path: Path) -> None:
    """Half a second of the walking trial; the acceptance run holds all of it to the same bar."""
    from kinesynth.kinematics.inverse_kinematics import inverse_kinematics
    from kinesynth.stage_file import read_stage

    walking = shared / "data/walking"
    model, log = tmp_path / "subject.osim", tmp_path / "log"
    scale_to_markers(
        static=walking / "static_walk_1.trc", marker_set=SET, skeleton=skeleton, mass_kg=85.07, output=model,
        report=tmp_path / "report.json", log=log,
    )  # fmt: skip
    trial = read_trc(walking / "motion_capture_walk.trc")
    window = slice(50, 100)
    write_trc(tmp_path / "walk.trc", trial.names, trial.positions[window], trial.fps)
    inverse_kinematics(markers=tmp_path / "walk.trc", model=model, marker_set=SET, output=tmp_path / "ik.h5", log=log)
    stage = read_stage(tmp_path / "ik.h5")
    found = stage.clips["walk"].arrays
    reference = read_storage(walking / "coordinates.sto")
    columns = {name.split("/")[-2]: column for name, column in zip(reference.names, reference.values.T, strict=True)}
    for name in (f"{part}_{side}" for part in LEGS for side in "rl"):
        there = np.interp(trial.times[window], reference.times, columns[name])
        here = found["angles"][:, stage.attrs["coordinate_names"].index(name)]
        assert np.sqrt(np.mean((here - there) ** 2)) < np.deg2rad(5.0), name
    assert found["marker_error_rms"].mean() < 0.0195
    assert found["marker_error_max"].max() < 0.065
    wrist = stage.attrs["coordinate_names"].index("wrist_flex_r")
    assert np.ptp(found["angles"][:, wrist]) == 0.0  # the hands carry no markers
