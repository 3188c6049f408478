"""Progress of a task, on the terminal."""

import sys
from collections.abc import Callable


def progress(what: str, total: int) -> Callable[[int], None]:
    """Return a function that shows how far a task has come, on a terminal only."""
    if not sys.stderr.isatty():
        return lambda _: None

    def show(frame: int) -> None:
        ending = "\n" if frame + 1 >= total else ""
        sys.stderr.write(f"\r{what}: {frame + 1} of {total} frames{ending}")
        sys.stderr.flush()

    return show
