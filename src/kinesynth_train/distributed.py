"""One process or many: what torchrun says of them, and a network whose gradients are their mean."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from kinesynth_train.networks import Network


@dataclass(frozen=True)
class Ranks:
    """Which of how many processes this is, and on what it computes."""

    rank: int
    count: int
    device: str

    @property
    def first(self) -> bool:
        """Whether this is the process that writes files."""
        return self.rank == 0


@contextmanager
def join_ranks(device: str) -> Iterator[Ranks]:
    """Give this process' place among those that torchrun started; alone without it.

    Args:
        device: auto, cpu or cuda.
    """
    kind = device if device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield Ranks(0, 1, kind)
        return
    local = int(os.environ["LOCAL_RANK"])
    if kind == "cuda":
        torch.cuda.set_device(local)
    torch.distributed.init_process_group("nccl" if kind == "cuda" else "gloo")
    try:
        yield Ranks(torch.distributed.get_rank(), count, f"cuda:{local}" if kind == "cuda" else kind)
    finally:
        torch.distributed.destroy_process_group()


def data_parallel(network: Network, ranks: Ranks) -> nn.Module:
    """Return the network so that gradients of the parameters that now want one are averaged over the processes."""
    if ranks.count == 1:
        return network
    devices = [torch.device(ranks.device).index] if ranks.device.startswith("cuda") else None
    return cast(nn.Module, DistributedDataParallel(network, device_ids=devices, broadcast_buffers=False))
