"""Calibrations of cameras in the formats that people have: `read_cameras` knows which is which."""

from kinesynth_train.calibration.camera import Camera
from kinesynth_train.calibration.formats import read_cameras

__all__ = ["Camera", "read_cameras"]
