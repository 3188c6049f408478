"""Marker files, read as every motion is."""

import json
from pathlib import Path

import numpy as np
import pytest

from kinesynth.body.free.build import build_body
from kinesynth.body.model import load_body
from kinesynth.errors import BadInput, ClipRejected
from kinesynth.motion.load import load_motion
from kinesynth.motion.marker_motion import read_marker_motion
from kinesynth.motion.recording import cut
from kinesynth.motion.subject import subject_shape
from kinesynth.opensim_files.trc import read_trc, write_trc
from kinesynth.shards import ShardSize
from kinesynth.stage_file import StageFile, read_stage

HEADER = "clip_id\tsubject\taction\tsplit\tsource\tpath\tstart\tend\tstatic\n"


def load(folder: Path, body: Path, subject: Path, *rows: str, seconds: float = 1.0) -> StageFile:
    (folder / "clips.tsv").write_text(HEADER + "".join(f"{row}\n" for row in rows))
    load_motion(
        clips=str(folder / "clips.tsv"), shard="s01_000", body=body, subject=subject, output=folder / "motion.h5",
        size=ShardSize(max_clip_seconds=seconds), log=folder / "log",
    )  # fmt: skip
    return read_stage(folder / "motion.h5")


def test_unusable_marker_files_reject_their_clip(tmp_path: Path, body: Path, subject: Path) -> None:
    rng = np.random.default_rng(0)
    write_trc(tmp_path / "strange.trc", ("A", "B"), rng.uniform(0, 1.7, (30, 2, 3)), 100.0)
    write_trc(tmp_path / "unseen.trc", ("A", "B"), np.full((30, 2, 3), np.nan), 100.0)
    (tmp_path / "cut.trc").write_text((tmp_path / "strange.trc").read_text()[:400])
    stage = load(
        tmp_path, body, subject,
        *(f"{name}\ts01\twalking\ttrain\tmarkers\t{name}.trc\t\t\t" for name in ("strange", "unseen", "cut")),
    )  # fmt: skip
    reasons = {name: rejection.reason for name, rejection in stage.rejected.items()}
    assert reasons["strange"] == "unusable motion file (labels)"
    assert reasons["unseen"] == "unusable motion file (markers)"
    assert reasons["cut"].startswith("unusable motion file")
    assert all("\n" not in rejection.detail for rejection in stage.rejected.values())


def test_the_walking_trial_with_its_static_one(tmp_path: Path, shared: Path) -> None:
    walking = shared / "data/walking"
    body, subject = tmp_path / "model.npz", tmp_path / "s01.json"
    build_body(output=body)
    row = (
        f"walk\ts01\twalking\ttrain\tmarkers\t{walking}/motion_capture_walk.trc\t0.5\t1.1\t{walking}/static_walk_1.trc"
    )
    (tmp_path / "clips.tsv").write_text(f"{HEADER}{row}\n")
    subject_shape(body=body, clips=tmp_path / "clips.tsv", subject="s01", output=subject, log=tmp_path / "log")
    record = json.loads(subject.read_text())
    assert record["shape_source"] == "measured markers"
    assert 1.70 < record["height_m"] < 1.90
    stage = load(tmp_path, body, subject, row)
    clip = stage.clips["walk"]
    assert clip.attrs["marker_fit_rms_m"] < 0.015
    assert clip.attrs["n_frames"] == 18
    travelled = clip.arrays["transl"][-1] - clip.arrays["transl"][0]
    assert travelled[0] == pytest.approx(0.57 * 1.28, abs=0.2), "walking speed"


def test_limbs_that_wear_no_marker_are_unseen_all_along(tmp_path: Path, shared: Path) -> None:
    """A trial of the legs alone says nothing of trunk and arms, whatever the static trial shows."""
    build_body(output=tmp_path / "model.npz")
    trial = read_trc(shared / "data/trials/s4/walking1.trc")
    above = ("C7", "_Shoulder", "_Sternum", "_elbow", "_forearm", "_humerus", "_wrist")
    legs = [column for column, name in enumerate(trial.names) if not any(part in name for part in above)]
    write_trc(tmp_path / "legs.trc", [trial.names[column] for column in legs], trial.positions[:40, legs], trial.fps)
    body = load_body(tmp_path / "model.npz")
    static = shared / "data/trials/s4/static1.trc"
    recording = read_marker_motion(tmp_path / "legs.trc", static, body, np.zeros(10), (None, None, 0.3))
    arms = {f"{part}_{side}" for part in ("scapula", "humerus", "ulna", "radius", "hand") for side in "rl"}
    assert set(recording.unseen) == {"torso"} | arms
    assert recording.unseen["torso"] == [(0.0, pytest.approx(0.4, abs=0.2))]
    assert any(note.startswith("no marker on torso, scapula_r") for note in recording.notes)


def test_start_is_the_files_own_time(tmp_path: Path, shared: Path) -> None:
    """Two files of one walk, whose times begin at 0 and at 0.5 s."""
    cases = shared / "data/cases"
    if not cases.is_dir():
        pytest.skip(f"no cases at {cases}")
    build_body(output=tmp_path / "model.npz")
    body, betas = load_body(tmp_path / "model.npz"), np.zeros(10)
    paths = {name: cases / name / "walk.trc" for name in ("trc_crlf_bom", "trc_start_in_file_time")}
    parts = {"trc_crlf_bom": (0.2, 0.5, 1.0), "trc_start_in_file_time": (0.7, 1.0, 1.0)}
    found = [cut(read_marker_motion(paths[name], None, body, betas, parts[name]), *parts[name], 60.0) for name in paths]
    np.testing.assert_allclose(found[0].root, found[1].root, atol=1e-4)
    assert found[1].begin == 0.7
    with pytest.raises(ClipRejected, match=r"start 5.2 s, and the file goes from 0\.5 to 1\.87 s"):
        read_marker_motion(paths["trc_start_in_file_time"], None, body, betas, (5.2, None, 1.0))


@pytest.mark.parametrize(("wrong", "found"), [(slice(70, 100), (0.0, 0.6)), (slice(30, 60), None)])
def test_wrong_markers_at_the_ends_cost_the_ends(
    tmp_path: Path, shared: Path, wrong: slice, found: tuple[float, float] | None
) -> None:
    """Where somebody leaves what the cameras see, labels land on ghosts; in the middle that refuses the clip."""
    build_body(output=tmp_path / "model.npz")
    trial = read_trc(shared / "data/trials/s4/walking1.trc")
    positions = trial.positions[:100].copy()
    ghosts = [column for column, name in enumerate(trial.names) if "elbow" in name or "forearm" in name]
    positions[wrong, ghosts[:3]] += np.array([0.5, 0.4, 0.0])
    write_trc(tmp_path / "walk.trc", trial.names, positions, trial.fps)
    body, static = load_body(tmp_path / "model.npz"), shared / "data/trials/s4/static1.trc"
    if found is None:
        with pytest.raises((ClipRejected, BadInput)):
            read_marker_motion(tmp_path / "walk.trc", static, body, np.zeros(10), (None, None, 1.0))
        return
    recording = read_marker_motion(tmp_path / "walk.trc", static, body, np.zeros(10), (None, None, 1.0))
    assert (recording.begin, len(recording.root) / recording.fps) == pytest.approx(found, abs=0.02)
    assert any("at the ends markers are not where their labels say" in note for note in recording.notes)
