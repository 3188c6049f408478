from itertools import islice
from pathlib import Path

import pytest
import torch

from kinesynth.errors import BadInput
from kinesynth_train.data import MicroBatches, Windows, cycle
from kinesynth_train.presets import Augment
from kinesynth_train.stored_windows import StoredWindows


def first(count: int, *args: int) -> list[list[int]]:
    return list(islice(MicroBatches(*args), count))


def test_every_window_once_an_epoch_in_another_order() -> None:
    indices = [index for batch in first(6, 6, 2, 3) for index in batch]
    epochs = [indices[:6], [index - 6 for index in indices[6:]]]
    assert all(sorted(epoch) == list(range(6)) for epoch in epochs)
    assert epochs[0] != epochs[1]
    assert first(6, 6, 2, 4) != first(6, 6, 2, 3)


def test_batches_may_straddle_epochs() -> None:
    assert sorted(index for batch in first(3, 3, 2, 0) for index in batch) == list(range(6))


def test_going_on_and_sharing_out_change_nothing() -> None:
    alone = first(8, 5, 3, 1)
    assert first(5, 5, 3, 1, 3) == alone[3:]
    shared = [first(4, 5, 3, 1, rank, 2) for rank in range(2)]
    assert [batch for pair in zip(*shared, strict=True) for batch in pair] == alone


@pytest.mark.parametrize("workers", [0, 2])
def test_items_follow_from_their_index(results: Path, workers: int) -> None:
    windows = Windows(results, "train", 4, 16, augment=Augment(0.05, 0.1, 20.0, 0.5, recolour=True))
    batch = next(cycle(windows, MicroBatches(len(windows), 4, 1), workers, pin=False))
    alone = [windows[index] for index in first(1, len(windows), 4, 1)[0]]
    assert all(torch.equal(batch[name], torch.stack([item[name] for item in alone])) for name in batch)
    assert not torch.equal(windows[0]["angles"], windows[len(windows)]["angles"])


def test_few_windows_are_kept(results: Path) -> None:
    windows = Windows(results, "train", 4, stride=2, only=3)
    assert len(windows) == 3
    assert windows[1] is windows[4]


def test_an_empty_split_is_bad_input(results: Path) -> None:
    with pytest.raises(BadInput, match="none of split train"):
        Windows(results / "shards" / "carl_000.h5", "train", 4)


def test_stored_clips_give_windows_of_their_own_frames(results: Path) -> None:
    clips = []
    for index in range(2):
        clip = Windows(results, "train", 20, stride=20)[index]
        numbers = torch.arange(20.0)
        clips.append({**clip, "estimates": numbers[None, :, None].expand(2, -1, 3)})
    windows = StoredWindows(clips, 8, 1)
    assert len(windows) == 2
    starts = set()
    for index in range(20):
        item = windows[index]
        first = int(item["estimates"][0, 0, 0])
        starts.add(first)
        assert item["estimates"][1, :, 2].tolist() == list(range(first, first + 8))
        assert torch.equal(item["angles"], clips[index % 2]["angles"][first : first + 8])
        assert torch.equal(item["scales"], clips[index % 2]["scales"])
    assert len(starts) > 4
    long = StoredWindows(clips, 24, 1)[0]
    assert long["frame_valid"].tolist() == [True] * 20 + [False] * 4
    assert not long["angle_valid"][20:].any()
