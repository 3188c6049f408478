"""A network that learns one batch by a few steps."""

from collections.abc import Iterable

import torch
from torch import nn

from kinesynth_train.data import Batch
from kinesynth_train.networks.contract import Network


def costs_of_steps(
    network: Network, batch: Batch, parameters: Iterable[nn.Parameter], stage: str, term: str = "total"
) -> list[float]:
    """Return a term of the loss before each of three steps of AdamW on `parameters`."""
    optimizer = torch.optim.AdamW(parameters, lr=1e-3)
    costs = []
    for _ in range(3):
        terms = network.losses(network(batch, stage), batch)
        optimizer.zero_grad()
        terms["total"].backward()
        optimizer.step()
        costs.append(float(terms[term].detach()))
    return costs
