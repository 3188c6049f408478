"""The tables name only what exists, cite their sources, and mirror."""

import math

import pytest

from kinesynth.skeleton.tables import both_sides, left_name, mirrored, read_table

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
    assert len(bodies) == 22


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
