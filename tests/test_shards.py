"""Clips are shared out evenly, and adding some leaves the others where they were."""

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinesynth.clips import ClipRow, write_clips
from kinesynth.errors import BadInput
from kinesynth.shards import ShardSize, assign_shards, frames_of, list_shards, read_shard_list, shard_paths

SIZE = ShardSize(clips_per_shard=40, frames_per_shard=1000, fps=30, max_clip_seconds=10)


def rows_of(subject: str, count: int) -> list[ClipRow]:
    return [ClipRow(f"{subject}_{i}", subject, "walk", "train", "procedural") for i in range(count)]


def timed(lengths: list[int], subject: str = "a") -> list[ClipRow]:
    return [
        ClipRow(f"{subject}{i}", subject, "walk", "train", "amass", Path("x.npz"), fps=30.0, frames=length)
        for i, length in enumerate(lengths)
    ]


def names(shards: dict[str, list[ClipRow]]) -> dict[str, list[str]]:
    return {shard: [row.clip_id for row in rows] for shard, rows in shards.items()}


def test_shards_hold_one_subject_and_ignore_others() -> None:
    alone = assign_shards(rows_of("a", 5), ShardSize(clips_per_shard=2))
    assert {name: len(rows) for name, rows in alone.items()} == {"a_000": 2, "a_001": 2, "a_002": 1}
    mixed = [row for pair in itertools.zip_longest(rows_of("b", 3), rows_of("a", 5)) for row in pair if row]
    assert {
        name: rows for name, rows in assign_shards(mixed, ShardSize(clips_per_shard=2)).items() if name.startswith("a_")
    } == alone


@given(st.lists(st.integers(1, 300), min_size=1, max_size=80))
def test_shards_are_balanced_in_frames(lengths: list[int]) -> None:
    """None is over full, and all but the last are within one clip of full."""
    sums = [sum(frames_of(row, SIZE) for row in rows) for rows in assign_shards(timed(lengths), SIZE).values()]
    assert sum(sums) == sum(lengths)
    assert max(sums) <= SIZE.frames_per_shard
    full = list(assign_shards(timed(lengths), SIZE).values())[:-1]
    assert all(
        len(rows) == SIZE.clips_per_shard or total > SIZE.frames_per_shard - 300
        for rows, total in zip(full, sums, strict=False)
    )


@given(st.lists(st.integers(1, 300), min_size=1, max_size=60), st.lists(st.integers(1, 300), max_size=30))
def test_added_clips_touch_the_last_shard_of_their_subject_alone(before: list[int], added: list[int]) -> None:
    old = names(assign_shards([*timed(before), *timed(before, "b")], SIZE))
    new = names(assign_shards([*timed(before), *timed(before, "b"), *timed(before + added)[len(before) :]], SIZE))
    last = max(shard for shard in old if shard.startswith("a_"))
    assert all(new[shard] == clips for shard, clips in old.items() if shard != last)
    assert new[last][: len(old[last])] == old[last]


@pytest.mark.parametrize(
    ("row", "frames"),
    [
        (ClipRow("c", "s", "walk", "train", "procedural"), 300),
        (ClipRow("c", "s", "walk", "train", "procedural", end=2.0), 60),
        (ClipRow("c", "s", "walk", "train", "amass", start=1.0, fps=120.0, frames=240), 30),
        (ClipRow("c", "s", "walk", "train", "amass", start=1.0, end=9.0, fps=120.0, frames=240), 30),
        (ClipRow("c", "s", "walk", "train", "amass", fps=100.0, frames=100_000), 300),
        (ClipRow("c", "s", "walk", "train", "amass", start=50.0, fps=100.0, frames=100), 1),
    ],
)
def test_frames_to_expect_of_a_clip(row: ClipRow, frames: int) -> None:
    assert frames_of(row, SIZE) == frames


def test_a_clip_longer_than_a_shard_has_one_for_itself() -> None:
    assert names(assign_shards(timed([50, 200, 50]), ShardSize(frames_per_shard=100, max_clip_seconds=10))) == {
        "a_000": ["a0"],
        "a_001": ["a1"],
        "a_002": ["a2"],
    }


@pytest.mark.parametrize(
    ("size", "key"), [(ShardSize(clips_per_shard=0), "clips_per_shard"), (ShardSize(frames_per_shard=0), "frames_")]
)
def test_a_shard_needs_room(size: ShardSize, key: str) -> None:
    with pytest.raises(BadInput, match=key):
        assign_shards(rows_of("a", 1), size)


def test_the_list_of_shards_is_read_back_and_stands_for_their_files(tmp_path: Path) -> None:
    write_clips(tmp_path / "clips.tsv", [*rows_of("a", 3), *rows_of("b", 1)])
    listed = tmp_path / "shards.tsv"
    list_shards(clips=str(tmp_path / "clips.tsv"), output=listed, size=ShardSize(clips_per_shard=2))
    assert [(line.shard, line.clips, line.frames) for line in read_shard_list(listed)] == [
        ("a_000", 2, 90),
        ("a_001", 1, 45),
        ("b_000", 1, 45),
    ]
    assert shard_paths([listed]) == [Path(f"results/shards/{name}.h5") for name in ("a_000", "a_001", "b_000")]
    assert shard_paths([Path("x.h5")]) == [Path("x.h5")]


@pytest.mark.parametrize(
    "text", ["", "shard\tfile\n", "shard\tsubject\tsplit\tclips\tframes\tpath\na\ta\ttrain\tx\t1\tp\n"]
)
def test_what_is_no_list_of_shards(tmp_path: Path, text: str) -> None:
    (tmp_path / "shards.tsv").write_text(text)
    with pytest.raises(BadInput, match="list of shards"):
        read_shard_list(tmp_path / "shards.tsv")
