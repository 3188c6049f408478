"""Pictures against labels: rate, the person's outline, and whether video and masks run at the same time."""

from collections.abc import Iterator

import numpy as np

from kinesynth.dataset.camera import at_pixels, camera_of, in_picture, project
from kinesynth.dataset.masks import masks_of, whole_masks_of
from kinesynth.dataset.person import Person
from kinesynth.dataset.physics_body import Found, worst
from kinesynth.dataset.record import ClipRecord, ViewRecord
from kinesynth.dataset.video import decode_frames, frame_rate
from kinesynth.geometry.mask_boxes import mask_boxes

SHIFTS = (-3, -2, 2, 3)  # frames
SEEN_FRAMES = 32  # of a view's video, those in which the mask moves most: decoding is the dearest of all checks
_MIN_PIXELS = 300  # of outlines that differ, for their contrast to mean something


def picture_values(clip: ClipRecord, _: Person) -> Iterator[Found]:
    """Yield the worst values of a clip's views."""
    found: dict[str, list[tuple[float, str]]] = {}
    for camera, view in clip.views.items():
        masks = masks_of(view)
        found.setdefault("rate", []).append((frame_rate(view.arrays["video"]) / clip.fps, camera))
        for check, value, place in (
            *_outline_values(clip, view),
            *_box_values(view, masks),
            *_shift_values(view, masks),
        ):
            found.setdefault(check, []).append((value, f"{camera}, {place}"))
    for check, values in found.items():
        middle = 1.0 if check == "rate" else 0.0
        yield check, *max(values, key=lambda each: abs(each[0] - middle))


def _box_values(view: ViewRecord, masks: np.ndarray) -> Iterator[Found]:
    """Compare the box with the mask, in frames that show anything of the person."""
    seen = masks.any(axis=(1, 2))
    if seen.any():
        off = np.abs(view.arrays["bbox"] - mask_boxes(masks)).max(axis=1)[seen]
        yield "box", float(off.max()), worst(off)


def _outline_values(clip: ClipRecord, view: ViewRecord) -> Iterator[Found]:
    """Compare the person, seen or hidden, with the keypoints within the body and with the markers on its skin."""
    masks = whole_masks_of(view)
    _, height, width = masks.shape
    camera = camera_of(view.arrays)
    pixels, depth = project(clip.arrays["keypoints"].astype(float), *camera)
    inside = in_picture(pixels, height, width) & (depth > 0)
    hits = at_pixels(masks, pixels) & inside
    fraction = (inside & ~hits).sum(axis=1) / np.maximum(inside.sum(axis=1), 1)
    yield "off_mask", float(fraction.max()), worst(fraction)
    seen = masks.any(axis=(1, 2))
    if not seen.any():
        return
    low, high = np.split(mask_boxes(masks), 2, axis=1)
    pixels, depth = project(clip.arrays["markers"].astype(float), *camera)
    if (depth <= 0).any():
        return
    edge = np.array([width, height]) - 1.0
    lowest, highest = (np.clip(end, 0.0, edge) for end in (pixels.min(axis=1), pixels.max(axis=1)))
    side = np.maximum((high - low).max(axis=1), 1)
    beyond = np.concatenate([low - lowest, highest - high], axis=1).max(axis=1) / side
    yield "markers_out", max(float(beyond[seen].max()), 0.0), worst(np.where(seen, beyond, -np.inf))
    beyond = np.concatenate([lowest - low, high - highest], axis=1).max(axis=1) / side
    yield "mask_out", max(float(beyond[seen].max()), 0.0), worst(np.where(seen, beyond, -np.inf))
    whole = seen & (low > 0).all(axis=1) & (high < edge).all(axis=1)
    if whole.any():
        shift = np.abs(np.median(((low + high - lowest - highest) / 2 / side[:, None])[whole], axis=0))
        yield "outline_shift", float(shift.max()), "across" if shift[0] > shift[1] else "up and down"


def _shift_values(view: ViewRecord, masks: np.ndarray) -> Iterator[Found]:
    """Compare the video's contrast along the outlines of the masks of its own frames and of others."""
    reach = max(SHIFTS)
    if len(masks) <= 2 * reach + 1:
        return
    outlines = _outlines(masks)
    moved = (outlines[2 * reach :] & ~outlines[: -2 * reach]).sum(axis=(1, 2))
    count = min(SEEN_FRAMES, len(moved))
    first = reach + int(np.argmax(np.convolve(moved, np.ones(count), "valid")))
    frames = decode_frames(view.arrays["video"], first, first + count)
    contrast = _edges(frames[..., 1].astype(np.float32))  # green carries most of the brightness
    own = outlines[first : first + count]
    ratios = {}
    for shift in SHIFTS:
        other = outlines[first + shift : first + shift + count]
        here, there = own & ~other, other & ~own
        if min(here.sum(), there.sum()) >= _MIN_PIXELS:
            ratios[shift] = float(contrast[there].mean() / max(contrast[here].mean(), 1e-6))
    if ratios:
        shift = max(ratios, key=lambda each: ratios[each])
        yield "video_shift", ratios[shift], f"masks {shift:+d} frames from its own"


def _outlines(masks: np.ndarray) -> np.ndarray:
    """Return where (T, H, W) a mask begins or ends."""
    edges = np.zeros_like(masks)
    edges[:, :, 1:] |= masks[:, :, 1:] != masks[:, :, :-1]
    edges[:, 1:] |= masks[:, 1:] != masks[:, :-1]
    return edges


def _edges(pictures: np.ndarray) -> np.ndarray:
    """Return how much (T, H, W) a pixel differs from those to its left and above."""
    edges = np.zeros_like(pictures)
    edges[:, :, 1:] += np.abs(np.diff(pictures, axis=2))
    edges[:, 1:] += np.abs(np.diff(pictures, axis=1))
    return edges
