"""Where somebody seen in a crop stands: from a size and a place in the picture to metres in the world.

A network that looks at a crop predicts how large a metre is in it and where the pelvis is: s, x, y, so that the pelvis
is at (s x, s y) of a picture whose edges are at -1 and 1, at the depth at which a metre covers s of it (the weak
perspective of HMR). The crop's camera, which is known in training and in use, makes a place of that.
"""

import torch
from torch import Tensor

MIN_SIZE = 0.05  # a person of 2 m would cover a twentieth of the crop, which is cut to the person


def focal_lengths(projections: Tensor) -> Tensor:
    """Return the focal lengths (...) of projections (..., 3, 4) into crops, in half sides of these."""
    across, depth = projections[..., 0, :3], projections[..., 2, :3]
    lengths: Tensor = torch.linalg.cross(across, depth).norm(dim=-1)
    return lengths


def placed(camera: Tensor, projections: Tensor) -> Tensor:
    """Return positions (..., 3) m in the world of s, x, y (..., 3) in crops of projections (..., 3, 4)."""
    size = camera[..., :1].clamp(min=MIN_SIZE)
    depth = focal_lengths(projections)[..., None] / size
    seen = torch.cat([size * camera[..., 1:], torch.ones_like(size)], dim=-1)
    place: Tensor = torch.linalg.solve(projections[..., :3], depth * seen - projections[..., 3])
    return place
