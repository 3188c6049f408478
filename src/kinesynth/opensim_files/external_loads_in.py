"""ExternalLoads (.xml) of others: which columns of which table are the force under which foot."""

from pathlib import Path
from xml.etree import ElementTree

from kinesynth.errors import BadInput
from kinesynth.opensim_files.force_table import Plates, plates_of
from kinesynth.opensim_files.storage import Storage, read_cut_storage
from kinesynth.text import read_text

_FOOT = ("calcn", "foot", "talus", "toes")
_GROUND = ("", "ground")
_IN_GROUND = ("force_expressed_in_body", "point_expressed_in_body")
_FOOT_FIX = "leave such forces out, or name the table of forces itself in the column grf"
_FIX = "export it again from OpenSim"


def read_external_loads(path: Path) -> Plates:
    """Read the forces under both feet that an ExternalLoads file names.

    Raises:
        BadInput: it is no such file, its table is missing or unusable, a force is none in ground under a foot, or its
            identifiers name no columns.
    """
    text = read_text(path, "an ExternalLoads file", "check the column grf")
    if "<!DOCTYPE" in text:  # no such file has one, and its entities may grow without end
        raise BadInput(path, "document type", "<!DOCTYPE", "none", _FIX)
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise BadInput(path, "file", str(error), "an ExternalLoads file", _FIX) from error
    loads = next(root.iter("ExternalLoads"), None)
    forces = [] if loads is None else list(loads.iter("ExternalForce"))
    if loads is None or not forces:
        raise BadInput(path, "ExternalLoads", "no ExternalForce in it", "one for each foot", _FIX)
    table = path.parent / _text(loads, "datafile")
    if not table.is_file():
        raise BadInput(path, "datafile", _text(loads, "datafile") or "nothing", "a table beside it", "correct it")
    storage = read_cut_storage(table)
    columns, feet = {}, []
    for number, force in enumerate(forces):
        feet.append(_foot(path, force))
        columns[force.get("name") or f"force {number + 1}"] = _columns(path, force, storage)
    if len(columns) < len(forces):
        raise BadInput(path, "ExternalForce", "two of one name", "names of their own", "rename one of them")
    plates = plates_of(table, storage, columns)
    return Plates(plates.times, plates.names, plates.force, plates.point, plates.torque, plates.notes, tuple(feet))


def _foot(path: Path, force: ElementTree.Element) -> int:
    """Return the foot, 0 right and 1 left, under which a force acts, all in ground."""
    body = _text(force, "applied_to_body")
    for field in _IN_GROUND:
        if _text(force, field).rsplit("/", 1)[-1] not in _GROUND:
            raise BadInput(path, field, _text(force, field), "ground", "express forces and points in ground")
    name, _, side = body.rsplit("/", 1)[-1].lower().rpartition("_")
    if side not in ("r", "l") or not name.startswith(_FOOT):
        raise BadInput(path, "applied_to_body", body or "nothing", "a foot (calcn_r, calcn_l)", _FOOT_FIX)
    return "rl".index(side)


def _columns(path: Path, force: ElementTree.Element, storage: Storage) -> dict[str, list[str]]:
    """Return the columns of a force by quantity; a torque may be missing."""
    found = {}
    for quantity in ("force", "point", "torque"):
        field = f"{quantity}_identifier"
        stem = _text(force, field)
        names = [f"{stem}{axis}" for axis in "xyz"]
        if quantity == "torque" and not stem:
            continue
        missing = [name for name in names if name not in storage.names]
        if not stem or missing:
            expected = f"columns of its table ({', '.join(storage.names[:3])}, ...)"
            raise BadInput(path, field, ", ".join(missing) if stem else "nothing", expected, "correct the identifier")
        found[quantity] = names
    return found


def _text(element: ElementTree.Element, name: str) -> str:
    return (element.findtext(name) or "").strip()
