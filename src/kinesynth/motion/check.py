"""Say of motion files of every kind whether they can be used, and how they are read."""

import sys
from pathlib import Path

import numpy as np

from kinesynth.body.model import BodyModel, load_body
from kinesynth.body.proportions import proportions_of
from kinesynth.body.schema import BETAS
from kinesynth.errors import BadInput, KinesynthError
from kinesynth.file_names import takes_file_names
from kinesynth.markers.screening import Screened, listed
from kinesynth.markers.trial import check_against, read_screened
from kinesynth.motion.rate_audit import audit_rate, audited
from kinesynth.motion.sources.opensim import TIMEOUT_SECONDS
from kinesynth.notes import tell
from kinesynth.npz import open_npz
from kinesynth.opensim_files import read_storage
from kinesynth.opensim_files.time_column import even_rate
from kinesynth.subjects.amass_upright import read_upright

_MARKERS, _OPENSIM = (".trc", ".c3d"), (".mot", ".sto")
_KINDS = ".npz (AMASS), .trc or .c3d (markers), .mot or .sto (OpenSim)"
_WANTED = {
    "the pelvis in front": {"RASI", "LASI"},
    "the pelvis behind": {"RPSI", "LPSI", "SACR"},
    "the trunk in front": {"CLAV", "STRN", "XIPH"},
    "the trunk behind": {"C7", "T4", "T8", "T10"},
    "the head": {"RFHD", "LFHD", "RBHD", "LBHD", "HTOP"},
}
_WANTED_OF_EACH_SIDE = {
    "shoulder": {"ACR", "ASH", "PSH"},
    "elbow": {"LEL", "MEL", "OLE"},
    "wrist": {"FAR", "FAU"},
    "knee": {"LFC", "MFC"},
    "ankle": {"LMAL", "MMAL"},
    "heel": {"CAL", "HLA", "HME"},
    "forefoot": {"MT1", "MT2", "MT5", "TOE"},
}


@takes_file_names
def check_motion(
    *,
    files: list[Path],
    model: Path | None = None,
    body: Path | None = None,
    labels: Path | None = None,
    write_labels: Path | None = None,
    log: Path = Path("check_motion.log"),
) -> None:
    """Check motion files: a line for each good one, and one for each fault of a bad one; exit code 2 if any is bad.

    Of a file of markers it is also said what each label is taken for, what is left out and why, and which parts of the
    body no known marker shows.

    Args:
        files: AMASS files (.npz), markers (.trc, .c3d), or coordinates of an OpenSim model (.mot, .sto).
        model: the OpenSim model (.osim) of the coordinates; without it only the table of a .mot or .sto is checked.
        body: the body model that build-body wrote; with it, labels are also held against places on that body, and
            points of unknown labels against its skin.
        labels: a csv that tells the landmarks of labels, as the clip table's column of that name.
        write_labels: such a csv to write, of what the labels of one marker file are taken for, to be edited; it is
            written of a file that is refused, too.
        log: where OpenSim's messages go.

    Raises:
        KinesynthError: a file is bad; the faults of all others have been printed.
    """
    worn = load_body(body) if body else None
    if write_labels is not None:
        _write_labels(files, labels, write_labels)
    faults = []
    for path in files:
        try:
            sys.stdout.write("".join(f"{line}\n" for line in _checked(path, model, worn, labels, log)))
            sys.stdout.flush()
        except KinesynthError as error:
            faults.append(error if str(path) in str(error) else KinesynthError(f"{path}: {error}"))
    for fault in faults[:-1]:
        sys.stderr.write(f"kinesynth: {' '.join(str(fault).split())}\n")
    if faults:
        raise faults[-1]


def _write_labels(files: list[Path], labels: Path | None, output: Path) -> None:
    if len(files) != 1:
        raise BadInput(output, "write-labels", f"{len(files)} files", "one marker file", "write a csv of each")
    from kinesynth.markers.files import read_markers
    from kinesynth.markers.user_labels import with_user_landmarks, write_labels

    trial = read_markers(files[0])
    write_labels(output, trial if labels is None else with_user_landmarks(files[0], trial, labels))


