"""The tables name only what exists, cite their sources, and mirror."""

import math

import numpy as np
import pytest

from kinesynth.skeleton.tables import Row, both_sides, left_name, mirrored, numbers, read_table

TABLES = [
    *("bodies", "joints", "axes", "functions", "coordinates", "couplers"),
    *("wraps", "muscles", "path_points", "path_wraps", "actuators", "contacts"),
]


@pytest.mark.parametrize("name", TABLES)
def test_every_row_has_a_source(name: str) -> None:
    rows = read_table(name)
    assert rows
    assert all(row["source"] for row in rows)


@pytest.mark.parametrize(
    ("table", "column", "target"),
    [
        ("joints", "child", "bodies"),
        ("axes", "joint", "joints"),
        ("coordinates", "joint", "joints"),
        ("couplers", "dependent", "coordinates"),
        ("couplers", "independent", "coordinates"),
        ("wraps", "body", "bodies"),
        ("path_points", "muscle", "muscles"),
        ("path_points", "body", "bodies"),
        ("path_wraps", "muscle", "muscles"),
        ("path_wraps", "wrap", "wraps"),
        ("actuators", "coordinate", "coordinates"),
        ("contacts", "body", "bodies"),
    ],
)
def test_references(table: str, column: str, target: str) -> None:
    known = {next(iter(row.values())) for row in both_sides(target)}
    assert {row[column] for row in both_sides(table)} <= known


def test_a_run_of_right_rows_is_followed_by_its_mirror_image() -> None:
    bodies = [row["body"] for row in both_sides("bodies")]
    assert bodies[:3] == ["pelvis", "femur_r", "tibia_r"]
    assert bodies.index("femur_l") == bodies.index("toes_r") + 1
    assert len(bodies) == 28


def test_upper_body_without_arms_is_the_published_torso() -> None:
    """Mass, mass centre and inertia of Rajagopal 2016's torso, which was split, in the neutral pose."""
    parts = ["abdomen", "torso", "head", *(f"{bone}_{side}" for bone in ("clavicle", "scapula") for side in "rl")]
    bodies = {row["body"]: row for row in both_sides("bodies")}
    joints = {row["child"]: row for row in both_sides("joints")}
    masses = np.array([float(bodies[name]["mass"]) for name in parts])
    centres = np.array([numbers(bodies[name], *(f"mass_centre_{axis}" for axis in "xyz")) for name in parts])
    centres += [_origin(name, joints) for name in parts]
    assert masses.sum() == pytest.approx(26.8266, abs=1e-12)
    centre = masses @ centres / masses.sum()
    np.testing.assert_allclose(centre, [-0.03 - 0.1007, 0.32 + 0.0815, 0.0], atol=1e-8)
    inertia = np.zeros((3, 3))
    for name, mass, place in zip(parts, masses, centres - centre, strict=True):
        inertia += _inertia(bodies[name]) + mass * (place @ place * np.eye(3) - np.outer(place, place))
    np.testing.assert_allclose(inertia, np.diag([1.4745, 0.7555, 1.4314]), atol=1e-7)


def _origin(body: str, joints: dict[str, Row]) -> np.ndarray:
    """Return a body's origin (3,) m in the pelvis' frame, in the neutral pose."""
    if body == "pelvis":
        return np.zeros(3)
    return np.array(numbers(joints[body], "parent_x", "parent_y", "parent_z")) + _origin(joints[body]["parent"], joints)


def _inertia(row: Row) -> np.ndarray:
    xx, yy, zz, xy, xz, yz = numbers(row, *(f"inertia_{axes}" for axes in ("xx", "yy", "zz", "xy", "xz", "yz")))
    return np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])


def test_names_change_sides() -> None:
    assert left_name("knee_angle_r_beta") == "knee_angle_l_beta"
    assert left_name("pelvis_rotation") == "pelvis_rotation"
    assert left_name("AB_at_femshaft_r") == "AB_at_femshaft_l"


def test_signs_change_as_the_quantity_does() -> None:
    point = mirrored({"body": "femur_r", "x": "1", "y": "2", "z": "3", "rx": "4", "ry": "5", "rz": "6"})
    assert [float(point[column]) for column in ("x", "y", "z", "rx", "ry", "rz")] == [1, 2, -3, -4, -5, 6]
    rotation = mirrored({"joint": "hip_r", "axis": "rotation1", "x": "1", "y": "0", "z": "2"})
    assert [float(rotation[column]) for column in "xyz"] == [-1, 0, 2]
    translation = mirrored({"joint": "hip_r", "axis": "translation1", "x": "1", "y": "0", "z": "2"})
    assert [float(translation[column]) for column in "xyz"] == [1, 0, -2]
    body = mirrored({"body": "hand_r", "inertia_zz": "1", "inertia_xy": "2", "inertia_xz": "3", "inertia_yz": "4"})
    assert [float(body[column]) for column in ("inertia_zz", "inertia_xy", "inertia_xz", "inertia_yz")] == [
        1,
        2,
        -3,
        -4,
    ]
    universal = mirrored({"joint": "wrist_r", "type": "universal", "parent_rz": "1"})
    assert float(universal["parent_rz"]) == 1 + math.pi
