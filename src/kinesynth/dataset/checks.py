"""What must hold of a clip, each fault in one line. The writer and `kinesynth verify` share these checks."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from kinesynth.dataset.camera import camera_of, fraction_on_mask, in_picture, project
from kinesynth.dataset.masks import masks_of, whole_masks_of
from kinesynth.dataset.record import ClipRecord, ViewRecord
from kinesynth.dataset.schema import Attribute, Field, load_schema
from kinesynth.dataset.video import count_frames
from kinesynth.dataset.visibility import Visibility

MIN_FRACTION_ON_MASK = 0.97
KEYPOINT_TOLERANCE_PX = 0.01  # single precision
_PYTHON_TYPES = {"string": (str,), "integer": (int, np.integer), "number": (int, float, np.integer, np.floating)}


def clip_faults(clip: ClipRecord, sizes: Mapping[str, int], *, drawn: bool = True) -> Iterator[str]:
    """Yield what is wrong with a clip.

    Args:
        clip: the record.
        sizes: lengths of the axes J, B, M and A, from the skeleton.
        drawn: whether pictures were drawn of it, which it then must have.
    """
    faults = list(structure_faults(clip, sizes))
    yield from faults
    if any(attributes_faults(clip.attrs, load_schema().clip_attributes)):
        return
    if drawn and not clip.views:
        yield "views: found none, expected at least one camera"
    for camera, view in clip.views.items():
        if not any(fault.startswith(f"views/{camera}/") for fault in faults):
            for fault in _disagreements(view, clip.arrays.get("keypoints"), clip.n_frames):
                yield f"views/{camera}/{fault}"


def structure_faults(clip: ClipRecord, sizes: Mapping[str, int]) -> Iterator[str]:
    """Yield what of a clip is missing, or of another shape, type or range than the schema's: who reads it would fail.

    Args:
        clip: the record.
        sizes: lengths of the axes J, B, M and A, from the skeleton.
    """
    schema = load_schema()
    attribute_faults = list(attributes_faults(clip.attrs, schema.clip_attributes))
    yield from attribute_faults
    if attribute_faults:
        return
    sizes = {**sizes, "K": 2 * sizes["B"], "T": clip.n_frames}
    yield from _array_faults(clip.arrays, schema.clip, sizes)
    for camera, view in clip.views.items():
        for fault in _view_faults(view, sizes):
            yield f"views/{camera}/{fault}"


def attributes_faults(found: Mapping[str, Any], expected: Mapping[str, Attribute]) -> Iterator[str]:
    """Yield what is wrong with the attributes of a file, a clip or a view."""
    for name, attribute in expected.items():
        value = found.get(name)
        if value is None:
            if not attribute.optional:
                yield f"attribute {name}: missing"
        elif not isinstance(value, _PYTHON_TYPES[attribute.type]):
            yield f"attribute {name}: found {type(value).__name__}, expected {attribute.type}"
        elif attribute.enum and value not in attribute.enum:
            yield f"attribute {name}: found {value!r}, expected one of {', '.join(attribute.enum)}"
        elif not isinstance(value, str) and not attribute.minimum <= value <= attribute.maximum:
            yield f"attribute {name}: found {value:g}, expected {attribute.minimum:g} to {attribute.maximum:g}"


def keypoints_on_mask(clip: ClipRecord) -> float:
    """Return the fraction of the keypoints inside the pictures that lie on the person, seen or hidden, in all views."""
    counts = [_view_counts(view, clip.arrays["keypoints"]) for view in clip.views.values()]
    hits, total = np.sum(counts, axis=0) if counts else (0, 0)
    return float(hits / total) if total else 0.0


def _array_faults(
    found: Mapping[str, np.ndarray], expected: Mapping[str, Field], sizes: Mapping[str, int]
) -> Iterator[str]:
    for name, field in expected.items():
        array = found.get(name)
        if array is None:
            if not field.optional:
                yield f"{name}: missing"
        elif fault := _array_fault(array, field, sizes):
            yield f"{name}: {fault}"
    for name in found.keys() - expected.keys():
        yield f"{name}: not in the schema"


def _array_fault(array: np.ndarray, field: Field, sizes: Mapping[str, int]) -> str:
    """Return what is wrong with an array, nothing if all is well; an axis without a size may have any."""
    if not field.fits(array.shape, sizes):
        return f"found shape {array.shape or ()}, expected {field.shape} = {field.sized(sizes)}"
    if array.dtype != field.dtype:
        return f"found type {array.dtype}, expected {field.dtype}"
    if field.range is None or array.size == 0:
        return ""
    if not np.isfinite(array).all():
        return f"found {np.count_nonzero(~np.isfinite(array))} values that are not finite"
    low, high = field.range
    if array.min() < low or array.max() > high:
        return f"found {array.min():g} to {array.max():g}, expected {low:g} to {high:g} {field.unit}"
    return ""


def _view_faults(view: ViewRecord, sizes: Mapping[str, int]) -> Iterator[str]:
    schema, height, width = load_schema(), 0, 0
    faults = list(attributes_faults(view.attrs, schema.view_attributes))
    if not faults:
        height, width = int(view.attrs["height"]), int(view.attrs["width"])
        sizes = {**sizes, "H": height, "C": width, "W": -(-height * width // 8)}
        faults = list(_array_faults(view.arrays, schema.view, sizes))
    yield from faults
    if faults:
        return
    try:
        frames = count_frames(view.arrays["video"], (width, height))
    except ValueError as error:
        yield f"video: {error}"
    else:
        if frames != sizes["T"]:
            yield f"video: found {frames} frames, expected {sizes['T']} as the labels have"


def _disagreements(view: ViewRecord, keypoints: np.ndarray | None, frames: int) -> Iterator[str]:
    """Yield where a view's camera, masks and keypoints contradict one another."""
    rotation = view.arrays["world_to_camera"][:3, :3].astype(float)
    if not np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-4) or np.linalg.det(rotation) < 0:
        yield "world_to_camera: found no rotation in its upper left, expected a rigid transform"
    if keypoints is not None and keypoints.shape[0] == frames:
        hits, total = _view_counts(view, keypoints)
        if hits < MIN_FRACTION_ON_MASK * total or total == 0:
            fraction = hits / total if total else 0.0
            yield f"mask: found {fraction:.1%} of the visible keypoints on it, expected {MIN_FRACTION_ON_MASK:.0%}"
        yield from _keypoint_faults(view, keypoints)
    if beyond := np.count_nonzero(masks_of(view) & ~whole_masks_of(view)):
        yield f"whole_mask: found {beyond} pixels of the mask outside it, expected none"
    if "parts" in view.arrays and (differ := np.count_nonzero((view.arrays["parts"] > 0) != masks_of(view))):
        yield f"parts: found {differ} pixels that differ from the mask, expected a part exactly where the mask is"


def _keypoint_faults(view: ViewRecord, keypoints: np.ndarray) -> Iterator[str]:
    """Yield what of the keypoints in the picture does not follow from those in the world, the camera and the mask."""
    pixels, depth = _projected(view, keypoints)
    stored, visibility = view.arrays["keypoints_2d"], view.arrays["visibility"]
    inside = (depth > 0) & in_picture(pixels, int(view.attrs["height"]), int(view.attrs["width"]))
    off = np.abs(stored - pixels)[inside]
    if off.size and off.max() > KEYPOINT_TOLERANCE_PX:
        yield f"keypoints_2d: found {off.max():.3g} px from where K projects, expected {KEYPOINT_TOLERANCE_PX} at most"
    if differ := np.count_nonzero((visibility > Visibility.OUTSIDE) != inside):
        yield f"visibility: found {differ} keypoints on the wrong side of the picture's edge"


def _view_counts(view: ViewRecord, keypoints: np.ndarray) -> tuple[int, int]:
    return fraction_on_mask(*_projected(view, keypoints), whole_masks_of(view))


def _projected(view: ViewRecord, keypoints: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return project(keypoints.astype(float), *camera_of(view.arrays))
