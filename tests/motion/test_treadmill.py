"""A walk on a treadmill is carried over ground; who stands, squats, jumps or marches in place is left there."""

from dataclasses import replace

import numpy as np
import pytest

from kinesynth.body.proportions import Proportions
from kinesynth.errors import ClipRejected
from kinesynth.motion.ground_alignment import Placed, place
from kinesynth.motion.recording import Recording
from kinesynth.procedural import MOTIONS
from kinesynth.procedural.plan import RATE_HZ
from kinesynth.procedural.solve import relaxed_hands, solve
from kinesynth.seeds import generator


def recorded(name: str, proportions: Proportions, seconds: float = 3.0) -> Recording:
    posed = solve(proportions, MOTIONS[name](proportions, generator(1, "clip", "motion"), seconds))
    poses = np.concatenate([posed.pose.reshape(len(posed.pose), -1), *relaxed_hands(len(posed.pose))], axis=1)
    return Recording(RATE_HZ, posed.pelvis, poses)


def on_belt(walk: Recording, over_ground: Placed) -> tuple[Recording, np.ndarray]:
    """Return the walk on a belt as fast as it is, and the belt's velocity over x and z once it is placed."""
    seconds = len(walk.root) / walk.fps
    velocity = -(walk.root[-1] - walk.root[0]) / seconds * [1.0, 0.0, 1.0]
    times = np.arange(len(walk.root))[:, None] / walk.fps
    turn = -over_ground.heading
    along = velocity[0] * np.cos(turn) + velocity[2] * np.sin(turn)
    across = velocity[2] * np.cos(turn) - velocity[0] * np.sin(turn)
    return replace(walk, root=walk.root + times * velocity), np.array([along, across])


def test_a_walk_on_a_belt_is_the_one_over_ground(people: list[Proportions]) -> None:
    for proportions in people:
        walk = recorded("walking", proportions)
        over_ground = place(walk, proportions)
        assert not over_ground.belt.any()
        belt_walk, belt = on_belt(walk, over_ground)
        found = place(belt_walk, proportions)
        np.testing.assert_allclose(found.belt, belt, atol=0.03)
        assert np.linalg.norm(belt) > 0.7
        assert found.floor == pytest.approx(over_ground.floor, abs=2e-3)
        apart = found.pelvis - over_ground.pelvis
        assert np.abs(apart[-1]).max() < 0.03 * len(apart) / RATE_HZ
        assert np.ptp(apart[:, 1]) < 1e-9


@pytest.mark.parametrize("name", list(MOTIONS))
def test_solid_ground_is_none(name: str, people: list[Proportions]) -> None:
    for proportions in people:
        assert not place(recorded(name, proportions), proportions).belt.any()


def test_the_stated_speed_holds(people: list[Proportions]) -> None:
    walk = recorded("walking", people[0])
    belt_walk, belt = on_belt(walk, place(walk, people[0]))
    stated = place(belt_walk, people[0], 1.5)
    assert np.linalg.norm(stated.belt) == pytest.approx(1.5)
    assert stated.belt @ belt > 0.99 * 1.5 * np.linalg.norm(belt)
    denied = place(belt_walk, people[0], 0.0)
    assert not denied.belt.any()
    np.testing.assert_allclose(denied.found_belt, belt, atol=0.03)
    standing = place(recorded("arm_raise", people[0]), people[0], 0.2)
    np.testing.assert_allclose(standing.belt, [-0.2, 0.0])


@pytest.mark.parametrize("times", [2.5, 10.0])
def test_a_belt_on_which_no_foot_stands_is_refused(people: list[Proportions], times: float) -> None:
    """Kilometres per hour, say, or the speed of another trial."""
    walk = recorded("walking", people[0])
    belt_walk, belt = on_belt(walk, place(walk, people[0]))
    speed = np.linalg.norm(belt)
    with pytest.raises(ClipRejected, match="belt runs otherwise than stated") as refused:
        place(belt_walk, people[0], times * speed)
    assert f"mostly move at {speed:.1f}" in refused.value.detail
    with pytest.raises(ClipRejected, match="belt runs otherwise than stated"):
        place(walk, people[0], 1.2)
