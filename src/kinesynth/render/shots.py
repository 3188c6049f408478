"""What the renderer, which knows pinhole cameras only, renders of a camera with a lens and a sensor.

A distorted picture is an exact warp of a pinhole's that shows all that the lens does: of the same position and focal
length in pixels, but larger. Labels are rendered finer, so that the nearest of their pixels is close to each pixel's
centre; they know no blur and no noise.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from kinesynth.geometry.projection import undistort
from kinesynth.render.cameras import SENSOR_WIDTH_MM, Camera, Lens

_FINE = 3  # odd: a pixel's centre is that of its middle part, and labels are right to a sixth of a pixel
_RIM_PX = 2  # that interpolation reaches beyond the outermost pixel


@dataclass(frozen=True)
class Shot:
    """A camera as it is rendered.

    Attributes:
        camera: a pinhole that shows all that the camera's lens does.
        developed: whether pictures are made of what is rendered (`development`), or are what is rendered.
        fine: label pixels along a side of a pixel.
    """

    camera: Camera
    developed: bool
    fine: int


def shot_of(camera: Camera) -> Shot:
    """Return how a camera is rendered.

    Raises:
        ValueError: its lens is too strong to be undone over the picture.
    """
    exposure = camera.exposure
    if not camera.distortion.any():
        return Shot(camera, developed=bool(exposure.noise or exposure.rate), fine=1)
    rays = _rays(camera, _border(camera.width, camera.height))
    focal = camera.K[0, 0]
    width, height = (
        size + 2 * max(0, int(np.ceil(focal * np.abs(rays[..., axis]).max() - (size - 1) / 2)) + _RIM_PX)
        for axis, size in enumerate((camera.width, camera.height))
    )
    pinhole = replace(camera, width=width, height=height, lens=Lens(float(focal) * SENSOR_WIDTH_MM / width))
    return Shot(pinhole, developed=True, fine=_FINE)


@lru_cache(maxsize=1)  # pictures and labels of a shot ask for them one after the other
def source_pixels(camera: Camera, shot: Shot) -> np.ndarray:
    """Return where in its shot each pixel of a camera's picture is: rows and columns (2,H,W)."""
    columns, rows = np.meshgrid(np.arange(camera.width), np.arange(camera.height))
    shown = np.stack([columns, rows], axis=-1).astype(float)
    pixels = _rays(camera, shown) * shot.camera.K[0, 0] + shot.camera.K[:2, 2]
    return np.asarray(np.moveaxis(pixels, -1, 0)[::-1])


def nearest_labels(camera: Camera, shot: Shot) -> tuple[np.ndarray, np.ndarray]:
    """Return rows and columns (H,W) of the label pixels that are nearest to the centres of a camera's pixels."""
    fine = np.rint(shot.fine * source_pixels(camera, shot) + (shot.fine - 1) / 2).astype(int)
    return fine[0], fine[1]


def _rays(camera: Camera, pixels: np.ndarray) -> np.ndarray:
    """Return the points (...,2) of the plane at depth 1 that are shown at pixels (...,2)."""
    return undistort((pixels - camera.K[:2, 2]) / camera.K[0, 0], camera.distortion)


def _border(width: int, height: int) -> np.ndarray:
    """Return the outermost pixels (n,2) of a picture."""
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    rim = (columns == 0) | (columns == width - 1) | (rows == 0) | (rows == height - 1)
    return np.stack([columns[rim], rows[rim]], axis=1).astype(float)
