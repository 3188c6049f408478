"""A rendered calibration board against the matrices that are stored with its pictures, through the encoder."""

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from ellipsoid_body import only

from kinesynth.isolation import Worker
from kinesynth.render import blender_process
from kinesynth.render.anatomy import Piece, single
from kinesynth.render.cameras import Lens, Setup, set_up
from kinesynth.render.development import develop
from kinesynth.render.job_folder import cache_path, picture_path, raw_path, write_cache, write_pieces
from kinesynth.render.presets import PRESETS
from kinesynth.render.sampling import sample_look, sample_scene
from kinesynth.render.scene import Scene
from kinesynth.render.shots import shot_of

COLUMNS, ROWS, SQUARE_M = 8, 6, 0.2
SIZE = (400, 300)


def board() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the white squares' corners and faces, and the inner corners, of a board across the x axis."""
    squares = [(i, k) for i in range(COLUMNS) for k in range(ROWS) if (i + k) % 2 == 0]
    unit = np.array([(0, 0), (1, 0), (1, 1), (0, 1)])
    flat = np.concatenate([unit + square for square in squares])
    faces = np.concatenate([4 * n + np.array([(0, 1, 2), (0, 2, 3)]) for n in range(len(squares))])
    inner = np.array([(i, k) for i in range(1, COLUMNS) for k in range(1, ROWS)])
    return lifted(flat), faces, lifted(inner)


def lifted(flat: np.ndarray) -> np.ndarray:
    z, y = SQUARE_M * flat.T
    return np.stack([0.15 * z, 0.4 + y, z - SQUARE_M * COLUMNS / 2], axis=1)  # a little askew


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Scene]:
    folder = tmp_path_factory.mktemp("board")
    points, faces, _ = board()
    write_pieces(folder, [Piece("board", points, faces, only("left_foot", len(points)), ("part",), single(faces))])
    write_cache(cache_path(folder, 0), len(points), 1, [points])
    rng = np.random.default_rng(0)
    scene = sample_scene(rng, sample_look(rng, "female"), 30.0, 1, replace(PRESETS["preview"], samples=16), "lab")
    nominal = Setup(height_m=1.3, azimuth_deg=9.0, roll_deg=2.0, margin=0.1)
    other = replace(nominal, height_m=2.0, azimuth_deg=-17.0, lens=Lens(50.0))
    views = {
        "frontal": nominal,
        "random": other,
        "barrel": replace(nominal, lens=Lens(33.0, (-0.18, 0.03, 0.002, -0.0015, 0.0))),
        "pincushion": replace(other, lens=Lens(40.0, (0.10, 0.03, -0.002, 0.001, 0.01))),
    }
    cameras = tuple(set_up(name, setup, points, SIZE) for name, setup in views.items())
    bright = scene.exposure + np.log2(255 / 240)  # the label's grey becomes white
    room = replace(scene.room, furniture=())
    scene = replace(
        scene,
        room=room,
        exposure=bright,
        lights=(),
        ambient=(0.0, 0.0, 0.0),
        cameras=cameras,
        extent=((-1, 1), (-1, 1)),
    )
    with Worker(folder / "blender.log") as worker:
        worker.call(blender_process.render, folder, scene, timeout_seconds=300)
    for camera in cameras:
        if (shot := shot_of(camera)).developed:
            develop(raw_path(folder, camera.name), camera, shot, scene.fps, picture_path(folder, camera.name))
    return folder, scene


def test_corners_agree_with_the_matrices(job: tuple[Path, Scene]) -> None:
    folder, scene = job
    _, _, inner = board()
    for camera in scene.cameras:
        with av.open(str(folder / f"{camera.name}.mp4")) as container:
            picture = next(container.decode(video=0)).to_ndarray(format="gray").astype(float)
        expected = camera.project(inner)
        error = np.linalg.norm(refined(picture, expected) - expected, axis=1)
        assert error.max() < 0.25
        assert np.abs((refined(picture, expected) - expected).mean(axis=0)).max() < 0.08  # no shift of the whole


def refined(picture: np.ndarray, corners: np.ndarray, radius: int = 16) -> np.ndarray:
    """Return the corners (n,2) where the gradients around stand across the way to them (Förstner and Gülch 1987)."""
    down, across = np.gradient(picture)
    found = corners.copy()
    for _ in range(5):
        for n, corner in enumerate(np.round(found).astype(int)):
            rows, columns = np.mgrid[-radius : radius + 1, -radius : radius + 1] + corner[::-1, None, None]
            gradient = np.stack([across[rows, columns], down[rows, columns]], axis=-1).reshape(-1, 2)
            positions = np.stack([columns, rows], axis=-1).reshape(-1, 2)
            gram = gradient[:, :, None] * gradient[:, None, :]
            found[n] = np.linalg.solve(gram.sum(axis=0), np.einsum("nij,nj->i", gram, positions))
    return found
