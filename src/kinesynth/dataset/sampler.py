"""A sampler of windows that knows ranks and resumes where a run was cut off."""

from collections.abc import Iterator, Sequence

from kinesynth.dataset.arguments import check_share, whole_number
from kinesynth.seeds import generator


class ResumableSampler:
    """A sampler: indices in an order drawn anew each epoch, one rank's share of them, from any point on.

    All ranks get the same number; the few indices that are left over change with the epoch. In the DataLoader it
    takes the place of `shuffle` and of torch's DistributedSampler:

        order = ResumableSampler(len(dataset), seed=1, rank=rank, ranks=ranks)
        loader = DataLoader(dataset, batch_size=8, sampler=order, num_workers=4, persistent_workers=True)
        for epoch in range(first_epoch, epochs):
            dataset.set_epoch(epoch)
            order.set_epoch(epoch, taken=8 * steps_done if epoch == first_epoch else 0)
            for batch in loader: ...

    Args:
        length: number of windows.
        seed: of the order.
        rank: whose share.
        ranks: how many share.

    Raises:
        BadInput: the rank is none of these.
    """

    def __init__(self, length: int, *, seed: int = 0, rank: int = 0, ranks: int = 1) -> None:
        check_share(rank, ranks)
        self.length, self.seed, self.rank, self.ranks = length, seed, rank, ranks
        self.epoch = self.taken = 0

    def set_epoch(self, epoch: int, taken: int = 0) -> None:
        """Order the windows for `epoch`, and leave out the first `taken` of this rank.

        Raises:
            BadInput: one of them is no whole number from 0 on.
        """
        self.epoch, self.taken = whole_number("epoch", epoch), whole_number("taken", taken)

    def __len__(self) -> int:
        """Return how many indices are left in the epoch."""
        return max(self.length // self.ranks - self.taken, 0)

    def __iter__(self) -> Iterator[int]:
        """Yield them."""
        order = generator(self.seed, "order", str(self.epoch)).permutation(self.length).tolist()
        return iter(share(order, self.rank, self.ranks)[self.taken :])


def share(order: Sequence[int], rank: int, ranks: int) -> list[int]:
    """Return every `ranks`-th index from the `rank`-th on, as many as any other rank gets.

    Example:
        >>> share([5, 6, 7, 8, 9], 1, 2)
        [6, 8]
    """
    return list(order[rank::ranks][: len(order) // ranks])
