"""The workflow runs that several topics measure: the demo, and the real recordings."""

import json
import subprocess
from pathlib import Path
from typing import Any

from kinesynth.atomic import write_text
from kinesynth.clips import REQUIRED_COLUMNS
from tools.acceptance.metrics import OUTPUT, ROOT, SHARED

HEADER = (*REQUIRED_COLUMNS, "model")


def recordings() -> dict[str, list[tuple[str, ...]]]:
    """Return the clip table of each real recording that is at hand."""
    amass, walking = SHARED / "data/amass", SHARED / "data/walking"
    arms, sample = str(amass / "A3-Swing_arms_stageii.npz"), str(amass / "amass_sample.npz")
    gait, model = str(walking / "coordinates.sto"), str(walking / "subject_walk_scaled.osim")
    tables: dict[str, list[tuple[str, ...]]] = {
        "amass": [
            ("swing_arms", "amass1", "swing_arms", "train", "amass", arms, "1", "4", ""),
            ("amass_sample", "amass2", "sample", "test", "amass", sample, "1", "4", ""),
        ],
        "gait": [("gait", "gait1", "walking", "train", "opensim", gait, "", "", model)],
    }
    return {name: rows for name, rows in tables.items() if all(Path(row[5]).exists() for row in rows)}


def run_recording(name: str) -> int:
    """Run the workflow on a real recording in acceptance/<name>; return its number of clips."""
    rows = recordings()[name]
    table = OUTPUT / name / "clips.tsv"
    write_text(table, "\n".join("\t".join(row) for row in (HEADER, *rows)) + "\n")
    run_workflow(name, {"clips": str(table), "motion": {"max_clip_seconds": 3.0}})
    return len(rows)


def run_workflow(name: str, config: dict[str, Any], targets: list[str] | None = None) -> None:
    """Run the workflow in acceptance/<name>; what stands there already is taken over."""
    folder = OUTPUT / name
    write_text(folder / "config.yaml", json.dumps(config) + "\n")
    subprocess.run([*workflow_command(folder, "all"), *(targets or [])], check=True)


def workflow_command(folder: Path, cores: str) -> list[str | Path]:
    """Return the call of Snakemake that runs the workflow in a folder by the config.yaml there; targets may follow."""
    command: list[str | Path] = ["snakemake", "--snakefile", ROOT / "Snakefile"]
    command += ["--workflow-profile", ROOT / "profiles/default", "--directory", folder]
    return [*command, "--configfile", folder / "config.yaml", "--cores", cores]
