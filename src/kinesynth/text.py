"""Text files: users' own, read safely (folders, pipes and oversized files are refused), and the package's tables."""

import csv
import json
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Literal

from kinesynth.errors import BadInput

MAX_BYTES = 512 << 20  # an hour of 100 markers at 200 Hz takes 2 GB as .trc: such a recording is cut first

LONGEST_NAME = 128
_NOT_IN_NAMES = set('/\\:*?"<>|')


def is_file_name(text: str) -> bool:
    """Whether a stranger's text may name a file in a folder of ours: it climbs out of none and hides from no listing.

    Example:
        >>> is_file_name("left 2.trial"), is_file_name("../left"), is_file_name("-rf")
        (True, False, False)
    """
    whole = text.strip() == text and text.isprintable() and 0 < len(text) <= LONGEST_NAME
    return whole and text[0] not in ".-" and not _NOT_IN_NAMES & set(text)


def read_text(path: Path, expected: str, fix: str, encoding_errors: Literal["replace", "strict"] = "replace") -> str:
    """Return the text of a UTF-8 file.

    Args:
        path: the file.
        expected: what it should be, for the message.
        fix: what the user can do, for the message.
        encoding_errors: bytes that are not UTF-8 become replacement characters, or are an error.

    Raises:
        BadInput: it is missing, not a regular file (a pipe would be waited for without end), unreadable, or larger
            than `MAX_BYTES`.
    """
    try:
        if not path.is_file():
            raise BadInput(path, "file", "no such file" if not path.exists() else "no regular file", expected, fix)
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise BadInput(path, "file", f"{size / 1e9:.1f} GB", f"{expected} below {MAX_BYTES / 1e9:.1f} GB", fix)
        return path.read_text(encoding="utf-8-sig", errors=encoding_errors)
    except UnicodeDecodeError as error:
        raise BadInput(path, "encoding", f"byte {error.start} is not UTF-8", "UTF-8 text", "save it again") from error
    except (OSError, ValueError) as error:  # ValueError: a name with a zero byte
        raise BadInput(path, "file", " ".join(str(error).split()), expected, fix) from error


def read_json(path: Path, expected: str, fix: str) -> dict[str, Any]:
    """Return the object that a JSON file holds.

    Args:
        path: the file.
        expected: what it should be, for the message.
        fix: what the user can do, for the message.

    Raises:
        BadInput: as `read_text`, or it holds something else.
    """
    text = read_text(path, expected, fix)
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(path, "file", f"no JSON ({error})", expected, fix) from error
    if not isinstance(content, dict):
        raise BadInput(path, "file", type(content).__name__, expected, fix)
    return content


def table_rows(file: Traversable | Path) -> list[dict[str, str]]:
    """Return the rows of a csv of the package's own, columns by name; lines that begin with # are remarks."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))
