"""A dataset's splits and test set, written down and held."""

import shutil
from pathlib import Path

import h5py
import pytest

from kinesynth import cli
from kinesynth.clips import read_clips
from kinesynth.dataset.frozen import frozen_faults, noted, read_frozen, table_faults
from kinesynth.dataset.frozen_plan import plan_faults
from kinesynth.errors import BadInput

CONFIGS = Path(__file__).parents[2] / "configs"


@pytest.fixture
def shards(results: Path, tmp_path: Path) -> list[Path]:
    return sorted(Path(shutil.copytree(results / "shards", tmp_path / "shards")).glob("*.h5"))


@pytest.fixture
def frozen(shards: list[Path], tmp_path: Path) -> Path:
    path = tmp_path / "frozen.tsv"
    assert cli.run(["freeze-split", "--shards", *map(str, shards), "--output", str(path)]) == 0
    return path


def test_what_was_frozen_holds_whatever_the_date(frozen: Path, shards: list[Path]) -> None:
    assert {(clip.subject, clip.split) for clip in read_frozen(frozen)} == {
        ("anna", "train"), ("ben", "val"), ("carl", "test"),
    }  # fmt: skip
    with h5py.File(shards[2], "r+") as file:
        file.attrs["created"] = "2031-01-01"
    assert not list(frozen_faults(frozen, shards))
    assert cli.run(["verify", *map(str, shards), "--frozen", str(frozen)]) == 0


def test_another_label_pixel_split_or_clip_is_told(
    frozen: Path, shards: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    with h5py.File(shards[2], "r+") as file:
        file["clips/carl_walk/angles"][3, 4] += 1e-6
        file["clips/carl_squat/views/frontal/mask"][0, 0] ^= 1
        file.move("clips/carl_squat", "clips/carl_jump")
    with h5py.File(shards[0], "r+") as file:
        file.attrs["split"] = "test"
    told = "\n".join(frozen_faults(frozen, shards))
    assert "carl_walk: labels: found" in told
    assert "carl_walk: views" not in told
    assert "carl_squat: found no such clip in the shards, expected one in test" in told
    assert "carl_jump: found in the shards' test, expected only clips that were frozen" in told
    assert "anna_walk: split: found test, expected train, as it was frozen" in told
    assert cli.run(["verify", *map(str, shards), "--frozen", str(frozen)]) == 2
    assert "carl_walk: labels: found" in capsys.readouterr().err


def test_a_list_changed_by_hand_is_refused(frozen: Path, tmp_path: Path) -> None:
    frozen.write_text(frozen.read_text().replace("carl\ttest", "carl\ttrain"))
    with pytest.raises(BadInput, match=r"SHA-256: found .*, expected .*, as its first line says"):
        read_frozen(frozen)
    other = tmp_path / "other.tsv"
    other.write_text("clip_id\tsubject\n")
    with pytest.raises(BadInput, match="first line: found 'clip_id"):
        read_frozen(other)


def test_a_table_of_other_splits_is_told(frozen: Path, tmp_path: Path) -> None:
    table = tmp_path / "clips.tsv"
    lines = ["clip_id\tsubject\taction\tsplit\tsource\tpath\tstart\tend"]
    lines += [f"{clip.clip_id}\t{clip.subject}\twalk\t{clip.split}\tprocedural\t\t\t" for clip in read_frozen(frozen)]
    table.write_text("\n".join(lines) + "\n")
    assert not list(table_faults(frozen, read_clips(table)))
    table.write_text("\n".join(lines[:-2]).replace("\tval\t", "\ttest\t") + "\n")
    told = "\n".join(table_faults(frozen, read_clips(table)))
    assert "ben_walk: found ben in test in the table, expected ben in val" in told
    assert "carl_walk: found nothing in the table, expected carl in test" in told


@pytest.fixture
def planned(tmp_path: Path) -> Path:
    """The shards' clips and one more, frozen by table and configuration."""
    lines = ["clip_id\tsubject\taction\tsplit\tsource\tpath\tstart\tend"]
    for subject, split in (("anna", "train"), ("ben", "val"), ("carl", "test")):
        for action, frames in (("walk", 20), ("squat", 14)):
            lines += [f"{subject}_{action}\t{subject}\t{action}\t{split}\tprocedural\t\t0\t{frames / 30}"]
    lines += ["carl_leap\tcarl\tleap\ttest\tprocedural\t\t0\t1"]
    (tmp_path / "clips.tsv").write_text("\n".join(lines) + "\n")
    (tmp_path / "config.yaml").write_text("seed: 5\nmotion: {fps: 30}\n")
    flags = ["--clips", str(tmp_path / "clips.tsv"), "--config", str(tmp_path / "config.yaml")]
    assert cli.run(["freeze-plan", *flags, "--output", str(tmp_path / "frozen.tsv")]) == 0
    return tmp_path / "frozen.tsv"


def test_a_set_frozen_before_it_is_made_is_held_by_people_splits_and_frames(planned: Path, shards: list[Path]) -> None:
    assert [clip.frames for clip in read_frozen(planned)] == [20, 14, 20, 14, 20, 14, 30]
    (told,) = frozen_faults(planned, shards)
    assert "carl_leap: found no such clip in the shards, expected one in test" in told
    with h5py.File(shards[2], "r+") as file:
        file["clips/carl_walk/angles"][3, 4] += 1e-6  # of content nothing was frozen
        file["rejected"].create_group("carl_leap").attrs.update(stage="fit_body", reason="fits badly", figure=1.0)
    assert not list(frozen_faults(planned, shards))
    with h5py.File(shards[0], "r+") as file:
        file.attrs["split"] = "test"
        file.move("clips/anna_squat", "clips/anna_jump")
    told = "\n".join(frozen_faults(planned, shards))
    assert "anna_walk: split: found test, expected train, as it was frozen" in told
    assert "anna_squat: found no such clip" in told
    assert "anna_jump: found in the shards' test" in told


def test_another_table_or_configuration_than_was_planned_is_told(planned: Path) -> None:
    table, config = planned.with_name("clips.tsv"), planned.with_name("config.yaml")
    assert not list(plan_faults(planned, table, config))
    text = table.read_text()
    table.write_text("\n".join(f"{line}\t{'' if number else 'rig'}" for number, line in enumerate(text.splitlines())))
    assert not list(plan_faults(planned, table, config))  # a column more that says nothing
    table.write_text(text.replace("squat\tval", "kicking\tval"))
    (told,) = plan_faults(planned, table, config)
    assert "not made yet; SHA-256 of the clip table" in told
    table.write_text(text)
    config.write_text("seed: 6\nmotion: {fps: 30}\n")
    assert len(list(plan_faults(planned, table, config))) == 1
    config.write_text("seed: [\n")
    with pytest.raises(BadInput, match="expected YAML"):
        list(plan_faults(planned, table, config))


FROZEN = sorted(CONFIGS.glob("*/frozen.tsv"))


def test_the_first_set_is_frozen() -> None:
    assert CONFIGS / "first/frozen.tsv" in FROZEN


@pytest.mark.parametrize("frozen", FROZEN, ids=lambda path: path.parent.name)
def test_configurations_keep_their_frozen_splits(frozen: Path) -> None:
    rows = read_clips(frozen.with_name("clips.tsv"))
    assert not list(table_faults(frozen, rows))
    assert {row.clip_id for row in rows} == {clip.clip_id for clip in read_frozen(frozen)}
    if noted(frozen):  # the set was not made yet
        assert not list(plan_faults(frozen, frozen.with_name("clips.tsv"), frozen.with_name("config.yaml")))
