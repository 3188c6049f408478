"""Draw a frame of a clip in all its tracks: picture, parts of the body, depth, keypoints.

    python -m tools.pictures.tracks SHARD CLIP FRAME docs/images/tracks.png

A row per view. Filled dots are visible keypoints, rings are occluded ones. The shard must hold parts and depth, as
`render.tracks: [parts, depth]` makes it.
"""

import sys
from pathlib import Path
from typing import Any

import h5py
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch

from kinesynth.dataset import ShardDataset
from kinesynth.dataset.visibility import Visibility

TITLES = ("picture", "parts", "depth (m)", "keypoints")
# Head, torso, pelvis; then from upper arm to foot, the right side warm and the left one cold.
TRUNK_COLOURS = ("#f2c14e", "#8d99ae", "#5c677d")
RIGHT_COLOURS = ("#7f1d1d", "#c0392b", "#f1948a", "#a04000", "#e67e22", "#f8c471")
LEFT_COLOURS = ("#1a3c6e", "#2e86c1", "#aed6f1", "#0b5345", "#17a589", "#a3e4d7")
PART_COLOURS = ListedColormap(["#ffffff", *TRUNK_COLOURS, *RIGHT_COLOURS, *LEFT_COLOURS])


def draw(shard: Path, clip_id: str, frame: int, output: Path) -> None:
    """Write the picture.

    Args:
        shard: the HDF5 file.
        clip_id: the clip's name.
        frame: its index.
        output: image file; its ending tells the format.
    """
    dataset = ShardDataset(
        shard, window=1, stride=1, tracks=("parts", "depth"), keep=lambda clip: clip.clip_id == clip_id
    )
    views = dataset[frame]["views"]
    with h5py.File(shard) as file:
        names = str(file.attrs["part_names"]).split()
    height, width = next(iter(views.values()))["mask"].shape[1:]
    size = (3.2 * len(TITLES), 3.2 * height / width * len(views) + 0.9)
    figure, axes = plt.subplots(len(views), len(TITLES), figsize=size, dpi=110, squeeze=False, layout="constrained")
    for row, (camera, view) in zip(axes, views.items(), strict=True):
        _view(row, {name: array[0] for name, array in view.items() if name != "K"})
        row[0].set_ylabel(camera)
    for panel, title in zip(axes[0], TITLES, strict=True):
        panel.set_title(title)
    handles = [Patch(color=PART_COLOURS(1 + index), label=name.replace("_", " ")) for index, name in enumerate(names)]
    figure.legend(handles=handles, loc="outside lower center", ncols=8, frameon=False, fontsize=9)
    figure.savefig(output, facecolor="white")


def _view(row: Any, view: dict[str, np.ndarray]) -> None:
    for panel in row:
        panel.set(xticks=[], yticks=[])
    row[0].imshow(view["frames"])
    row[1].imshow(view["parts"], cmap=PART_COLOURS, vmin=-0.5, vmax=PART_COLOURS.N - 0.5, interpolation="nearest")
    metres = np.where(view["depth"] > 0, view["depth"] / 1000.0, np.nan)
    depth = row[2].imshow(metres, cmap="viridis_r", interpolation="nearest")
    row[2].figure.colorbar(depth, ax=row[2], fraction=0.035, pad=0.02)
    row[3].imshow(view["frames"] // 2 + 120)
    (x, y), seen = view["keypoints_2d"].T, view["visibility"]
    for kind, face in ((Visibility.VISIBLE, "#c0392b"), (Visibility.OCCLUDED, "none")):
        chosen = seen == kind
        row[3].scatter(x[chosen], y[chosen], s=14, facecolors=face, edgecolors="#c0392b", linewidths=0.9)


if __name__ == "__main__":
    draw(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))
