"""Metrics as JSON that every reader takes, in a file that is either whole or absent."""

import json
import math
from pathlib import Path
from typing import Any

from kinesynth.atomic import write_text


def write_metrics(path: Path, metrics: dict[str, Any]) -> None:
    """Write metrics as JSON; what is no number, as a mean over nothing, is null."""
    write_text(path, json.dumps(_plain(metrics), indent=1, allow_nan=False) + "\n")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
