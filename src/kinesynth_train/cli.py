"""`kinesynth-train fit`, `kinesynth-train evaluate` and `kinesynth-train predict`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from kinesynth.errors import KinesynthError, machine_fault
from kinesynth.networks import network_modules
from kinesynth_train.evaluate import evaluate, table
from kinesynth_train.predict.command import add_predict, run_predict
from kinesynth_train.predict.dag import dag_estimate
from kinesynth_train.settings import Settings
from kinesynth_train.train import fit


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(prog="kinesynth-train", description="Train networks on Kinesynth's shards.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    devices = ("auto", "cpu", "cuda")

    train = verbs.add_parser("fit", help="train a network, write checkpoint.pt and metrics.json")
    _add_input(train, "shards", "results folder, its shards folder, or one shard")
    train.add_argument("--output", type=Path, required=True, help="folder of the checkpoint and the metrics")
    train.add_argument("--network", choices=list(network_modules()), default=Settings.network, help="preset")
    for name, meaning in {
        "steps": "optimizer steps of all phases",
        "batch-size": "windows per micro-batch and process",
        "window": "frames per window",
        "accumulate": "micro-batches per step",
    }.items():
        train.add_argument(f"--{name}", type=_count, default=0, help=f"{meaning}; 0 takes the preset's")
    train.add_argument("--precision", choices=("fp32", "bf16", "fp16"), default="", help="of the forward pass")
    train.add_argument("--weights", default="", help="file that the part for pictures starts from; none: from noise")
    train.add_argument("--front", default="", help="checkpoint of the network that the first stage would train")
    train.add_argument("--body", default="", help="of the shards, for networks of meshes; none: the free body's")
    train.add_argument("--shape", nargs="+", default=(), metavar="NAME=VALUE", help="other sizes, for ablations")
    train.add_argument(
        "--loss", nargs="+", default=(), dest="losses", metavar="NAME=VALUE", help="other weights of the losses"
    )
    train.add_argument("--people", type=_count, default=0, help="learn from so many people alone; 0: from all")
    train.add_argument(
        "--sources",
        nargs="+",
        default=(),
        metavar="NAME=TIMES",
        help="how often an epoch sees a source's windows",
    )
    train.add_argument("--seed", type=int, default=Settings.seed, help="of weights, windows and their order")
    train.add_argument("--overfit", type=_count, default=0, help="learn the first so many windows, and measure on them")
    train.add_argument("--device", choices=devices, default=Settings.device)
    train.add_argument("--workers", type=_count, default=Settings.workers, help="processes that read and decode")
    train.add_argument("--checkpoint-every", type=_count, default=0, help="steps; 0 writes a checkpoint at the end")
    train.add_argument("--resume", action="store_true", help="go on from the output's checkpoint, if there is one")
    train.add_argument("--tensorboard", action="store_true", help="write curves for TensorBoard too")

    test = verbs.add_parser("evaluate", help="measure checkpoints and baselines on the test split, every frame once")
    _add_input(test, "checkpoint", "what fit wrote, one or several", several=True)
    test.add_argument("--shards", type=Path, required=True, help="results folder, its shards folder, or one shard")
    test.add_argument("--output", type=Path, required=True, help="the metrics, JSON")
    test.add_argument("--device", choices=devices, default="auto")
    test.add_argument("--dynamics", action="store_true", help="activations too of each network's angles, by OpenSim")
    add_predict(verbs)
    return parser


def _add_input(parser: argparse.ArgumentParser, name: str, meaning: str, *, several: bool = False) -> None:
    """Add what a verb needs first, which is taken by name as well as by position."""
    parser.add_argument(f"--{name}", type=Path, nargs="+" if several else None, help=meaning)
    parser.add_argument("by_position", type=Path, nargs="*", metavar=name.upper(), help=f"as --{name}")


def parsed(arguments: Sequence[str]) -> dict[str, Any]:
    """Return the verb and its options; the process ends with 2 where they are not its own, or one is missing."""
    parser = build_parser()
    options = vars(parser.parse_args(arguments))
    given = options.pop("by_position", [])
    if name := {"fit": "shards", "evaluate": "checkpoint"}.get(options["verb"]):
        several = name == "checkpoint"
        if given and (options[name] is not None or (len(given) > 1 and not several)):
            parser.error(f"{options['verb']}: --{name} is given more than once: {given[-1]}")
        if given:
            options[name] = given if several else given[0]
        if options[name] is None:
            parser.error(f"{options['verb']}: the following arguments are required: --{name}")
    return options


def run(arguments: Sequence[str]) -> int:
    """Run one verb; return 0, or 2 where the input is at fault."""
    options = parsed(arguments)
    verb = options.pop("verb")
    try:
        if verb == "fit":
            report_fit(fit(settings_of(options)))
        elif verb == "predict":
            run_predict(options)
        else:
            device = (
                options["device"] if options["device"] != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
            )
            dynamics = dag_estimate if options["dynamics"] else None
            metrics = evaluate(options["checkpoint"], options["shards"], options["output"], device, dynamics)
            print(table(metrics))  # noqa: T201
    except KinesynthError as error:
        print(f"kinesynth-train: {error}", file=sys.stderr)  # noqa: T201
        return 2
    except OSError as error:
        if not (reason := machine_fault(error)):
            raise
        print(f"kinesynth-train: {reason}", file=sys.stderr)  # noqa: T201
        return 2
    return 0


def settings_of(options: dict[str, Any]) -> Settings:
    """Return what `fit`'s options, without the verb, tell."""
    lists = {name: tuple(options[name]) for name in ("shape", "losses", "sources")}
    return Settings(**{**options, **lists})


def report_fit(metrics: dict[str, Any]) -> None:
    """Print a line about a run; nothing in the processes that only helped."""
    if metrics:
        shown = {"mae_angle_deg": ("MAE_angle", ".2f", "deg"), "mpjpe_mm": ("MPJPE", ".1f", "mm")}
        told = [
            f"{title} {metrics[name]:{digits}} {unit} (mean pose {metrics[f'baseline_{name}']:{digits}})"
            for name, (title, digits, unit) in shown.items()
            if name in metrics
        ]
        print(f"{metrics['split']}: {', '.join(told)}")  # noqa: T201


def main() -> None:
    """Run the command line and end the process."""
    sys.exit(run(sys.argv[1:]))


def _count(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{value}: expected 0 or more")
    return value
