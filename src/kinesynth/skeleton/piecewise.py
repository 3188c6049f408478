"""The functions of a skeleton's joints in torch."""

import numpy as np
import torch
from torch import Tensor, nn

from kinesynth.skeleton.definition import SkeletonDefinition


class PiecewiseFunctions(nn.Module):
    """S of a skeleton's functions, each of its own argument.

    Most are straight lines (a coordinate is a joint's angle); those are evaluated together, and pieces are looked up
    only for the curved ones.
    """

    _slope: Tensor
    _intercept: Tensor
    _curved: Tensor
    _knots: Tensor
    _coefficients: Tensor
    _first_pieces: Tensor

    def __init__(self, definition: SkeletonDefinition, functions: np.ndarray) -> None:
        """Take the functions with the indices `functions` (S,)."""
        super().__init__()
        knots, coefficients = definition.function_knots[functions], definition.function_coefficients[functions]
        curved = np.isfinite(knots[:, 1:]).any(axis=1) | (coefficients[:, :, 2:] != 0).any(axis=(1, 2))
        slope = np.where(curved, 0.0, _power(coefficients, 1)[:, 0])
        intercept = np.where(curved, 0.0, coefficients[:, 0, 0] - slope * knots[:, 0])
        buffers = {
            "_slope": slope[:, None],
            "_intercept": intercept[:, None],
            "_curved": np.flatnonzero(curved),
            "_knots": knots[curved],
            "_coefficients": coefficients[curved].reshape(-1, coefficients.shape[2]).T,
            "_first_pieces": (np.arange(curved.sum()) * knots.shape[1])[:, None],
        }
        for name, value in buffers.items():
            self.register_buffer(name, torch.tensor(value), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return the functions' values (S, N) at `x` (S, N)."""
        values = self._intercept + self._slope * x
        if not len(self._curved):
            return values
        return values.index_copy(0, self._curved, self._evaluate_curved(x.index_select(0, self._curved)))

    def _evaluate_curved(self, x: Tensor) -> Tensor:
        """Return the values of the curved functions by Horner's rule, as `definition.evaluate` does."""
        x = x.contiguous()
        piece = (torch.searchsorted(self._knots, x.detach(), right=True) - 1).clamp(min=0) + self._first_pieces
        offset = x - self._knots.flatten()[piece]
        highest, *lower = self._coefficients.flip(0)
        values: Tensor = highest[piece]
        for coefficient in lower:
            values = values * offset + coefficient[piece]
        return values


def _power(coefficients: np.ndarray, power: int) -> np.ndarray:
    """Return the coefficients (..., P) of one power, zero where the table does not go that high."""
    return coefficients[..., power] if power < coefficients.shape[-1] else np.zeros(coefficients.shape[:-1])
