from pathlib import Path

import av
import numpy as np
import pytest

from kinesynth.render.cameras import Camera, Exposure, Lens
from kinesynth.render.development import develop, noisy, warped
from kinesynth.render.shots import shot_of, source_pixels

SIZE = (96, 64)
ROWS = tuple(tuple(row) for row in np.eye(4))


def camera(exposure: Exposure | None = None, lens: Lens | None = None) -> Camera:
    return Camera("camera", *SIZE, lens or Lens(), ROWS, exposure or Exposure())  # type: ignore[arg-type]


def raw_video(path: Path, shape: tuple[int, int], n_frames: int = 4) -> np.ndarray:
    """Write smooth pictures, lossless, and return them."""
    height, width = shape
    y, x = np.mgrid[0:height, 0:width]
    waves = [np.stack([x * 2 + 5 * k, y * 3, 120 + 0 * x], axis=-1).clip(0, 255) for k in range(n_frames)]
    pictures = np.stack(waves).astype(np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=30)
        stream.width, stream.height, stream.pix_fmt = width, height, "bgr0"
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="bgr0")))
        container.mux(stream.encode())
    return pictures


def developed(tmp_path: Path, view: Camera, fps: float = 30.0) -> np.ndarray:
    with av.open(str(tmp_path / "made.mp4")) as container:
        assert float(container.streams.video[0].average_rate) == pytest.approx(fps, rel=1e-5)
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


def test_pictures_keep_their_colours_and_rate(tmp_path: Path) -> None:
    view = camera(Exposure(rate=16))
    pictures = raw_video(tmp_path / "raw.mkv", SIZE[::-1])
    develop(tmp_path / "raw.mkv", view, shot_of(view), 29.97, tmp_path / "made.mp4")
    made = developed(tmp_path, view, 30000 / 1001)
    assert made.shape == pictures.shape
    assert np.abs(made.astype(float) - pictures).mean() < 3


def test_equal_seeds_give_equal_bytes_and_rates_give_sizes(tmp_path: Path) -> None:
    def size(exposure: Exposure, name: str) -> bytes:
        view = camera(exposure)
        raw_video(tmp_path / "raw.mkv", SIZE[::-1])
        develop(tmp_path / "raw.mkv", view, shot_of(view), 30.0, tmp_path / name)
        return (tmp_path / name).read_bytes()

    fine = size(Exposure(noise=0.04, rate=18, seed=3), "a.mp4")
    assert fine == size(Exposure(noise=0.04, rate=18, seed=3), "b.mp4")
    assert fine != size(Exposure(noise=0.04, rate=18, seed=4), "c.mp4")
    assert len(size(Exposure(noise=0.04, rate=34, seed=3), "d.mp4")) < 0.7 * len(fine)


def test_noise_has_its_deviation_and_grows_with_light() -> None:
    rng = np.random.default_rng(0)
    dark, light = (np.full((200, 200, 3), level, dtype=np.uint8) for level in (40, 220))
    low, high = (noisy(each, Exposure(noise=0.02), rng) - each.astype(float) for each in (dark, light))
    assert low.std() / 255 == pytest.approx(0.02, rel=0.05)
    assert 1.1 * low.std() < high.std() < 1.5 * low.std()
    assert abs(low.mean()) < 0.1
    np.testing.assert_array_equal(noisy(dark, Exposure(), rng), dark)


def test_a_warp_shows_at_each_pixel_what_the_lens_sees_there() -> None:
    view = camera(lens=Lens(30.0, (-0.2, 0.03, 0.002, 0.001, 0.0)))
    shot = shot_of(view)
    rows, columns = np.mgrid[0 : shot.camera.height, 0 : shot.camera.width]
    pinhole = np.stack([columns, rows, 100 + 0 * rows], axis=-1).astype(np.uint8)
    seen = warped(pinhole, source_pixels(view, shot)).astype(float)
    points = np.random.default_rng(0).uniform([-0.5, -0.3, 1], [0.5, 0.3, 1], (200, 3))
    pixels = np.rint(view.project(points)).astype(int)
    inside = ((pixels >= 2) & (pixels < np.array(SIZE) - 2)).all(axis=1)
    expected = shot.camera.project(points)[inside]
    column, row = pixels[inside].T
    assert np.abs(seen[row, column, :2] - expected).max() < 1.1  # of a pixel's rounding, and half a level


def test_the_shot_shows_all_that_the_lens_does() -> None:
    for distortion in ((-0.2, 0.03, 0.002, 0.001, 0.0), (0.15, 0.0, 0.0, 0.0, 0.0)):
        view = camera(lens=Lens(30.0, distortion))
        shot = shot_of(view)
        rows, columns = source_pixels(view, shot)
        assert rows.min() > 1
        assert columns.min() > 1
        assert rows.max() < shot.camera.height - 2
        assert columns.max() < shot.camera.width - 2
        assert shot.camera.K[0, 0] == pytest.approx(view.K[0, 0])
