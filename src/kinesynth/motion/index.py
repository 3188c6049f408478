"""From a folder of AMASS files to a clip table."""

import hashlib
import re
import sys
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from kinesynth.clips import SPLITS, ClipRow, write_clips
from kinesynth.errors import BadInput, ClipRejected
from kinesynth.file_names import takes_file_names
from kinesynth.motion.one_person import marks, merged, one_name
from kinesynth.motion.rate_audit import audit_rate
from kinesynth.same_motion import motion_digest
from kinesynth.stage_file import progress
from kinesynth.subjects.amass_upright import read_upright

_PARTS = (42, 6, 8)  # subjects to train, validate and test with, as in ODAH
_NOT_MOTION = {"shape.npz", "neutral_stagei.npz", "male_stagei.npz", "female_stagei.npz"}
_LONGEST = 64


@takes_file_names
def index(*, folder: Path, output: Path, seed: int = 1) -> None:
    """Make a clip table from a folder of AMASS files laid out as DATASET/SUBJECT/MOTION.npz.

    Subjects are divided 42 : 6 : 8 into train, val and test, in an order that depends on the seed and their names
    alone. Folders of one person, by equal gender and betas within a data set or by the table of data sets known to
    name a person twice, become one subject, which is said. Files that cannot be used, or whose motion another file
    holds already, are reported, one line each, and left out.

    Args:
        folder: where the files are.
        output: the table.
        seed: of the division.
    """
    if not folder.is_dir():
        raise BadInput(folder, "folder", "no such folder", "a folder of AMASS .npz files", "check the path")
    paths = sorted(path for path in folder.rglob("*.npz") if path.name not in _NOT_MOTION)
    rows: list[ClipRow] = []
    known: dict[str, set[str]] = defaultdict(set)
    seen: dict[str, Path] = {}
    for path in progress(paths, "index"):
        try:
            row, found = _entry(path, folder)
            if (first := seen.setdefault(motion_digest(path), path)) != path:
                raise BadInput(path, "motion", f"that of {first}", "a motion of its own", "delete one of the two")
            rows.append(row)
            known[row.subject] |= found
        except (BadInput, ClipRejected) as error:
            where = "" if isinstance(error, BadInput) else f"{path}: "
            tqdm.write(f"left out: {where}{error}", file=sys.stderr)
    if not rows:
        raise BadInput(folder, "files", f"{len(paths)} .npz, none usable", "AMASS .npz files", "check the folder")
    rows, left_out = _of_people(rows, known), len(paths) - len(rows)
    splits = split_subjects({row.subject for row in rows}, seed)
    write_clips(output, [_with_split(row, splits) for row in _with_unique_ids(rows)])
    sys.stderr.write(f"{output}: {len(rows)} clips of {len(splits)} subjects, {left_out} files left out\n")


def split_subjects(subjects: set[str], seed: int) -> dict[str, str]:
    """Divide subjects 42 : 6 : 8, ordered by a hash of seed and name; the first always train.

    Example:
        >>> sorted(split_subjects({"a", "b", "c"}, 1).values())
        ['test', 'train', 'train']
    """
    order = sorted(subjects, key=lambda name: hashlib.blake2b(f"{seed}\0{name}".encode()).digest())
    whole = sum(_PARTS)
    test = round(len(order) * _PARTS[2] / whole) or (len(order) > 2)
    val = round(len(order) * _PARTS[1] / whole)
    train = len(order) - val - test
    names = [SPLITS[0]] * train + [SPLITS[1]] * val + [SPLITS[2]] * test
    return dict(zip(order, names, strict=True))


def identifier(text: str) -> str:
    """Return `text` as an id of at most 64 characters; ids that had to be cut end with a hash of the whole.

    Example:
        >>> identifier("BMLrub/rub 001")
        'BMLrub_rub_001'
    """
    safe = re.sub(r"[^A-Za-z0-9_-]+", "_", text).strip("_-") or "x"
    if len(safe) <= _LONGEST:
        return safe
    return f"{safe[: _LONGEST - 9]}_{hashlib.blake2b(text.encode(), digest_size=4).hexdigest()}"


def action_of(name: str) -> str:
    """Return what a file's name says of its action: words without take numbers and suffixes.

    Example:
        >>> action_of("0005_normal_walk2_stageii"), action_of("A3-Swing_arms_poses")
        ('normal_walk', 'A3-Swing_arms')
    """
    words = re.sub(r"_(poses|stageii)$", "", name)
    words = re.sub(r"^\d+[_-]|[_ -]?\d+$", "", words)
    return words.strip("_ -")[:_LONGEST] or "motion"


def _entry(path: Path, folder: Path) -> tuple[ClipRow, frozenset[str]]:
    """Return a file's row, under its folder's name, and the marks of its person."""
    file = read_upright(path)
    audit_rate(file)
    *parents, _ = path.relative_to(folder).parts
    dataset, *person = parents[:2] or [folder.name]
    row = ClipRow(
        clip_id=identifier("_".join([*parents, path.stem])),
        subject=identifier("_".join([dataset, *person])),
        action=action_of(path.stem),
        split=SPLITS[0],
        source="amass",
        path=path.absolute(),
        fps=round(file.fps, 6),
        frames=file.n_frames,
    )
    return row, marks(dataset, "".join(person), file)


def _of_people(rows: list[ClipRow], known: dict[str, set[str]]) -> list[ClipRow]:
    """Put the folders of one person under one name, and say so."""
    names = one_name({subject: frozenset(found) for subject, found in known.items()})
    for name, folders in merged(names).items():
        tqdm.write(f"one person: {identifier(name)} has the folders {', '.join(folders)}", file=sys.stderr)
    return [replace(row, subject=identifier(names[row.subject])) for row in rows]


def _with_split(row: ClipRow, splits: dict[str, str]) -> ClipRow:
    return ClipRow(**{**vars(row), "split": splits[row.subject]})


def _with_unique_ids(rows: list[ClipRow]) -> list[ClipRow]:
    """Tell clips apart whose names differ only in signs that an id cannot hold."""
    seen: set[str] = set()
    unique = []
    for row in rows:
        clip_id = row.clip_id
        if clip_id in seen:
            digest = hashlib.blake2b(str(row.path).encode(), digest_size=4).hexdigest()
            clip_id = f"{clip_id[: _LONGEST - 9]}_{digest}"
        seen.add(clip_id)
        unique.append(ClipRow(**{**vars(row), "clip_id": clip_id}))
    return unique
