"""The state of a run and the cost of a larger one, from a run's files alone."""

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kinesynth.clips import ClipRow, write_clips
from kinesynth.errors import BadInput
from kinesynth.layout import FILES, SHARD_FILES
from kinesynth.report.extrapolate import Run
from kinesynth.report.plan import estimate, plan
from kinesynth.report.status import brief, describe, read_status, status
from kinesynth.shards import list_shards
from kinesynth.stage_file import Clip, Rejection, StageFile, write_stage

HEADER = "s\tmax_rss\tcpu_time\n"


def bench(folder: Path, rule: str, name: str, seconds: float, ended: float) -> None:
    path = folder / "results/runtimes" / rule / f"{name}.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{HEADER}{seconds}\t500.0\t{seconds}\n")
    os.utime(path, (ended, ended))


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run of two shards, 45 frames and 90 frames: the first is packed, the second has come to inverse kinematics."""
    rows = [
        ClipRow(f"{s}{i}", s, "walk", "train", "procedural", end=1.5) for s, n in (("a", 1), ("b", 2)) for i in range(n)
    ]
    write_clips(tmp_path / "clips.tsv", rows)
    list_shards(clips=str(tmp_path / "clips.tsv"), output=tmp_path / FILES["list_shards"])
    for number, (rule, file) in enumerate(SHARD_FILES.items()):
        write_stage(tmp_path / file.format(shard="a_000"), StageFile({}, {}))
        bench(tmp_path, rule, "a_000", 9.0, 1000.0 + 9.0 * number)
    bad = {"b1": Rejection("b1", "load_motion", "unusable motion file (poses)")}
    for rule in ("load_motion", "virtual_markers", "inverse_kinematics"):
        clips = {"b0": Clip("b0", {"x": np.zeros(3)})}
        write_stage(tmp_path / SHARD_FILES[rule].format(shard="b_000"), StageFile(clips, bad))
        bench(tmp_path, rule, "b_000", 13.5, 1090.0)
    bench(tmp_path, "scale_model", "a", 10.0, 1000.0)
    bench(tmp_path, "scale_model", "b", 14.0, 1000.0)
    bench(tmp_path, "build_body", "all", 12.0, 1000.0)
    return tmp_path


def test_shards_done_rejected_clips_and_time_left(run: Path) -> None:
    state = read_status(run)
    assert (state.shards, state.clips) == (2, 3)
    assert {stage.rule: stage.done for stage in state.stages} == {
        rule: 2 if rule in ("load_motion", "virtual_markers", "inverse_kinematics") else 1 for rule in SHARD_FILES
    }
    assert state.rejected == {("load_motion", "unusable motion file (poses)"): 1}
    # seven stages have 90 frames left, at 45 frames in 9 s
    assert state.seconds_left == pytest.approx(7 * 18.0 / state.at_a_time)
    assert state.at_a_time > 1.0


def test_it_is_told_in_words(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status(directory=run)
    told = capsys.readouterr().out
    assert "1 load_motion: unusable motion file (poses)" in told
    assert "1 of 2" in told
    assert "left at" in told
    assert describe(read_status(run)) == told.rstrip("\n")
    assert brief(read_status(run), "render_views").startswith("progress: render_views 1/2 shards, 5 frames/s of a job")


def test_before_a_run_there_is_nothing_to_tell(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"shards\.tsv"):
        read_status(tmp_path)


def test_start_and_frames_are_told_apart(run: Path) -> None:
    """45 frames take 9 s and 90 frames 13.5 s: 4.5 s to start, 0.1 s a frame."""
    cost = {stage.rule: stage for stage in estimate(Run(1e6, 50, 10_000), True, [run]).stages}
    assert cost["inverse_kinematics"].hours == pytest.approx((100 * 4.5 + 1e6 * 0.1) / 3600)
    assert cost["render_views"].hours == pytest.approx(1e6 * 0.2 / 3600)
    assert [rule for rule, stage in cost.items() if stage.on_gpu] == ["render_views"]
    assert cost["scale_model"].hours == pytest.approx(50 * 12 / 3600)
    assert cost["build_body"].hours == pytest.approx(12 / 3600)


def test_times_of_an_older_workflow_do_not_count(run: Path) -> None:
    """A rule that works by shard now once worked by person: her file is still there."""
    bench(run, "inverse_kinematics", "a", 500.0, 900.0)
    cost = {stage.rule: stage for stage in estimate(Run(1e6, 50, 10_000), True, [run]).stages}
    assert cost["inverse_kinematics"].hours == pytest.approx((100 * 4.5 + 1e6 * 0.1) / 3600)


def test_storage_grows_with_what_a_file_belongs_to(run: Path) -> None:
    """Files of shards and clips grow with frames (135 here), a person's with people, others not at all."""
    for path in (run / "stages").rglob("*.h5"):
        path.unlink()
    for name, size in {
        "stages/ik/a_000.h5": 5_000, "stages/ik/b_000.h5": 9_500, "stages/scale/a.osim": 3_000,
        "stages/scale/b.osim": 5_000, "stages/body/model.npz": 7_000, "results/opensim/a/a.osim": 3_000,
        "results/opensim/a/a0.mot": 4_000, "results/opensim/b/b0.mot": 9_500,
    }.items():  # fmt: skip
        path = run / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(size))
    listed = (run / FILES["list_shards"]).stat().st_size
    stored = estimate(Run(1e6, 50, 10_000), False, [run]).gigabytes
    assert stored["stages"] * 1e9 == pytest.approx(100 * 500 + 1e6 * 100 + 50 * 4_000 + 7_000 + listed)
    assert stored["results/opensim"] * 1e9 == pytest.approx(50 * 3_000 + 1e6 * 100)


