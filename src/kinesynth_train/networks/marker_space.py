"""Where all markers most probably are, given some: probabilistic principal components (Tipping and Bishop 1999).

Whatever set a laboratory puts on, the network then sees the same numbers: how far the body is from the mean pose along
the main directions in which all of the skeleton's markers move. Places with few markers count by how much they tell.
"""

import torch
from torch import Tensor, nn

NOISE_M = 0.015  # of a marker: of its placement, and of what the components leave over
FAR = 1e-4  # precision of the person's place, 1/m^2: anywhere


class MarkerSpace(nn.Module):
    """The components of M markers, in the person's frame, from the pelvis.

    Args:
        markers: M.
        components: K.
    """

    mean: Tensor
    axes: Tensor

    def __init__(self, markers: int, components: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(markers, 3))
        self.register_buffer("axes", torch.zeros(markers, 3, components))

    def fit(self, markers: Tensor) -> None:
        """Take mean and components from markers (F, M, 3) m of many poses and people."""
        flat = markers.flatten(1).double()
        mean = flat.mean(dim=0)
        spread, directions = torch.linalg.eigh((flat - mean).T @ (flat - mean) / len(flat))
        count = self.axes.shape[-1]
        axes = directions[:, -count:] * spread[-count:].clamp(min=0.0).sqrt()
        self.mean.copy_(mean.reshape(self.mean.shape))
        self.axes.copy_(axes.reshape(self.axes.shape))

    def forward(self, markers: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
        """Return how far along each component (..., K), in its standard deviation, a body is, and where (..., 3) m.

        Args:
            markers: (..., M, 3) m from any place; those that are missing count nothing.
            seen: (..., M) bool.
        """
        count = self.axes.shape[-1]
        here = torch.eye(3, device=markers.device).expand(len(self.mean), 3, 3)
        basis = torch.cat([self.axes, here], dim=-1)  # (M, 3, K + 3)
        weights = seen.float().flatten(0, -2) / NOISE_M**2  # (F, M)
        grams = (basis.mT @ basis).flatten(1)
        matrix = (weights @ grams).reshape(-1, count + 3, count + 3)
        likely = torch.cat([matrix.new_ones(count), matrix.new_full((3,), FAR)])
        apart = (markers - self.mean).flatten(0, -3) * weights[..., None]  # (F, M, 3)
        side = apart.flatten(1) @ basis.flatten(0, 1)
        found = torch.linalg.solve(matrix + torch.diag(likely), side[..., None])[..., 0]
        found = found.reshape(*seen.shape[:-1], -1)
        return found[..., :count], found[..., count:]
