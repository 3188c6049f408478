"""Malformed .c3d files."""

import struct
from collections.abc import Callable
from pathlib import Path

from case import Case, pickled, written
from text_files import pipe, sparse

from c3d_writer import NAMES, write_c3d
from kinesynth.markers.files import read_markers

BLOCK = 512


def c3d(name: str, make: Callable[[Path], object], *says: str) -> Case:
    def open_it(folder: Path) -> object:
        make(folder / "walk.c3d")
        return read_markers(folder / "walk.c3d")

    return Case(f"c3d {name}", open_it, ("walk.c3d", *says))


def cut(path: Path, size: int) -> None:
    path.write_bytes(write_c3d(path).read_bytes()[:size])


def patch(path: Path, offset: int, content: bytes) -> None:
    whole = bytearray(write_c3d(path).read_bytes())
    whole[offset : offset + len(content)] = content
    path.write_bytes(whole)


def with_rate(path: Path, rate: float) -> None:
    """Change the rate in the header and in the parameters; ezc3d itself would not write such a file."""
    path.write_bytes(write_c3d(path).read_bytes().replace(struct.pack("<f", 100.0), struct.pack("<f", rate)))


CASES = (
    c3d("missing", lambda _: None, "no such file"),
    c3d("empty", lambda path: written(path.parent, path.name, b""), "file"),
    c3d("is something else", lambda path: written(path.parent, path.name, b"hello world\n" * 100), "file"),
    c3d("is a pickle", lambda path: pickled(path.parent, path.name), "file"),
    c3d("is a pipe", lambda path: pipe(path.parent, path.name), "file"),
    c3d("of six gigabytes of nothing", lambda path: sparse(path.parent, path.name), "GB"),
    c3d("truncated in its header", lambda path: cut(path, 100), "file"),
    c3d("truncated in its parameters", lambda path: cut(path, 2 * BLOCK), "file"),
    c3d("truncated in its data", lambda path: cut(path, 2000), "truncated"),
    c3d("promising 65535 points", lambda path: patch(path, 2, b"\xff\xff"), "file"),
    c3d("promising 65535 frames", lambda path: patch(path, 8, b"\xff\xff"), "truncated"),
    c3d("in furlongs", lambda path: write_c3d(path, unit="furlong"), "UNITS", "furlong"),
    c3d("with a marker twice", lambda path: write_c3d(path, ("A:LASI", "B:LASI", "RASI")), "labels", "LASI"),
    c3d("with markers that have no names", lambda path: write_c3d(path, ("*1", "*2")), "markers"),
    c3d("with rate zero", lambda path: with_rate(path, 0.0), "Hz"),
    c3d("with a negative rate", lambda path: with_rate(path, -100.0), "Hz"),
    c3d("with rate nan", lambda path: with_rate(path, float("nan")), "Hz"),
    c3d("with nothing but NaN", lambda path: write_c3d(path, NAMES, factor=float("nan")), "markers"),
)
