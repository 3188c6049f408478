"""The real renderer, on tiny pictures."""

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from ellipsoid_body import only

from kinesynth.body.parts import parts
from kinesynth.geometry.projection import undistort
from kinesynth.isolation import Worker
from kinesynth.render import blender_process
from kinesynth.render.anatomy import Piece, single
from kinesynth.render.cameras import Camera, Lens, Setup, set_up
from kinesynth.render.development import develop
from kinesynth.render.head import ellipsoid
from kinesynth.render.job_folder import PART_LEVEL, cache_path, picture_path, raw_path, write_cache, write_pieces
from kinesynth.render.presets import PRESETS
from kinesynth.render.read_back import read_parts
from kinesynth.render.sampling import sample_look, sample_scene
from kinesynth.render.scene import Scene
from kinesynth.render.shots import nearest_labels, shot_of

N_FRAMES, SIZE, BALL_M = 5, (240, 180), 0.07
BEADS = np.array([[0.3, 0.35 + 0.07 * k, -0.4] for k in range(len(parts()))])
# A ball's path through the picture: far from straight, so that a frame too early or too late shows.
PATH = np.array([[0.0, 0.4, -0.8], [0.3, 1.6, 0.7], [-0.4, 0.9, 0.1], [0.5, 0.3, 0.9], [0.0, 1.8, -0.5]])
FOOT = 1 + [part.name for part in parts()].index("left_foot")


def string_of_beads() -> Piece:
    balls = [ellipsoid(centre, np.full(3, 0.025), 12) for centre in BEADS]
    owners = [next(iter(part.joints)) for part in parts()]
    size = len(balls[0][0])
    weights = np.concatenate([only(owner, size) for owner in owners])
    faces = np.concatenate([faces + k * size for k, (_, faces) in enumerate(balls)])
    return Piece("beads", np.concatenate([ball for ball, _ in balls]), faces, weights, ("shoe",), single(faces))


@pytest.fixture(scope="module", params=["eevee", "cycles"])
def job(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Scene]:
    """A bright ball that jumps about in a black room, and a black bead of each part."""
    folder = tmp_path_factory.mktemp(request.param)
    ball, faces = ellipsoid(np.zeros(3), np.full(3, BALL_M), 24)
    beads = string_of_beads()
    write_pieces(folder, [Piece("ball", ball, faces, only("left_foot", len(ball)), ("part",), single(faces)), beads])
    write_cache(cache_path(folder, 0), len(ball), N_FRAMES, PATH[:, None] + ball)
    write_cache(cache_path(folder, 1), len(beads.rest), N_FRAMES, [beads.rest] * N_FRAMES)
    rng = np.random.default_rng(0)
    settings = replace(PRESETS["preview"], engine=request.param, samples=4)
    scene = sample_scene(rng, sample_look(rng, "female"), 30.0, N_FRAMES, settings, "lab")
    bent = Lens(33.0, (-0.12, 0.02, 0.002, -0.001, 0.0))
    setups = {
        "frontal": Setup(4.0, 1.15, roll_deg=1.5),
        "sagittal": Setup(-86.0, 1.15, roll_deg=1.5),
        "bent": Setup(4.0, 1.15, roll_deg=1.5, lens=bent),
    }
    cameras = tuple(set_up(name, setup, PATH, SIZE) for name, setup in setups.items())
    room = replace(scene.room, furniture=())  # windows shine
    scene = replace(scene, room=room, lights=(), ambient=(0.0, 0.0, 0.0), cameras=cameras, extent=((-1, 1), (-1, 1)))
    with Worker(folder / "blender.log") as worker:
        worker.call(blender_process.render, folder, scene, True, timeout_seconds=300)
    develop(raw_path(folder, "bent"), cameras[2], shot_of(cameras[2]), scene.fps, picture_path(folder, "bent"))
    return folder, scene


def parts_of(folder: Path, camera: Camera) -> np.ndarray:
    """Return the labels (T,H,W) that a camera sees."""
    pixels = nearest_labels(camera, shot_of(camera)) if camera.distortion.any() else None
    return read_parts(folder / f"{camera.name}_parts.mkv", N_FRAMES, pixels)


