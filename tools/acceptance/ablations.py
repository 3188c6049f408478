"""The papers' ablations in small: each variant of `ablations.csv` trained on the set of the comparison, beside theirs.

    python -m tools.acceptance.ablations [--only neurik_tiny hsmr_euler_tiny] [--device cuda --workers 4]
    python -m tools.acceptance.ablations --document docs/results.md

A variant is a preset and flags of `kinesynth-train fit`, trained as long as the comparison trains the network that
`sizes_of` names; one without flags is the comparison's own. What was trained is taken over, what was interrupted goes
on. `--document` trains nothing: it writes what has been measured into the page, a dash for what has not.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from kinesynth.text import table_rows
from kinesynth_train.cli import parsed, settings_of
from kinesynth_train.settings import Settings
from tools.acceptance.comparison import CHECKPOINT_EVERY, FOLDER, FRONTS, NETWORKS, train_once
from tools.acceptance.papers import TITLES
from tools.document import fill

TABLE = Path(__file__).with_name("ablations.csv")


@dataclass(frozen=True)
class Variant:
    """One metric of one variant.

    Attributes:
        ablation: what is varied, and of which network.
        variant: how.
        network: preset.
        sizes_of: network of the comparison whose steps, windows and batches it has.
        flags: of `fit`.
        metric: that is looked at.
        paper: what the paper has, of how many where that differs.
        source: where.
    """

    ablation: str
    variant: str
    network: str
    sizes_of: str
    flags: str
    metric: str
    paper: str
    source: str

    @property
    def folder(self) -> str:
        """Where its training lies, below the comparison's folder."""
        if not self.flags and self.network in NETWORKS:
            return f"train/{self.network}"
        told = "_".join(self.flags.replace("--", "").replace("=", "_").split())
        return f"ablations/{self.network}{f'_{told}' if told else ''}"


def read_variants() -> list[Variant]:
    """Return the table's rows."""
    return [Variant(**row) for row in table_rows(TABLE)]


def settings(variant: Variant, folder: Path, device: Literal["cpu", "cuda"] = "cpu", workers: int = 0) -> Settings:
    """Return how a variant is trained, on the set below `folder`."""
    sizes = [f"--{name.replace('_', '-')}={value}" for name, value in NETWORKS[variant.sizes_of].items()]
    paths = ["--shards", str(folder / "results"), "--output", str(folder / variant.folder)]
    options = parsed(["fit", *paths, "--network", variant.network, *sizes, *variant.flags.split()])
    del options["verb"]
    front = FRONTS.get(variant.sizes_of, "")
    return replace(
        settings_of(options), device=device, workers=workers, resume=True, checkpoint_every=CHECKPOINT_EVERY,
        front=str(folder / "train" / front / "checkpoint.pt") if front else "",
    )  # fmt: skip


def lines(folder: Path) -> Iterator[str]:
    """Yield the page's table: ours where it was measured, and the papers'."""
    yield from (
        "",
        "| ablation | variant | metric | ours, small, on our data | the paper's, on other data | stands in |",
    )
    yield "|---|---|---|---:|---:|---|"
    for row in read_variants():
        value = _measured(folder / row.folder).get(row.metric)
        ours = "-" if value is None else f"{value:.3g}"
        yield f"| {row.ablation} | {row.variant} | {TITLES[row.metric]} | {ours} | {row.paper} | {row.source} |"
    yield ""


def _measured(folder: Path) -> dict[str, Any]:
    """Return the metrics that a training has written, nothing where it has not ended."""
    file = folder / "metrics.json"
    told: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return told


def main(arguments: Sequence[str]) -> int:
    """Train what is asked for, or fill in the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--document", type=Path, help="the page whose table is to be made of what was measured")
    parser.add_argument("--only", nargs="+", default=[], help="networks")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--workers", type=int, default=0, help="processes that read")
    options = parser.parse_args(arguments)
    if options.document:
        fill(options.document, "ablations", list(lines(FOLDER)))
        return 0
    chosen = [row for row in read_variants() if not options.only or row.network in options.only]
    for variant in {row.folder: row for row in chosen}.values():
        train_once(settings(variant, FOLDER, options.device, options.workers))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
