"""Networks on people whom they have not seen: the set of configs/benchmark, made, learned and measured.

python -m tools.acceptance.comparison [--document docs/results.md]
    python -m tools.acceptance.comparison --train hsmr_tiny mqhmr_tiny --device cuda --workers 4

Prints its metrics, and writes their table and the curves of the training into the document. A set that stands
in acceptance/comparison is taken over, and networks too if this release can read them and they are of these sizes. Else
the set takes an hour of two cores, and training hours. `--train` trains these networks alone, for instance on another
machine with a GPU, to which the set was copied and from which acceptance/comparison/train is copied back.
"""

import argparse
import json
import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import yaml

from kinesynth.atomic import atomic_path
from kinesynth.errors import BadInput
from kinesynth_train.checkpoint import load_checkpoint
from kinesynth_train.evaluate import FILTERED, FILTERED_IK, MEAN_POSE, NOISY, NOISY_IK, TRUE_IK, evaluate
from kinesynth_train.keypoint_tally import KeypointTally
from kinesynth_train.mesh_tally import MeshTally
from kinesynth_train.muscle_tally import MuscleTally
from kinesynth_train.networks.biopose import UNREFINED
from kinesynth_train.networks.hsmr_refined import SKELIFY
from kinesynth_train.networks.mean_activation import MEAN_ACTIVATION
from kinesynth_train.networks.mqhmr import REFINED
from kinesynth_train.settings import Settings
from kinesynth_train.train import fit
from tools.acceptance.metrics import OUTPUT, ROOT, Metric, print_table
from tools.acceptance.papers import paper_lines
from tools.acceptance.runs import run_workflow
from tools.document import fill

CONFIG = ROOT / "configs/benchmark"
FOLDER = OUTPUT / "comparison"
SHARDS = FOLDER / "results"
CHECKPOINT_EVERY = 200  # steps
NETWORKS: dict[str, dict[str, Any]] = {
    "odah_tiny": {"steps": 1600, "window": 16, "batch_size": 8},
    "odah_ours_tiny": {"steps": 1600, "window": 16, "batch_size": 8},
    "neurik_tiny": {"steps": 3000, "window": 16, "batch_size": 32},
    "neurik_ours_tiny": {"steps": 3000, "window": 16, "batch_size": 32},
    "hsmr_tiny": {"steps": 2000, "window": 4, "batch_size": 16},
    "hsmr_refined_tiny": {"steps": 2000, "window": 4, "batch_size": 16},
    "hsmr_unrefined_tiny": {"steps": 2000, "window": 4, "batch_size": 16},
    "mqhmr_tiny": {"steps": 3000, "window": 4, "batch_size": 8},
    "biopose_tiny": {"steps": 3000, "batch_size": 8},
    "mint_tiny": {"steps": 3000, "batch_size": 8},
    "biohuman_tiny": {"steps": 2400, "window": 16, "batch_size": 4},
}
FRONTS = {"biopose_tiny": "mqhmr_tiny", "mint_tiny": "mqhmr_tiny", "biohuman_tiny": "hsmr_tiny"}  # trained before them
MIN_LOSS = 5e-3  # that the curves show, where the total is greater: the limits' term is next to nothing
CURVES = ROOT / "docs/images/training.png"
TITLES = {
    "odah_tiny": "ODAH (small)",
    "odah_ours_tiny": "ODAH, ours",
    "neurik_tiny": "NeurIK (small)",
    "neurik_ours_tiny": "NeurIK, ours",
    "hsmr_tiny": "HSMR (small)",
    "hsmr_refined_tiny": "HSMR, spoiled labels, refined",
    "hsmr_unrefined_tiny": "HSMR, spoiled labels",
    "mqhmr_tiny": "MQ-HMR (small)",
    "biopose_tiny": "BioPose (small)",
    "mint_tiny": "MinT (small)",
    "biohuman_tiny": "BioHuman (small)",
}
BESIDE = {  # what networks are measured beside, by method
    "mqhmr_tiny": {REFINED.format(10): "the same, refined"},
    "biopose_tiny": {UNREFINED: "the same, not refined"},
}
COLUMNS = {
    MEAN_POSE: "mean pose",
    TRUE_IK: "IK, true markers",
    NOISY_IK: "IK, triangulated",
    FILTERED_IK: "the same, 6 Hz",
    MEAN_ACTIVATION: "mean activation",
    SKELIFY: "SKELify of keypoints",
}


