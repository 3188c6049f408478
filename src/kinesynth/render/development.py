"""Pictures as a lens and a sensor would give them, made of what was rendered: warped, noisy, compressed."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace
from scipy.ndimage import map_coordinates

from kinesynth.pixels import frame_pixels, reformatted
from kinesynth.render.cameras import Camera, Exposure
from kinesynth.render.shots import Shot, source_pixels

_USUAL_RATE = 23  # of a camera that says nothing of compression: what Blender calls medium
_KEY_FRAME_EVERY = 18  # pictures, as in what Blender encodes
_SHOT_NOISE = 2.0  # variance in white, over that in black
_BT709 = 1


def develop(raw: Path, camera: Camera, shot: Shot, fps: float, output: Path) -> None:
    """Write a camera's H.264 from the lossless video of its shot."""
    pixels = source_pixels(camera, shot) if camera.distortion.any() else None
    rng = np.random.default_rng(camera.exposure.seed)
    with av.open(str(raw)) as container:
        frames = (frame_pixels(frame, "rgb24") for frame in container.decode(video=0))
        seen = (frame if pixels is None else warped(frame, pixels) for frame in frames)
        _encode((noisy(frame, camera.exposure, rng) for frame in seen), camera, fps, output)


def warped(picture: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """Return the picture (H,W,3) uint8 whose pixels are, by cubic interpolation, at rows and columns (2,H,W)."""
    channels = [
        map_coordinates(picture[..., channel].astype(np.float32), pixels, order=3, mode="nearest")
        for channel in range(3)
    ]
    return np.clip(np.rint(np.stack(channels, axis=-1)), 0, 255).astype(np.uint8)


def noisy(picture: np.ndarray, exposure: Exposure, rng: np.random.Generator) -> np.ndarray:
    """Return the picture (H,W,3) uint8 with normal noise, of a variance that grows with light as photons' does."""
    if not exposure.noise:
        return picture
    value = picture / 255.0
    deviation = exposure.noise * np.sqrt(1 + (_SHOT_NOISE - 1) * value**2.2)  # light is the screen's value to about 2.2
    return np.clip(np.rint(255 * (value + deviation * rng.normal(size=value.shape))), 0, 255).astype(np.uint8)


def _encode(pictures: Iterator[np.ndarray], camera: Camera, fps: float, output: Path) -> None:
    options = {
        "crf": str(camera.exposure.rate or _USUAL_RATE),
        "g": str(_KEY_FRAME_EVERY),
        "x264-params": "asm=0",  # its AVX-512 code gives other bytes now and then; without any a small frame takes 5 ms
    }
    with av.open(str(output), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1001), options=options)
        stream.width, stream.height, stream.pix_fmt = camera.width, camera.height, "yuv420p"
        context = stream.codec_context
        context.thread_count = 1  # more of them give other bytes
        context.color_range, context.colorspace = ColorRange.MPEG, _BT709
        context.color_primaries = context.color_trc = _BT709
        for picture in pictures:
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            bt709 = reformatted(frame, "yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG)
            container.mux(stream.encode(bt709))
        container.mux(stream.encode())
