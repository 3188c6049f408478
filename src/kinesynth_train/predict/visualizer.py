"""The motion for the OpenCap Visualizer (visualizer.opencap.ai), which shows bones in any browser."""

from pathlib import Path

import numpy as np

from kinesynth.atomic import write_text
from kinesynth.dataset.exports.visualizer import visualizer_json
from kinesynth_train.predict.reconstruct import Reconstruction


def write_visualizer(path: Path, found: Reconstruction) -> None:
    """Write the frames that are believed."""
    valid = found.poses.valid
    times = np.arange(len(valid))[valid] / found.fps
    write_text(path, visualizer_json(found.skeleton, found.poses.angles[valid], found.size.scales, times))
