"""Order, ranks, workers and resumption, of windows taken at random and in a stream."""

import pickle
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from torch.utils.data import DataLoader

from kinesynth.dataset import ResumableSampler, ShardDataset, ShardStream
from kinesynth.dataset.shared_epoch import SharedEpoch
from kinesynth.errors import BadInput

Key = tuple[str, int]


def windows(results: Path, **arguments: Any) -> ShardDataset:
    return ShardDataset(results, window=4, views=(), labels=("angles",), **arguments)


def keys(batches: Any) -> list[Key]:
    """Return clip and first frame of every item of batches, or of items."""
    found: list[Key] = []
    for batch in batches:
        ids, starts = batch["clip_id"], batch["start"]
        found += [(ids, starts)] if isinstance(ids, str) else zip(ids, map(int, starts), strict=True)
    return found


def expected(results: Path, epoch: int) -> list[Key]:
    dataset = windows(results)
    dataset.set_epoch(epoch)
    return keys(dataset)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_an_epoch_reaches_persistent_workers(results: Path, method: str) -> None:
    dataset = windows(results)
    loader: DataLoader[Any] = DataLoader(
        dataset,  # type: ignore[arg-type]
        batch_size=2, num_workers=1, persistent_workers=True, multiprocessing_context=method,
    )  # fmt: skip
    for epoch in (0, 1, 2):
        dataset.set_epoch(epoch)
        assert keys(loader) == expected(results, epoch)


def test_order_shares_out_and_goes_on() -> None:
    orders = [ResumableSampler(11, seed=3, rank=rank, ranks=2) for rank in (0, 1)]
    first = [list(order) for order in orders]
    assert [len(part) for part in first] == [len(order) for order in orders] == [5, 5]
    assert len({*first[0], *first[1]}) == 10
    orders[0].set_epoch(0, taken=3)
    assert list(orders[0]) == first[0][3:]
    assert len(orders[0]) == 2
    orders[0].set_epoch(1)
    assert list(orders[0]) != first[0]


def test_a_stream_reads_shard_by_shard(results: Path) -> None:
    dataset = windows(results, stride=4)
    assert keys(ShardStream(dataset)) == keys(dataset)
    shuffled = ShardStream(dataset, shuffle=True)
    seen = []
    for epoch in range(4):
        shuffled.set_epoch(epoch)
        found = keys(shuffled)
        assert sorted(found) == sorted(keys(dataset))
        subjects = [clip_id.split("_")[0] for clip_id, _ in found]
        assert sum(a != b for a, b in pairwise(subjects)) == 2
        seen.append(tuple(dict.fromkeys(subjects)))
    assert len(set(seen)) > 1


@pytest.mark.parametrize("workers", [0, 2])
def test_ranks_and_workers_part_the_stream(results: Path, workers: int) -> None:
    dataset = windows(results, stride=4)
    parts = []
    for rank in (0, 1):
        stream = ShardStream(dataset, rank=rank, ranks=2)
        loader: DataLoader[Any] = DataLoader(stream, batch_size=2, num_workers=workers)  # type: ignore[arg-type]
        parts.append(keys(loader))
        assert len(parts[-1]) == len(stream) == len(dataset) // 2
    assert not {*parts[0]} & {*parts[1]}


def test_a_stream_goes_on_where_it_was_cut_off(results: Path) -> None:
    stream = ShardStream(windows(results, stride=4), shuffle=True)
    stream.set_epoch(2)
    whole = keys(stream)
    taken = []
    for item in stream:
        taken.append((item["clip_id"], item["start"]))
        if len(taken) == 5:
            state = stream.state_dict()
            break
    assert state == {"epoch": 2, "taken": 5}
    other = ShardStream(windows(results, stride=4), shuffle=True)
    other.load_state_dict(state)
    loader: DataLoader[Any] = DataLoader(other, batch_size=1)  # type: ignore[arg-type]
    assert taken + keys(loader) == whole
    other.set_epoch(3)
    assert len(keys(other)) == len(whole)


def test_clips_are_chosen_by_what_is_said_of_them(results: Path) -> None:
    def chosen(keep: Any, **arguments: Any) -> set[str]:
        return {clip.clip_id for clip in windows(results, keep=keep, **arguments).clips}

    assert chosen(lambda clip: clip.action == "walk", split="train") == {"anna_walk"}
    assert chosen(lambda clip: clip.subject in {"ben", "carl"} and clip.frames > 14) == {"ben_walk", "carl_walk"}
    assert chosen(lambda clip: clip.quality["force_valid"] > 0.89) == {"anna_walk", "ben_walk", "carl_walk"}


def test_the_epoch_outlives_neither_its_memory_nor_a_pickle() -> None:
    epoch = SharedEpoch(3)
    text = pickle.dumps(epoch)
    copy = pickle.loads(text)
    epoch.value = 4
    assert copy.value == 4
    name = epoch._memory.name
    del epoch
    assert not Path(f"/dev/shm/{name}").exists()
    assert pickle.loads(text).value == 3


@pytest.mark.parametrize("epoch", [-1, 2**64, 1.5, "3", None])
def test_an_epoch_is_a_whole_number(results: Path, epoch: Any) -> None:
    dataset = windows(results)
    for taker in (dataset, ShardStream(dataset), ResumableSampler(3)):
        with pytest.raises(BadInput, match=r"epoch: found .*, expected a whole number, 0 or more"):
            taker.set_epoch(epoch)
    assert dataset.epoch == 0


@pytest.mark.parametrize(("rank", "ranks"), [(0, 0), (2, 2), (-1, 2), (0, -1), (0.5, 2)])
def test_a_rank_is_one_of_the_ranks(results: Path, rank: Any, ranks: Any) -> None:
    with pytest.raises(BadInput, match="rank"):
        ShardStream(windows(results), rank=rank, ranks=ranks)
    with pytest.raises(BadInput, match="rank"):
        ResumableSampler(9, rank=rank, ranks=ranks)


@pytest.mark.parametrize("state", [{}, {"epoch": 1}, {"epoch": -1, "taken": 0}, {"epoch": 1, "taken": "2"}])
def test_a_state_that_is_none_is_told_and_changes_nothing(results: Path, state: Any) -> None:
    stream = ShardStream(windows(results))
    with pytest.raises(BadInput, match="loader: "):
        stream.load_state_dict(state)
    assert stream.state_dict() == {"epoch": 0, "taken": 0}
