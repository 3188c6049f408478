"""The folder of the results: this run's appear together, and an earlier run's go, or all stays as it was."""

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

SUMMARY = "predict.json"


def earlier_files(folder: Path, kept: Iterable[Path]) -> list[Path]:
    """Return the files that an earlier run's predict.json names, but those that are `kept`.

    Files that it does not name are the user's own. One that does not lie in the folder is left alone, whatever
    predict.json says.
    """
    try:
        files = dict(json.loads((folder / SUMMARY).read_text(encoding="utf-8"))["files"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []
    spared = {path.resolve() for path in kept}
    named = {(folder / str(name)).resolve() for name in files.values()}
    return sorted(path for path in named - spared if path.is_relative_to(folder.resolve()) and path.is_file())


def earlier_notes(folder: Path, earlier: Sequence[Path]) -> list[str]:
    """Return a note of files that will be removed, if there are any."""
    return [f"{len(earlier)} files of an earlier run were removed from {folder}"] if earlier else []


@contextmanager
def written_whole(folder: Path, earlier: Iterable[Path]) -> Iterator[Path]:
    """Yield a folder to write results in; once the block has ended well, they take the place of `earlier` files.

    On failure the folder holds what it held before.

    Raises:
        OSError: something is in the way.
    """
    temporary = folder / f".partial-{os.getpid()}"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    try:
        yield temporary
        moves = {path: folder / path.relative_to(temporary) for path in temporary.rglob("*") if path.is_file()}
        for target in moves.values():  # all of them, before any is moved
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.is_dir():
                raise IsADirectoryError(21, "Is a directory", str(target))
        for path in earlier:
            path.unlink()
        for path, target in sorted(moves.items(), key=lambda pair: pair[0].name == SUMMARY):  # it tells of the others
            path.replace(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
