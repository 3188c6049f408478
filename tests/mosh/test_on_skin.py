"""Points of unknown labels: markers on the skin stay, what lies in the body or off it does not."""

from typing import NamedTuple

import numpy as np
import pytest
from test_labels import PLUG_IN_GAIT

from kinesynth.body.joints import JOINT_NAMES
from kinesynth.body.model import BodyModel
from kinesynth.geometry.mesh import vertex_normals
from kinesynth.mosh.on_skin import named_alike, off_skin
from walker import FRAMES, walker, worn

CLUSTER = ["RTH1", "RTH4", "LTB1", "LTB3", "RUA3", "XIPH", "LRIB", "RNAV"]


class Seen(NamedTuple):
    vertices: np.ndarray
    normals: np.ndarray
    faces: np.ndarray
    joints: np.ndarray
    known: np.ndarray


@pytest.fixture(scope="module")
def seen(free: BodyModel) -> Seen:
    vertices, joints = free.pose(walker())
    normals = np.stack([vertex_normals(posed, free.faces) for posed in vertices])
    noise = 0.0005 * np.random.default_rng(0).standard_normal((FRAMES, len(PLUG_IN_GAIT), 3))
    return Seen(vertices, normals, free.faces, joints, worn(free, PLUG_IN_GAIT, walker()) + noise)


def left_out(seen: Seen, **points: np.ndarray) -> dict[str, str]:
    positions = np.stack([np.broadcast_to(point, (FRAMES, 3)) for point in points.values()], axis=1)
    return off_skin(list(points), positions, seen.known, seen.vertices, seen.normals, seen.faces)


def test_markers_on_the_skin_stay(free: BodyModel, seen: Seen) -> None:
    rng = np.random.default_rng(1)
    positions = worn(free, CLUSTER, walker())
    positions += 0.015 * rng.standard_normal((1, len(CLUSTER), 3)) + 0.001 * rng.standard_normal(positions.shape)
    assert left_out(seen, **{f"P{i}": positions[:, i] for i in range(len(CLUSTER))}) == {}


@pytest.mark.parametrize("joint", ["hip", "knee", "ankle"])
@pytest.mark.parametrize("side", ["left", "right"])
def test_joint_centres_under_any_name_are_inside(seen: Seen, joint: str, side: str) -> None:
    centre = seen.joints[:, JOINT_NAMES.index(f"{side}_{joint}")]
    marker = seen.known[:, PLUG_IN_GAIT.index(f"{side[0].upper()}{'ASI' if joint == 'hip' else joint[:3].upper()}")]
    across = np.linalg.norm(centre - marker, axis=-1)
    computed = marker + (centre - marker) * (across.mean() / across)[:, None]  # at a fixed offset, as software puts it
    assert left_out(seen, P7=computed) == {"P7": "inside the body"}


def test_balls_sticks_and_other_people_are_off_the_body(seen: Seen) -> None:
    flight = np.linspace([1.0, 1.0, 2.0], [3.0, 1.5, -1.0], FRAMES)
    aside = seen.known[::-1] + np.array([0.9, 0.0, 0.3])
    found = left_out(seen, orb=flight, plate=np.array([0.5, 0.0, 1.5]), A1=aside[:, 0], A2=aside[:, 20])
    assert found.keys() == {"orb", "plate", "A1", "A2"}
    assert all("m off the body" in why for why in found.values())


def test_a_wand_stays_with_its_segment(seen: Seen) -> None:
    vertex = int(np.linalg.norm(seen.vertices[0] - seen.known[0, PLUG_IN_GAIT.index("RTHI")], axis=-1).argmin())
    wand = seen.vertices[:, vertex] + 0.08 * seen.normals[:, vertex]
    assert left_out(seen, stalk=wand) == {}
    assert left_out(seen, hidden=np.full((FRAMES, 3), np.nan)).keys() == {"hidden"}


@pytest.mark.parametrize(
    ("names", "inside", "alike"),
    [
        (("JC_RH", "JC_RK", "JC_RA", "JC_RE", "Box"), ("JC_RH", "JC_RK", "JC_RA"), {"JC_RE"}),
        (("RHctr", "RKctr", "RActr", "REctr", "Box"), ("RHctr", "RKctr", "RActr"), {"REctr"}),
        (("M1", "M2", "M3", "M4"), ("M1", "M2", "M3"), set()),
        (("P_1", "P_2", "P_3", "P_4", "P_5", "P_6", "P_7"), ("P_1", "P_2", "P_3"), set()),
        (("JC_RH", "JC_RK", "JC_RE"), ("JC_RH", "JC_RK"), set()),
    ],
)
def test_points_named_like_those_inside_the_body_go_with_them(
    names: tuple[str, ...], inside: tuple[str, ...], alike: set[str]
) -> None:
    assert set(named_alike(names, inside)) == alike
