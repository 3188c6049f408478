"""Angles from the markers that a person wore."""

import json
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
import torch

from kinesynth.errors import BadInput
from kinesynth.kinematics.bounded_skeleton import BoundedSkeleton
from kinesynth.kinematics.worn_ik import MIN_WORN, WornPlaces, follow_worn, worn_errors
from kinesynth.kinematics.worn_markers import landmark_places
from kinesynth.kinematics.worn_places import wearing
from kinesynth.records import WornPaths
from kinesynth.skeleton.definition import SkeletonDefinition
from kinesynth.skeleton.layer import SkeletonLayer
from kinesynth.stage_file import Clip

LANDMARKS = ["C7", "CLAV", "T10", "RASI", "LASI", "RPSI", "LPSI"]
LANDMARKS += [
    side + place
    for side in "RL"
    for place in ("LFC", "MFC", "TB2", "LMAL", "MMAL", "CAL", "MT2", "MT5", "LEL", "MEL", "FAR", "FAU")
]
FRAMES = 12


@pytest.fixture(scope="module")
def skeleton() -> BoundedSkeleton:
    """The generic skeleton with its virtual markers."""
    definition = SkeletonDefinition.load(Path(str(files("kinesynth.skeleton") / "generic.npz")))
    bounds = np.where(definition.coordinate_free[:, None], [-np.inf, np.inf], definition.coordinate_ranges)
    return BoundedSkeleton(definition, bounds)


@pytest.fixture(scope="module")
def worn() -> WornPlaces:
    """Markers at landmarks, by labels of a laboratory's own, and one of which nothing is known."""
    known = landmark_places()
    labels = (*(f"marker {name}" for name in LANDMARKS), "antenna")
    bodies = (*(known[name][0] for name in LANDMARKS), "head")
    places = np.array([*(known[name][1] for name in LANDMARKS), [0.0, 0.25, 0.0]])
    return WornPlaces(labels, (*LANDMARKS, ""), bodies, places, np.zeros(len(labels)), True)


@pytest.fixture(scope="module")
def steps(skeleton: BoundedSkeleton) -> np.ndarray:
    """Angles (T, J) of somebody who bends a knee and an elbow."""
    definition = skeleton.definition
    angles = np.repeat(definition.coordinate_defaults[None], FRAMES, axis=0)
    for name, most in (("knee_angle_r", 60.0), ("hip_flexion_r", 30.0), ("elbow_flex_l", 80.0), ("pelvis_tilt", -10.0)):
        angles[:, definition.coordinate_names.index(name)] = np.radians(np.linspace(5.0, most, FRAMES))
    return definition.coupled(angles)


def _markers(skeleton: BoundedSkeleton, worn: WornPlaces, angles: np.ndarray) -> np.ndarray:
    person = wearing(skeleton, worn.labels, worn.bodies, worn.places).definition
    return np.asarray(SkeletonLayer(person)(torch.tensor(angles)).markers.numpy())


def test_the_angles_come_back(skeleton: BoundedSkeleton, worn: WornPlaces, steps: np.ndarray) -> None:
    """From worn markers alone, one of them hidden for a while; the virtual ones go along."""
    measured = _markers(skeleton, worn, steps)
    measured[3:6, LANDMARKS.index("RLFC")] = np.nan
    found = follow_worn(skeleton, worn, {"clip": measured})["clip"]
    for name in ("knee_angle_r", "hip_flexion_r", "elbow_flex_l", "pelvis_tilt"):
        column = skeleton.definition.coordinate_names.index(name)
        np.testing.assert_allclose(np.degrees(found["angles"][:, column] - steps[:, column]), 0.0, atol=0.5)
    virtual = SkeletonLayer(skeleton.definition)(torch.tensor(found["angles"])).markers.numpy()
    np.testing.assert_array_equal(found["markers"], virtual)


def test_what_no_marker_tells_stays_as_people_hold_it(
    skeleton: BoundedSkeleton, worn: WornPlaces, steps: np.ndarray
) -> None:
    """Nobody marked the hands: they do not wander."""
    found = follow_worn(skeleton, worn, {"clip": _markers(skeleton, worn, steps)})["clip"]
    wrist = skeleton.definition.coordinate_names.index("wrist_flex_r")
    assert np.abs(found["angles"][:, wrist]).max() < 1e-3


def test_errors_are_those_of_the_measured_markers(
    skeleton: BoundedSkeleton, worn: WornPlaces, steps: np.ndarray
) -> None:
    """A knee marker 3 cm off shows in its own error and turns its thigh; one on the calf shows in its own alone."""
    measured = _markers(skeleton, worn, steps)
    solved = follow_worn(skeleton, worn, {"clip": measured})["clip"]
    measured[:, LANDMARKS.index("RLFC"), 0] += 0.03
    measured[:, LANDMARKS.index("RTB2"), 0] += 0.05
    measured[4] = np.nan
    found = worn_errors(skeleton, worn, solved, measured)
    assert found["marker_error"][0, LANDMARKS.index("RLFC")] == pytest.approx(0.03, abs=0.001)
    assert found["marker_error"][0, LANDMARKS.index("RTB2")] == pytest.approx(0.05, abs=0.001)
    assert found["marker_error_max"][0] == pytest.approx(0.03, abs=0.001)
    assert np.isnan(found["marker_error"][4]).all()
    assert found["marker_error_rms"][4] == found["marker_error_max"][4] == 0.0
    thigh = skeleton.definition.body_names.index("femur_r")
    assert found["segment_turn"][0].argmax() == thigh


def test_a_clip_s_markers_are_taken_by_their_labels(worn: WornPlaces) -> None:
    """In any order, others left out; with too few of them the clip has none to follow."""
    names = [*worn.labels[:MIN_WORN], "stick"][::-1]
    paths = WornPaths(np.zeros((2, len(names), 3)), np.ones((2, len(names)), bool))
    clip = Clip("a", paths.arrays, {"worn_names": names})
    found = worn.positions(clip)
    assert found is not None
    assert np.isfinite(found[:, :MIN_WORN]).all()
    assert np.isnan(found[:, MIN_WORN:]).all()
    assert worn.seen(clip).sum() == 2 * MIN_WORN
    assert replace(worn, labels=("other", *worn.labels[1:])).positions(clip) is None
    assert worn.positions(Clip("b", {}, {})) is None


def test_a_report_says_where_they_sit(worn: WornPlaces, tmp_path: Path) -> None:
    """What is written comes back; a report without worn markers says so; another file is one clear line."""
    report = tmp_path / "report.json"
    report.write_text(json.dumps({"worn": worn.record}))
    found = WornPlaces.read(report)
    assert found is not None
    assert found.labels == worn.labels
    np.testing.assert_allclose(found.places, worn.places, atol=1e-6)
    report.write_text("{}")
    assert WornPlaces.read(report) is None
    report.write_text('{"worn": {"labels": 3}}')
    with pytest.raises(BadInput, match="scale the model again"):
        WornPlaces.read(report)
