"""A person behind a thing, really rendered: what its labels say against rays through all that was drawn."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from test_render_views import walking

from kinesynth.body.joints import JOINT_NAMES
from kinesynth.body.model import load_body
from kinesynth.body.parts import body_parts
from kinesynth.config import Render
from kinesynth.dataset.camera import in_picture
from kinesynth.dataset.visibility import TRUNK_DEPTH_M, Visibility, keypoint_tracks
from kinesynth.drawn_view import DrawnView
from kinesynth.render import bystander
from kinesynth.render.cameras import Framing
from kinesynth.render.job_folder import cache_path, read_pieces
from kinesynth.render.occluders import meshes
from kinesynth.render.person_files import write_bystander, write_person
from kinesynth.render.read_back import boxes
from kinesynth.render.render_views import render_views
from kinesynth.render.scene import Scene
from kinesynth.stage_file import Clip, StageFile, read_stage, write_stage
from kinesynth.subjects.shape import Shape

N_FRAMES = 6
ASKED = {"things": (5, {"occluders": 1.0}), "person": (10, {"bystanders": 1.0})}  # seeds with whom much is hidden
TOLERANCE_M = 0.002
# The skeleton's bodies with the joint that each begins at, the one that it ends at, and its parent.
BODIES = {
    "pelvis": ("pelvis", "spine1", ""), "torso": ("spine1", "neck", "pelvis"), "head": ("neck", "head", "torso"),
    **{
        f"{body}_{side[0]}": (f"{side}_{start}", f"{side}_{end}", f"{parent}_{side[0]}" if limb else parent)
        for side in ("right", "left")
        for body, start, end, parent, limb in (
            ("femur", "hip", "knee", "pelvis", False), ("tibia", "knee", "ankle", "femur", True),
            ("calcn", "ankle", "foot", "tibia", True), ("humerus", "shoulder", "elbow", "torso", False),
            ("ulna", "elbow", "wrist", "humerus", True),
        )
    },
}  # fmt: skip
NAMES = tuple(BODIES)
PARENTS = np.array([NAMES.index(parent) if parent else -1 for _, _, parent in BODIES.values()])


@dataclass
class Drawn:
    """What was rendered of the clip, its keypoints (T,K,3), and all triangles (F,3,3) of a frame with their labels."""

    clip: Clip
    scene: Scene
    keypoints: np.ndarray
    triangles: list[np.ndarray]
    labels: np.ndarray


@pytest.fixture(scope="module", params=ASKED)
def drawn(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, body_path: Path) -> Iterator[Drawn]:
    """The person behind something; of a bystander, too, it is the shape."""
    seed, asked = ASKED[request.param]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bystander, "sample_shape", lambda *_: Shape(np.zeros(10), "female", "drawn"))
        yield rendered(tmp_path_factory.mktemp("occluded"), body_path, seed, asked)


def rendered(folder: Path, body_path: Path, seed: int, asked: dict[str, float]) -> Drawn:
    """Render the person as they walks, and return what was drawn."""
    attrs = {"subject": "s1", "sex": "female", "action": "walk", "fps": 30.0, "n_frames": N_FRAMES}
    pose = walking(N_FRAMES)
    write_stage(folder / "fit.h5", StageFile({"walk": Clip("walk", pose.arrays, attrs)}))
    render_views(
        body=body_path, fit=folder / "fit.h5", output=folder / "render.h5", log=folder / "log", seed=seed,
        render=Render(width=240, height=180, tracks=("depth",), **asked),
    )  # fmt: skip
    clip = read_stage(folder / "render.h5").clips["walk"]
    scene = Scene.from_json(clip.attrs["appearance"])
    model = load_body(body_path)
    _, joints = model.pose(pose)
    start, end = ([JOINT_NAMES.index(each[k]) for each in BODIES.values()] for k in (0, 1))
    keypoints = np.concatenate([joints[:, start], (joints[:, start] + joints[:, end]) / 2], axis=1)
    write_person(folder, model, pose, scene)
    if scene.bystander:
        other = bystander.bystander_pose(model, scene.bystander, scene.fps, N_FRAMES)
        write_bystander(folder, model, other, scene.bystander.person, scene)
    return Drawn(clip, scene, keypoints, *triangles_of(folder, scene))


def triangles_of(folder: Path, scene: Scene) -> tuple[list[np.ndarray], np.ndarray]:
    """Return each frame's triangles and their labels, 0 of what stands before the person."""
    person: list[list[np.ndarray]] = [[] for _ in range(N_FRAMES)]
    labels = []
    for k, mesh in enumerate(read_pieces(folder)):
        if "shadow" in mesh.materials:
            continue
        posed = np.fromfile(cache_path(folder, k), "<f4", offset=32).reshape(N_FRAMES, -1, 3)
        labels.append(mesh.part)
        for frame in range(N_FRAMES):
            person[frame].append(posed[frame][mesh.faces])
    things = [prop for k, thing in enumerate(scene.occluders) for prop in meshes(thing, k, scene.room.floor.height_m)]
    corners = [prop.vertices[prop.faces[:, half]] for prop in things for half in ([0, 1, 2], [0, 2, 3])]
    free = np.concatenate([np.empty((0, 3, 3)), *corners])
    return [np.concatenate([*each, free]) for each in person], np.concatenate([*labels, np.zeros(len(free), np.uint8)])


