"""The motion for the OpenCap Visualizer (visualizer.opencap.ai), which shows bones in any browser.

Its JSON holds, at each time, where every body is: body-fixed rotations about x, y and z (rad) and the origin (m). Bones
are files of OpenSim's geometry, by name, which its server has. It knows no head apart from the trunk.
"""

import json
from pathlib import Path

import numpy as np
import torch
from scipy.spatial.transform import Rotation

from kinesynth.atomic import write_text
from kinesynth.skeleton import SkeletonLayer
from kinesynth_train.predict.landmarks import table
from kinesynth_train.predict.reconstruct import Reconstruction

DIGITS = 5


def write_visualizer(path: Path, found: Reconstruction) -> None:
    """Write the frames that are believed."""
    valid = found.poses.valid
    transforms = SkeletonLayer(found.skeleton)(torch.tensor(found.poses.angles[valid])).transforms.numpy()
    bodies = {}
    for row in table("visualizer_geometry"):
        index = found.skeleton.body_names.index(row["body"])
        turns = Rotation.from_matrix(transforms[:, index, :3, :3]).as_euler("XYZ")
        bodies[row["body"]] = {
            "attachedGeometries": [f"{name}.vtp" for name in row["files"].split()],
            "scaleFactors": np.round(found.size.scales[index], DIGITS).tolist(),
            "rotation": np.round(turns, DIGITS).tolist(),
            "translation": np.round(transforms[:, index, :3, 3], DIGITS).tolist(),
        }
    times = np.arange(len(valid))[valid] / found.fps
    write_text(path, json.dumps({"time": np.round(times, DIGITS).tolist(), "bodies": bodies}))
