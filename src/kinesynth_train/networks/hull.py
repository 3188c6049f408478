"""Points of space that two views agree on: those whose image lies on the person's mask in both."""

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from kinesynth_train.crops import project

REACH = 1.0  # m that the person reaches from the middle towards a camera, and away from it
TRIES = 16  # candidates per point: about an eighth of a ray's reach is inside a person


def sample_hull(
    masks: Tensor, projections: Tensor, middle: Tensor, count: int, generator: torch.Generator | None
) -> Tensor:
    """Return points (F, count, 3) m sampled from the visual hull of each frame.

    A candidate lies on the ray of a random pixel of the first mask, at a random depth within `REACH` of the middle's;
    it stays if the second mask holds its image. A frame with too few repeats those that it has.

    Args:
        masks: (F, 2, S, S) 0 to 1.
        projections: (F, 2, 3, 4) from world points to the crops.
        middle: (F, 3) m of the person, see `hull_middle`.
        count: points per frame.
        generator: of the draws; none takes torch's own.
    """
    frames, _, size, _ = masks.shape
    weights = masks[:, 0].flatten(1) + 1e-6
    pixels = torch.multinomial(weights, TRIES * count, replacement=True, generator=generator)
    inside = torch.rand(*pixels.shape, 3, device=masks.device, generator=generator)
    rows, columns = pixels // size, pixels % size
    positions = torch.stack([columns, rows], dim=-1) + inside[..., :2]  # anywhere within the pixel
    positions = 2.0 * positions / size - 1.0
    depth = depths(middle[:, None], projections[:, 0]) + REACH * (2.0 * inside[..., 2] - 1.0)
    points = unproject(positions, depth.clamp(min=0.1), projections[:, 0])
    there = grid_sample(masks[:, 1:], project(points, projections[:, 1])[:, None], align_corners=False)[:, 0, 0]
    agreed = there > 0.5
    order = agreed.to(torch.uint8).argsort(dim=1, descending=True, stable=True)
    turns = torch.arange(count, device=masks.device) % agreed.sum(dim=1, keepdim=True).clamp(min=1)
    chosen = order.gather(1, turns)
    return points.gather(1, chosen[..., None].expand(frames, count, 3))


def hull_middle(masks: Tensor, projections: Tensor) -> Tensor:
    """Return the points (F, 3) m nearest to the rays through the middles of the masks (F, V, S, S)."""
    size = masks.shape[-1]
    steps = (2.0 * torch.arange(size, device=masks.device) + 1.0) / size - 1.0
    weights = masks + 1e-6 / size**2
    total = weights.sum(dim=(-2, -1))
    x, y = (weights.sum(dim=-2) * steps).sum(-1) / total, (weights.sum(dim=-1) * steps).sum(-1) / total
    return triangulate(torch.stack([x, y], dim=-1)[..., None, :], projections)[:, 0]


def triangulate(positions: Tensor, projections: Tensor) -> Tensor:
    """Return the points (F, N, 3) m whose images are closest to `positions`, by linear least squares.

    Each row is divided by the camera's focal length, which leaves the distance to the ray times the depth.

    Args:
        positions: (F, V, N, 2) in the crops.
        projections: (F, V, 3, 4).
    """
    rows = projections[:, :, None, :2] - positions[..., None] * projections[:, :, None, 2:]  # (F, V, N, 2, 4)
    rows = rows / projections[:, :, None, :2, :3].norm(dim=-1, keepdim=True)
    rows = rows.movedim(2, 1).flatten(2, 3)  # (F, N, 2V, 4)
    left, right = rows[..., :3], -rows[..., 3:]
    solved: Tensor = torch.linalg.solve(left.mT @ left, left.mT @ right)[..., 0]
    return solved


def depths(points: Tensor, projections: Tensor) -> Tensor:
    """Return the depth (F, N) m of points (F, N, 3) before cameras (F, 3, 4)."""
    return (points * projections[:, None, 2, :3]).sum(dim=-1) + projections[:, None, 2, 3]


def unproject(positions: Tensor, depth: Tensor, projections: Tensor) -> Tensor:
    """Return the points (F, N, 3) m at positions (F, N, 2) of the crops and depths (F, N) m."""
    image = torch.cat([positions, torch.ones_like(depth)[..., None]], dim=-1) * depth[..., None]
    solved: Tensor = torch.linalg.solve(projections[..., :3], (image - projections[:, None, :, 3]).mT).mT
    return solved
