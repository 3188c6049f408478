"""Rates wrong by two are found where gravity rules the motion, and right ones never are."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kinesynth.amass import AmassFile
from kinesynth.body.proportions import Proportions
from kinesynth.errors import BadInput, ClipRejected
from kinesynth.motion.rate_audit import TOO_SHORT, audit_joint_paths, audit_rate
from kinesynth.motion.support import outside
from kinesynth.procedural import MOTIONS, make
from kinesynth.seeds import generator
from kinesynth.subjects.amass_upright import read_upright


def made(name: str, proportions: Proportions, seconds: float, seed: int, folder: Path) -> AmassFile:
    return make(name, proportions, np.zeros(10), seconds, generator(seed, name), folder / "a.npz")


@pytest.mark.parametrize("factor", [0.25, 0.5, 2.0, 4.0])
@pytest.mark.parametrize("seed", range(3))
def test_walks_of_three_seconds(tmp_path: Path, people: list[Proportions], seed: int, factor: float) -> None:
    file = made("walking", people[seed], 3.2, seed, tmp_path)
    assert audit_rate(file) == ""
    with pytest.raises(ClipRejected, match="implausible frame rate"):
        audit_rate(replace(file, fps=file.fps * factor))


@pytest.mark.parametrize(
    ("name", "factor"), [("vertical_jump", 0.5), ("vertical_jump", 2.0), ("running_in_place", 2.0)]
)
def test_flights_and_running(tmp_path: Path, people: list[Proportions], name: str, factor: float) -> None:
    file = made(name, people[0], 4.0, 3, tmp_path)
    with pytest.raises(ClipRejected, match="implausible frame rate"):
        audit_rate(replace(file, fps=file.fps * factor))


@pytest.mark.parametrize("name", MOTIONS)
def test_right_rates_are_let_alone(tmp_path: Path, people: list[Proportions], name: str) -> None:
    for seed, proportions in enumerate(people):
        for seconds in (1.5, 4.0):
            audit_rate(made(name, proportions, seconds, seed, tmp_path))


@pytest.mark.parametrize("name", ["A3-Swing_arms_stageii", "amass_sample", "hbp_sample", "bedlam_animation"])
def test_real_files_at_their_rate(shared: Path, name: str) -> None:
    assert audit_rate(read_upright(shared / f"data/amass/{name}.npz")) == ""


@pytest.mark.parametrize(
    ("name", "factor", "said"),
    [
        ("dmpl_sample", 1.0, "falls with 5"),  # it says 120 Hz and is 60
        ("bedlam_animation", 0.5, "twice the rate would explain it"),
        ("bedlam_animation", 2.0, "half the rate would explain it"),
        ("hbp_sample", 2.0, "falls with 4"),
    ],
)
def test_real_files_at_a_wrong_one(shared: Path, name: str, factor: float, said: str) -> None:
    file = read_upright(shared / f"data/amass/{name}.npz")
    with pytest.raises(ClipRejected, match=said):
        audit_rate(replace(file, fps=file.fps * factor, seconds=None))


def test_the_right_rate_can_be_stated(shared: Path) -> None:
    assert audit_rate(read_upright(shared / "data/amass/dmpl_sample.npz", fps=60.0)) == ""


def test_the_cases(shared: Path) -> None:
    cases = shared / "data/cases"
    with pytest.raises(ClipRejected, match=r"steps of 0\.66 m at 0\.9 a second"):
        audit_rate(read_upright(cases / "amass_long_rate_half/walk_poses.npz"))
    assert audit_rate(read_upright(cases / "amass_long_rate_half/walk_poses.npz", fps=60.0)) == ""
    assert audit_rate(read_upright(cases / "amass_rate_60_for_120/walk_poses.npz")) == TOO_SHORT
    with pytest.raises(ClipRejected, match="half the rate would explain it"):
        audit_rate(read_upright(cases / "amass_rate_240_for_120/walk_poses.npz"))


def test_measured_trials_of_the_laboratory(shared: Path, tmp_path: Path, people: list[Proportions]) -> None:
    pytest.importorskip("opensim")
    from kinesynth.motion.opensim_motion import read_opensim
    from kinesynth.motion.rate_audit import audit_recording

    model = shared / "models/Rajagopal2016.osim"
    for name in ("s4/walking1", "s4/walkingTS1", "s4/squats1", "s4/DJ1", "s4/STS1"):
        path = shared / f"data/trials/{name}_ik.mot"
        recording = read_opensim(path, model, people[0], 300.0, tmp_path / "log")
        audit_recording(recording)
        if name in ("s4/walking1", "s4/DJ1"):
            with pytest.raises(ClipRejected):
                audit_recording(replace(recording, fps=2.0 * recording.fps))


def test_a_contradiction_with_the_stated_duration(amass: Callable[..., Path]) -> None:
    path = amass(mocap_framerate=None, mocap_frame_rate=120.0, mocap_time_length=1.0)
    with pytest.raises(BadInput, match=r"frame rate: found 120 Hz.*60 Hz"):
        audit_rate(read_upright(path))


def test_short_motions_say_so(amass: Callable[..., Path]) -> None:
    assert audit_rate(read_upright(amass(frames=8))) == TOO_SHORT
    assert audit_rate(read_upright(amass(frames=60))) == TOO_SHORT


def test_a_body_that_leans_beyond_its_feet(people: list[Proportions]) -> None:
    joints = np.tile(people[0].joints[:22], (60, 1, 1))
    everywhere = np.ones((60, 2, 2), bool)
    assert outside(joints, 60.0, everywhere) == 0.0
    joints[:, :, 2] += 0.5 * (joints[:, :, 1] - joints[:, 10:11, 1])
    assert outside(joints, 60.0, everywhere) > 0.1
    assert audit_joint_paths(joints, 60.0) == TOO_SHORT