def first_hits(ray: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Return where along a ray from the origin (3,) it meets each triangle (F,3,3): Möller and Trumbore's test."""
    a, b, c = triangles.transpose(1, 0, 2)
    one, two = b - a, c - a
    across = np.cross(ray, two)
    determinant = np.einsum("fd,fd->f", one, across)
    with np.errstate(divide="ignore", invalid="ignore"):  # of rays along a triangle
        u = np.einsum("fd,fd->f", -a, across) / determinant
        turned = np.cross(-a, one)
        v = turned @ ray / determinant
        along = np.einsum("fd,fd->f", two, turned) / determinant
        inside = (u >= 0) & (v >= 0) & (u + v <= 1)
    return np.where(inside & (along > 0), along, np.inf)


def by_depth(drawn: Drawn, view: str, pixels: np.ndarray, depth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return by the depth (T,H,W) m that was drawn which keypoints (T,K) are seen, and which a thing hides.

    A keypoint is seen where the first surface of a part that meets there, on the ray through the middle of its pixel,
    is the one that was drawn; of a hip or shoulder the trunk's surface counts for those in its near half.
    """
    camera = next(camera for camera in drawn.scene.cameras if camera.name == view)
    own = body_parts(NAMES)
    fronts = np.concatenate([own | (own[PARENTS] & (PARENTS >= 0)[:, None]), own])
    visible, hidden = np.zeros((2, *drawn.keypoints.shape[:2]), dtype=bool)
    for frame, points in enumerate(drawn.keypoints):
        local = drawn.triangles[frame] - camera.position
        for k, point in enumerate(points):
            column, row = np.rint(pixels[frame, k]).astype(int)
            ray = np.linalg.inv(camera.K) @ [column, row, 1.0] @ camera.extrinsics[:3, :3]
            along = first_hits(ray, local)  # the ray's length along the camera's axis is 1: these are depths
            shown, mine = depth[frame, row, column], along[fronts[k][drawn.labels]]
            if NAMES[k % len(NAMES)].startswith(("femur", "humerus")) and k < len(NAMES):
                trunk = along[fronts[PARENTS[k] + len(NAMES)][drawn.labels]]
                trunk = trunk[np.isfinite(trunk)]
                if trunk.size and camera.depth(point) > (trunk.min() + trunk.max()) / 2 + TRUNK_DEPTH_M:
                    mine = along[own[k][drawn.labels]]
            visible[frame, k] = min(mine.min(), camera.depth(point)) <= shown + TOLERANCE_M
            hidden[frame, k] = abs(along[drawn.labels == 0].min() - shown) < TOLERANCE_M
    return visible, hidden


def told(drawn: Drawn, view: str) -> tuple[np.ndarray, np.ndarray, DrawnView]:
    """Return keypoints in the picture and their visibility, as the shard has them."""
    of = DrawnView.of(drawn.clip, view)
    blocked = None if of.whole_mask is None else of.whole_mask & (of.parts == 0)
    pixels, seen = keypoint_tracks(
        drawn.keypoints, of.parts, of.K, of.world_to_camera, NAMES, PARENTS, of.distortion, blocked
    )
    return pixels, seen, of


def test_visibility_agrees_with_depth(drawn: Drawn) -> None:
    agreed, hidden_by_things = [], 0
    for view in drawn.clip.attrs["views"]:
        pixels, seen, of = told(drawn, view)
        assert of.depth is not None
        visible, hidden = by_depth(drawn, view, pixels, of.depth / 1000)
        assert in_picture(pixels, *of.parts.shape[1:]).all()
        agreed.append((seen == Visibility.VISIBLE) == visible)
        hidden_by_things += int(hidden.sum())
        assert not (hidden & (seen == Visibility.VISIBLE)).any()
    assert hidden_by_things >= 20
    assert np.mean(agreed) >= 0.995


def test_the_mask_holds_what_is_seen_of_the_person_and_the_whole_mask_what_there_is(drawn: Drawn) -> None:
    hidden = 0
    for camera in drawn.scene.cameras:
        of = DrawnView.of(drawn.clip, camera.name)
        mask = of.parts > 0
        np.testing.assert_array_equal(of.bbox, boxes(mask))
        if of.whole_mask is None:
            continue
        assert of.depth is not None
        assert not (mask & ~of.whole_mask).any()
        behind = of.whole_mask & ~mask
        hidden += int(behind.sum())
        person = camera.depth(drawn.keypoints).min() - 0.3
        assert (of.depth[behind] / 1000 < person).mean() > 0.99  # what is there instead stands nearer
        assert (of.depth[mask] / 1000 > person).all()
    assert hidden > 300


def test_what_was_sampled_is_in_the_record(drawn: Drawn) -> None:
    assert bool(drawn.scene.occluders) != bool(drawn.scene.bystander)
    assert all(camera.framing == Framing() for camera in drawn.scene.cameras)
