"""Files that are either whole or absent: checkpoints, and figures as JSON that every reader takes."""

import json
import math
import os
from pathlib import Path
from typing import Any


def save_bytes(path: Path, content: bytes) -> None:
    """Write a file that is either whole or absent."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".partial-{path.name}")
    with temporary.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)


def write_figures(path: Path, figures: dict[str, Any]) -> None:
    """Write figures as JSON; what is no number, as a mean over nothing, is null."""
    save_bytes(path, (json.dumps(_plain(figures), indent=1, allow_nan=False) + "\n").encode())


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
