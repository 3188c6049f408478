"""Files of measured ground forces, whatever their kind."""

from pathlib import Path

from kinesynth.errors import BadInput
from kinesynth.markers.c3d_plates import read_c3d_plates
from kinesynth.opensim_files.external_loads_in import read_external_loads
from kinesynth.opensim_files.force_table import Plates, read_force_table

READERS = {
    ".mot": read_force_table,
    ".sto": read_force_table,
    ".xml": read_external_loads,
    ".c3d": read_c3d_plates,
}


def read_plates(path: Path) -> Plates:
    """Read what force plates measured, in the file's own axes and time, SI units.

    Raises:
        BadInput: the file is missing, of another kind or unusable.
    """
    if path.suffix.lower() not in READERS:
        raise BadInput(path, "grf", f"suffix {path.suffix or 'none'}", " or ".join(READERS), "convert the file")
    if not path.is_file():
        raise BadInput(path, "grf", "no such file", "measured ground forces", "check the path")
    return READERS[path.suffix.lower()](path)
