"""What a file's columns and numbers say of its names and units, judged without OpenSim."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinesynth.errors import BadInput
from kinesynth.motion.opensim_coordinates import Coordinate, check_pelvis, matched, radians_per_unit

FILE, MODEL = Path("walk.mot"), Path("a.osim")
WHOLE = frozenset({"pelvis", "torso", "head", "femur_r", "tibia_r", "talus_r", "calcn_r", "toes_r", "humerus_r"})
RANGES = {  # rad, as in models of the Rajagopal family
    "hip_flexion": (-0.7, 2.4, ("femur", "tibia", "talus", "calcn", "toes")),
    "knee_angle": (-0.1, 2.4, ("tibia", "talus", "calcn", "toes")),
    "ankle_angle": (-0.9, 0.9, ("talus", "calcn", "toes")),
    "mtp_angle": (-1.4, 0.8, ("toes",)),
    "arm_flex": (-1.6, 3.1, ("humerus", "ulna", "radius", "hand")),
    "pro_sup": (-0.2, 2.8, ("radius", "hand")),
}
ROOT = (
    *(Coordinate(f"pelvis_{name}", True, -np.pi, np.pi, True, WHOLE) for name in ("tilt", "list", "rotation")),
    *(Coordinate(f"pelvis_t{axis}", False, -50.0, 50.0, True, WHOLE, lifts=axis == "y") for axis in "xyz"),
)
JOINTS = tuple(
    Coordinate(f"{name}_{side}", True, low, high, True, frozenset(f"{body}_{side}" for body in bodies))
    for side in "rl"
    for name, (low, high, bodies) in RANGES.items()
)
BETA = Coordinate("knee_angle_r_beta", False, -0.1, 2.4, False, frozenset())
FIXED = Coordinate("subtalar_angle_r", True, -0.6, 0.6, False, frozenset({"calcn_r", "toes_r"}))
COORDINATES = (*ROOT, *JOINTS, BETA, FIXED)
Columns = dict[str, np.ndarray]


def walk(unit: float = 1.0, seconds: float = 1.4) -> Columns:
    """Return columns of a walk; angles in radians times `unit`."""
    time = np.arange(int(100 * seconds)) / 100
    swing = np.sin(2 * np.pi * time / 1.1)
    columns = {c.name: np.zeros(len(time)) for c in COORDINATES}
    for s, sign in (("r", 1.0), ("l", -1.0)):
        columns[f"hip_flexion_{s}"] = unit * (0.1 + 0.45 * sign * swing)
        columns[f"knee_angle_{s}"] = unit * (0.6 - 0.5 * sign * swing)
        columns[f"ankle_angle_{s}"] = unit * 0.2 * sign * swing
        columns[f"pro_sup_{s}"] = unit * np.full(len(time), 1.5)
    columns["pelvis_tx"], columns["pelvis_ty"] = 1.2 * time, 0.9 + 0.02 * swing**2
    return columns


def factor(columns: Columns, in_degrees: bool | None, simm: bool = False) -> tuple[float, list[str]]:
    return radians_per_unit(FILE, columns, COORDINATES, in_degrees, simm)


@given(st.floats(0.3, 4.0))
def test_what_the_file_says_is_held_against_its_angles(seconds: float) -> None:
    radians, degrees = walk(seconds=seconds), walk(180 / np.pi, seconds)
    assert factor(radians, False) == (1.0, [])
    assert factor(degrees, True) == (np.pi / 180, [])
    with pytest.raises(BadInput, match=r"inDegrees=yes"):
        factor(degrees, False)
    with pytest.raises(BadInput, match=r"inDegrees: found yes, with no angle beyond 1\.5 \(pro_sup_r\)"):
        factor(radians, True)
    for raised, is_in_radians in ((4.0, True), (80.0, False)):
        columns = radians | {"arm_flex_r": np.full_like(radians["arm_flex_r"], raised)}
        columns["pelvis_tx"] = 0.1 * columns["pelvis_tx"]
        if is_in_radians:
            with pytest.raises(BadInput, match="inDegrees: found yes"):
                factor(columns, True)
        else:
            assert factor(columns, True)[0] == np.pi / 180, "someone who stands with an arm raised"


def test_files_that_do_not_say() -> None:
    value, (note,) = factor(walk(180 / np.pi), None, simm=True)
    assert value == np.pi / 180
    assert "SIMM" in note
    with pytest.raises(BadInput, match=r"inDegrees: found nothing, with pro_sup_r up to 85\.9.*inDegrees=yes"):
        factor(walk(180 / np.pi), None)
    value, (note,) = factor(walk(), None)
    assert value == 1.0
    assert "no inDegrees" in note
    with pytest.raises(BadInput, match=r"inDegrees: found nothing.*inDegrees=yes or =no"):
        factor(walk(0.1), None)


def test_degrees_of_someone_who_stands_still_are_not_radians() -> None:
    """Small people, but beyond what joints do: a knee bends by no 5 rad backwards."""
    standing = {name: np.full(50, -5.0) for name in walk()}
    for said in (False, None):
        with pytest.raises(BadInput, match=r"rad|inDegrees"):
            factor(standing, said)


def test_angles_converted_twice_glide() -> None:
    with pytest.raises(BadInput, match=r"leg angles: found no leg angle that changes by more than 1 degrees.*1\.67 m"):
        factor(walk(np.pi / 180), False)
    still = walk(np.pi / 180)
    still["pelvis_tx"] = np.zeros(140)
    assert factor(still, False) == (1.0, []), "someone who stands does not glide"


def test_arms_may_run_on_beyond_their_range_but_knees_may_not() -> None:
    columns = walk()
    columns["arm_flex_r"] = np.full(140, 5.5)
    assert factor(columns, False)[0] == 1.0
    columns["knee_angle_r"] = np.full(140, 5.5)
    with pytest.raises(BadInput, match=r"knee_angle_r: found 5\.5 rad \(315 degrees\)"):
        factor(columns, False)


def test_knees_do_not_bend_backwards() -> None:
    for columns, in_degrees in ((walk(), False), (walk(np.degrees(1.0)), True)):
        columns["knee_angle_r"] *= -1.0
        with pytest.raises(BadInput, match=r"knee_angle_r: found -63 degrees: it bends backwards.*sign"):
            factor(columns, in_degrees)
    bent = walk()["knee_angle_r"]
    stretched = walk() | {"knee_angle_r": np.where(np.arange(140) % 8 == 0, -0.7, bent)}
    assert factor(stretched, False) == (1.0, []), "inverse kinematics leaves a range for a moment"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda c: c | {f"pelvis_t{a}": 1000 * c[f"pelvis_t{a}"] for a in "xyz"}, r"pelvis_ty: found 900 m.*1000"),
        (lambda c: c | {f"pelvis_t{a}": 100 * c[f"pelvis_t{a}"] for a in "xyz"}, r"pelvis_ty: found 90 m"),
        (lambda c: c | {"pelvis_rotation": np.linspace(0.0, 90.0, 140)}, r"pelvis_rotation: found turns by 90"),
    ],
)
def test_a_pelvis_beyond_reach_is_named(spoil: Callable[[Columns], Columns], said: str) -> None:
    check_pelvis(FILE, walk(), COORDINATES, 1.0)
    with pytest.raises(BadInput, match=said):
        check_pelvis(FILE, spoil(walk()), COORDINATES, 1.0)


def test_small_and_computed_coordinates_may_be_missing() -> None:
    names = {c.name for c in COORDINATES}
    assert matched(FILE, MODEL, names, COORDINATES) == []
    small = {"mtp_angle_r", "mtp_angle_l", "pro_sup_r", "knee_angle_r_beta", "subtalar_angle_r"}
    (note,) = matched(FILE, MODEL, names - small, COORDINATES)
    assert "mtp_angle_r, pro_sup_r, mtp_angle_l" in note
    collar = Coordinate("clav_elev_r", True, -0.3, 0.7, True, frozenset({"humerus_r", "hand_r"}), slides=True)
    (note,) = matched(FILE, MODEL, names, (*COORDINATES, collar))
    assert "clav_elev_r" in note
    (note,) = matched(FILE, MODEL, names | {"knee_moment"}, COORDINATES)
    assert "knee_moment" in note


@given(st.sampled_from([c.name for c in (*ROOT, *JOINTS) if not c.name.startswith(("mtp", "pro"))]))
def test_a_coordinate_of_trunk_leg_or_arm_is_needed(name: str) -> None:
    names = [f"{c.name}_of_another" if c.name == name else c.name for c in COORDINATES]
    with pytest.raises(BadInput, match=f"no {name}, but {name}_of_another that the model lacks"):
        matched(FILE, MODEL, names, COORDINATES)
