"""Boxes about the person that a user gives: a .csv with a row per frame."""

import csv
from pathlib import Path

import numpy as np

from kinesynth.errors import BadInput
from kinesynth_train.calibration.text import read_bytes

MAX_PX = 1e6
COLUMNS = ("x0", "y0", "x1", "y1")
FIX = f"write a .csv with the columns {','.join(COLUMNS)} (px) and a row per frame"


def read_boxes(path: Path, frames: int, width: int, height: int) -> np.ndarray:
    """Return the boxes (T, 4) px of a view of `width` x `height` px: left, top, right and bottom.

    Raises:
        BadInput: a row is missing, or a box is none, or holds nothing of the picture.
    """
    try:
        rows = list(csv.DictReader(read_bytes(path).decode("utf-8-sig").splitlines()))
        boxes = np.array([[float(row[name]) for name in COLUMNS] for row in rows]).reshape(-1, 4)
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise BadInput(path, "boxes", " ".join(str(error).split())[:120], "numbers in px", FIX) from error
    if len(boxes) != frames:
        raise BadInput(path, "boxes", f"{len(boxes)} rows", f"{frames}, as the video has frames", FIX)
    for row, box in enumerate(boxes):
        shown = ",".join(f"{each:g}" for each in box)
        if not (np.isfinite(box).all() and box[0] < box[2] and box[1] < box[3]):
            raise BadInput(path, f"row {row + 1}", shown, "x0 < x1 and y0 < y1", FIX)
        if box[0] >= width or box[1] >= height or (box[2:] <= 0).any() or (np.abs(box) > MAX_PX).any():
            raise BadInput(path, f"row {row + 1}", shown, f"a box in the picture of {width} x {height} px", FIX)
    return boxes