def columns(methods: Iterable[str]) -> dict[str, str]:
    """Return the titles of the table's columns by the method's name, those that were measured, in their order."""
    titles = dict(COLUMNS)
    for name, title in TITLES.items():
        noisy, filtered = NOISY.format(name), FILTERED.format(name)
        sees_markers = noisy in methods
        titles[name] = f"{title}, true markers" if sees_markers else title
        if sees_markers:
            titles |= {noisy: f"{title}, triangulated", filtered: "the same, 6 Hz"}
        titles |= BESIDE.get(name, {})
    return titles


def metrics() -> Iterator[Metric]:
    """Make, train, measure."""
    yield from _metrics(measure())


def measure() -> dict[str, dict[str, Any]]:
    """Return the metrics of each network and baseline on the people of the test split."""
    if not (SHARDS / "index.parquet").exists():
        config = yaml.safe_load((CONFIG / "config.yaml").read_text(encoding="utf-8"))
        run_workflow(FOLDER.name, {**config, "clips": str(CONFIG / "clips.tsv")}, ["results/index.parquet"])
    for name in NETWORKS:
        train(name)
    checkpoints = [FOLDER / "train" / name / "checkpoint.pt" for name in NETWORKS]
    methods: dict[str, dict[str, Any]] = evaluate(checkpoints, SHARDS, FOLDER / "train/table.json", "cpu")["methods"]
    return methods


def train(name: str, device: Literal["cpu", "cuda"] = "cpu", workers: int = 0) -> None:
    """Train a network of the comparison."""
    front = str(FOLDER / "train" / FRONTS[name] / "checkpoint.pt") if name in FRONTS else ""
    settings = Settings(
        SHARDS, FOLDER / "train" / name, name, front=front, device=device, workers=workers, resume=True,
        checkpoint_every=CHECKPOINT_EVERY, **NETWORKS[name],
    )  # fmt: skip
    train_once(settings)


def train_once(settings: Settings) -> None:
    """Train a network if its output does not hold it yet, from where it was interrupted."""
    if is_trained(settings):
        return
    if (settings.output / "metrics.json").exists():  # of a whole run, but of other sizes or an earlier release
        (settings.output / "checkpoint.pt").unlink(missing_ok=True)
        (settings.output / "metrics.json").unlink()
    fit(settings)


def is_trained(settings: Settings) -> bool:
    """Return whether the settings' output holds a whole run of them, which this release can read."""
    file = settings.output / "checkpoint.pt"
    if not (settings.output / "metrics.json").exists() or not file.exists():
        return False
    try:
        model, state = load_checkpoint(file)
    except BadInput:
        return False
    return model.name == settings.network and model.preset == settings.preset(0) and state["step"] == model.preset.steps


def _metrics(methods: dict[str, dict[str, Any]]) -> Iterator[Metric]:
    mean = methods[MEAN_POSE]["mae_angle_deg"]
    for name in ("odah", "odah_ours"):
        below = 100.0 * (1.0 - methods[f"{name}_tiny"]["mae_angle_deg"] / mean)
        yield Metric(f"comparison.{name}.below_mean_pose", below, "%", 40.0, "higher")
    for name in ("neurik", "neurik_ours"):
        yield Metric(f"comparison.{name}.mae_angle", methods[f"{name}_tiny"]["mae_angle_deg"], "deg", 3.0, "lower")
    below = 100.0 * (1.0 - methods["hsmr_tiny"]["mae_angle_deg"] / mean)
    yield Metric("comparison.hsmr.below_mean_pose", below, "%", 30.0, "higher")
    spoiled, refined = (methods[f"hsmr_{kind}_tiny"]["mae_angle_deg"] for kind in ("unrefined", "refined"))
    yield Metric("comparison.hsmr.better_with_refined_labels", 100.0 * (1.0 - refined / spoiled), "%", 0.0, "higher")
    below = 100.0 * (1.0 - methods["mqhmr_tiny"]["mpjpe_mm"] / methods[MEAN_POSE]["mpjpe_mm"])
    yield Metric("comparison.mqhmr.mpjpe_below_mean_pose", below, "%", 30.0, "higher")
    for name, refined, plain, key in (
        ("mqhmr", REFINED.format(10), "mqhmr_tiny", "mpjpe_mm"),
        ("biopose", "biopose_tiny", UNREFINED, "mae_angle_deg"),
    ):
        better = 100.0 * (1.0 - methods[refined][key] / methods[plain][key])
        yield Metric(f"comparison.{name}.better_refined", better, "%", 0.0, "higher")
    above = methods["biohuman_tiny"]["muscle_pcc"] - methods[MEAN_ACTIVATION]["muscle_pcc"]
    yield Metric("comparison.biohuman.pcc_above_mean_activation", above, "", 0.0, "higher")
    yield Metric("comparison.ik_true_markers.mae_angle", methods[TRUE_IK]["mae_angle_deg"], "deg", 0.1, "lower")


