"""A view of a person's video as a view of a clip: its pictures at the clip's times, camera, mask and keypoints."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from PIL import Image

from kinesynth.dataset.camera import in_picture
from kinesynth.dataset.record import ViewRecord
from kinesynth.dataset.video import count_frames, pack_masks
from kinesynth.dataset.visibility import Visibility
from kinesynth_train.calibration.camera import resized
from kinesynth_train.predict.reconstruct import Reconstruction
from kinesynth_train.predict.synchronisation import frame_places
from kinesynth_train.predict.videos import Video
from kinesynth_train.predict.views import Sight


@dataclass(frozen=True)
class Pictures:
    """How pictures are kept: at most so tall, px, and at so much H.264 loss (crf)."""

    tallest: int = 720
    quality: int = 23


def clip_view(
    found: Reconstruction, sight: Sight, video: Video, keypoints: np.ndarray, pictures: Pictures
) -> ViewRecord:
    """Return a view of a clip.

    The mask is the detector's or the user's; without one it is empty. The box is the user's, or that about the mask, or
    about the keypoints.

    Args:
        found: the motion, at whose times the pictures are shown.
        sight: the person in the view.
        video: the view's.
        keypoints: (T, K, 3) m.
        pictures: how they are kept.
    """
    scale = min(1.0, pictures.tallest / max(video.width, video.height))
    width, height = (2 * round(side * scale / 2) for side in (video.width, video.height))
    camera = resized(sight.view.camera, width, height)
    positions = frame_places(sight.view.times, found.times + sight.offset.seconds)
    nearest = np.rint(positions).astype(int).clip(0, len(sight.view.times) - 1)
    pixels, depth = camera.pixels(keypoints)
    masks = np.zeros((len(nearest), height, width), dtype=bool)
    if sight.silhouettes is not None:
        for frame, index in enumerate(nearest):
            whole = Image.fromarray(sight.silhouettes.mask(index, video.width, video.height))
            masks[frame] = np.asarray(whole.resize((width, height), Image.Resampling.NEAREST))
    inside = (depth > 0) & in_picture(pixels, height, width)
    visibility = np.where(inside, Visibility.OCCLUDED, Visibility.OUTSIDE).astype(np.uint8)
    x, y = np.rint(np.where(inside[..., None], pixels, 0.0)).astype(int).transpose(2, 0, 1)
    on_mask = masks[np.arange(len(nearest))[:, None], y.clip(0, height - 1), x.clip(0, width - 1)]
    visibility[inside & on_mask] = Visibility.VISIBLE
    boxes = np.stack(list(_boxes(masks, np.where(inside[..., None], pixels, np.nan))))
    if sight.boxes is not None:
        boxes = sight.boxes[nearest] * np.tile([width / video.width, height / video.height], 2)
    size = (width, height)
    video_bytes = _as_it_is(video, nearest, size) or _encoded(video, nearest, size, found.fps, pictures.quality)
    arrays = {
        "video": np.frombuffer(video_bytes, np.uint8),
        "mask": pack_masks(masks),
        "bbox": boxes,
        "K": camera.K,
        "world_to_camera": camera.world_to_camera,
        "distortion": camera.distortion,
        "keypoints_2d": np.nan_to_num(pixels).clip(-1e6, 1e6),
        "visibility": visibility,
    }
    return ViewRecord(arrays, {"width": width, "height": height, "appearance": "a real video"})


def _boxes(masks: np.ndarray, pixels: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the box (4,) about each frame's mask, or, without one, about its keypoints (K, 2)."""
    height, width = masks.shape[1:]
    for mask, points in zip(masks, pixels, strict=True):
        if mask.any():
            rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
            yield np.array([columns[0], rows[0], columns[-1], rows[-1]], dtype=float)
        elif np.isfinite(points).any():
            low, high = np.nanmin(points, axis=0), np.nanmax(points, axis=0)
            yield np.concatenate([low, high]).clip(0, [width, height, width, height])
        else:
            yield np.array([0.0, 0.0, width, height])


def _encoded(video: Video, nearest: np.ndarray, size: tuple[int, int], fps: float, quality: int) -> bytes:
    """Return the mp4 (H.264) whose frames are those of a video with indices (T,), which rise, as bytes."""
    buffer = io.BytesIO()
    repeats = np.bincount(nearest, minlength=len(video.times))
    with av.open(buffer, "w", format="mp4") as container:
        rate = Fraction(fps).limit_denominator(1001)
        stream = container.add_stream("h264", rate=rate, options={"crf": str(quality), "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.codec_context.thread_count = 1
        for index, pixels in video.frames():
            picture = Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
            for _ in range(repeats[index]):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(picture), format="rgb24")))
        container.mux(stream.encode())
    return buffer.getvalue()


def _as_it_is(video: Video, nearest: np.ndarray, size: tuple[int, int]) -> bytes:
    """Return a video's own bytes, if it is an upright H.264 mp4 of just these frames, at even times; else nothing."""
    whole = np.array_equal(nearest, np.arange(len(video.times)))
    if not whole or video.quarters or video.notes or size != (video.width, video.height):
        return b""
    content = video.path.read_bytes()
    with av.open(str(video.path)) as container:
        stream = container.streams.video[0]
        plain = stream.codec_context.name == "h264" and "mp4" in container.format.name and len(container.streams) == 1
        told = stream.frames
    try:
        counted = count_frames(np.frombuffer(content, np.uint8))
    except ValueError:
        return b""
    return content if plain and counted == len(nearest) == told else b""
