"""A view's masks, unpacked, and how much of the person they show."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from kinesynth.dataset.record import ViewRecord
from kinesynth.dataset.video import unpack_masks


def masks_of(view: ViewRecord) -> np.ndarray:
    """Return where (T, H, W) bool the person is seen."""
    return _unpacked(view.arrays["mask"], view.attrs)


def whole_masks_of(view: ViewRecord) -> np.ndarray:
    """Return where (T, H, W) bool the person would be seen if nothing stood before."""
    return _unpacked(view.arrays["whole_mask"], view.attrs) if "whole_mask" in view.arrays else masks_of(view)


def visible_fractions(view: ViewRecord) -> np.ndarray:
    """Return which fraction (T,) of the person's pixels in the picture nothing hides; 1 where the person is not in it.

    What lies beyond the picture's edge does not count: `visibility` is 0 there.
    """
    seen, whole = (masks.sum(axis=(1, 2)) for masks in (masks_of(view), whole_masks_of(view)))
    return np.asarray(np.where(whole > 0, seen / np.maximum(whole, 1), 1.0))


def _unpacked(bits: np.ndarray, attrs: Mapping[str, Any]) -> np.ndarray:
    return unpack_masks(bits, int(attrs["height"]), int(attrs["width"]))
