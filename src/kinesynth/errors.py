"""What can go wrong, as a tree.

    KinesynthError            a user can cause it and fix it; the command line prints one line and exits with 2
    ├── BadInput              a file or a value is not what it should be
    │   └── BadConfig         the same, of a configuration key
    ├── ClipRejected          one clip fails a check; its shard goes on without it
    └── MissingDependency     an optional package is not installed

Anything else that is raised is a bug and exits with 1.
"""

import errno
import os
from pathlib import Path


def one_line(text: str) -> str:
    r"""Return a text as one line that a terminal may print: what a stranger's file says must not steer it.

    Example:
        >>> one_line("found\n \x1b[2Jnothing")
        'found �[2Jnothing'
    """
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in " ".join(text.split()))


class KinesynthError(Exception):
    """A fault that the user can fix; the message is one line."""

    def __str__(self) -> str:
        """Return the message, whatever a file's text has put into it."""
        return one_line(super().__str__())


class BadInput(KinesynthError):
    """A file or value is unusable.

    Example:
        >>> str(BadInput("walk.npz", "poses", "shape (10, 7)", "shape (T, 156) or (T, 165)", "export it again"))
        'walk.npz: poses: found shape (10, 7), expected shape (T, 156) or (T, 165); export it again'
    """

    def __init__(self, file: str | Path, field: str, found: str, expected: str, fix: str) -> None:
        super().__init__(f"{file}: {field}: found {found}, expected {expected}; {fix}")
        self.file, self.field, self.found, self.expected, self.fix = file, field, found, expected, fix

    def __reduce__(self) -> tuple[type["BadInput"], tuple[str | Path, str, str, str, str]]:
        """Come out of a child process as what went in: pickle would call the class with the message alone."""
        return type(self), (self.file, self.field, self.found, self.expected, self.fix)


class BadConfig(BadInput):
    """A configuration key is unknown, missing or out of range."""


class ClipRejected(KinesynthError):
    """One clip fails a check.

    Args:
        reason: a short sentence, the same for all clips that fail alike, so that reasons can be counted.
        value: the measured value that failed, NaN where there is none.
        detail: what tells this clip from others that fail alike.
    """

    def __init__(self, reason: str, value: float = float("nan"), detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason, self.value, self.detail = reason, value, detail

    def __reduce__(self) -> tuple[type["ClipRejected"], tuple[str, float, str]]:
        """As for `BadInput`."""
        return type(self), (self.reason, self.value, self.detail)


class MissingDependency(KinesynthError):
    """An optional package is needed for what was asked."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"{package} is not installed; run: pip install 'kinesynth[{extra}]'")
        self.package, self.extra = package, extra

    def __reduce__(self) -> tuple[type["MissingDependency"], tuple[str, str]]:
        """As for `BadInput`."""
        return type(self), (self.package, self.extra)


def machine_fault(error: OSError) -> str:
    """Return what the machine refused, in one line; empty where the fault is ours. HDF5 has it in its text only."""
    space, place = (errno.ENOSPC, errno.EDQUOT, errno.EROFS), (errno.EACCES, errno.EEXIST, errno.ENOTDIR, errno.EISDIR)
    for number in (*space, *place, errno.ENAMETOOLONG):
        if error.errno == number or os.strerror(number) in str(error):
            return f"{error.filename or 'output'}: {os.strerror(number)}; make room or correct the path, and run again"
    return ""
