"""Things before the person in training pictures: parts of other people, as they are in the batch, or a field of noise.

After D3KE, which pastes objects of a picture collection or erases rectangles: no collection is needed here, since the
other windows of a batch are of other shards, with masks.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample


@dataclass(frozen=True)
class Occlusion:
    """How pictures are occluded.

    Attributes:
        share: of the pictures that are; half of those by people, half by noise.
        most: people that are pasted, 1 to so many.
        sizes: minimum and maximum size of a pasted person, over the picture's.
        area: largest area of a field of noise, over the picture's.
        aspect: minimum width over height of such a field, and maximum the other way round.
    """

    share: float = 0.5
    most: int = 7
    sizes: tuple[float, float] = (0.2, 1.0)
    area: float = 1.0 / 3.0
    aspect: float = 0.3


def occluded(pictures: Tensor, draw: Occlusion) -> Tensor:
    """Return pictures (F, 4, S, S) uint8, colour and mask, with things before the person; by torch's own generator.

    The mask stays the whole person's: which part of it is seen is for the network to find out.
    """
    hidden = torch.rand(len(pictures), device=pictures.device) < draw.share
    by_people = hidden & (torch.rand(len(pictures), device=pictures.device) < 0.5)
    colours = pictures[:, :3].clone()
    people = by_people.nonzero()[:, 0]
    if len(people):
        colours[people] = _pasted(colours[people], pictures, draw)
    noisy = (hidden & ~by_people).nonzero()[:, 0]
    if len(noisy):
        colours[noisy] = _erased(colours[noisy], draw)
    return torch.cat([colours, pictures[:, 3:]], dim=1)


def _pasted(colours: Tensor, sources: Tensor, draw: Occlusion) -> Tensor:
    count, device = len(colours), colours.device
    number = torch.randint(1, draw.most + 1, (count,), device=device)
    for turn in range(draw.most):
        low, high = draw.sizes
        size = low + (high - low) * torch.rand(count, device=device)
        where = 2.0 * torch.rand(count, 2, device=device) - 1.0
        # From places in the picture to places in the source: the pasted one is `size` as large, about `where`.
        inverse = torch.zeros(count, 2, 3, device=device)
        inverse[:, 0, 0] = inverse[:, 1, 1] = 1.0 / size
        inverse[:, :, 2] = -where / size[:, None]
        source = sources[torch.randint(len(sources), (count,), device=device)].float()
        moved = grid_sample(source, affine_grid(inverse, list(source.shape), False), align_corners=False)
        put = (moved[:, 3:] > 127.5) & (turn < number)[:, None, None, None]
        colours = moved[:, :3].round().to(torch.uint8).where(put, colours)
    return colours


def _erased(colours: Tensor, draw: Occlusion) -> Tensor:
    count, _, _, side = colours.shape
    device = colours.device
    area = draw.area * torch.rand(count, device=device)
    stretch = torch.exp(torch.tensor(draw.aspect).log().to(device) * (2.0 * torch.rand(count, device=device) - 1.0))
    sizes = side * torch.stack([(area / stretch).sqrt(), (area * stretch).sqrt()], dim=-1).clamp(
        max=1.0
    )  # height, width
    starts = torch.rand(count, 2, device=device) * (side - sizes)
    positions = torch.arange(side, device=device) + 0.5
    inside = (positions > starts[..., None]) & (positions < (starts + sizes)[..., None])  # (F, 2, S)
    field = inside[:, None, 0, :, None] & inside[:, None, 1, None, :]
    noise = torch.randint(0, 256, colours.shape, device=device, dtype=torch.uint8)
    return noise.where(field, colours)