def test_the_plan_names_the_largest_item(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan(frames=1e6, cores=64, gpus=2, subjects=50, directories=[run])
    told = capsys.readouterr().out
    assert told.splitlines()[0] == "1,000,000 frames of 50 people in 100 shards"
    assert told.splitlines()[-1] == "the largest item is " + told.splitlines()[2].split()[0]
    assert "64 cores and 2 GPUs" in told


@pytest.mark.parametrize("numbers", [{"frames": -1.0}, {"frames": float("nan")}, {"frames": 1e6, "cores": 0}])
def test_a_plan_for_nothing(run: Path, numbers: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="command line"):
        plan(directories=[run], **numbers)


def test_a_plan_needs_a_finished_run(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no times"):
        plan(frames=1e6, directories=[tmp_path])


def test_snakemakes_plugin_tells_progress_and_a_summary(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from snakemake_interface_logger_plugins.common import LogEvent

    from snakemake_logger_plugin_kinesynth import LogHandler

    monkeypatch.chdir(run)
    handler = LogHandler(None, None)
    record: Callable[..., logging.LogRecord] = lambda **known: logging.makeLogRecord(known)  # noqa: E731
    handler.emit(record(event=LogEvent.JOB_INFO, jobid=3, rule_name="pack_shard"))
    handler.emit(record(event=LogEvent.JOB_FINISHED, job_id=3))
    handler.emit(record(event=LogEvent.JOB_FINISHED, job_id=3))
    assert capsys.readouterr().err.count("progress: pack_shard 1/2 shards") == 1
    handler.close()
    assert "1 clips rejected" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("log", "told"),
    [
        (
            "chatter\nso: 0%|  |\rso: 9%|#|kinesynth: ik.h5: truncated; run again\nmore\n",
            "kinesynth: ik.h5: truncated; run again",
        ),
        ("Killed\nTraceback\nValueError: that\n", "ValueError: that"),
        ("", "no output"),
    ],
)
def test_a_failed_job_is_told_with_its_last_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], log: str, told: str
) -> None:
    from snakemake_interface_logger_plugins.common import LogEvent

    from snakemake_logger_plugin_kinesynth import LogHandler

    file = tmp_path / "a_000.log"
    file.write_text(log)
    failed = {"event": LogEvent.JOB_ERROR, "rule_name": "static_optimization", "log": [str(file)]}
    LogHandler(None, None).emit(logging.makeLogRecord(failed))
    assert capsys.readouterr().err == f"static_optimization failed: {told} (see {file})\n"
