"""Draw what may stand in the way of a person: things, another person, the picture's edge, and what labels say of it.

    python -m tools.pictures.in_the_way BODY FIT docs/images/in_the_way.jpg

A column for each; above the picture, below the parts that are seen, and in grey the person behind.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from kinesynth.config import Render
from kinesynth.dataset.video import decode_frames
from kinesynth.drawn_view import DrawnView
from kinesynth.render.render_views import render_views
from kinesynth.stage_file import Clip, StageFile, read_stage, write_stage
from tools.pictures.tracks import PART_COLOURS

ASKED = ((3, {"occluders": 1.0}), (0, {"bystanders": 1.0}), (4, {"truncation": 1.0}))  # with the seed of each
SIZE = (320, 240)
_GREY = (190, 190, 190)


def draw(body: Path, fit: Path, output: Path) -> None:
    """Write the picture.

    Args:
        body: the body model.
        fit: a shard's fitted poses; the middle frame of each clip is drawn, and the view that hides most is shown.
        output: image file; its ending tells the format.
    """
    columns = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_stage(folder / "fit.h5", StageFile({key: _still(clip) for key, clip in read_stage(fit).clips.items()}))
        for seed, asked in ASKED:
            views = _rendered(body, folder, seed, asked)
            columns.append(_panel(max(views, key=lambda view: _hidden(view, "truncation" in asked))))
    Image.fromarray(np.concatenate(columns, axis=1)).save(output, quality=88)


def _still(clip: Clip) -> Clip:
    frames = int(clip.attrs["n_frames"])
    arrays = {
        name: array[frames // 2 : frames // 2 + 1] if len(array) == frames else array
        for name, array in clip.arrays.items()
    }
    return Clip(clip.clip_id, arrays, {**clip.attrs, "n_frames": 1})


def _rendered(body: Path, folder: Path, seed: int, asked: dict[str, float]) -> list[DrawnView]:
    render = Render(width=SIZE[0], height=SIZE[1], **asked)  # type: ignore[arg-type]
    render_views(
        body=body, fit=folder / "fit.h5", output=folder / "render.h5", render=render, seed=seed, log=folder / "log"
    )
    clips = read_stage(folder / "render.h5").clips.values()
    (folder / "render.h5").unlink()
    return [DrawnView.of(clip, view) for clip in clips for view in clip.attrs["views"]]


def _hidden(view: DrawnView, by_edge: bool) -> float:
    """Return the fraction of the person that is hidden; of a cut one, that of the picture's height it fills."""
    if by_edge:
        return float(view.bbox[0, 3] - view.bbox[0, 1]) / SIZE[1]
    return 0.0 if view.whole_mask is None else 1.0 - float((view.parts > 0).sum() / view.whole_mask.sum())


def _panel(view: DrawnView) -> np.ndarray:
    """Return the picture above its parts, (2 H, W, 3)."""
    picture = decode_frames(view.video, 0, 1)[0]
    parts = view.parts[0]
    labels = PART_COLOURS(parts, bytes=True)[..., :3].copy()
    if view.whole_mask is not None:
        labels[view.whole_mask[0] & (parts == 0)] = _GREY
    return np.concatenate([picture, labels])


if __name__ == "__main__":
    draw(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
