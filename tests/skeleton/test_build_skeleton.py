"""The generic skeleton in stock OpenSim, beside the published model and beside its own mirror image."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import opensim
import pytest
from tools.acceptance.opensim_reference import moment_arms, pose, random_angles

from kinesynth.skeleton.builder import build_skeleton
from kinesynth.skeleton.definition import SkeletonDefinition
from kinesynth.skeleton.tables import both_sides, left_name

PUBLISHED = "RajagopalLaiUhlrich2023.osim"
LEG = ("hip_flexion", "hip_adduction", "hip_rotation", "knee_angle", "ankle_angle", "subtalar_angle", "mtp_angle")
# Mirroring the body turns these about; the others keep their value or change sides.
MIRROR_NEGATES = {"pelvis_list", "pelvis_rotation", "pelvis_tz", "lumbar_bending", "lumbar_rotation"}
MIRROR_NEGATES |= {"thoracic_bending", "thoracic_rotation", "neck_bending", "neck_rotation"}
POSES = {  # degrees
    "T-pose": {"arm_add_r": -90, "arm_rot_r": 90, "pro_sup_r": 90},
    "arms overhead": {"arm_add_r": -175},
    "deep squat": {"hip_flexion_r": 130, "knee_angle_r": 140, "ankle_angle_r": 40, "lumbar_extension": -45},
    "sitting": {"hip_flexion_r": 90, "knee_angle_r": 90},
    "jogging, flight": {"hip_flexion_r": 70, "knee_angle_r": 125, "elbow_flex_r": 120, "arm_flex_r": -60},
    "jogging, push-off": {"hip_flexion_r": -25, "knee_angle_r": 5, "ankle_angle_r": -30, "mtp_angle_r": -60},
    "lying": {"pelvis_tilt": -90, "pelvis_rotation": 170},
}


def opened(path: Path) -> tuple[Any, Any]:
    model = opensim.Model(str(path))
    return model, model.initSystem()


def test_opens_without_warning(generic_osim: Path) -> None:
    program = (
        f"import opensim; opensim.Logger.setLevelString('warn'); model = opensim.Model({str(generic_osim)!r}); "
        "state = model.initSystem(); model.equilibrateMuscles(state)"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        cwd=generic_osim.parent,
    )
    assert (result.stdout, result.stderr) == ("", "")


def test_contents(generic_osim: Path) -> None:
    model, state = opened(generic_osim)
    assert model.getBodySet().getSize() == 28
    assert model.getCoordinateSet().getSize() == 53
    assert model.getMuscles().getSize() == 112
    assert model.getContactGeometrySet().getSize() == 12
    assert model.getTotalMass(state) == pytest.approx(
        sum(float(row["mass"]) for row in both_sides("bodies")), abs=1e-12
    )
    assert model.getTotalMass(state) == pytest.approx(75.337, abs=1e-9)  # Rajagopal 2016


def test_every_coordinate_is_limited_and_starts_inside(definition: SkeletonDefinition) -> None:
    low, high = definition.coordinate_ranges.T
    angle = ~definition.coordinate_translational
    assert (high[angle] - low[angle] <= 2 * np.pi).all()
    assert ((low <= definition.coordinate_defaults) & (definition.coordinate_defaults <= high)).all()


@pytest.mark.parametrize("name", POSES)
def test_limits_admit(definition: SkeletonDefinition, name: str) -> None:
    for coordinate, degrees in POSES[name].items():
        for side in {coordinate, left_name(coordinate)}:
            low, high = definition.coordinate_ranges[definition.coordinate_names.index(side)]
            assert low <= np.radians(degrees) <= high, side


def test_equal_tables_give_equal_bytes(generic_osim: Path, tmp_path: Path) -> None:
    build_skeleton(output=tmp_path / "again.osim", log=tmp_path / "build.log")
    assert (tmp_path / "again.osim").read_bytes() == generic_osim.read_bytes()


def test_simulates(generic_osim: Path) -> None:
    model, state = opened(generic_osim)
    model.equilibrateMuscles(state)
    manager = opensim.Manager(model)
    manager.setIntegratorAccuracy(1e-3)
    manager.initialize(state)
    end = manager.integrate(0.1)
    assert end.getTime() == pytest.approx(0.1)
    assert np.isfinite(end.getY().to_numpy()).all()


def test_left_mirrors_right(generic_osim: Path, definition: SkeletonDefinition) -> None:
    model, state = opened(generic_osim)
    names = list(definition.coordinate_names)
    signs = np.array([-1 if name in MIRROR_NEGATES else 1 for name in names])
    muscles = _twins([muscle.getName() for muscle in model.getMuscles()])
    bodies = _twins(list(definition.body_names))
    for angles in random_angles(definition, 5):
        lengths, positions = [], []
        for values in (angles, angles[_twins(names)] * signs):
            pose(model, state, dict(zip(names, values.tolist(), strict=True)))
            lengths.append(np.array([muscle.getLength(state) for muscle in model.getMuscles()]))
            positions.append(np.array([body.getPositionInGround(state).to_numpy() for body in model.getBodySet()]))
        np.testing.assert_allclose(positions[0], positions[1][bodies] * [1, 1, -1], rtol=0, atol=1e-12)
        np.testing.assert_allclose(lengths[0], lengths[1][muscles], rtol=0, atol=1e-12)


def test_legs_agree_with_the_published_model(shared: Path, generic_osim: Path, definition: SkeletonDefinition) -> None:
    """Over its ranges: moment arms within 1 mm and fibre lengths within 1 %, and in fact far closer."""
    ours, theirs = opened(generic_osim), opened(shared / "models" / PUBLISHED)
    coordinates = [f"{name}_{side}" for side in "rl" for name in LEG]
    ranges = [(item.getRangeMin(), item.getRangeMax()) for item in map(theirs[0].getCoordinateSet().get, coordinates)]
    low, high = np.array(ranges).T
    legs = [ours[0].getMuscles().getIndex(muscle.getName()) for muscle in theirs[0].getMuscles()]
    assert len(legs) == 80
    assert min(legs) >= 0
    for angles in np.random.default_rng(0).uniform(low, high, (12, len(low))):
        values = dict(zip(coordinates, angles.tolist(), strict=True))
        values |= {f"{name}_beta": values[name] for name in ("knee_angle_r", "knee_angle_l")}
        for model, state in (ours, theirs):
            pose(model, state, values)
        for coordinate in coordinates:
            difference = moment_arms(*ours, coordinate)[legs] - moment_arms(*theirs, coordinate)
            assert np.abs(difference).max() <= 1e-6, coordinate
        fibres = [_rigid_tendon_fibre_lengths(*each) for each in (ours, theirs)]
        np.testing.assert_allclose(fibres[0][legs], fibres[1], rtol=1e-4)


def test_vasti_extend_the_knee_over_its_whole_range(generic_osim: Path) -> None:
    model, state = opened(generic_osim)
    knee = model.getCoordinateSet().get("knee_angle_r")
    vasti = [model.getMuscles().getIndex(name) for name in ("vasint_r", "vaslat_r", "vasmed_r")]
    for angle in np.linspace(knee.getRangeMin(), knee.getRangeMax(), 60).tolist():
        pose(model, state, {"knee_angle_r": angle, "knee_angle_r_beta": angle})
        arms = moment_arms(model, state, "knee_angle_r")[vasti]
        assert ((arms > -0.06) & (arms < -0.015)).all()


def _rigid_tendon_fibre_lengths(model: Any, state: Any) -> np.ndarray:
    """Return the muscles' fibre lengths (A,) with tendons at slack length, over the optimal fibre lengths."""
    lengths = []
    for muscle in model.getMuscles():
        along = muscle.getLength(state) - muscle.getTendonSlackLength()
        height = muscle.getOptimalFiberLength() * np.sin(muscle.getPennationAngleAtOptimalFiberLength())
        lengths.append(np.hypot(along, height) / muscle.getOptimalFiberLength())
    return np.array(lengths)


def _twins(names: list[str]) -> list[int]:
    """Return for each name the index of the one on the other side, or its own in the midline."""
    to_left = {name: left_name(name) for name in names if left_name(name) != name}
    swapped = to_left | {left: right for right, left in to_left.items()}
    return [names.index(swapped.get(name, name)) for name in names]
