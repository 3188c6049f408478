"""COCO's annotations of persons: pictures, boxes, masks and keypoints.

Per split, `person_keypoints_<split>.json` holds COCO's 17 keypoints and `halpe26_<split>.json` Halpe's 26 of the same
pictures, `images/<clip>/<camera>/<frame>.jpg`. Pixel (0, 0) is the centre of the top-left pixel, as in the shards.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kinesynth.dataset.exports.bodies import check_body, fitted_pose, needed_body
from kinesynth.dataset.exports.clips import ExportedClip, exported_clips
from kinesynth.dataset.exports.picture_keypoints import (
    SkinPoints,
    keypoints_in_view,
    picture_keypoints,
    picture_layout,
    skin_points,
)
from kinesynth.dataset.exports.pictures import picture_name, write_pictures
from kinesynth.dataset.names import read_names
from kinesynth.dataset.provenance import read_provenance
from kinesynth.dataset.record import ViewRecord
from kinesynth.dataset.video import unpack_masks
from kinesynth.dataset.visibility import Visibility
from kinesynth.errors import BadInput
from kinesynth.licenses import STANDINGS

SETS = {"person_keypoints": 17, "halpe26": 26}
# Pairs of COCO's keypoints that its viewers join, counted from 1 (Lin et al. 2014, the person category).
SKELETON = (
    *((16, 14), (14, 12), (17, 15), (15, 13), (12, 13), (6, 12), (7, 13), (6, 7), (6, 8), (7, 9)),
    *((8, 10), (9, 11), (2, 3), (1, 2), (1, 3), (2, 4), (3, 5), (4, 6), (5, 7)),
)


def write(shards: Sequence[Path], folder: Path, body: Path | None) -> None:
    """Write pictures and annotations.

    Raises:
        BadInput: a shard is unreadable, none has pictures, or `body` is missing or another's.
    """
    model = needed_body(body, "the landmarks of faces and feet")
    layout = picture_layout(model)
    images: dict[str, list[dict[str, Any]]] = defaultdict(list)
    people: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for clip in exported_clips(shards):
        check_body(model, clip)
        split, skin = str(clip.person["split"]), skin_points(layout, *model.pose(fitted_pose(clip)))
        for camera, view in clip.record.views.items():
            write_pictures(folder, clip.clip_id, camera, view)
            for image, person in _annotated(clip, camera, view, skin):
                number = len(images[split]) + 1
                images[split].append({"id": number, **image})
                people[split].append({"id": number, "image_id": number, **person})
    if not images:
        raise BadInput(shards[0], "views", "none", "pictures to annotate", "render the run with cameras")
    for split, pictures in images.items():
        for name, count in SETS.items():
            written = _document(pictures, people[split], count)
            (folder / f"{name}_{split}.json").write_text(json.dumps(written) + "\n", encoding="utf-8")


def _annotated(
    clip: ExportedClip, camera: str, view: ViewRecord, skin: SkinPoints
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield picture and person of each frame of a view, without their numbers."""
    from pycocotools import mask as masks_of  # type: ignore[import-untyped]

    height, width = int(view.attrs["height"]), int(view.attrs["width"])
    pixels, visibility = keypoints_in_view(view, read_names(clip.file["skeleton"]).bodies, skin)
    masks = unpack_masks(view.arrays["mask"], height, width)
    for frame, mask in enumerate(masks):
        image = {
            "file_name": picture_name(clip.clip_id, camera, frame),
            "width": width,
            "height": height,
            "license": 1 + STANDINGS.index(read_provenance(clip.person, clip.record.attrs).license),
            "clip": clip.clip_id,
            "camera": camera,
            "frame": frame,
            "subject": str(clip.person["subject"]),
        }
        coded = masks_of.encode(np.asfortranarray(mask.astype(np.uint8)))
        left, top, right, bottom = view.arrays["bbox"][frame].tolist()
        person = {
            "category_id": 1,
            "iscrowd": 0,
            "bbox": [left, top, right - left, bottom - top],
            "area": int(mask.sum()),
            "segmentation": {"size": coded["size"], "counts": coded["counts"].decode("ascii")},
            "keypoints": _triples(pixels[frame], visibility[frame]),
        }
        yield image, person


def _triples(pixels: np.ndarray, visibility: np.ndarray) -> list[float]:
    """Return x, y, v of each keypoint in one row; zeros where it lies outside the picture, as COCO has it."""
    outside = visibility == Visibility.OUTSIDE
    rows = np.column_stack([np.where(outside[:, None], 0.0, pixels.round(2)), visibility])
    return list(rows.ravel().tolist())


def _document(images: Sequence[Mapping[str, Any]], people: Sequence[Mapping[str, Any]], count: int) -> dict[str, Any]:
    """Return a file of annotations with the first `count` keypoints."""
    names = [row.name for row in picture_keypoints()[:count]]
    annotations = []
    for person in people:
        kept = person["keypoints"][: 3 * count]
        annotations.append({**person, "keypoints": kept, "num_keypoints": sum(v > 0 for v in kept[2::3])})
    return {
        "info": {"description": "made by Kinesynth"},
        "licenses": [{"id": 1 + number, "name": name, "url": ""} for number, name in enumerate(STANDINGS)],
        "images": list(images),
        "annotations": annotations,
        "categories": [
            {"id": 1, "name": "person", "supercategory": "person", "keypoints": names, "skeleton": SKELETON}
        ],
    }
