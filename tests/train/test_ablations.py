"""Every ablation that docs/training.md names changes something of the network that it names."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from kinesynth_train.cli import parsed, settings_of
from kinesynth_train.networks import preset_named

PAGE = (Path(__file__).parents[2] / "docs/training.md").read_text(encoding="utf-8").partition("## Ablations")[2]
COMMANDS = re.findall(r"`kinesynth-train (fit [^`]+)`", PAGE)


@pytest.mark.parametrize("command", COMMANDS)
def test_an_ablation_is_one(command: str) -> None:
    told: dict[str, Any] = parsed([*shlex.split(command), "--shards", "s", "--output", "o"])
    del told["verb"]
    settings = settings_of(told)
    preset, plain = settings.preset(10_000), preset_named(settings.network).with_frames(10_000)
    changed = preset != plain or bool(settings.people) or settings.network not in ("odah", "d3ke", "neurik", "hsmr_b")
    assert changed
    assert (preset.shape != plain.shape) == bool(settings.shape)
    assert (preset.weights != plain.weights) == bool(settings.losses)
