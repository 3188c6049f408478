"""What `kinesynth verify` finds by physics: each way of spoiling a shard must be named by its own check."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import h5py
import numpy as np
import pytest
from corruptions import SPOILS

import shard_factory
from kinesynth.dataset import physics
from kinesynth.dataset.person import read_person
from kinesynth.dataset.physics import CheckedValue, Limit, clip_values, load_limits, person_values
from kinesynth.dataset.physics_body import worst
from kinesynth.dataset.physics_forces import accelerations, smoothed
from kinesynth.dataset.record import read_clip
from kinesynth.dataset.verify import shard_faults, shard_values, verify
from kinesynth.errors import BadInput, KinesynthError
from kinesynth.reasons import REASONS, Reason, names

CLIP, OTHER = "anna_walk", "anna_squat"


@pytest.fixture(scope="module")
def shard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A shard whose clips are long enough for delays of a third of a second to be seen."""
    folder = tmp_path_factory.mktemp("physics")
    longer = patch.dict(shard_factory.FRAMES, {"walk": 48, "squat": 40})
    with longer, patch.dict(shard_factory.SUBJECTS, {"anna": "train"}, clear=True):
        yield shard_factory.make_results(folder) / "shards" / "anna_000.h5"


def values(path: Path, *, of: str = CLIP) -> dict[str, CheckedValue]:
    with h5py.File(path) as file:
        person = read_person(file)
        found = [*person_values(person), *clip_values(read_clip(file["clips"][of]), person)]
    return {checked.check: checked for checked in found}


def test_a_good_shard_passes_every_check(shard: Path) -> None:
    for clip in (CLIP, OTHER):
        found = values(shard, of=clip)
        assert not [str(checked) for checked in found.values() if not checked.holds]
        assert {*load_limits()} - {*found} <= {"activation_lag", "video_shift"}
    assert set(load_limits()) <= {*values(shard), "activation_lag"}


@pytest.mark.parametrize("name", SPOILS)
def test_every_way_of_spoiling_a_shard_is_named(shard: Path, tmp_path: Path, name: str) -> None:
    spoil, check = SPOILS[name]
    path = Path(shutil.copy(shard, tmp_path))
    with h5py.File(path, "r+") as file:
        spoil(file, CLIP, OTHER)
    named = [checked.check for checked in values(path).values() if not checked.holds]
    named += [re.sub(r".*/", "", fault.split(": ")[2]) for fault in shard_faults(path) if CLIP in fault]
    assert [each for each in named if re.fullmatch(check, each)], named


def test_verify_tells_table_and_fault_and_ends_with_an_error(
    shard: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path(shutil.copy(shard, tmp_path))
    with h5py.File(path, "r+") as file:
        SPOILS["forces x 1.2"][0](file, CLIP, OTHER)
        file["clips"][CLIP].attrs["peak_vertical_force_bw"] *= 1.2
    with pytest.raises(KinesynthError, match=r"faults found: 1 in 2 shards"):
        verify([str(path), str(shard)])  # type: ignore[list-item]
    out, err = capsys.readouterr()
    fault = rf"{path}: {CLIP}: balance: found 0\.\d+ at frame \d+, expected 0 to 0\.08 body weights: ground forces"
    assert re.search(fault, err)
    assert re.search(rf"{path}: 1 faults\ncheck +worst +limits +where\nmass ", out)
    assert re.search(r"^balance +0\.\d+ +0 to 0\.08 body weights +anna_walk, frame \d+$", out, re.MULTILINE)
    assert re.search(rf"^{shard}: good: 2 clips, \d+ checks; nearest its limits: ", out, re.MULTILINE)
    assert out.count(str(shard)) == 1


def test_a_clip_of_broken_structure_hides_no_other(shard: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(shard, tmp_path))
    with h5py.File(path, "r+") as file:
        del file[f"clips/{CLIP}/angles"]
        file[f"clips/{OTHER}/activations"].attrs["unknown"] = 1
        SPOILS["scales x 1.1"][0](file, OTHER, CLIP)
    found, failed = shard_values(path, list(shard_faults(path)))
    assert {clip for clip, _ in found} == {"", OTHER}
    assert len(failed) == 1
    assert f"{path}: {OTHER}: scales: found" in failed[0]


def test_without_torch_the_rest_is_checked(shard: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with patch.object(physics, "find_spec", return_value=None):
        found = values(shard)
        verify([shard])
    assert set(load_limits()) - set(found) - {"activation_lag"} == set(physics.NEEDS_TORCH)
    note = "note: torch is not installed, so these checks are left out: keypoints, markers, work\n"
    assert note in capsys.readouterr().err


@pytest.mark.parametrize("reason", REASONS, ids=lambda reason: reason.name)
def test_a_frame_with_a_reason_has_no_labels_that_it_spoils(shard: Path, tmp_path: Path, reason: Reason) -> None:
    """Forces may be valid beside a reason that spoils activations alone; a reason of a later release is let pass."""
    path = Path(shutil.copy(shard, tmp_path))
    with h5py.File(path, "r+") as file:
        file.attrs["quality_reasons"] = " ".join([*names(), "later"])
        quality = file[f"clips/{CLIP}/quality"]
        frame = int(np.flatnonzero(quality["activation_valid"][()])[0])
        quality["activation_valid"][frame] = False
        for name, wrong in ((reason.name, reason.level != "activations"), ("later", False)):
            quality["reasons"][frame] = 1 << [*names(), "later"].index(name)
            assert values(path)["validity"].value == wrong


def test_limits_can_be_replaced(shard: Path, tmp_path: Path) -> None:
    path = tmp_path / "limits.csv"
    path.write_text("check,minimum,maximum\nstature,1.2,1.3\n")
    with pytest.raises(KinesynthError, match="faults found"):
        verify([shard], limits=path)
    for text, found in (("check,minimum,maximum\nweight,0,1\n", "unknown check 'weight'"), ("a,b\n1,2\n", "no check")):
        other = tmp_path / f"{len(text)}.csv"
        other.write_text(text)
        with pytest.raises(BadInput, match=found):
            load_limits(other)
    with pytest.raises(BadInput, match="no such file"):
        load_limits(tmp_path / "nothing.csv")


def test_values_are_held_against_their_limits() -> None:
    one_sided, ratio = Limit(0.0, 2.0, "m", ""), Limit(0.9, 1.1, "1", "")
    assert CheckedValue("a", 1.0, "", one_sided).strain == 0.5
    assert CheckedValue("a", 1.05, "", ratio).strain == pytest.approx(0.5)
    assert not CheckedValue("a", float("nan"), "", ratio).holds
    assert not CheckedValue("a", 2.1, "", one_sided).holds
    assert worst(np.array([[0.0, 1.0], [3.0, 2.0]]), ("x", "y")) == "frame 1, x"


def test_a_fall_is_seen_as_one_at_any_rate() -> None:
    for fps in (30.0, 120.0):
        times = np.arange(int(fps)) / fps
        fall = accelerations(-0.5 * 9.81 * times[:, None] ** 2, fps)
        smooth = smoothed(fall, fps)
        seen = np.isfinite(smooth)
        assert 0.5 < seen.mean() < 0.8
        np.testing.assert_allclose(smooth[seen], -9.81, rtol=1e-9)


def test_the_document_lists_every_check() -> None:
    text = (Path(__file__).parents[2] / "docs" / "dataset.md").read_text()
    for check, limit in load_limits().items():
        assert f"\n| {check} | {limit} | {limit.meaning} |\n" in text
