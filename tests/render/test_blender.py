"""The real renderer, on tiny pictures."""

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from kinesynth.isolation import Worker
from kinesynth.render import blender_calls
from kinesynth.render.anatomy import Piece, single
from kinesynth.render.cameras import Perturbation, place
from kinesynth.render.draw import draw_scene
from kinesynth.render.head import ellipsoid
from kinesynth.render.job import cache_path, write_cache, write_pieces
from kinesynth.render.scene import Scene, Settings
from kinesynth.render.tracks import read_mask

N_FRAMES, SIZE = 5, (240, 180)
# A ball's path through the picture: far from straight, so that a frame too early or too late shows.
PATH = np.array([[0.0, 0.4, -0.8], [0.3, 1.6, 0.7], [-0.4, 0.9, 0.1], [0.5, 0.3, 0.9], [0.0, 1.8, -0.5]])


@pytest.fixture(scope="module", params=["eevee", "cycles"])
def job(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Scene]:
    """A white ball that jumps about in a black room."""
    folder = tmp_path_factory.mktemp(request.param)
    ball, faces = ellipsoid(np.zeros(3), np.full(3, 0.07), 24)
    write_pieces(folder, [Piece("ball", ball, faces, np.zeros((len(ball), 0)), ("white",), single(faces))])
    write_cache(cache_path(folder, 0), len(ball), N_FRAMES, PATH[:, None] + ball)
    scene = draw_scene(
        np.random.default_rng(0), "female", 30.0, N_FRAMES, Settings(engine=request.param, samples=4), "lab"
    )
    perturbation = Perturbation(height_m=1.15, azimuth_deg=4.0, roll_deg=1.5)
    cameras = tuple(place(name, PATH, *SIZE, perturbation) for name in ("frontal", "sagittal"))
    scene = replace(scene, lights=(), ambient=(0.0, 0.0, 0.0), cameras=cameras, extent=((-1, 1), (-1, 1)))
    with Worker(folder / "blender.log") as worker:
        worker.call(blender_calls.render, folder, scene, timeout_seconds=300)
    return folder, scene


def test_the_mask_is_where_the_camera_projects(job: tuple[Path, Scene]) -> None:
    folder, scene = job
    for camera in scene.cameras:
        mask = read_mask(folder / f"{camera.name}_mask.mkv", N_FRAMES)
        found = np.array([np.argwhere(frame).mean(axis=0)[::-1] for frame in mask])
        assert np.abs(found - camera.project(PATH)).max() < 0.3


def test_picture_i_shows_label_i_through_the_encoder(job: tuple[Path, Scene]) -> None:
    folder, scene = job
    for camera in scene.cameras:
        with av.open(str(folder / f"{camera.name}.mp4")) as container:
            pictures = [frame.to_ndarray(format="gray").astype(float) for frame in container.decode(video=0)]
        assert len(pictures) == N_FRAMES
        for picture, expected in zip(pictures, camera.project(PATH), strict=True):
            bright = np.where(picture > 0.4 * picture.max(), picture, 0)
            rows, columns = np.indices(bright.shape)
            found = np.array([(columns * bright).sum(), (rows * bright).sum()]) / bright.sum()
            assert np.abs(found - expected).max() < 0.3
