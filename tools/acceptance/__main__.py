"""Measure the metrics of some topics (default: all) and hold each against its bar.

    python -m tools.acceptance [TOPIC ...]

Writes acceptance/results.json, a list of {name, value, unit, bar, better, pass}, and prints it as a table; the metrics
of topics that were not asked for stay as they are. Real recordings are not part of the repository: set KINESYNTH_SHARED
to the folder that holds them; without it their metrics are left out.
"""

import sys
from importlib import import_module
from pathlib import Path

from tools.acceptance.metrics import Metric, keep, print_table

ORDER = (
    "main",
    "cases",
    "skeleton",
    "people",
    "dynamics",
    "render",
    "dataset",
    "trainer",
    "comparison",
    "video",
    "scale",
)
TOPICS = tuple(topic for topic in ORDER if Path(__file__).with_name(f"{topic}.py").exists())


def main(topics: list[str]) -> int:
    """Run the topics' measurements; return 0 when every metric passes."""
    unknown = sorted(set(topics) - set(TOPICS))
    if unknown:
        print(f"unknown topic {unknown[0]!r}; known: {', '.join(TOPICS)}", file=sys.stderr)  # noqa: T201
        return 2
    metrics: list[Metric] = []
    for topic in topics or TOPICS:
        measured = list(import_module(f"tools.acceptance.{topic}").metrics())
        keep(topic, measured)
        metrics += measured
    print_table(metrics)
    return 0 if all(metric.passes for metric in metrics) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
