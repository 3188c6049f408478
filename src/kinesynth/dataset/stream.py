"""Windows in the shards' own order: a stream that reads every file once an epoch."""

from collections.abc import Iterator
from importlib.util import find_spec
from itertools import groupby
from typing import Any

from kinesynth.dataset.arguments import FIX, check_share, whole_number
from kinesynth.dataset.reader import ShardDataset
from kinesynth.dataset.sampler import share
from kinesynth.errors import BadInput
from kinesynth.seeds import generator


class ShardStream:
    """The windows of a `ShardDataset` shard by shard; an iterable dataset for torch's DataLoader, which is not needed.

    The windows are shared out among ranks, and within a rank among the loader's workers, one by one in turn. State is
    the epoch and how many windows of it this rank has had. In one process `state_dict` knows both. With workers, the
    loop that takes the batches does: `load_state_dict({"epoch": 3, "taken": 8 * steps})`, before the loader is made,
    goes on from there, exactly so at multiples of batch size times workers.

    Args:
        windows: which windows, with which labels and pixels.
        shuffle: draw the order of the shards anew each epoch.
        rank: whose share.
        ranks: how many share; each gets the same number.

    Raises:
        BadInput: the rank is none of these.

    Example:
        >>> stream = ShardStream(ShardDataset("results", window=64, stride=64), shuffle=True)  # doctest: +SKIP
        >>> for batch in DataLoader(stream, batch_size=8, num_workers=4):  # doctest: +SKIP
        ...     ...
    """

    def __init__(self, windows: ShardDataset, *, shuffle: bool = False, rank: int = 0, ranks: int = 1) -> None:
        check_share(rank, ranks)
        self.windows, self.shuffle, self.rank, self.ranks = windows, shuffle, rank, ranks
        self._began = (0, 0)  # the epoch that is not begun at its first window, and the window it is begun at
        self._taken = 0
        _make_known_to_torch()

    def __len__(self) -> int:
        """Return the number of windows that this rank gets in an epoch."""
        return len(self.windows) // self.ranks

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield this rank's windows of the epoch, or this worker's part of them."""
        worker, workers = _worker()
        order = share(self._order(), self.rank, self.ranks)
        first = self._began[1] if self._began[0] == self.windows.epoch else 0
        for place in range(first, len(order)):
            if place % workers == worker:
                item = self.windows[order[place]]
                self._taken = place + 1
                yield item
        self._began, self._taken = (0, 0), 0

    def set_epoch(self, epoch: int) -> None:
        """Draw other random windows, and another order of the shards.

        Raises:
            BadInput: the epoch is no whole number from 0 on.
        """
        self.windows.set_epoch(epoch)
        self._taken = 0

    def state_dict(self) -> dict[str, int]:
        """Return the epoch and the windows of it that this copy has gone past."""
        return {"epoch": self.windows.epoch, "taken": self._taken}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go on from where a state was taken; the next epoch begins at its first window.

        Raises:
            BadInput: it is no state of a stream.
        """
        if missing := {"epoch", "taken"} - state.keys():
            raise BadInput("loader", "state", f"no {min(missing)}", "epoch and taken, as of state_dict", FIX)
        epoch, taken = whole_number("epoch", state["epoch"]), whole_number("taken", state["taken"])
        self.set_epoch(epoch)
        self._began = (epoch, taken)
        self._taken = taken

    def _order(self) -> list[int]:
        """Return the windows' indices, shard by shard."""
        shards = [list(group) for _, group in groupby(range(len(self.windows)), key=self.windows.shard_of)]
        if self.shuffle:
            rng = generator(self.windows.seed, "shards", str(self.windows.epoch))
            shards = [shards[index] for index in rng.permutation(len(shards))]
        return [index for shard in shards for index in shard]


def _make_known_to_torch() -> None:
    """Tell torch, where it is installed, that this is an iterable dataset: its loader goes by the class alone."""
    if find_spec("torch"):
        from torch.utils.data import IterableDataset

        IterableDataset.register(ShardStream)


def _worker() -> tuple[int, int]:
    """Return the number of this worker of torch's loader, and how many there are."""
    if not find_spec("torch"):
        return 0, 1
    from torch.utils.data import get_worker_info

    worker = get_worker_info()
    return (worker.id, worker.num_workers) if worker else (0, 1)
