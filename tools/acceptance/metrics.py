"""A metric, its bar, and the table of all of them."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from kinesynth.atomic import write_text

ROOT = Path(__file__).parents[2]
OUTPUT = ROOT / "acceptance"
RESULTS = OUTPUT / "results.json"
SHARED = Path(os.environ.get("KINESYNTH_SHARED", ROOT.parent / "shared"))


@dataclass(frozen=True)
class Metric:
    """One metric and its bar; its name is `<topic>.<metric>`, `better` is "lower" or "higher"."""

    name: str
    value: float
    unit: str
    bar: float
    better: str

    @property
    def passes(self) -> bool:
        """Whether the value is on the right side of its bar."""
        return bool(self.value <= self.bar if self.better == "lower" else self.value >= self.bar)


def keep(topic: str, metrics: list[Metric]) -> None:
    """Replace the topic's metrics in acceptance/results.json."""
    others = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    others = [entry for entry in others if not entry["name"].startswith(f"{topic}.")]
    entries = [*others, *({**asdict(metric), "pass": metric.passes} for metric in metrics)]
    write_text(RESULTS, json.dumps(entries, indent=1) + "\n")


def print_table(metrics: list[Metric]) -> None:
    """Print metric, bar, and pass or fail."""
    for metric in metrics:
        sign = "<=" if metric.better == "lower" else ">="
        verdict = "pass" if metric.passes else "FAIL"
        bar = f"{sign} {metric.bar:g} {metric.unit}"
        print(f"{metric.name:48} {metric.value:10.4g} {bar:>16}  {verdict}")  # noqa: T201
