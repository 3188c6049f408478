"""Run the workflow on the demo and on real recordings, and hold what comes out against its bars.

Writes acceptance/results.json, a list of {name, value, unit, bar, better, pass}, and prints it as a table. The real
recordings (two AMASS files, one gait trial with its scaled OpenSim model) are not part of the repository: set
KINESYNTH_SHARED to the folder that holds them; without it their figures are left out.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from kinesynth.atomic import write_text
from kinesynth.dataset.index import read_index

ROOT = Path(__file__).parents[1]
OUTPUT = ROOT / "acceptance"
SHARED = Path(os.environ.get("KINESYNTH_SHARED", ROOT.parent / "shared"))
HEADER = ("clip_id", "subject", "action", "split", "source", "path", "start", "end", "model")
LABEL_STAGES = ("motion", "markers", "ik", "fit", "grf", "id", "so", "quality")
Row = dict[str, Any]


@dataclass(frozen=True)
class Figure:
    """One figure and its bar."""

    name: str
    value: float
    unit: str
    bar: float
    better: str

    @property
    def passes(self) -> bool:
        """Whether the value is on the right side of its bar."""
        return self.value <= self.bar if self.better == "lower" else self.value >= self.bar


@dataclass(frozen=True)
class Measure:
    """A figure of a clip, read from a run's index."""

    name: str
    unit: str
    bar: float
    better: str
    of: Callable[[Row], float]


MEASURES = (
    Measure("ik_marker_rms", "mm", 15.0, "lower", lambda row: row["marker_rms_mm"]),
    Measure("ik_marker_max", "mm", 50.0, "lower", lambda row: row["marker_max_mm"]),
    Measure("fit_residual", "mm", 10.0, "lower", lambda row: row["fit_residual_mm"]),
    Measure("keypoints_on_mask", "share", 0.97, "higher", lambda row: row["keypoints_on_mask"]),
    Measure("valid_angles", "share", 0.9, "higher", lambda row: row["angle_valid"]),
)
DYNAMICS_MEASURES = (
    Measure("peak_vertical_force", "BW", 4.0, "lower", lambda row: row["peak_vertical_force_bw"]),
    Measure("residual_force", "N", 50.0, "lower", lambda row: row["residual_force_n"]),
    Measure("valid_forces", "share", 0.5, "higher", lambda row: row["force_valid"]),
    Measure("valid_activations", "share", 0.5, "higher", lambda row: row["activation_valid"]),
)
SEATED = {"amass_sample"}  # its subject sits: the feet do not carry the body, and the dynamics must say so


def main() -> int:
    """Run all there is data for; return 0 when every figure passes."""
    figures = [*demo_figures(), *(figure for name in recordings() for figure in recording_figures(name))]
    results = [{**asdict(figure), "pass": figure.passes} for figure in figures]
    write_text(OUTPUT / "results.json", json.dumps(results, indent=1) + "\n")
    print_table(figures)
    return 0 if all(figure.passes for figure in figures) else 1


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


def demo_figures() -> Iterator[Figure]:
    """Run the demo, and its labels a second time with the same seed."""
    workflow("demo", {})
    yield from index_figures("demo", clips=6)
    shards = [path.stem for path in sorted((OUTPUT / "demo/results/shards").glob("*.h5"))]
    targets = [f"stages/{stage}/{shard}.h5" for stage in LABEL_STAGES for shard in shards]
    workflow("demo_twin", {}, targets)
    same = [(OUTPUT / "demo" / file).read_bytes() == (OUTPUT / "demo_twin" / file).read_bytes() for file in targets]
    yield Figure("main.demo.same_seed_same_bytes", sum(same) / len(same), "share", 1.0, "higher")


def recording_figures(name: str) -> Iterator[Figure]:
    """Run the workflow on a real recording."""
    rows = recordings()[name]
    table = OUTPUT / name / "clips.tsv"
    write_text(table, "\n".join("\t".join(row) for row in (HEADER, *rows)) + "\n")
    workflow(name, {"clips": str(table), "motion": {"max_clip_seconds": 3.0}})
    yield from index_figures(name, clips=len(rows))


def workflow(name: str, config: dict[str, Any], targets: list[str] | None = None) -> None:
    """Run the workflow in acceptance/<name>."""
    folder = OUTPUT / name
    write_text(folder / "config.yaml", json.dumps(config) + "\n")
    command: list[str | Path] = [
        "snakemake",
        "--snakefile",
        ROOT / "Snakefile",
        "--workflow-profile",
        ROOT / "profiles/default",
    ]
    command += ["--directory", folder, "--configfile", folder / "config.yaml", "--cores", "all", *(targets or [])]
    subprocess.run(command, check=True)


def index_figures(name: str, clips: int) -> Iterator[Figure]:
    """Yield the worst clip's figures of a run."""
    rows = read_index(OUTPUT / name / "results/index.parquet")
    yield Figure(f"main.{name}.delivered", len(rows) / clips, "share", 1.0, "higher")
    told = [bool(row["dynamics_reason"]) == (row["clip_id"] in SEATED) for row in rows]
    yield Figure(f"main.{name}.other_contact_told", sum(told) / len(told), "share", 1.0, "higher")
    yield from worst_clips(name, rows, MEASURES)
    yield from worst_clips(name, [row for row in rows if not row["dynamics_reason"]], DYNAMICS_MEASURES)


def worst_clips(name: str, rows: list[Row], measures: Iterable[Measure]) -> Iterator[Figure]:
    """Yield the figures of the worst clip among `rows`, one per measure."""
    for measure in measures:
        worst = max if measure.better == "lower" else min
        value = float(worst(measure.of(row) for row in rows))
        yield Figure(f"main.{name}.{measure.name}", round(value, 4), measure.unit, measure.bar, measure.better)


def print_table(figures: list[Figure]) -> None:
    """Print figure, bar, and pass or fail."""
    for figure in figures:
        sign = "<=" if figure.better == "lower" else ">="
        verdict = "pass" if figure.passes else "FAIL"
        bar = f"{sign} {figure.bar:g} {figure.unit}"
        print(f"{figure.name:40} {figure.value:10.4g} {bar:>16}  {verdict}")  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
