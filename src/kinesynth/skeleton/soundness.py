"""Whether the arrays of a stranger's skeleton belong together: who poses it takes that for granted."""

from typing import Any

import numpy as np

SHAPES = {
    "body_names": "B", "parents": "B", "joint_names": "B", "joint_types": "B", "parent_places": "B3",
    "parent_orientations": "B33", "child_places": "B3", "child_orientations": "B33", "axes": "B63",
    "axis_coordinates": "B6", "axis_functions": "B6", "function_knots": "FP", "function_coefficients": "FPD",
    "masses": "B", "mass_centres": "B3", "coordinate_names": "J", "coordinate_ranges": "J2",
    "coordinate_defaults": "J", "coordinate_translational": "J", "coordinate_free": "J", "coupled_to": "J",
    "coupling_functions": "J", "marker_names": "M", "marker_bodies": "M", "marker_places": "M3", "contact_names": "C",
    "contact_bodies": "C", "contact_places": "C3", "contact_radii": "C", "muscle_names": "A",
}  # fmt: skip
INDICES = {  # into which axis, and the least
    "parents": ("B", -1), "axis_coordinates": ("J", -1), "axis_functions": ("F", 0), "coupled_to": ("J", -1),
    "coupling_functions": ("F", -1), "marker_bodies": ("B", 0), "contact_bodies": ("B", 0),
}  # fmt: skip
ENDLESS = ("function_knots", "coordinate_ranges")  # which hold infinity: after the last piece, and for no limit


def check_skeleton(arrays: dict[str, Any]) -> None:
    """Require of a skeleton's arrays, by their names in `SkeletonDefinition`, shapes, numbers and indices that fit.

    Raises:
        ValueError: one does not; the message names it.
    """
    sizes = {digit: int(digit) for digit in "236"}
    for name, axes in SHAPES.items():
        shape = (len(arrays[name]),) if isinstance(arrays[name], tuple) else np.shape(arrays[name])
        if len(shape) != len(axes) or any(
            length != sizes.setdefault(axis, length) for axis, length in zip(axes, shape, strict=True)
        ):
            raise ValueError(f"skeleton/{name} has shape {shape}, which does not fit the others")
        if not isinstance(arrays[name], tuple):
            _check_numbers(name, np.asarray(arrays[name]))
    for name, (axis, least) in INDICES.items():
        _check_indices(name, np.asarray(arrays[name]), least, sizes[axis])
    if (np.asarray(arrays["parents"]) >= np.arange(sizes["B"])).any():
        raise ValueError("skeleton/parents names a body that comes after its child")


def _check_numbers(name: str, array: np.ndarray) -> None:
    known = np.isfinite(array) | (np.isinf(array) & (name in ENDLESS)) if array.dtype.kind in "biuf" else np.False_
    if not known.all():
        raise ValueError(f"skeleton/{name} holds what is no number")


def _check_indices(name: str, array: np.ndarray, least: int, size: int) -> None:
    if array.dtype.kind not in "iu" or (array.size and not (array.min() >= least and array.max() < size)):
        raise ValueError(f"skeleton/{name} holds what is no index from {least} to {size - 1}")
