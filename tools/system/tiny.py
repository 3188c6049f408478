"""The smallest run that is real: a second of motion through every tool. What checks of the workflow itself run."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kinesynth.atomic import write_text
from kinesynth.clips import REQUIRED_COLUMNS
from kinesynth.layout import LABEL_FILES

ROOT = Path(__file__).parents[2]
CLIPS = (
    ("a_squat", "a", "squat", "train", "procedural", "", "0.2", "0.8"),
    ("b_wave", "b", "waving", "test", "procedural", "", "0", "0.6"),
)
CONFIG = {
    "clips": "clips.tsv",
    "motion": {"fps": 20, "max_clip_seconds": 0.6},
    "regressor": {"source": "trained"},
    "so": {"rate": 5},
    "render": {"width": 96, "height": 72, "views": ["frontal", "sagittal"]},
    "train": {"steps": 2, "batch_size": 1, "window": 4},
}
Done = subprocess.CompletedProcess[str]


def write_run(folder: Path, clips: Sequence[Sequence[str]] = CLIPS, **changes: Any) -> None:
    """Write clip table and configuration of a run in `folder`."""
    write_text(folder / "clips.tsv", "\n".join("\t".join(row) for row in (REQUIRED_COLUMNS, *clips)) + "\n")
    write_text(folder / "config.yaml", json.dumps({**CONFIG, **changes}) + "\n")


def label_files(clips: Sequence[Sequence[str]] = CLIPS) -> list[str]:
    """Return the label stages' files of a run, relative to its folder."""
    subjects = dict.fromkeys(row[1] for row in clips)
    return [file.format(shard=f"{subject}_000") for file in LABEL_FILES.values() for subject in subjects]


def command(folder: Path, *arguments: str) -> list[str]:
    """Return the command line that runs the workflow in `folder`."""
    start = ["snakemake", "--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder)]
    return [*start, "--configfile", str(folder / "config.yaml"), *arguments]


def run(folder: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> Done:
    """Run the workflow in `folder` with the default profile and return how it ended, with what it printed."""
    profile = ["--workflow-profile", str(ROOT / "profiles/default"), "--cores", "2"]
    return subprocess.run(
        command(folder, *profile, *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env={**os.environ, **(environment or {})},
    )


def differing(folder: Path, other: Path, files: Sequence[str]) -> list[str]:
    """Return the files that are not the same, byte for byte, in both folders."""
    return [
        name
        for name in files
        if not (folder / name).exists() or (folder / name).read_bytes() != (other / name).read_bytes()
    ]