def _lines(methods: dict[str, dict[str, Any]]) -> list[str]:
    """Return the page's tables: the metrics, and what the training took."""
    first = methods[MEAN_POSE]
    titles = columns(methods)
    lines = ["", f"| on people not seen | {' | '.join(titles.values())} |", f"|---|{'---:|' * len(titles)}"]
    rows = KeypointTally.rows | MeshTally.rows | MuscleTally.rows
    lines += [f"| {title} | {' | '.join(_cell(methods[n].get(key)) for n in titles)} |" for key, title in rows.items()]
    lines += ["", f"Over {first['frames']} frames, each counted once. {first['moving_coordinates']} of the"]
    lines[-1] += f" {len(first['mae_by_coordinate_deg'])} coordinates move: their truth spreads by more than 3 degrees."
    lines += ["", "| training | parameters | steps x windows | best after | minutes | windows/s | waiting for data |"]
    lines += ["|---|---:|---:|---:|---:|---:|---:|"]
    for name, sizes in NETWORKS.items():
        told = _told(name)
        cells = [TITLES[name], f"{told['parameters']:,}", f"{sizes['steps']:,} x {sizes['batch_size']}"]
        cells.append(f"{told['best_step']:,}")
        cells += [f"{told['seconds'] / 60:.0f}", f"{told['windows_per_second']:.1f}", f"{told['data_wait_share']:.0%}"]
        lines.append(f"| {' | '.join(cells)} |")
    return [*lines, ""]


def _cell(value: float | None) -> str:
    if value is None:
        return "-"
    return "0" if abs(value) < 0.005 else f"{value:.3g}"


def _told(name: str) -> dict[str, Any]:
    """Return what a network's training has written."""
    told: dict[str, Any] = json.loads((FOLDER / "train" / name / "metrics.json").read_text())
    return told


def draw_curves(output: Path) -> None:
    """Draw each network's loss against its steps."""
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot

    rows = math.ceil(len(NETWORKS) / 2)
    figure, axes = pyplot.subplots(rows, 2, figsize=(9, 3 * rows), squeeze=False, layout="constrained")
    for axis in axes.flat[len(NETWORKS) :]:
        axis.remove()
    for axis, name in zip(axes.flat, NETWORKS, strict=False):
        curve = _told(name)["loss"]
        terms = [term for term in curve[-1] if term != "step"]
        for term in sorted(terms, key="total".__ne__):
            points = [(point["step"], point[term]) for point in curve if term in point]
            axis.semilogy(*zip(*points, strict=True), label=term, lw=1.8 if term == "total" else 0.9)
        lowest = min(point["total"] for point in curve)
        axis.set(xlabel="step", title=TITLES[name], ylim=(min(MIN_LOSS, lowest / 10), None))
        axis.grid(alpha=0.3)
        axis.legend(frameon=False, fontsize=8, ncols=2)
    for axis in axes[:, 0]:
        axis.set_ylabel("loss")
    with atomic_path(output) as temporary:
        figure.savefig(temporary, dpi=120)


def main(arguments: Sequence[str]) -> int:
    """Measure, print, fill in the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--document", type=Path, help="the page whose table and picture are to be made")
    parser.add_argument("--train", nargs="+", choices=NETWORKS, help="only train these")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"], help="that they are trained on")
    parser.add_argument("--workers", type=int, default=0, help="processes that read, of each of them")
    options = parser.parse_args(arguments)
    for name in options.train or ():
        train(name, options.device, options.workers)
    if options.train:
        return 0
    methods = measure()
    found = list(_metrics(methods))
    print_table(found)
    if options.document:
        fill(options.document, "comparison", _lines(methods))
        fill(options.document, "papers", list(paper_lines(methods)))
        draw_curves(CURVES)
    return 0 if all(metric.passes for metric in found) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
