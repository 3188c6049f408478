"""The main job: the workflow on the demo and on real recordings, its labels' metrics and their sameness per seed."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from kinesynth.dataset.index import read_index
from kinesynth.layout import LABEL_FILES
from tools.acceptance.metrics import OUTPUT, Metric
from tools.acceptance.runs import recordings, run_recording, run_workflow

Row = dict[str, Any]


@dataclass(frozen=True)
class Measure:
    """A metric of a clip, read from a run's index."""

    name: str
    unit: str
    bar: float
    better: str
    of: Callable[[Row], float]


MEASURES = (
    Measure("ik_marker_rms", "mm", 15.0, "lower", lambda row: row["marker_rms_mm"]),
    Measure("ik_marker_max", "mm", 40.0, "lower", lambda row: row["marker_max_mm"]),
    Measure("fit_residual", "mm", 10.0, "lower", lambda row: row["fit_residual_mm"]),
    Measure("keypoints_on_mask", "fraction", 0.97, "higher", lambda row: row["keypoints_on_mask"]),
    Measure("valid_angles", "fraction", 0.9, "higher", lambda row: row["angle_valid"]),
)
DYNAMICS_MEASURES = (
    Measure("peak_vertical_force", "BW", 4.0, "lower", lambda row: row["peak_vertical_force_bw"]),
    Measure("residual_force", "N", 50.0, "lower", lambda row: row["residual_force_n"]),
    Measure("valid_forces", "fraction", 0.5, "higher", lambda row: row["force_valid"]),
    Measure("valid_activations", "fraction", 0.5, "higher", lambda row: row["activation_valid"]),
)
SEATED = {"amass_sample"}  # its subject sits: the feet do not carry the body, and no force on them may be called valid


def metrics() -> Iterator[Metric]:
    """Run all there is data for."""
    yield from demo_metrics()
    for name in recordings():
        yield from index_metrics(name, clips=run_recording(name))


def demo_metrics() -> Iterator[Metric]:
    """Run the demo, and its labels a second time with the same seed."""
    run_workflow("demo", {})
    yield from index_metrics("demo", clips=6)
    shards = [path.stem for path in sorted((OUTPUT / "demo/results/shards").glob("*.h5"))]
    targets = [file.format(shard=shard) for file in LABEL_FILES.values() for shard in shards]
    run_workflow("demo_twin", {}, targets)
    same = [(OUTPUT / "demo" / file).read_bytes() == (OUTPUT / "demo_twin" / file).read_bytes() for file in targets]
    yield Metric("main.demo.same_seed_same_bytes", sum(same) / len(same), "fraction", 1.0, "higher")


def index_metrics(name: str, clips: int) -> Iterator[Metric]:
    """Yield the worst clip's metrics of a run."""
    rows = read_index(OUTPUT / name / "results/index.parquet")
    yield Metric(f"main.{name}.delivered", len(rows) / clips, "fraction", 1.0, "higher")
    told = [_is_carried_by_feet(row) != (row["clip_id"] in SEATED) for row in rows]
    yield Metric(f"main.{name}.other_contact_told", sum(told) / len(told), "fraction", 1.0, "higher")
    yield from worst_clips(name, rows, MEASURES)
    yield from worst_clips(name, [row for row in rows if _is_carried_by_feet(row)], DYNAMICS_MEASURES)


def _is_carried_by_feet(row: Row) -> bool:
    """Return whether the dynamics say so of any frame: a seat's share makes the clip invalid, or each of its frames."""
    return not row["dynamics_reason"] and row["force_valid"] > 0.0


def worst_clips(name: str, rows: list[Row], measures: Iterable[Measure]) -> Iterator[Metric]:
    """Yield the metrics of the worst clip among `rows`, one per measure."""
    for measure in measures:
        worst = max if measure.better == "lower" else min
        value = float(worst(measure.of(row) for row in rows))
        yield Metric(f"main.{name}.{measure.name}", round(value, 4), measure.unit, measure.bar, measure.better)
