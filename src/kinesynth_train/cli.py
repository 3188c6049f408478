"""`kinesynth-train fit` and `kinesynth-train evaluate`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from kinesynth.errors import KinesynthError
from kinesynth_train.evaluate import evaluate
from kinesynth_train.networks import NETWORKS
from kinesynth_train.train import Settings, fit, pick_device


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(prog="kinesynth-train", description="Train networks on Kinesynth's shards.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    devices = ("auto", "cpu", "cuda")

    train = verbs.add_parser("fit", help="train a network, write checkpoint.pt and metrics.json")
    train.add_argument("--shards", type=Path, required=True, help="results folder, its shards folder, or one shard")
    train.add_argument("--output", type=Path, required=True, help="folder of the checkpoint and the metrics")
    train.add_argument("--network", choices=sorted(NETWORKS), default=Settings.network)
    train.add_argument("--steps", type=_positive, default=Settings.steps, help="optimizer steps")
    train.add_argument("--batch-size", type=_positive, default=Settings.batch_size, help="windows per step")
    train.add_argument("--window", type=_positive, default=Settings.window, help="frames per window")
    train.add_argument("--crop", type=_positive, default=Settings.crop, help="side of the crops, pixels")
    train.add_argument("--seed", type=int, default=Settings.seed, help="of weights, windows and their order")
    train.add_argument("--learning-rate", type=float, default=Settings.learning_rate, help="Adam's, at the start")
    train.add_argument("--device", choices=devices, default=Settings.device)
    train.add_argument("--workers", type=int, default=Settings.workers, help="processes that read and decode")

    test = verbs.add_parser("evaluate", help="measure a checkpoint on the test split")
    test.add_argument("--checkpoint", type=Path, required=True, help="what fit wrote")
    test.add_argument("--shards", type=Path, required=True, help="results folder, its shards folder, or one shard")
    test.add_argument("--output", type=Path, required=True, help="the metrics, JSON")
    test.add_argument("--device", choices=devices, default="auto")
    return parser


def run(arguments: Sequence[str]) -> int:
    """Run one verb; return 0, or 2 where the input is at fault."""
    options = vars(build_parser().parse_args(arguments))
    verb = options.pop("verb")
    try:
        if verb == "fit":
            metrics = fit(Settings(**options))
        else:
            metrics = evaluate(**{**options, "device": pick_device(options["device"])})
    except KinesynthError as error:
        print(f"kinesynth-train: {error}", file=sys.stderr)  # noqa: T201
        return 2
    print(  # noqa: T201
        f"{metrics['split']}: MAE_angle {metrics['mae_angle_deg']:.2f} deg"
        f" (mean pose {metrics['baseline_mae_angle_deg']:.2f}),"
        f" position {metrics['position_error_mm']:.1f} mm (mean pose {metrics['baseline_position_error_mm']:.1f})"
    )
    return 0


def main() -> None:
    """Run the command line and end the process."""
    sys.exit(run(sys.argv[1:]))


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value}: expected 1 or more")
    return value
