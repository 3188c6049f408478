"""Results that are either whole or absent."""

import io
import os
from pathlib import Path
from typing import Any

import torch


def save_checkpoint(path: Path, content: dict[str, Any]) -> None:
    """Write what `torch.load(..., weights_only=True)` reads back."""
    buffer = io.BytesIO()
    torch.save(content, buffer)
    _save(path, buffer.getvalue())


def save_text(path: Path, text: str) -> None:
    """Write a text file."""
    _save(path, text.encode())


def _save(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".partial-{path.name}")
    with temporary.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)
