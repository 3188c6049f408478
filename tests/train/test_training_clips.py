"""Learning from some of the people, and from sources more or less often."""

import shutil
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch

from kinesynth.dataset import ShardDataset
from kinesynth.errors import BadInput
from kinesynth_train.checkpoint import load_checkpoint
from kinesynth_train.data import MicroBatches, Windows, cycle
from kinesynth_train.settings import Settings
from kinesynth_train.train import fit
from kinesynth_train.training_clips import epoch_frames, groups_of, kept, source_times

PEOPLE = {"anna": "procedural", "dora": "amass", "eve": "amass"}
QUICK = {"network": "neurik_ours_tiny", "batch_size": 2, "window": 4, "device": "cpu"}


@pytest.fixture(scope="module")
def shards(results: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of three training people of two clips each, of two sources."""
    folder = tmp_path_factory.mktemp("mixed") / "shards"
    folder.mkdir()
    for person, source in PEOPLE.items():
        file = folder / f"{person}_000.h5"
        shutil.copy(results / "shards/anna_000.h5", file)
        with h5py.File(file, "r+") as shard:
            shard.attrs["subject"] = person
            for clip_id in list(shard["clips"]):
                shard["clips"][clip_id].attrs["source"] = source
                shard.move(f"clips/{clip_id}", f"clips/{clip_id.replace('anna', person)}")
    for person in ("ben", "carl"):
        shutil.copy(results / f"shards/{person}_000.h5", folder)
    return folder


def people_of(shards: Path, count: int) -> set[str]:
    return {clip.subject for clip in ShardDataset(shards, "train", 1, (), keep=kept(shards, count)).clips}


def test_fewer_people_are_among_more(shards: Path) -> None:
    one, two, three, everybody = (people_of(shards, count) for count in (1, 2, 3, 0))
    assert [len(one), len(two), len(three)] == [1, 2, 3]
    assert one < two < three == everybody == set(PEOPLE)


def test_there_must_be_so_many_people(shards: Path) -> None:
    with pytest.raises(BadInput, match="--people: found 4, of a training split of 3, expected 3 at most"):
        kept(shards, 4)


@pytest.mark.parametrize("workers", [0, 1])
def test_windows_of_some_people(shards: Path, workers: int) -> None:
    windows = Windows(shards, "train", 4, keep=kept(shards, 1))
    assert len(windows) == 2
    assert len(next(cycle(windows, MicroBatches(2, 2, 1), workers, pin=False))["angles"]) == 2


def test_all_once_is_what_it_was_without_sources() -> None:
    order = np.random.default_rng([3, 1]).permutation(6)
    batches = list(islice(MicroBatches(6, 3, 3), 4))
    assert [index for batch in batches[2:] for index in batch] == (6 + order).tolist()


def epochs(groups: list[tuple[float, np.ndarray]], windows: int, length: int, count: int) -> list[list[int]]:
    return list(islice(MicroBatches(windows, length, 1, groups=groups), count))


def test_a_share_is_drawn_anew_each_epoch() -> None:
    plain, rare = np.arange(10), np.arange(10, 50)
    found = epochs([(1.0, plain), (0.05, rare)], 50, 12, 40)
    seen = [[index % 50 for index in epoch] for epoch in found]
    assert all(sorted(window for window in epoch if window < 10) == list(range(10)) for epoch in seen)
    drawn = [frozenset(window for window in epoch if window >= 10) for epoch in seen]
    assert {len(each) for each in drawn} == {2}
    assert len(frozenset().union(*drawn)) > 30  # of 40, in 40 epochs of two
    assert [epoch[0] // 50 for epoch in found] == list(range(40))


def test_a_share_above_one_draws_other_windows_of_the_clip() -> None:
    (epoch,) = epochs([(2.5, np.arange(4)), (0.0, np.arange(4, 6))], 6, 10, 1)
    assert len(set(epoch)) == 10
    assert sorted(Counter(index % 6 for index in epoch).values()) == [2, 2, 3, 3]


def test_going_on_changes_nothing_with_sources() -> None:
    groups = [(1.0, np.arange(3)), (0.5, np.arange(3, 9))]
    whole = list(islice(MicroBatches(9, 4, 7, groups=groups), 8))
    assert list(islice(MicroBatches(9, 4, 7, 5, 1, groups), 3)) == whole[5:]
    shared = [list(islice(MicroBatches(9, 4, 7, rank, 2, groups), 4)) for rank in range(2)]
    assert [batch for pair in zip(*shared, strict=True) for batch in pair] == whole


def test_shares_by_name(shards: Path) -> None:
    clips = ShardDataset(shards, "train", 1, ()).clips
    times = source_times(shards, ["amass=0.25"], clips)
    assert times == {"procedural": 1.0, "amass": 0.25}
    assert epoch_frames(clips, times) == 34 + 0.25 * 68
    assert epoch_frames(clips, source_times(shards, [], clips)) == 3 * 34
    sources = Windows(shards, "train", 4).sources
    assert [(times, len(members)) for times, members in groups_of(sources, times)] == [(0.25, 4), (1.0, 2)]


@pytest.mark.parametrize(
    ("told", "message"),
    [
        (["markers=1"], "found 'markers=1', expected NAME=TIMES, the name amass or procedural"),
        (["amass"], "found 'amass', expected NAME=TIMES, a number from 0 to 100"),
        (["amass=-1"], "a number from 0 to 100"),
        (["amass=nan"], "a number from 0 to 100"),
        (["amass=0", "procedural=0"], "expected a source seen more than 0 times"),
    ],
)
def test_shares_that_cannot_be(shards: Path, told: list[str], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        source_times(shards, told, ShardDataset(shards, "train", 1, ()).clips)


def settings(shards: Path, output: Path, steps: int, **changes: Any) -> Settings:
    return Settings(shards, output, steps=steps, **{**QUICK, **changes})


def test_a_killed_run_with_shares_goes_on_as_it_was(shards: Path, tmp_path: Path, monkeypatch: Any) -> None:
    told: dict[str, Any] = {"sources": ("amass=0.5",), "people": 3, "checkpoint_every": 2}
    straight = fit(settings(shards, tmp_path / "straight", 6, **told))["loss"]

    from kinesynth_train import train

    step = train.train_step

    def killed(run: Any, *rest: Any) -> Any:
        if run.progress.step == 3:
            raise KeyboardInterrupt
        return step(run, *rest)

    monkeypatch.setattr(train, "train_step", killed)
    with pytest.raises(KeyboardInterrupt):
        fit(settings(shards, tmp_path / "twice", 6, **told))
    monkeypatch.setattr(train, "train_step", step)
    assert fit(settings(shards, tmp_path / "twice", 6, resume=True, **told))["loss"] == straight
    with pytest.raises(BadInput, match=r"'sources': 'amass=0.5'"):
        fit(settings(shards, tmp_path / "twice", 6, resume=True, **{**told, "sources": ()}))


def test_a_checkpoint_that_knows_of_neither_can_be_taken_up(shards: Path, tmp_path: Path) -> None:
    fit(settings(shards, tmp_path, 2))
    file = tmp_path / "checkpoint.pt"
    content = torch.load(file, weights_only=True)
    for name in ("people", "sources"):
        del content["progress"]["told"][name]
    torch.save(content, file)
    assert load_checkpoint(file)[1]["told"] == {"network": "neurik_ours_tiny", "seed": 1, "overfit": 0}
    fit(settings(shards, tmp_path, 2, resume=True))


def test_stored_clips_have_their_sources(shards: Path, tmp_path: Path) -> None:
    given = {"sources": ("amass=0.5",), "network": "d3ke_tiny", "window": 16, "people": 2}
    assert fit(settings(shards, tmp_path, 4, **given))["split"] == "test"
