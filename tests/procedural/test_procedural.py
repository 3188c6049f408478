"""The procedural library moves as bodies do: grounded, smooth, balanced, within the ranges of joints."""

from importlib.resources import files

import numpy as np
import pytest

from kinesynth.body.proportions import ANKLES, FEET, JOINTS, Proportions, sole_positions
from kinesynth.errors import BadInput
from kinesynth.procedural import MOTIONS, motion
from kinesynth.procedural.plan import RATE_HZ, Plan
from kinesynth.procedural.solve import Posed, knee_flexion, solve
from kinesynth.seeds import generator
from kinesynth.text import table_rows

STANDING = (
    "squat",
    "sit_down",
    "arm_raise",
    "waving",
    "reaching",
    "jogging_arms",
    "bowing",
    "turning",
    "side_bending",
    "punching",
)
ACTIONS = tuple(MOTIONS)


def made(name: str, proportions: Proportions, clip: str = "clip", seconds: float = 3.0) -> tuple[Plan, Posed]:
    plan = MOTIONS[name](proportions, generator(1, clip, "motion"), seconds)
    return plan, solve(proportions, plan)


def rate_of(values: np.ndarray, order: int) -> np.ndarray:
    for _ in range(order):
        values = np.gradient(values, 1 / RATE_HZ, axis=0)
    return values[3:-3]


def lowest_soles(proportions: Proportions, posed: Posed) -> np.ndarray:
    return np.stack(
        [sole_positions(proportions, posed.positions, posed.orientations, side)[..., 1].min(1) for side in (0, 1)]
    )


def test_fourteen_motions_and_a_clear_word_for_others() -> None:
    assert len(MOTIONS) == 14
    with pytest.raises(BadInput, match=r"'moonwalk', expected walking"):
        motion("moonwalk")


@pytest.mark.parametrize("name", ACTIONS)
def test_seeds_rule(name: str, people: list[Proportions]) -> None:
    first, again, other = (made(name, people[0], clip, 1.0)[1].pose for clip in ("a", "a", "b"))
    assert first.tobytes() == again.tobytes()
    assert np.abs(first - other).max() > 0.02


@pytest.mark.parametrize("name", ACTIONS)
def test_people_of_any_build_stay_on_and_above_the_floor(name: str, people: list[Proportions]) -> None:
    for proportions in people:
        plan, posed = made(name, proportions, seconds=2.0)
        assert np.isfinite(posed.pose).all()
        missed = np.abs(posed.positions[:, ANKLES] - plan.ankles).max()
        assert missed < (0.02 if name == "vertical_jump" else 1e-6)
        lowest = lowest_soles(proportions, posed)
        assert lowest.min() > -0.01
        if name not in ("vertical_jump", "running_in_place"):
            assert lowest.min(axis=0).max() < 0.01, "somebody floats"


@pytest.mark.parametrize("name", ACTIONS)
def test_motions_are_smooth_and_no_faster_than_people(name: str, people: list[Proportions]) -> None:
    _, posed = made(name, people[0])
    assert np.linalg.norm(rate_of(posed.positions, 1), axis=2).max() < 9.0
    lively = name in ("vertical_jump", "running_in_place", "walking")
    assert np.linalg.norm(rate_of(posed.centre, 2), axis=1).max() < (25.0 if lively else 7.0)


@pytest.mark.parametrize("name", STANDING)
def test_standing_feet_do_not_move_and_carry_the_body(name: str, people: list[Proportions]) -> None:
    _, posed = made(name, people[0])
    assert np.ptp(posed.positions[:, [*ANKLES, *FEET]], axis=0).max() < 1e-6
    acceleration = rate_of(posed.centre, 2)
    centre = posed.centre[3:-3]
    pressure = centre - centre[:, 1:2] / (9.81 + acceleration[:, 1:2]) * acceleration  # zero-moment point
    ankles, balls = posed.positions[0, ANKLES], posed.positions[0, FEET]
    assert ankles[:, 2].min() - 0.03 < pressure[:, 2].min()
    assert pressure[:, 2].max() < balls[:, 2].max()
    assert np.abs(pressure[:, 0]).max() < np.abs(ankles[:, 0]).max()


