"""Measured forces in OpenSim's tables (.mot, .sto): which columns are which plate's force, point and torque.

Every laboratory and program names them otherwise: ground_force_vx, ground_force_1_px, R_ground_force_vz,
1_ground_torque_y, ground_force_calcn_r_mx. What they share: the last letter is the axis, a letter or a word tells the
quantity, and what is left names the plate.
"""

import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kinesynth.errors import BadInput
from kinesynth.opensim_files.storage import Storage, read_cut_storage

_LETTERS = {"v": "force", "f": "force", "p": "point", "m": "torque", "t": "torque"}
_WORDS = {"force": "force", "point": "point", "cop": "point", "torque": "torque", "moment": "torque"}
_FILLERS = frozenset({"ground", "grf", "plate", "forceplate", "fp", "reaction"})
_AXES = ("x", "y", "z")
_FIX = "name the columns as OpenSim does (ground_force_1_vx, ground_force_1_px, ground_torque_1_x), or name the file \
of its ExternalLoads (.xml) in the column grf"


@dataclass(frozen=True)
class Plates:
    """What P force plates, or P sides of a treadmill, measured; in one frame for all, that of the motion's file.

    Attributes:
        times: (T,) s.
        names: of the P plates.
        force: (T, P, 3) N, on the body.
        point: (T, P, 3) m, where it acts; anything where there is no force.
        torque: (T, P, 3) N m, about that point.
        notes: what was taken for granted.
        feet: of each plate the foot (0 right, 1 left) that the file says it is under, None where it says nothing.
    """

    times: np.ndarray
    names: tuple[str, ...]
    force: np.ndarray
    point: np.ndarray
    torque: np.ndarray
    notes: tuple[str, ...] = ()
    feet: tuple[int | None, ...] = ()

    @property
    def rate_hz(self) -> float:
        """Rows in a second."""
        return (len(self.times) - 1) / float(self.times[-1] - self.times[0])


def read_force_table(path: Path) -> Plates:
    """Read forces whose columns tell their plates.

    Raises:
        BadInput: the file is unusable, or its columns name no plate's force and point.
    """
    storage = read_cut_storage(path)
    columns = plate_columns(storage.names)
    if not columns:
        found = ", ".join(storage.names[:6]) or "none"
        raise BadInput(path, "columns", found, "a force and its point by axis, for each plate", _FIX)
    return plates_of(path, storage, columns)


def plates_of(path: Path, storage: Storage, columns: dict[str, dict[str, list[str]]]) -> Plates:
    """Return the plates of a table: `columns` by plate and quantity, three names each; torques may be missing.

    Raises:
        BadInput: the table has one row, or rows are missing in its middle.
    """
    steps = np.diff(storage.times)
    if len(steps) < 1 or steps.max() > 2.0 * np.median(steps):
        found = "one row" if len(steps) < 1 else f"a step of {steps.max():.4g} s among steps of {np.median(steps):.4g}"
        raise BadInput(path, "time", found, "even steps", "put the rows back that are gone, or export it again")

    def of(quantity: str) -> np.ndarray:
        zeros = np.zeros((len(storage.times), 3))
        parts = [
            np.stack([storage.column(name) for name in each[quantity]], axis=-1) if quantity in each else zeros
            for each in columns.values()
        ]
        return np.stack(parts, axis=1)

    notes: list[str] = []
    if storage.announced:
        notes.append(f"{storage.announced} in its header, {len(storage.times)} rows: taken as it is")
    if bare := [name or "the plate" for name, each in columns.items() if "torque" not in each]:
        notes.append(f"no torque of {', '.join(bare)}: taken for none")
    return Plates(
        storage.times, tuple(columns), of("force"), of("point"), of("torque"), tuple(notes), (None,) * len(columns)
    )


def plate_columns(names: tuple[str, ...]) -> dict[str, dict[str, list[str]]]:
    """Return, by plate and quantity, the three columns along x, y and z.

    A plate without a whole force and a whole point is none.

    Example:
        >>> plate_columns(tuple(f"1_ground_force_{q}{axis}" for q in "vp" for axis in "xyz"))["1"]["point"]
        ['1_ground_force_px', '1_ground_force_py', '1_ground_force_pz']
    """
    found: dict[str, dict[str, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    for name in names:
        if part := column_part(name):
            plate, quantity, axis = part
            found[plate][quantity][axis] = name
    whole = {
        plate: {quantity: [axes[axis] for axis in _AXES] for quantity, axes in each.items() if len(axes) == 3}
        for plate, each in found.items()
    }
    return {plate: each for plate, each in whole.items() if {"force", "point"} <= each.keys()}


def column_part(name: str) -> tuple[str, str, str] | None:
    """Return plate, quantity and axis of a column; None where it is none of a plate's.

    Example:
        >>> column_part("ground_force_1_vx"), column_part("R_ground_torque_y"), column_part("pelvis_tx")
        (('1', 'force', 'x'), ('r', 'torque', 'y'), None)
    """
    words = [word for word in re.split(r"[^a-z0-9]+", name.lower()) if word]
    if not words or words[-1][-1:] not in _AXES:
        return None
    quantities = [_WORDS[word] for word in words if word in _WORDS]
    axis, letter = words[-1][-1], words[-1][:-1]
    if not quantities or len(letter) > 1 or (letter and letter not in _LETTERS):
        return None
    quantity = _LETTERS[letter] if letter else quantities[-1]
    plate = " ".join(word for word in words[:-1] if word not in _WORDS and word not in _FILLERS)
    return plate, quantity, axis
