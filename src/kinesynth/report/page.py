"""`kinesynth report`: one self-contained HTML page."""

import csv
import json
import statistics
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from kinesynth.atomic import write_text
from kinesynth.dataset.index import read_index
from kinesynth.dataset.schema import load_schema
from kinesynth.errors import BadInput
from kinesynth.file_names import takes_file_names
from kinesynth.report.clip_section import section_of
from kinesynth.report.plots import actions_plot, lengths_plot, loss_plot, quality_plot
from kinesynth.report.ranking import worst_first
from kinesynth.report.runtimes import read_runtimes
from kinesynth.report.tables import CLIPS, REJECTED, counts, table
from kinesynth.report.templates import page
from kinesynth.shards import shard_paths
from kinesynth.stage_file import progress

SHOWN_CLIPS = 12  # with pictures and plots: keeps the page under 15 MB
SHOWN_WORST = 6  # of them; the others are drawn evenly from the rest
SHOWN_VIDEOS = 6  # the first of them; the others show a strip of pictures


@takes_file_names
def report(
    *,
    shards: list[Path],
    index: Path = Path("results/index.parquet"),
    rejected: Path = Path("results/rejected.tsv"),
    train: Path = Path("results/train/metrics.json"),
    benchmarks: Path = Path("results/runtimes"),
    output: Path = Path("results/report.html"),
) -> None:
    """Draw the report: pictures with labels over the pixels, plots, quality, rejected clips, training, run times.

    Args:
        shards: the HDF5 files, or one .tsv that lists them.
        index: list of delivered clips.
        rejected: list of clips that are not delivered.
        train: metrics of the training; left out where the file is absent.
        benchmarks: folder of run times, one folder per stage; left out where it is absent.
        output: the page.

    Raises:
        BadInput: the index lists a shard that is not given.
    """
    rows = read_index(index)
    shards = shard_paths(shards)
    files_by_name = _find_shards(rows, shards)
    metrics = json.loads(train.read_text(encoding="utf-8")) if train.is_file() else None
    stages = read_runtimes(benchmarks)
    ranked = worst_first(rows)
    worst = ranked[: min(SHOWN_WORST, SHOWN_CLIPS)]
    chosen = [*worst, *_spread(ranked[len(worst) :], SHOWN_CLIPS - len(worst))]
    left_out = _rejected(rejected)
    html = page(
        "template.html",
        headline=_headline(rows, shards, len(left_out)),
        shown_worst=len(worst),
        clips=[
            (section_of(files_by_name[row["shard"]], row["clip_id"], with_video=place < SHOWN_VIDEOS), _why(row))
            for place, row in enumerate(progress(chosen, "report"))
        ],
        actions=actions_plot(rows),
        ranges=lengths_plot(rows),
        histograms=quality_plot(rows),
        total_clips=len(rows),
        quality=load_schema().clip_quality,
        summary=_summary(rows),
        clip_table=table("all-clips", CLIPS, ranked, mark="strained"),
        reasons=counts(left_out, "stage", "reason"),
        rejected_table=table("all-rejected", REJECTED, left_out),
        metrics=metrics,
        loss=loss_plot(metrics["loss"]) if metrics else "",
        stages=stages,
        total_time=timedelta(seconds=round(sum(stage.seconds for stage in stages))),
    )
    write_text(output, html)


def _headline(rows: Sequence[dict[str, Any]], shards: Sequence[Path], rejected: int) -> list[tuple[str, str]]:
    """Return the page's first numbers, each with what it counts."""
    seconds = sum(row["frames"] / row["fps"] for row in rows)
    splits = Counter(row["split"] for row in rows)
    return [
        (f"{len(rows):,}", "clips"),
        (f"{rejected:,}", "rejected"),
        (f"{len({row['subject'] for row in rows})}", "subjects"),
        (f"{sum(row['frames'] for row in rows):,}", "frames"),
        (str(timedelta(seconds=round(seconds))), "per view"),
        (f"{len(shards)}", "shards"),
        (" / ".join(str(splits[name]) for name in ("train", "val", "test")), "train / val / test"),
        (f"{statistics.median(row['marker_rms_mm'] for row in rows):.1f} mm", "median marker RMS"),
        (f"{statistics.median(row['fit_residual_mm'] for row in rows):.1f} mm", "median fit residual"),
        (f"{100 * min(row['keypoints_on_mask'] for row in rows):.1f} %", "keypoints on the person, worst clip"),
    ]


def _find_shards(rows: Sequence[dict[str, Any]], shards: Sequence[Path]) -> dict[str, Path]:
    """Return the shards by the name that the index has for them."""
    by_name = {shard.stem: shard for shard in shards}
    for row in rows:
        if row["shard"] not in by_name:
            raise BadInput("--shards", row["shard"], "nothing", "every shard of the index", "give them all")
    return by_name


def _why(row: dict[str, Any]) -> str:
    """Return by what a clip stands out, empty where it does not."""
    if not row["strained"]:
        return ""
    measure, value = load_schema().clip_quality[row["strained"]], row[row["strained"]]
    amount = f"{100 * value:.3g} %" if measure.unit == "fraction" else f"{value:.3g} {measure.unit}"
    return f"Stands out by {measure.description}: {amount}."


def _summary(rows: Sequence[dict[str, Any]]) -> dict[str, tuple[float, float, float]]:
    """Return minimum, median and maximum of each measure of quality."""
    columns = {name: [row[name] for row in rows] for name in load_schema().clip_quality}
    return {name: (min(values), statistics.median(values), max(values)) for name, values in columns.items()}


def _rejected(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))


def _spread(rows: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """Return at most `count` rows, evenly from first to last."""
    if not rows:
        return []
    chosen = np.unique(np.linspace(0, len(rows) - 1, min(count, len(rows))).round().astype(int))
    return [rows[index] for index in chosen]
