"""What activations cost in BioHuman: its formulas are in words only, so that norms are ours; weights are too.

Only valid entries count: a frame's activations where `activation_valid`, a change where both of its frames are valid.
"""

import torch
from torch import Tensor

from kinesynth_train.losses import masked_mean

ACTIVE = 0.1  # tau, of the active term
PEAK_FRACTION = 0.05  # of a window's valid entries
MIN_SPREAD = 1e-6


def core_terms(found: Tensor, truth: Tensor, valid: Tensor) -> dict[str, Tensor]:
    """Return reconstruction, differences and 1 - PCC of activations (N, T, A), valid (N, T)."""
    both = valid[:, 1:] & valid[:, :-1]
    return {
        "activation": masked_mean((found - truth).abs().mean(dim=-1), valid),
        "activation_change": masked_mean((found.diff(dim=1) - truth.diff(dim=1)).abs().mean(dim=-1), both),
        "correlation": 1.0 - correlation(found, truth, valid),
    }


def amplitude_terms(found: Tensor, truth: Tensor, valid: Tensor) -> dict[str, Tensor]:
    """Return the terms of the last stage: of working muscles, of a window's peaks, and of the spread."""
    entries = valid[..., None].expand_as(truth)
    off = (found - truth).abs()
    return {
        "active": masked_mean(off, entries & (truth > ACTIVE)),
        "peak": masked_mean(off, peaks(truth, entries)),
        "spread": (_spread(found, entries) - _spread(truth, entries)).abs(),
    }


def correlation(found: Tensor, truth: Tensor, valid: Tensor) -> Tensor:
    """Return Pearson's correlation of the valid entries (N, T, A), flattened."""
    entries = valid[..., None].expand_as(truth)
    here, there = (_centred(array, entries) for array in (found, truth))
    spread = (here.square().sum() * there.square().sum()).clamp(min=MIN_SPREAD**2).sqrt()
    return (here * there).sum() / spread


def peaks(truth: Tensor, entries: Tensor) -> Tensor:
    """Return which entries (N, T, A) are among the highest twentieth of their window's valid ones."""
    flat = truth.masked_fill(~entries, -torch.inf).flatten(1)
    wanted = (PEAK_FRACTION * entries.flatten(1).sum(dim=1)).ceil().long().clamp(min=1)
    smallest = flat.sort(dim=1, descending=True).values.gather(1, wanted[:, None] - 1)
    return entries & (truth >= smallest[..., None])


def _centred(array: Tensor, entries: Tensor) -> Tensor:
    return (array - masked_mean(array, entries)) * entries


def _spread(array: Tensor, entries: Tensor) -> Tensor:
    """Return the standard deviation of the valid entries, with a gradient where it is 0."""
    variance = masked_mean(_centred(array, entries).square(), entries)
    return (variance + MIN_SPREAD**2).sqrt()