def _checked(path: Path, model: Path | None, body: BodyModel | None, labels: Path | None, log: Path) -> list[str]:
    suffix = path.suffix.lower()
    if suffix in _MARKERS:
        return _markers(path, body, labels)
    if suffix in _OPENSIM:
        return _opensim(path, model, body, log)
    if suffix != ".npz":
        raise BadInput(path, "file", f"suffix {suffix or 'none'}", _KINDS, "convert the file")
    return _markers(path, body, labels) if _holds_markers_only(path) else _amass(path)


def _holds_markers_only(path: Path) -> bool:
    with open_npz(path, "an AMASS npz", "check the path") as keys:
        return "poses" not in keys.files and ("marker_data" in keys.files or "markers" in keys.files)


def _amass(path: Path) -> list[str]:
    file = read_upright(path)
    doubt = audit_rate(file)
    tell(path, file.notes)
    facts = [f"{file.n_frames} frames at {file.fps:g} Hz", file.model, file.gender, *([doubt] if doubt else [])]
    return [f"{path}: {', '.join(facts)}"]


def _opensim(path: Path, model: Path | None, body: BodyModel | None, log: Path) -> list[str]:
    storage = read_storage(path)
    fps = even_rate(path, "time", storage.times)
    unit = {True: "degrees", False: "radians", None: "an unstated unit"}[storage.in_degrees]
    line = f"{path}: {len(storage.times)} frames at {fps:g} Hz, {len(storage.names)} columns in {unit}"
    if model is None:
        return [f"{line}; name its --model to check them against it"]
    from kinesynth.motion.opensim_motion import posed, read_opensim

    if body is None:
        notes = posed(path, model, TIMEOUT_SECONDS, log)[2].notes
    else:
        proportions = proportions_of(body, np.zeros(BETAS))
        notes = audited(path, read_opensim(path, model, proportions, TIMEOUT_SECONDS, log), proportions).notes
    tell(path, notes)
    return [f"{line}, of {model.name}"]


def _markers(path: Path, body: BodyModel | None, table: Path | None) -> list[str]:
    screened = read_screened(path, table)
    trial, labels = screened.markers, screened.labels
    left_out = dict(screened.left_out)
    if body is not None:
        check_against(path, screened, body)
        left_out |= _off_skin(screened, body)
    tell(path, trial.notes)
    unknown = [name for name in trial.names if name not in labels and name not in left_out]
    lines = [f"{path}: {len(trial.times)} frames at {trial.fps:g} Hz, {len(labels)} markers at known landmarks"]
    lines.append(f"  taken for: {', '.join(f'{name} -> {label.landmark}' for name, label in labels.items())}")
    if unknown:
        lines.append(f"  of unknown labels, taken to sit on the skin that stays nearest: {', '.join(unknown)}")
    if left_out:
        lines.append(f"  left out: {listed(left_out)}")
    lines += [f"  {note}" for note in screened.notes if not note.startswith("left out")]
    if missing := _missing(screened):
        lines.append(f"  not shown by any known marker: {', '.join(missing)}")
    return lines


def _off_skin(screened: Screened, body: BodyModel) -> dict[str, str]:
    """Return which points of unknown labels are no markers on a body that the known ones hold."""
    if len(screened.labels) == len(screened.markers.names):
        return {}
    from kinesynth.mosh.fit import dress

    return dict(dress(body, [screened.markers]).left_out)


def _missing(screened: Screened) -> list[str]:
    """Return the parts of the body that no known marker shows."""
    shown = {label.landmark for label in screened.labels.values()}
    sided = {
        f"the {name} {part}": {f"{side}{landmark}" for landmark in landmarks}
        for part, landmarks in _WANTED_OF_EACH_SIDE.items()
        for side, name in (("R", "right"), ("L", "left"))
    }
    return [part for part, landmarks in {**_WANTED, **sided}.items() if not landmarks & shown]
