"""Markers of known places on a skeleton of known size: what is found of size, pose and places."""

from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
import torch

from kinesynth.body.measurements import measurements
from kinesynth.body.virtual_markers import marker_bodies
from kinesynth.kinematics.batched_ik import solve_clips
from kinesynth.kinematics.bounded_skeleton import BoundedSkeleton
from kinesynth.kinematics.worn_fit import stretched
from kinesynth.kinematics.worn_markers import WornMarkers, landmark_places, standing_prior
from kinesynth.kinematics.worn_places import FittedMarkers, fit_worn_markers, holding_prior, wearing
from kinesynth.markers.labels import LANDMARKS as MEASURED_LANDMARKS
from kinesynth.skeleton.definition import SkeletonDefinition
from kinesynth.skeleton.layer import SkeletonLayer

LEGS = ["LFC", "MFC", "LMAL", "MMAL", "CAL", "MT2", "MT5"]
ARMS = ["ACR", "LEL", "MEL", "FAR", "FAU"]
TRUNK = ["C7", "CLAV", "T10", "RASI", "LASI", "RPSI", "LPSI"]
PLACES = TRUNK + [side + place for side in "RL" for place in LEGS + ARMS]
LIKELY = {row.name: 1.0 for row in measurements()}
TILT = np.radians(-12.0)


@pytest.fixture(scope="module")
def generic() -> BoundedSkeleton:
    """The generic skeleton with its clamped coordinates' ranges."""
    definition = SkeletonDefinition.load(Path(str(files("kinesynth.skeleton") / "generic.npz")))
    bounds = np.where(definition.coordinate_free[:, None], [-np.inf, np.inf], definition.coordinate_ranges)
    return BoundedSkeleton(definition, bounds)


def worn_by(generic: BoundedSkeleton, factor: float, pose: dict[str, float], places: list[str]) -> WornMarkers:
    """Return the markers of a person who is the generic one stretched, in a pose (degrees)."""
    known = landmark_places()
    bodies = tuple(known[name][0] for name in places)
    factors = np.full((len(generic.definition.body_names), 3), factor)
    person = stretched(generic.definition, factors)
    local = np.array([known[name][1] for name in places]) * factor
    person = wearing(replace(generic, definition=person), places, bodies, local).definition
    angles = person.coordinate_defaults.copy()
    for name, value in pose.items():
        angles[person.coordinate_names.index(name)] = np.radians(value)
    positions = SkeletonLayer(person)(torch.tensor(angles)[None]).markers.numpy()
    slack = np.full(len(places), 0.02)
    return WornMarkers(tuple(places), tuple(places), bodies, slack, positions, True, np.zeros((0, len(places), 3)))


def angle(generic: BoundedSkeleton, found: FittedMarkers, name: str) -> float:
    """Return a coordinate of the first frame in degrees."""
    return float(np.degrees(found.angles[0, generic.definition.coordinate_names.index(name)]))


POSE = {"pelvis_tilt": -12.0, "hip_flexion_r": 8.0, "knee_angle_r": 6.0, "knee_angle_l": 4.0, "lumbar_extension": 5.0}
POSE |= {"elbow_flex_r": 30.0, "elbow_flex_l": 20.0, "arm_add_r": -15.0, "arm_add_l": -15.0, "pelvis_rotation": 70.0}


def test_size_pose_and_places_come_back(generic: BoundedSkeleton) -> None:
    """A person ten per cent larger than the free body that wears the markers, facing anywhere.

    Forearms are turned nearly as people hold them: two markers on a wrist, 2 cm unsure, leave that to what is usual,
    and one that is turned by 80 degrees less takes 4 degrees off the elbow.
    """
    worn = worn_by(generic, 1.1, POSE | {"pro_sup_r": 60.0, "pro_sup_l": 60.0}, PLACES)
    found = fit_worn_markers(generic, worn, LIKELY)
    thigh = found.factors[generic.definition.body_names.index("femur_r"), 1]
    assert thigh == pytest.approx(1.1, abs=0.015)
    for name, value in POSE.items():
        assert angle(generic, found, name) == pytest.approx(value, abs=2.5), name
    assert angle(generic, found, "pro_sup_r") == pytest.approx(60.0, abs=10.0)
    assert np.nanmean(found.off_landmark_m) < 0.012


def test_the_pelvis_tilts_as_its_own_markers_say_where_all_four_are_there(generic: BoundedSkeleton) -> None:
    """A tilt that few people stand in is measured, not guessed; without the markers behind, anatomy has a say."""
    skewed = POSE | {"pelvis_tilt": -25.0, "lumbar_extension": 20.0}
    whole = fit_worn_markers(generic, worn_by(generic, 1.0, skewed, PLACES), LIKELY)
    assert angle(generic, whole, "pelvis_tilt") == pytest.approx(-25.0, abs=2.0)
    few = [name for name in PLACES if name not in ("RPSI", "LPSI")] + ["SACR"]
    some = fit_worn_markers(generic, worn_by(generic, 1.0, skewed, few), LIKELY)
    assert -23.0 < angle(generic, some, "pelvis_tilt") < -5.0
    tilt = generic.definition.coordinate_names.index("pelvis_tilt")
    assert standing_prior(generic.definition, few, standing=True).precision[tilt] > 0.0
    assert standing_prior(generic.definition, ["LASI", "RPSI"], standing=True).precision[tilt] == 0.0


