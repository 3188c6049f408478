import itertools
from dataclasses import replace

import numpy as np
import pytest
from ellipsoid_body import ellipsoid_body

from kinesynth.geometry.mesh import vertex_normals
from kinesynth.render import head
from kinesynth.render.anatomy import Piece
from kinesynth.render.garments import LOWER, UPPER, Looseness, Upper
from kinesynth.render.mesh import boundary_edges
from kinesynth.render.person import dress
from kinesynth.render.sampling import sample_clothes, sample_look
from kinesynth.render.skinning import bone_transforms, drape

BODY = ellipsoid_body()
UPPERS = {name: garment.pieces(BODY, 0)[0] for name, garment in UPPER.items()}
LOWERS = {name: garment.pieces(BODY, 0)[0] for name, garment in LOWER.items()}


@pytest.mark.parametrize("piece", [*UPPERS.values(), *LOWERS.values()], ids=lambda piece: piece.name)
def test_a_garment_is_whole_and_lies_outside_the_body(piece: Piece) -> None:
    assert np.isfinite(piece.rest).all()
    np.testing.assert_allclose(piece.weights.sum(axis=1), 1, atol=1e-9)
    assert piece.faces.max() < len(piece.rest)
    assert piece.anchor is not None
    assert piece.clearance is not None
    cloth = piece.clearance == piece.clearance.max()  # without the turned-in hem
    normals = piece.anchor @ BODY.normals
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    height = np.einsum("nd,nd->n", piece.rest - piece.anchor @ BODY.vertices, normals)
    assert height[cloth].min() > 0


def test_hems_are_level() -> None:
    piece = LOWERS["trousers"]
    region = LOWER["trousers"].region(BODY)
    base = piece.anchor @ BODY.vertices
    rim = np.unique(boundary_edges(piece.faces))
    gap = np.min([np.abs(base[rim, 1] - region.lower_hem), np.abs(base[rim, 1] - region.waist)], axis=0)
    assert np.median(gap) < 1e-9


def test_trousers_hang_below_the_widest_place() -> None:
    tight, loose = LOWERS["leggings"].rest, LOWERS["trousers"].rest
    level = BODY.joint("left_ankle")[1] + 0.08

    def width(points: np.ndarray) -> float:
        return float(np.ptp(points[(np.abs(points[:, 1] - level) < 0.03) & (points[:, 0] > 0), 0]))

    assert width(loose) > 1.1 * width(tight)


@pytest.mark.parametrize("piece", [UPPERS["jacket"], LOWERS["trousers"]], ids=lambda piece: piece.name)
def test_patterns_are_printed_evenly(piece: Piece) -> None:
    """Along the cloth a metre is a metre, but for seams and for what faces up or down."""
    cloth = piece.uv.any(axis=(1, 2))  # without the turned-in hem
    edges = piece.rest[piece.faces[cloth]] - np.roll(piece.rest[piece.faces[cloth]], 1, axis=1)
    printed = piece.uv[cloth] - np.roll(piece.uv[cloth], 1, axis=1)
    stretch = np.linalg.norm(printed, axis=2) / np.linalg.norm(edges, axis=2)
    assert np.quantile(stretch, 0.95) < 3
    level = np.abs(printed[..., 1]) / np.maximum(np.abs(edges[..., 1]), 1e-4)
    trunk = np.abs(piece.rest[piece.faces[cloth]][..., 0]).max(axis=1) < 0.15
    assert np.median(level[trunk]) == pytest.approx(1, abs=0.1)


def test_hips_broader_than_the_shoulders_are_not_sleeves() -> None:
    wide = np.where(np.abs(BODY.vertices[:, 1]) < 0.1, 2.0, 1.0)
    body = replace(BODY, vertices=BODY.vertices * np.column_stack([wide, np.ones_like(wide), wide]))
    piece = UPPER["t-shirt"].pieces(body, 0)[0]
    cloth = piece.uv.any(axis=(1, 2))
    hip = cloth & (piece.rest[piece.faces][..., 1].max(axis=1) < 0.1)
    corners = piece.rest[piece.faces[hip]]
    assert np.abs(corners[..., 0]).max() > BODY.joint("left_shoulder")[0] + 0.05
    assert np.median(np.abs(piece.uv[hip][..., 1] - corners[..., 1])) < 0.01


def test_cloth_stays_outside_a_moving_body() -> None:
    rotations = np.zeros((1, 55, 3))
    for side, sign in (("left", 1), ("right", -1)):
        rotations[0, BODY.joint_names.index(f"{side}_shoulder"), 2] = -1.2 * sign
        rotations[0, BODY.joint_names.index(f"{side}_knee"), 0] = 1.0
    transforms = bone_transforms(rotations, np.zeros((1, 3)), BODY.joints, BODY.parents)
    skin = Piece("all", BODY.vertices, BODY.faces, BODY.weights, ("skin",), np.zeros(len(BODY.faces)))
    posed = drape(skin, transforms, BODY, np.empty((1, 0, 3)))
    for piece in (UPPERS["t-shirt"], LOWERS["trousers"]):
        cloth = drape(piece, transforms, BODY, posed)[0]
        normals = piece.anchor @ vertex_normals(posed[0], BODY.faces)
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
        height = np.einsum("nd,nd->n", cloth - piece.anchor @ posed[0], normals)
        assert (height - piece.clearance).min() > -1e-9


def test_every_outfit_dresses_the_body() -> None:
    rng = np.random.default_rng(0)
    person = sample_clothes(rng, sample_look(rng, "female"))
    for piece in dress(BODY, person):
        assert np.isfinite(piece.rest).all(), piece.name
        assert len(piece.weights) == len(piece.rest), piece.name
        assert piece.material.max() < len(piece.materials), piece.name


@pytest.mark.parametrize("cut", sorted(set(itertools.chain.from_iterable(head.HAIRCUTS.values()))))
def test_hair_covers_the_crown(cut: str) -> None:
    hair = head.hair(BODY, cut, 0)
    assert hair.rest[:, 1].max() > BODY.vertices[:, 1].max()
    assert hair.rest[:, 2].max() < BODY.eyes[2] + 0.05


def test_a_fifth_garment_is_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is sampled, worn and hides the skin under it, and nothing else need know it."""
    crop_top = Upper("crop top", sleeve=0.3, rise=-0.02, hem=-0.12, fit=Looseness(0.01, 0.008, 8, 0.06, 0.004))
    monkeypatch.setitem(UPPER, crop_top.name, crop_top)
    rng = np.random.default_rng(0)
    look = sample_look(rng, "female")
    people = [sample_clothes(rng, look) for _ in range(60)]
    wearing = next(person for person in people if person.upper.garment == "crop top")
    pieces = {piece.name: piece for piece in dress(BODY, wearing)}
    cloth = pieces["upper: crop top"]
    assert cloth.rest[:, 1].min() > BODY.joint("left_hip")[1] + 0.1
    chest = pieces["skin"].rest[np.abs(pieces["skin"].rest - BODY.joint("spine3")).max(axis=1) < 0.08]
    assert not len(chest)


def test_a_collar_is_a_piece_of_its_garment() -> None:
    assert [len(garment.pieces(BODY, 0)) for garment in UPPER.values()] == [
        1 + (garment.collar is not None) for garment in UPPER.values()
    ]