def test_the_ball_is_drawn_where_the_camera_projects(job: tuple[Path, Scene]) -> None:
    folder, scene = job
    for camera in scene.cameras:
        labels = parts_of(folder, camera)
        bead = np.linalg.norm(np.indices(SIZE).T - camera.project(BEADS[FOOT - 1]), axis=-1) < 6
        found = np.array([np.argwhere((frame == FOOT) & ~bead).mean(axis=0)[::-1] for frame in labels])
        assert np.abs(found - camera.project(PATH)).max() < 0.3


def test_every_label_survives_the_codec(job: tuple[Path, Scene]) -> None:
    folder, scene = job
    for camera in scene.cameras:
        with av.open(str(folder / f"{camera.name}_parts.mkv")) as container:
            levels = {int(level) for frame in container.decode(video=0) for level in np.unique(frame.to_ndarray())}
        assert levels == {PART_LEVEL * label for label in range(len(parts()) + 1)}
        labels = parts_of(folder, camera)
        columns, rows = np.rint(camera.project(BEADS)).astype(int).T
        assert (labels[:, rows, columns] == np.arange(1, len(parts()) + 1)).all()


def test_picture_i_shows_label_i_through_the_encoder(job: tuple[Path, Scene]) -> None:
    folder, scene = job
    for camera in scene.cameras:
        with av.open(str(folder / f"{camera.name}.mp4")) as container:
            assert not {"date", "creation_time"} & set(container.metadata)  # equal runs give equal bytes
            pictures = [frame.to_ndarray(format="gray").astype(float) for frame in container.decode(video=0)]
        assert len(pictures) == N_FRAMES
        for picture, expected in zip(pictures, camera.project(PATH), strict=True):
            bright = np.where(picture > 0.4 * picture.max(), picture, 0)
            rows, columns = np.indices(bright.shape)
            found = np.array([(columns * bright).sum(), (rows * bright).sum()]) / bright.sum()
            assert np.abs(found - expected).max() < 0.3


def test_depth_is_that_of_the_floor_and_of_the_ball(job: tuple[Path, Scene]) -> None:
    folder, scene = job
    for camera in scene.cameras:
        depth = np.load(folder / f"{camera.name}_depth.npy")
        if camera.distortion.any():
            depth = depth[:, *nearest_labels(camera, shot_of(camera))]
        assert (depth.shape, depth.dtype) == ((N_FRAMES, *SIZE[::-1]), np.uint16)
        labels = parts_of(folder, camera)
        rays = rays_of(camera)
        floor = (scene.room.floor.height_m - camera.position[1]) / rays[..., 1]
        seen = (labels == 0).all(axis=0) & (floor > 0) & (floor < 4)  # nearer than the walls
        assert seen.sum() > 5000
        # Half a millimetre is lost to whole numbers, and what a lens bends is right to a sixth of a pixel.
        sixth = np.abs(np.gradient(floor)).sum(axis=0)[seen] / 6 if camera.distortion.any() else 0.0
        assert (np.abs(depth[:, seen] - 1000 * floor[seen]) < 0.6 + 1000 * sixth).all()
        for frame, centre in enumerate(PATH):
            column, row = np.rint(camera.project(centre)).astype(int)
            expected = 1000 * sphere_depth(centre - camera.position, rays[row, column])
            assert abs(int(depth[frame, row, column]) - expected) < 2


def rays_of(camera: Camera) -> np.ndarray:
    """Return the directions (H,W,3) in the world through the pixels' centres, one metre along the camera's axis."""
    columns, rows = np.meshgrid(np.arange(camera.width), np.arange(camera.height))
    pixels = np.stack([columns, rows, np.ones_like(rows)], axis=-1)
    rays = pixels @ np.linalg.inv(camera.K).T
    rays[..., :2] = undistort(rays[..., :2], camera.distortion)
    return rays @ camera.extrinsics[:3, :3]


def sphere_depth(centre: np.ndarray, ray: np.ndarray) -> float:
    """Return where a ray from the origin enters the ball: the lesser root of |s ray - centre| = radius."""
    half, square = ray @ centre, ray @ ray
    return float((half - np.sqrt(half**2 - square * (centre @ centre - BALL_M**2))) / square)
