"""How long a body of the generic skeleton is along the axes on which D3KE and BioPose measure its size.

A body reaches over its frame's origin, its children's joints and its markers. Measured are all three axes of the
pelvis, x of foot and toes, y of all others; kneecap and talus, which those have not, are left out.
"""

import numpy as np
import torch
from torch import Tensor

from kinesynth_train.skeleton import DatasetSkeleton

AXES = {"pelvis": "xyz", "calcn": "x", "toes": "x", "patella": "", "talus": ""}
OTHERWISE = "y"


def measured_lengths_mm(skeleton: DatasetSkeleton) -> Tensor:
    """Return the lengths (B, 3) mm of the generic skeleton's bodies along their axes, 0 on those that do not count."""
    definition = skeleton.definition
    generic = skeleton.reference.cpu().numpy().reshape(len(definition.body_names), 3)
    lengths = np.zeros_like(generic)
    for body, name in enumerate(definition.body_names):
        joints = definition.parent_places[definition.parents == body]
        markers = definition.marker_places[definition.marker_bodies == body]
        reach = np.ptp(np.concatenate([np.zeros((1, 3)), joints, markers]), axis=0) / generic[body]
        counted = [axis in AXES.get(name.removesuffix("_r").removesuffix("_l"), OTHERWISE) for axis in "xyz"]
        lengths[body] = 1000.0 * reach * counted
    return torch.from_numpy(lengths)
