"""The camera of a view that nobody calibrated: a pinhole held level, as phones are built and as people hold them."""

import numpy as np

from kinesynth.errors import BadInput
from kinesynth_train.calibration import Camera

EQUIVALENT_MM = 26.0  # of the main camera of most phones since 2017, against a film of 43.27 mm across
FILM_MM = 43.27
MIN_FOCAL, MAX_FOCAL = 0.2, 20.0  # over the picture's longer side
# World of such a camera: y up, x from the person to the camera; rows are the camera's axes.
LEVEL = np.array([[0.0, 0.0, -1.0], [0.0, -1.0, 0.0], [-1.0, 0.0, 0.0]])


def assumed_camera(name: str, width: int, height: int, focal_px: float) -> tuple[Camera, list[str]]:
    """Return a level camera at the world's origin, and what was taken for granted.

    Args:
        name: the view's.
        width: px.
        height: px.
        focal_px: focal length; 0 takes a phone's.

    Raises:
        BadInput: no lens has that focal length.
    """
    notes = []
    longer = max(width, height)
    if not focal_px:
        focal_px = EQUIVALENT_MM / FILM_MM * float(np.hypot(width, height))
        notes.append(
            f"no --cameras and no --focal-px: focal length taken to be {focal_px:.0f} px, a phone's main camera's"
            f" ({EQUIVALENT_MM:.0f} mm on film); distances from the camera are in proportion to it"
        )
    elif not MIN_FOCAL * longer <= focal_px <= MAX_FOCAL * longer:
        expected = f"{MIN_FOCAL * longer:.0f} to {MAX_FOCAL * longer:.0f} for {width} x {height} px"
        raise BadInput("--focal-px", "focal length", f"{focal_px:g}", expected, "give it in px of this video")
    K = np.array([[focal_px, 0.0, (width - 1) / 2], [0.0, focal_px, (height - 1) / 2], [0.0, 0.0, 1.0]])
    pose = np.eye(4)
    pose[:3, :3] = LEVEL
    return Camera(name, width, height, K, np.zeros(5), pose), notes
