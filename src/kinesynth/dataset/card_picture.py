"""The picture of a dataset's card: some clips' middle frames, every other one with the joints that the camera sees."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from PIL import Image, ImageDraw

from kinesynth.atomic import atomic_path
from kinesynth.dataset.video import decode_frames
from kinesynth.dataset.visibility import Visibility

CLIPS, CAMERAS = 6, 2  # at most
HEIGHT = 216  # px of a frame
DOT, COLOUR, QUALITY = 2, (255, 60, 60), 85


def draw_card_picture(path: Path, rows: Sequence[dict[str, Any]], shards: dict[str, Path]) -> bool:
    """Draw clips of as many actions and people as there is room for; return whether there was anything to draw.

    Args:
        path: the jpg file.
        rows: the index.
        shards: the files, by name.
    """
    lines = [_line(shards[row["shard"]], row["clip_id"]) for row in _chosen(rows)]
    lines = [line for line in lines if line]
    if not lines:
        return False
    width = max(sum(tile.width for tile in line) for line in lines)
    sheet = Image.new("RGB", (width, HEIGHT * len(lines)), "white")
    for number, line in enumerate(lines):
        left = 0
        for tile in line:
            sheet.paste(tile, (left, HEIGHT * number))
            left += tile.width
    with atomic_path(path) as temporary:
        sheet.save(temporary, format="jpeg", quality=QUALITY)
    return True


def _chosen(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return clips whose action, then whose person, none of the others shows."""
    actions: set[str] = set()
    people: set[str] = set()
    order: list[tuple[bool, bool, int]] = []
    for row in rows:
        order.append((row["action"] in actions, row["subject"] in people, len(order)))
        actions.add(row["action"])
        people.add(row["subject"])
    return [rows[number] for *_, number in sorted(order)[:CLIPS]]


def _line(shard: Path, clip_id: str) -> list[Image.Image]:
    """Return a clip's tiles: per camera the middle frame, bare and with joints."""
    tiles: list[Image.Image] = []
    with h5py.File(shard, "r") as file:
        views = file["clips"][clip_id]["views"]
        for view in [views[camera] for camera in list(views)[:CAMERAS]]:
            middle = len(view["bbox"]) // 2
            (pixels,) = decode_frames(view["video"][()], middle, middle + 1)
            picture = Image.fromarray(pixels)
            marked = picture.copy()
            joints = view["keypoints_2d"].shape[1] // 2  # the other half are mass centres
            seen = view["visibility"][middle, :joints] == Visibility.VISIBLE
            _mark(marked, view["keypoints_2d"][middle, :joints][seen])
            size = (max(round(HEIGHT * picture.width / picture.height), 1), HEIGHT)
            tiles += [each.resize(size, Image.Resampling.LANCZOS) for each in (picture, marked)]
    return tiles


def _mark(picture: Image.Image, pixels: np.ndarray) -> None:
    draw = ImageDraw.Draw(picture)
    for x, y in pixels.tolist():
        draw.ellipse((x - DOT, y - DOT, x + DOT, y + DOT), fill=COLOUR)
