"""One motion under two names: who is trained on would be tested on.

Standard library only: the workflow looks at every start. Only files of equal size are opened, and of .npz archives only
the directory, whose checksums tell arrays apart.
"""

import hashlib
import stat
import zipfile
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from kinesynth.clips import ClipRow
from kinesynth.errors import BadInput

_MOTION = {"poses.npy", "pose_body.npy", "trans.npy"}  # what two AMASS files of one motion share, whatever else differs


def require_distinct(table: Path | str, rows: Iterable[ClipRow]) -> None:
    """Check that no motion file stands under subjects of different splits, be it as a copy.

    Raises:
        BadInput: naming both clips.
    """
    files: dict[tuple[Path, str], ClipRow] = {}
    for row in rows:
        if row.path is not None:
            files.setdefault((row.path, row.split), row)
    sizes: dict[int | None, list[tuple[Path, ClipRow]]] = defaultdict(list)
    for (path, _), row in files.items():
        sizes[_size(path)].append((path, row))
    for size, alike in sizes.items():
        if size is not None and len({row.split for _, row in alike}) > 1:
            _require_distinct_contents(table, alike)


def motion_digest(path: Path) -> str:
    """Return what two files of one motion have in common: checksums of an archive's motion, else of all bytes."""
    try:
        with zipfile.ZipFile(path) as archive:
            sums = {entry.filename: entry.CRC for entry in archive.infolist()}
        motion = sorted((name, value) for name, value in sums.items() if name in _MOTION)
        return repr(motion or sorted(sums.items()))
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
        return hashlib.blake2b(path.read_bytes()).hexdigest()


def _size(path: Path) -> int | None:
    """Return a file's size in bytes, None where there is no such file."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _require_distinct_contents(table: Path | str, files: list[tuple[Path, ClipRow]]) -> None:
    first: dict[str, ClipRow] = {}
    for path, row in files:
        other = first.setdefault(motion_digest(path), row)
        if other.split != row.split:
            found = f"the motion of clip {other.clip_id} ({other.subject}, {other.split}) again in {path}"
            expected = f"subjects of one split for one motion, not {row.subject} in {row.split}"
            raise BadInput(table, f"clip {row.clip_id}, path", found, expected, "keep one of the two lines")
