"""What OpenSim's tools read their motion from, and where they work."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from kinesynth.opensim_files import write_storage


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Yield a new folder in the working directory: a tool that fails must not find an earlier clip's results."""
    with TemporaryDirectory(dir=Path.cwd()) as folder:
        yield Path(folder)


def write_motion(path: Path, names: Sequence[str], times: np.ndarray, angles: np.ndarray) -> None:
    """Write `angles` (T, J) under plain coordinate names; to state paths the tools answer with zeros."""
    columns = dict(zip(names, angles.T, strict=True))
    write_storage(path, times, columns, in_degrees=False, name="coordinates")
