"""What Snakemake runs again after a change of the configuration: no more than what the change touches."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
STAND_IN = Path(__file__).with_name("stand_in.py")
HEADER = "clip_id\tsubject\taction\tsplit\tsource\tpath\tstart\tend\n"
AFTER_SHARDS = {"index_shards", "export", "train", "report", "all"}


def snakemake(folder: Path, config: dict[str, Any], *arguments: str) -> str:
    (folder / "config.yaml").write_text(yaml.safe_dump({"clips": "clips.tsv", **config}))
    programs = f"{folder / 'programs'}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = ["snakemake", "--snakefile", ROOT / "Snakefile", "--directory", folder, "--cores", "2"]
    done = subprocess.run([*command, "--configfile", folder / "config.yaml", *arguments], capture_output=True,
                          text=True, check=False, env={**os.environ, "PATH": programs})  # fmt: skip
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run whose stages were done by the stand-in."""
    folder = tmp_path_factory.mktemp("finished")
    for program in ("kinesynth", "kinesynth-train"):
        script = folder / "programs" / program
        script.parent.mkdir(exist_ok=True)
        script.write_text(f"#!{sys.executable} -IS\n{STAND_IN.read_text()}")
        script.chmod(0o755)
    (folder / "clips.tsv").write_text(f"{HEADER}a_squat\ta\tsquat\ttrain\tprocedural\t\t0\t1\n")
    snakemake(folder, {})
    return folder


def rerun(folder: Path, config: dict[str, Any]) -> set[str]:
    """Return the rules that would run under another configuration."""
    return set(re.findall(r"^(\w+) +\d+$", snakemake(folder, config, "--dry-run"), re.MULTILINE)) - {"total"}


@pytest.mark.parametrize(
    ("config", "rules"),
    [
        ({"train": {"steps": 7}}, {"train", "report", "all"}),
        ({"filters": {"max_segment_turn_deg": 6}}, {"quality_filter", "pack_shard", *AFTER_SHARDS}),
        ({"render": {"width": 320}}, {"render_views", "pack_shard", *AFTER_SHARDS}),
    ],
    ids=["train", "filter", "render"],
)
def test_a_change_reruns_what_it_touches(finished: Path, config: dict[str, Any], rules: set[str]) -> None:
    assert rerun(finished, config) == rules


def test_added_clips_rerun_what_they_touch(finished: Path) -> None:
    """A new person's clip: her own stages, and what is made of all shards."""
    table = finished / "clips.tsv"
    before = table.read_text()
    table.write_text(f"{before}b_walk\tb\twalking\ttest\tprocedural\t\t0\t1\n")
    try:
        planned = dict(re.findall(r"^(\w+) +(\d+)$", snakemake(finished, {}, "--dry-run"), re.MULTILINE))
    finally:
        table.write_text(before)
    per_shard = {"load_motion", "inverse_kinematics", "fit_body", "static_optimization", "render_views", "pack_shard"}
    assert {rule: planned.get(rule) for rule in per_shard} == dict.fromkeys(per_shard, "1")
    assert {"build_body", "build_skeleton", "joint_regressor", "shipped_regressor"}.isdisjoint(planned)


def test_a_deleted_shard_is_packed_again(finished: Path) -> None:
    """As `kinesynth verify` advises for a damaged one."""
    shard, aside = finished / "results/shards/a_000.h5", finished / "aside.h5"
    shard.rename(aside)
    try:
        assert rerun(finished, {}) == {"pack_shard", *AFTER_SHARDS}
    finally:
        aside.rename(shard)
