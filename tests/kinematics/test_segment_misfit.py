"""What a segment's own bony landmarks ask of it, held against turns and shifts that are known."""

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from kinesynth.kinematics.segment_misfit import segment_misfit
from kinesynth.skeleton.definition import SkeletonDefinition

FRAMES = 3


@pytest.fixture(scope="module")
def standing(skeleton: Path) -> tuple[SkeletonDefinition, np.ndarray, np.ndarray]:
    """A skeleton with each body's markers on a grid of its own, and the bodies' joints."""
    definition = SkeletonDefinition.from_osim(skeleton)
    centres = np.zeros((FRAMES, len(definition.body_names), 3))
    centres[:] = 2.0 * np.arange(len(definition.body_names))[:, None]
    markers = centres[:, definition.marker_bodies] + definition.marker_places
    return definition, markers, centres


def misfit_of(
    standing: tuple[SkeletonDefinition, np.ndarray, np.ndarray], measured: np.ndarray, body: str
) -> tuple[np.ndarray, np.ndarray]:
    definition, markers, centres = standing
    found = segment_misfit(definition, markers, measured, centres, [True] * markers.shape[1])
    column = definition.body_names.index(body)
    others = np.delete(found["segment_turn"], column, axis=1)
    assert np.abs(others).max() < 1e-9
    return np.degrees(found["segment_turn"][:, column]), found["segment_shift"][:, column]


def moved(
    standing: tuple[SkeletonDefinition, np.ndarray, np.ndarray], body: str, turn: Rotation, shift: np.ndarray
) -> np.ndarray:
    definition, markers, centres = standing
    column = definition.body_names.index(body)
    own = np.flatnonzero(definition.marker_bodies == column)
    measured = markers.copy()
    arms = markers[0, own] - centres[0, column]
    measured[:, own] = centres[0, column] + turn.apply(arms) + shift
    return measured


@pytest.mark.parametrize("body", ["femur_r", "tibia_l", "humerus_r", "torso"])
def test_a_turn_about_the_joint_is_found(
    standing: tuple[SkeletonDefinition, np.ndarray, np.ndarray], body: str
) -> None:
    turn, shift = misfit_of(standing, moved(standing, body, Rotation.from_rotvec([0.0, 0.0, 0.1]), np.zeros(3)), body)
    np.testing.assert_allclose(turn, np.degrees(0.1), rtol=0.1)
    assert shift.max() < 0.006


def test_the_pelvis_shifts_as_a_whole(standing: tuple[SkeletonDefinition, np.ndarray, np.ndarray]) -> None:
    aside = np.array([0.0, 0.0, 0.04])
    turn, shift = misfit_of(standing, moved(standing, "pelvis", Rotation.identity(), aside), "pelvis")
    assert turn.max() < 1e-9
    np.testing.assert_allclose(shift, 0.04)


def test_flesh_and_what_weighs_nothing_have_no_say(
    standing: tuple[SkeletonDefinition, np.ndarray, np.ndarray],
) -> None:
    definition, markers, centres = standing
    measured = markers.copy()
    for name in ("RTH1", "RTH2", "RTTU", "RACR"):
        measured[:, definition.marker_names.index(name)] += 0.06
    weighed = [name != "RACR" for name in definition.marker_names]
    found = segment_misfit(definition, markers, measured, centres, weighed)
    assert max(found["segment_turn"].max(), found["segment_shift"].max()) == 0.0


def test_what_was_not_seen_asks_for_nothing(standing: tuple[SkeletonDefinition, np.ndarray, np.ndarray]) -> None:
    turned = moved(standing, "femur_r", Rotation.from_rotvec([0.0, 0.0, 0.1]), np.zeros(3))
    turned[1, standing[0].marker_bodies == standing[0].body_names.index("femur_r")] = np.nan
    turn, shift = misfit_of(standing, turned, "femur_r")
    assert turn[1] == shift[1] == 0.0
    assert turn[0] > 5.0
