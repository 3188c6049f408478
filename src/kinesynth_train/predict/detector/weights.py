"""BlazePose's weights: two files inside MediaPipe's wheel (Apache-2.0), taken from the package index on first use.

Nothing is installed: pip, with whatever index the user's own settings name, downloads the wheel into a temporary
folder, two files are taken out of it by their checksums, and the rest is thrown away.
"""

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from kinesynth.atomic import atomic_path
from kinesynth.cache_folder import cache_folder
from kinesynth.errors import KinesynthError

PACKAGE, PYTHON, PLATFORM = "mediapipe==0.10.21", "3.12", "manylinux_2_28_x86_64"  # its last release with weights
FILES = {
    "pose_detection": (
        "mediapipe/modules/pose_detection/pose_detection.tflite",
        "9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c",
    ),
    "pose_landmark_full": (
        "mediapipe/modules/pose_landmark/pose_landmark_full.tflite",
        "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
    ),
}
TIMEOUT_SECONDS = 900.0


def fetch_weights(cache: Path | None = None) -> dict[str, Path]:
    """Return the files by name, from the cache, or from the package index if the cache lacks one or holds another.

    Raises:
        KinesynthError: pip cannot get the wheel, or a file in it is not the one that is known.
    """
    folder = (cache or cache_folder()) / "blazepose"
    paths = {name: folder / Path(inside).name for name, (inside, _) in FILES.items()}
    if any(not path.is_file() or _checksum(path.read_bytes()) != FILES[name][1] for name, path in paths.items()):
        sys.stderr.write(f"note: {folder}: fetching the weights of BlazePose once, out of {PACKAGE} (36 MB)\n")
        with tempfile.TemporaryDirectory(prefix="kinesynth-") as temporary:
            _unpack(_wheel(Path(temporary), folder), paths)
    return paths


def _wheel(folder: Path, kept: Path) -> Path:
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--no-cache-dir",
        "--disable-pip-version-check", "--python-version", PYTHON, "--platform", PLATFORM, "--dest",
        str(folder), PACKAGE,
    ]  # fmt: skip
    by_hand = f"pip download --no-deps --python-version {PYTHON} --platform {PLATFORM} --only-binary=:all: {PACKAGE}"
    fix = f"run `{by_hand}` where there is a network, and unzip its two pose_*.tflite files into {kept}"
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise KinesynthError(f"weights of BlazePose: {error}; {fix}") from error
    wheels = list(folder.glob("*.whl"))
    if done.returncode or not wheels:
        last = (done.stderr.strip().splitlines() or ["pip failed"])[-1]
        raise KinesynthError(f"weights of BlazePose: {last}; {fix}")
    return wheels[0]


def _unpack(wheel: Path, paths: dict[str, Path]) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for name, path in paths.items():
            inside, expected = FILES[name]
            content = archive.read(inside) if inside in archive.namelist() else b""
            if _checksum(content) != expected:
                raise KinesynthError(f"{wheel.name}: {inside}: found another checksum than the known one; not used")
            with atomic_path(path) as temporary:
                temporary.write_bytes(content)


def _checksum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
