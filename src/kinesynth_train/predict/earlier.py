"""What an earlier run left in the folder of the results: a reader must not take it for the present one's."""

import json
from collections.abc import Iterable
from pathlib import Path

SUMMARY = "predict.json"


def remove_earlier(folder: Path, kept: Iterable[Path]) -> list[str]:
    """Remove predict.json and the files that it names, but those that are `kept`; return a note if there were any.

    Files that it does not name are the user's own. One that does not lie in the folder is left alone, whatever
    predict.json says.
    """
    try:
        files = dict(json.loads((folder / SUMMARY).read_text(encoding="utf-8"))["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return []
    spared = {path.resolve() for path in kept}
    removed = 0
    for name in files.values():
        path = (folder / str(name)).resolve()
        if path.is_relative_to(folder.resolve()) and path.is_file() and path not in spared:
            path.unlink()
            removed += 1
    (folder / SUMMARY).unlink()
    return [f"{removed} files of an earlier run were removed from {folder}"] if removed else []
