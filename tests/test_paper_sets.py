"""The configurations that are shipped beside the default are valid, and their tables load."""

from collections import Counter
from pathlib import Path

import pytest
import yaml
from tools.first_set import main as make_first
from tools.paper_sets import CONFIGS, SETS, main

from kinesynth.clips import read_clips
from kinesynth.config import Config
from kinesynth.config_file import load_config
from kinesynth.procedural import MOTIONS
from kinesynth.render.rigs import cameras_of
from kinesynth.shards import ShardSize, assign_shards, frames_of

NAMES = sorted(path.parent.name for path in CONFIGS.glob("*/config.yaml"))


def config_of(name: str) -> Config:
    file = CONFIGS / name / "config.yaml"
    return load_config(yaml.safe_load(file.read_text()), str(file))


@pytest.mark.parametrize("name", NAMES)
def test_a_configuration_is_valid(name: str) -> None:
    render = config_of(name).render
    assert cameras_of(render.rig, list(render.views))


@pytest.mark.parametrize("table", sorted(CONFIGS.glob("*/clips.tsv")), ids=lambda path: path.parent.name)
def test_a_table_loads(table: Path) -> None:
    rows = read_clips(table)
    assert {row.action for row in rows if row.source == "procedural"} <= set(MOTIONS)


def test_odahs_table_is_what_the_command_makes(tmp_path: Path) -> None:
    main(["odah", str(tmp_path / "clips.tsv")])
    assert (tmp_path / "clips.tsv").read_text() == (CONFIGS / "odah/clips.tsv").read_text()


def test_the_first_set_is_what_the_command_makes(tmp_path: Path) -> None:
    make_first(tmp_path / "clips.tsv")
    assert (tmp_path / "clips.tsv").read_text() == (CONFIGS / "first/clips.tsv").read_text()


def test_the_first_set_has_both_rigs_of_every_motion_and_person() -> None:
    rows = read_clips(CONFIGS / "first/clips.tsv")
    people = Counter({row.subject: row.split for row in rows}.values())
    assert people == {"train": 28, "val": 4, "test": 8}
    assert {row.source for row in rows} == {"procedural"}
    assert {row.action for row in rows} == set(MOTIONS)
    assert len(MOTIONS) >= 12
    for name in ("subject", "action"):
        seen = Counter((getattr(row, name), row.rig) for row in rows)
        assert len(set(seen.values())) == 1
        assert len(seen) == 2 * len({getattr(row, name) for row in rows})


def test_odah_has_the_papers_people_rate_and_pictures() -> None:
    rows, config = read_clips(CONFIGS / "odah/clips.tsv"), config_of("odah")
    people = Counter({row.subject: row.split for row in rows}.values())
    assert people == {"train": 42, "val": 6, "test": 8}
    assert len(rows) == pytest.approx(1132, rel=0.02)
    assert (config.motion.fps, config.render.width, config.render.height) == (60, 1080, 720)
    assert {row.end - row.start for row in rows} == {config.motion.max_clip_seconds} == {10.0}
    assert (config.render.preset, config.render.views) == ("odah", ("frontal", "sagittal"))


def test_biohuman_has_the_papers_frames_in_whole_windows(tmp_path: Path) -> None:
    main(["biohuman", str(tmp_path / "clips.tsv")])
    rows, config = read_clips(tmp_path / "clips.tsv"), config_of("biohuman")
    frames = [round((row.end - row.start) * config.motion.fps) for row in rows]
    assert sum(frames) == pytest.approx(10.1e6, rel=0.01)
    assert config.train.window == 32
    assert {each % config.train.window for each in frames} == {0}
    people = Counter({row.subject: row.split for row in rows}.values())
    assert people["test"] / people.total() == pytest.approx(0.2)


def test_fewer_people_are_divided_alike(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["biohuman", str(tmp_path / "clips.tsv"), "--people", "25"])
    people = Counter({row.subject: row.split for row in read_clips(tmp_path / "clips.tsv")}.values())
    assert people == {"train": 19, "val": 1, "test": 5}
    assert capsys.readouterr().out.endswith("1,750 clips of 25 people, 504,000 frames\n")


@pytest.mark.parametrize("name", SETS)
def test_a_set_has_its_configuration(name: str) -> None:
    assert config_of(name).train.network == name


@pytest.mark.parametrize(("name", "frames"), [("odah", 6000), ("biohuman", 10080)])
def test_a_person_has_two_shards_of_one_size(tmp_path: Path, name: str, frames: int) -> None:
    main([name, str(tmp_path / "clips.tsv")])
    config = config_of(name)
    limits = config.clips_per_shard, config.frames_per_shard
    size = ShardSize(*limits, config.motion.fps, config.motion.max_clip_seconds)
    shards = assign_shards(read_clips(tmp_path / "clips.tsv"), size)
    assert {sum(frames_of(row, size) for row in rows) for rows in shards.values()} == {frames}
    assert len(shards) == 2 * SETS[name].people
