"""Notes: what was assumed about a file, printed to standard error."""

import sys
from collections.abc import Iterable
from pathlib import Path

from kinesynth.errors import one_line


def tell(path: Path | str, notes: Iterable[str]) -> None:
    """Write one line per note about a file to standard error."""
    for note in notes:
        sys.stderr.write(f"note: {one_line(f'{path}: {note}')}\n")
