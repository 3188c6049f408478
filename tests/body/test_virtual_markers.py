"""Virtual markers: complete, symmetric, anatomically in order, the same on any numbering of the mesh."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kinesynth.body.model import BodyModel, SmplxPose
from kinesynth.body.virtual_markers import MarkerLayout, read_marker_vertices, resolve_markers, virtual_markers
from kinesynth.errors import BadInput
from kinesynth.pose_layout import SMPLX
from kinesynth.records import WornPaths
from kinesynth.stage_file import Clip, StageFile, read_stage, write_stage

FROM_HEAD_TO_FOOT = (
    "HTOP", "RFHD", "C7", "RACR", "CLAV", "T4", "STRN", "T8", "XIPH", "T10", "RRIB", "RILC", "RPSI", "RASI", "RGTR",
    "RTH2", "RTH1", "RTH3", "RTH4", "RLFC", "RFIB", "RTTU", "RTB1", "RTB2", "RTB3", "RMMAL", "RLMAL", "RNAV", "RCAL",
    "RTOE",
)  # fmt: skip


@pytest.fixture(scope="module")
def layout(free: BodyModel) -> MarkerLayout:
    return resolve_markers(free)


@pytest.fixture(scope="module")
def at(free: BodyModel, layout: MarkerLayout) -> dict[str, np.ndarray]:
    return dict(zip(layout.names, layout.positions(free.rest_vertices(np.zeros(10))), strict=True))


def test_all_markers_are_there_once(layout: MarkerLayout) -> None:
    assert len(layout.names) == 103
    assert len(set(layout.names)) == 103
    lefts = {name for name in layout.names if name.startswith("L")}
    assert {f"R{name[1:]}" for name in lefts} == {name for name in layout.names if name.startswith("R")}
    for name, body in zip(layout.names, layout.bodies, strict=True):
        if body[-2:] in ("_r", "_l"):
            assert body[-1] == name[0].lower()


def test_layout_is_mirror_symmetric(at: dict[str, np.ndarray]) -> None:
    for name, position in at.items():
        mirrored = {"R": "L", "L": "R"}.get(name[0], name[0]) + name[1:]
        np.testing.assert_allclose(at[mirrored], position * [-1.0, 1.0, 1.0], atol=1e-3, err_msg=name)


def test_markers_keep_apart(at: dict[str, np.ndarray]) -> None:
    positions = np.array(list(at.values()))
    distance = np.linalg.norm(positions[:, None] - positions[None], axis=-1) + np.eye(len(positions))
    assert distance.min() > 0.01


def test_landmarks_stand_in_anatomical_order(at: dict[str, np.ndarray]) -> None:
    heights = [at[name][1] for name in FROM_HEAD_TO_FOOT]
    assert heights == sorted(heights, reverse=True)


def test_landmarks_stand_at_anthropometric_heights(free: BodyModel, at: dict[str, np.ndarray]) -> None:
    """Heights over stature of standing adults, after Drillis and Contini 1966 and NASA STD-3000, to 2 % of stature."""
    vertices = free.rest_vertices(np.zeros(10))
    floor, stature = vertices[:, 1].min(), np.ptp(vertices[:, 1])
    for name, fraction in {"C7": 0.85, "CLAV": 0.818, "RILC": 0.60, "RGTR": 0.53, "RLFC": 0.285, "RLMAL": 0.04}.items():
        assert (at[name][1] - floor) / stature == pytest.approx(fraction, abs=0.02), name


def test_sides_and_fronts(at: dict[str, np.ndarray]) -> None:
    assert at["RLFC"][0] < at["RMFC"][0] < 0 < at["LMFC"][0] < at["LLFC"][0]
    assert at["RLMAL"][0] < at["RMMAL"][0]
    assert at["RLMAL"][2] < at["RMMAL"][2]
    assert at["RASI"][2] > at["RPSI"][2] + 0.1
    assert at["RMT1"][0] > at["RMT5"][0] + 0.05
    assert at["RFAR"][2] > at["RFAU"][2], "palms down: the radius is in front"
    assert at["RLEL"][1] > at["RMEL"][1], "palms down: the lateral epicondyle is up"
    assert 0.20 < np.linalg.norm(at["RASI"] - at["LASI"]) < 0.28


@pytest.mark.parametrize("seed", [0, 1])
def test_numbering_does_not_matter(free: BodyModel, at: dict[str, np.ndarray], seed: int) -> None:
    order = np.random.default_rng(seed).permutation(free.n_vertices)
    rank = np.argsort(order)

    class Renumbered(BodyModel):
        def rest_vertices(self, betas: np.ndarray) -> np.ndarray:
            return free.rest_vertices(betas)[order]

        def rest_joints(self, betas: np.ndarray) -> np.ndarray:
            return free.rest_joints(betas)

    body = Renumbered(**{**free.__dict__, "faces": rank[free.faces], "skinning_weights": free.skinning_weights[order]})
    again = resolve_markers(body)
    positions = again.positions(body.rest_vertices(np.zeros(10)))
    np.testing.assert_allclose(positions, [at[name] for name in again.names], atol=1e-6)


def test_paths_over_a_motion(tmp_path: Path, free_path: Path, free: BodyModel, layout: MarkerLayout) -> None:
    pose = SmplxPose.rest(np.zeros(10), frames=3)
    pose.transl[:, 0] = [0.0, 0.1, 0.2]
    motion, output = tmp_path / "motion.h5", tmp_path / "markers.h5"
    write_stage(motion, StageFile({"a": Clip("a", pose.arrays, {"fps": 30.0})}))
    virtual_markers(body=free_path, motion=motion, output=output)
    stage = read_stage(output)
    assert list(stage.attrs["marker_names"]) == list(layout.names)
    markers = stage.clips["a"].arrays["markers"]
    expected = layout.positions(free.rest_vertices(np.zeros(10)))
    np.testing.assert_allclose(markers[2] - [0.2, 0.0, 0.0], expected, atol=1e-9)
    assert stage.clips["a"].attrs["fps"] == 30.0


def test_a_users_own_vertices(tmp_path: Path, free: BodyModel) -> None:
    path = tmp_path / "markers.csv"
    path.write_text("marker,vertex,body\nC7,12,\nMINE,40,torso\n")
    layout = read_marker_vertices(path, free)
    assert layout.names == ("C7", "MINE")
    assert layout.bodies == ("torso", "torso")
    vertices = free.rest_vertices(np.zeros(10))
    np.testing.assert_allclose(layout.positions(vertices), vertices[[12, 40]])


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("marker,vertex\nC7,999999\n", "vertex"),
        ("marker,vertex\nC7,-1\n", "vertex"),
        ("marker,vertex\nMINE,3\n", "body"),
        ("marker,vertex\nC7,1\nC7,2\n", "marker"),
        ("name,index\nC7,1\n", "marker"),
        ("marker,vertex\n", "marker table"),
    ],
)
def test_slips_in_a_users_table_are_named(tmp_path: Path, free: BodyModel, text: str, field: str) -> None:
    path = tmp_path / "markers.csv"
    path.write_text(text)
    with pytest.raises(BadInput) as caught:
        read_marker_vertices(path, free)
    assert field in caught.value.field


def test_a_body_without_skin_is_named(free: BodyModel) -> None:
    hollow = replace(free, faces=free.faces[:1])
    with pytest.raises(BadInput, match="no skin"):
        resolve_markers(hollow)


@pytest.mark.parametrize("measured", [True, False])
def test_virtual_markers_hand_on_those_that_were_worn(tmp_path: Path, free_path: Path, measured: bool) -> None:
    """Beside the body's own; a motion without any has none."""
    frames = 4
    arrays = {"betas": np.zeros(10), **SMPLX.split(np.zeros((frames, 156))), "transl": np.zeros((frames, 3))}
    paths = WornPaths(np.full((frames, 2, 3), 0.5), np.ones((frames, 2), bool))
    attrs = {"fps": 30.0, **({"worn_names": ["a", "b"]} if measured else {})}
    clip = Clip("c", {**arrays, **(paths.arrays if measured else {})}, attrs)
    write_stage(tmp_path / "motion.h5", StageFile({"c": clip}))
    virtual_markers(body=free_path, motion=tmp_path / "motion.h5", output=tmp_path / "markers.h5")
    found = read_stage(tmp_path / "markers.h5").clips["c"]
    assert ("worn" in found.arrays) == measured
    if measured:
        np.testing.assert_array_equal(WornPaths.of(found).worn, paths.worn)
        assert list(found.attrs["worn_names"]) == ["a", "b"]
