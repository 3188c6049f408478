"""`kinesynth freeze-plan`: a set's splits written down before it is made, by its clip table and configuration alone.

The list is one of `kinesynth freeze-split` whose checksums of content are empty, with a second line: SHA-256 of what
the table says, and of what the configuration states. It stays the same where a later version writes the table with
more columns, or has more options; what their defaults are is the version's matter, which each shard names.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from kinesynth.clips import ClipRow, read_clips
from kinesynth.config import Config
from kinesynth.config_file import load_config
from kinesynth.dataset.frozen import FrozenClip, noted, write_frozen
from kinesynth.errors import BadInput
from kinesynth.file_names import takes_file_names
from kinesynth.shards import ShardSize, frames_of
from kinesynth.text import read_text

FIX = "restore them, or freeze them anew under another name"


@takes_file_names
def freeze_plan(*, clips: Path, config: Path, output: Path) -> None:
    """Write down which clips a set is going to have and in which splits, before any is made.

    `kinesynth verify --frozen` holds the shards against the list: people, splits, and frames. Clips that were rejected
    on the way may be missing. Freeze the finished set by `kinesynth freeze-split`, which adds checksums of its content.

    Args:
        clips: the clip table.
        config: the configuration (yaml).
        output: the list.

    Raises:
        BadInput: the table or the configuration is unusable.
    """
    rows, (_, options) = read_clips(clips), _read_config(config)
    limits = options.clips_per_shard, options.frames_per_shard
    size = ShardSize(*limits, options.motion.fps, options.motion.max_clip_seconds)
    frozen = [FrozenClip(row.clip_id, row.subject, row.split, frames_of(row, size), "", "") for row in rows]
    write_frozen(output, frozen, _note(clips, rows, config))


def plan_faults(path: Path, clips: Path, config: Path) -> Iterator[str]:
    """Yield where a clip table or a configuration is not what was frozen before the set was made.

    Raises:
        BadInput: the list, the table or the configuration is unusable.
    """
    if (found := _note(clips, read_clips(clips), config)) != (stated := noted(path)):
        yield f"{path}: {clips} and {config}: found {found!r}, expected {stated!r}; {FIX}"


def _note(clips: Path, rows: Iterable[ClipRow], config: Path) -> str:
    said = [
        {name: _plain(value, clips.parent) for name, value in vars(row).items() if value is not None} for row in rows
    ]
    stated, _ = _read_config(config)
    return f"not made yet; SHA-256 of the clip table {_digest(said)}, of the configuration {_digest(stated)}"


def _plain(value: object, folder: Path) -> object:
    """Return a path as the table has it, whatever folder the table lies in."""
    return str(value.relative_to(folder)) if isinstance(value, Path) and value.is_relative_to(folder) else str(value)


def _read_config(path: Path) -> tuple[dict[str, object], Config]:
    """Return what a configuration states, and the whole of it."""
    import yaml

    text = read_text(path, "a configuration", "give the one that the set is to be made with", "strict")
    try:
        stated = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        found = " ".join(str(error).split())
        raise BadInput(path, "configuration", found, "YAML", "correct it") from error
    return stated, load_config(stated, str(path))


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
