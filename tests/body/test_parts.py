"""The table of parts against the body model and the skeleton that it divides."""

import csv
from importlib.resources import files

import numpy as np

from kinesynth.body.joints import JOINT_NAMES
from kinesynth.body.parts import body_parts, face_parts, parts


def test_every_joint_moves_one_part() -> None:
    owners = {name: [part.name for part in parts() if name in part.joints] for name in JOINT_NAMES}
    assert all(len(owner) == 1 for owner in owners.values()), owners
    for name, (owner,) in owners.items():
        side = name.partition("_")[0]
        trunk = "collar" in name or "eye" in name
        assert trunk or side not in ("left", "right") or owner.startswith(side)
    assert frozenset().union(*(part.joints for part in parts())) == set(JOINT_NAMES)


def test_every_body_of_the_skeleton_lies_in_a_part() -> None:
    with (files("kinesynth.skeleton.tables") / "bodies.csv").open() as table:
        right = [row["body"] for row in csv.DictReader(table)]
    names = tuple(dict.fromkeys([*right, *(name.removesuffix("_r") + "_l" for name in right if name.endswith("_r"))]))
    found = body_parts(names)
    assert found.any(axis=1).all()
    assert not found[:, 0].any()
    both = {name for name, row in zip(names, found, strict=True) if row.sum() > 1}
    assert both == {"patella_r", "patella_l", "talus_r", "talus_l"}


def test_a_face_has_the_part_of_most_of_its_weights() -> None:
    weights = np.zeros((4, len(JOINT_NAMES)))
    for vertex, fractions in enumerate(
        (
            {"left_knee": 1.0},
            {"left_hip": 0.6, "left_knee": 0.4},
            {"spine1": 0.4, "spine2": 0.3, "pelvis": 0.3},
            {"jaw": 1.0},
        )
    ):
        for joint, fraction in fractions.items():
            weights[vertex, JOINT_NAMES.index(joint)] = fraction
    faces = np.array([[0, 1, 1], [2, 2, 2], [3, 3, 2]])
    names = [parts()[label - 1].name for label in face_parts(faces, weights, JOINT_NAMES)]
    assert names == ["left_shank", "torso", "head"]
