"""The papers' values stand beside ours, by metrics that are measured."""

import re
from pathlib import Path

from tools.acceptance.papers import TITLES, paper_lines, read_values

from kinesynth.networks import network_modules
from kinesynth_train.networks.biopose import UNREFINED

RESULTS = Path(__file__).parents[2] / "docs/results.md"


def test_every_value_is_a_number_by_a_metric_of_ours_of_a_network_of_ours() -> None:
    methods = {*network_modules(), UNREFINED}
    for row in read_values():
        assert float(row.value) > 0.0
        assert row.metric in TITLES
        assert row.method in methods
        assert re.search(r"20\d\d, tables? \d", row.source)


def test_no_value_stands_twice() -> None:
    keys = [(row.network, row.metric, row.data) for row in read_values()]
    assert len(keys) == len(set(keys))


def test_ours_stand_beside_theirs() -> None:
    lines = list(paper_lines({"biohuman_tiny": {"muscle_pcc": 0.6543}}))
    assert "| BioHuman | activations, PCC | 0.654 | 0.71 (BioHuman10M) | BioHuman 2026, table 2 |" in lines
    assert "| BioHuman | activations, RMSE | - | 0.065 (BioHuman10M) | BioHuman 2026, table 2 |" in lines


def test_the_page_has_every_value() -> None:
    page = RESULTS.read_text(encoding="utf-8")
    for line in (each for each in paper_lines({}) if each.startswith("| ")):
        network, metric, _, theirs = line.split(" | ")[:4]
        assert f"{network} | {metric} |" in page
        assert theirs in page