def test_a_marker_moves_to_where_it_was_worn(generic: BoundedSkeleton) -> None:
    """An ankle marker 15 mm too far forward is off its landmark by about that, and everything else stays."""
    worn = worn_by(generic, 1.0, POSE | {"pelvis_rotation": 0.0}, PLACES)
    column = PLACES.index("RLMAL")
    worn.positions[0, column, 0] += 0.015
    found = fit_worn_markers(generic, worn, LIKELY)
    assert found.off_landmark_m[column] == pytest.approx(0.015, abs=0.007)
    person = replace(generic, definition=stretched(generic.definition, found.factors))
    person = wearing(person, worn.labels, worn.bodies, found.places)
    markers = SkeletonLayer(person.definition)(torch.tensor(found.angles)).markers.numpy()
    assert np.abs(markers - worn.positions).max() < 1e-6


def test_raised_arms_are_told_and_leave_the_trunk_alone(generic: BoundedSkeleton) -> None:
    """Shoulders that raised arms lift by 4 cm do not bend the trunk, and motion places the markers on them."""
    raised = POSE | {"arm_add_r": -85.0, "arm_add_l": -85.0}
    worn, moving = worn_by(generic, 1.0, raised, PLACES), worn_by(generic, 1.0, POSE, PLACES)
    lifted = [PLACES.index(side + place) for side in "RL" for place in ARMS]
    worn.positions[:, lifted, 1] += 0.04
    found = fit_worn_markers(generic, replace(worn, moving=moving.positions), LIKELY)
    assert angle(generic, found, "lumbar_extension") == pytest.approx(5.0, abs=2.5)
    assert angle(generic, found, "elbow_flex_r") == pytest.approx(30.0, abs=4.0)
    assert found.off_landmark_m[PLACES.index("RACR")] < 0.012


def test_motion_tells_the_arms_that_are_raised_in_the_static_trial(generic: BoundedSkeleton) -> None:
    """Arms 12 % longer than likely, whose shoulders float while they are raised: the static trial does not tell them.

    No marker is on the elbow's inner side, as in Plug-in Gait's set.
    """
    places = [name for name in PLACES if not name.endswith("MEL")]
    frames = [
        worn_by(
            generic, 1.12, POSE | {"arm_flex_r": flexion, "elbow_flex_r": bend, "pro_sup_r": 60.0}, places
        ).positions
        for flexion, bend in ((-20.0, 20.0), (0.0, 35.0), (20.0, 50.0))
    ]
    raised = {"arm_add_r": -85.0, "arm_add_l": -85.0, "elbow_flex_r": 90.0, "elbow_flex_l": 90.0, "pro_sup_r": 60.0}
    worn = worn_by(generic, 1.12, POSE | raised, places)
    on_arms = [places.index(side + place) for side in "RL" for place in ARMS if side + place in places]
    worn.positions[:, on_arms] += np.array([0.03, 0.04, 0.0])
    found = fit_worn_markers(generic, replace(worn, moving=np.concatenate(frames)), LIKELY)
    person = replace(generic, definition=stretched(generic.definition, found.factors))
    person = wearing(person, worn.labels, worn.bodies, found.places)
    solved = solve_clips(person, {"": frames[1]}, np.ones(len(places)), holding_prior(person.definition))[""]["angles"]
    assert found.factors[generic.definition.body_names.index("humerus_r"), 1] > 1.05
    assert np.degrees(solved[0, person.definition.coordinate_names.index("elbow_flex_r")]) == pytest.approx(
        35.0, abs=6.0
    )


def test_a_set_that_the_static_trial_does_not_show_is_placed_by_its_landmarks(generic: BoundedSkeleton) -> None:
    """A person who walks in other markers, under other names, than the static trial's."""
    still = worn_by(generic, 1.1, POSE, PLACES)
    walking = worn_by(generic, 1.1, POSE | {"pelvis_rotation": -120.0, "hip_flexion_r": 30.0}, PLACES)
    unseen = np.full_like(still.positions, np.nan)
    both = WornMarkers(
        labels=(*still.labels, *(f"other {name}" for name in walking.labels)),
        landmarks=still.landmarks * 2,
        bodies=still.bodies * 2,
        slack_m=np.tile(still.slack_m, 2),
        positions=np.concatenate([still.positions, unseen], axis=1),
        standing=True,
        moving=np.concatenate([unseen, walking.positions], axis=1),
    )
    found = fit_worn_markers(generic, both, LIKELY)
    first, second = found.places[: len(PLACES)], found.places[len(PLACES) :]
    assert np.linalg.norm(first - second, axis=1).max() < 0.02


def test_who_does_not_stand_is_not_taken_to(generic: BoundedSkeleton) -> None:
    """A static trial of somebody who sits keeps its bent knees."""
    sitting = {f"{name}_{side}": 85.0 for name in ("hip_flexion", "knee_angle") for side in "rl"}
    found = fit_worn_markers(generic, worn_by(generic, 1.0, sitting, PLACES), LIKELY)
    assert not found.standing
    assert angle(generic, found, "knee_angle_r") == pytest.approx(85.0, abs=4.0)


def test_landmarks_ride_on_the_bodies_that_markers_there_do() -> None:
    """One table says so to the body model, another to the skeleton."""
    carriers = marker_bodies() | marker_bodies(MEASURED_LANDMARKS)
    assert {name: carriers[name] for name in landmark_places()} == {
        name: body for name, (body, _) in landmark_places().items()
    }
