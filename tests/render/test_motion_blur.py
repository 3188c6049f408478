"""A ball that crosses the picture evenly, with an open shutter: the picture is blurred about what the labels say."""

from dataclasses import replace

import av
import numpy as np
import pytest
from ellipsoid_body import only

from kinesynth.isolation import Worker
from kinesynth.render import blender_process
from kinesynth.render.anatomy import Piece, single
from kinesynth.render.cameras import Camera, Exposure, Setup, set_up
from kinesynth.render.head import ellipsoid
from kinesynth.render.job_folder import cache_path, shade_path, write_cache, write_pieces
from kinesynth.render.presets import PRESETS
from kinesynth.render.read_back import read_parts
from kinesynth.render.sampling import sample_look, sample_scene

N_FRAMES, SIZE, BALL_M, FPS, SHUTTER = 3, (160, 90), 0.06, 30.0, 0.6
PATH = np.array([[0.0, 1.0, z] for z in (-0.4, 0.0, 0.4)])


@pytest.fixture(scope="module")
def shots(tmp_path_factory: pytest.TempPathFactory) -> tuple[Camera, dict[str, np.ndarray]]:
    """Return a camera, and by shutter the pictures and labels (T,H,W) of a bright ball in a dark room."""
    folder = tmp_path_factory.mktemp("blur")
    ball, faces = ellipsoid(np.zeros(3), np.full(3, BALL_M), 24)
    write_pieces(folder, [Piece("ball", ball, faces, only("left_foot", len(ball)), ("part",), single(faces))])
    write_cache(cache_path(folder, 0), len(ball), N_FRAMES, PATH[:, None] + ball)
    np.save(shade_path(folder, 0), np.ones((N_FRAMES, len(ball)), dtype=np.float32))
    rng = np.random.default_rng(0)
    scene = sample_scene(rng, sample_look(rng, "female"), FPS, N_FRAMES, PRESETS["preview"], "lab")
    camera = set_up("camera", Setup(height_m=1.0), np.array([[0.0, 0.5, -0.9], [0.0, 1.5, 0.9]]), SIZE)
    room = replace(scene.room, furniture=())
    scene = replace(scene, room=room, lights=(), ambient=(0.0, 0.0, 0.0), extent=((-1, 1), (-1, 1)))
    made = {}
    with Worker(folder / "blender.log") as worker:
        for name, seconds in (("closed", 0.0), ("open", SHUTTER / FPS)):
            taken = replace(camera, exposure=Exposure(seconds=seconds))
            worker.call(blender_process.render, folder, replace(scene, cameras=(taken,)), timeout_seconds=300)
            with av.open(str(folder / "camera.mp4")) as container:
                frames = [frame.to_ndarray(format="gray").astype(float) for frame in container.decode(video=0)]
            made[name] = np.stack(frames)
            made[f"{name} parts"] = read_parts(folder / "camera_parts.mkv", N_FRAMES)
    return camera, made


def test_labels_know_no_blur(shots: tuple[Camera, dict[str, np.ndarray]]) -> None:
    _, made = shots
    np.testing.assert_array_equal(made["open parts"], made["closed parts"])


def test_the_ball_is_drawn_out_about_its_label_by_what_it_moves_meanwhile(
    shots: tuple[Camera, dict[str, np.ndarray]],
) -> None:
    camera, made = shots
    centres = camera.project(PATH)
    step = abs(centres[2, 0] - centres[0, 0]) / 2
    assert step > 20
    wide = [np.ptp(np.flatnonzero(made[name][1].max(axis=0) > 60)) for name in ("closed", "open")]
    assert wide[1] - wide[0] == pytest.approx(SHUTTER * step, abs=0.25 * SHUTTER * step + 2)
    bright = np.clip(made["open"][1] - 30, 0, None)
    middle = (bright.sum(axis=0) * np.arange(SIZE[0])).sum() / bright.sum()
    assert middle == pytest.approx(centres[1, 0], abs=0.06 * step)