def test_walking_feet_stand_while_they_bear(people: list[Proportions]) -> None:
    for proportions in people:
        _, posed = made("walking", proportions, seconds=4.0)
        for side in (0, 1):
            sole = sole_positions(proportions, posed.positions, posed.orientations, side)
            down = sole[..., 1].min(axis=1) < 0.004
            flat = (sole[..., 1].max(axis=1) < 0.012) & down
            assert 0.5 < down.mean() < 0.8
            runs = np.split(np.flatnonzero(flat), np.flatnonzero(np.diff(np.flatnonzero(flat)) > 1) + 1)
            assert max(np.ptp(posed.positions[run, ANKLES[side]], axis=0).max() for run in runs) < 0.01


def test_walking_angles_are_those_of_normal_gait(people: list[Proportions]) -> None:
    """Ranges after Winter (1991), with room for the model's simplicity."""
    for clip in ("a", "b", "c"):
        plan, posed = made("walking", people[0], clip, 4.0)
        for side in (0, 1):
            knee = np.degrees(knee_flexion(people[0], plan, side))
            assert 3.0 < knee.min() < 12.0
            assert 55.0 < knee.max() < 80.0
            ankle = -np.degrees(posed.pose[:, ANKLES[side], 0])
            assert -30.0 < ankle.min() < -5.0
            assert 8.0 < ankle.max() < 30.0
        speed = np.ptp(plan.pelvis[:, 2]) / 4.0
        assert 0.9 < speed < 1.5


@pytest.mark.parametrize("clip", ["a", "b", "c"])
def test_a_jumper_falls_at_g(people: list[Proportions], clip: str) -> None:
    _, posed = made("vertical_jump", people[0], clip)
    flying = lowest_soles(people[0], posed)[:, 3:-3].min(axis=0) > 0.06
    assert 0.15 < flying.sum() / RATE_HZ < 0.6
    np.testing.assert_allclose(rate_of(posed.centre, 2)[flying, 1], -9.81, atol=0.3)
    assert rate_of(posed.centre, 2)[:, 1].min() > -10.2, "the floor does not pull"


def sagittal_momentum(posed: Posed) -> np.ndarray:
    """Angular momentum (T,) about the centre of mass and the axis to the left, m^2/s per body mass."""
    rows = table_rows(files("kinesynth.body") / "tables" / "segments.csv")
    joints = {name: posed.positions[:, index] for index, name in enumerate(JOINTS)}
    total = np.zeros(len(posed.centre))
    for row in rows:
        start, end = joints[row["proximal"]], joints.get(row["distal"], joints[row["proximal"]])
        arm = start + float(row["centre_fraction"]) * (end - start) - posed.centre
        total += float(row["mass_fraction"]) * np.cross(arm, np.gradient(arm, 1 / RATE_HZ, axis=0))[:, 0]
    return total[3:-3]


@pytest.mark.parametrize("clip", ["a", "b", "c"])
def test_a_jumper_keeps_his_angular_momentum_in_the_air(people: list[Proportions], clip: str) -> None:
    """Until his feet reach for the floor again."""
    _, posed = made("vertical_jump", people[0], clip)
    flying = np.flatnonzero(lowest_soles(people[0], posed)[:, 3:-3].min(axis=0) > 0.06)
    momentum = sagittal_momentum(posed)[flying[5:-5]]
    assert np.ptp(momentum) < 0.02


def test_running_flies_between_steps(people: list[Proportions]) -> None:
    _, posed = made("running_in_place", people[0])
    acceleration = rate_of(posed.centre, 2)[:, 1]
    assert (acceleration < -9.0).mean() > 0.1
    assert acceleration.min() > -10.5


def test_the_kicker_stands_on_one_leg(people: list[Proportions]) -> None:
    _, posed = made("kicking", people[0], seconds=2.6)
    foot = posed.positions[:, ANKLES]
    kicking = int(np.ptp(foot[..., 2], axis=0).argmax())
    up = foot[:, kicking, 1] > foot[:, kicking, 1].min() + 0.1
    off = np.abs(posed.centre[up, 0] - foot[up, 1 - kicking, 0])
    assert up.sum() > 0.5 * RATE_HZ
    assert off.max() < 0.045
