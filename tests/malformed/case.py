"""What a malformed input is: how it is made, what reads it, and what the message must name."""

import pickle
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Case:
    """A malformed input.

    Attributes:
        name: unique.
        open: makes the file in an empty folder and brings it to the product; must raise.
        says: what the message must contain, in any case of letters: the file and the field.
    """

    name: str
    open: Callable[[Path], object]
    says: tuple[str, ...]


class Payload:
    """Writes a file into the working directory when it is unpickled, as hostile pickles do."""

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (Path("executed"),)


def written(folder: Path, name: str, content: str | bytes) -> Path:
    """Return a file of this content."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def pickled(folder: Path, name: str) -> Path:
    """Return a pickle that would write a file."""
    return written(folder, name, pickle.dumps(Payload()))


def zip_bomb(folder: Path, name: str, entry: str, header: bytes, gigabytes: int) -> Path:
    """Return an archive of a few megabytes whose entry unpacks to zeros without end."""
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open(entry, "w", force_zip64=True) as stream:
            stream.write(header)
            for _ in range(gigabytes * 16):
                stream.write(bytes(1 << 26))
    return path
