"""The motion and inverse-kinematics files of several shards, side by side."""

from collections.abc import Sequence
from pathlib import Path

from kinesynth.errors import BadInput
from kinesynth.stage_file import Clip, StageFile, read_stage

Shard = tuple[StageFile, StageFile]


def read_shards(motion: Sequence[Path], ik: Sequence[Path]) -> list[Shard]:
    """Read each shard's two files.

    Raises:
        BadInput: a file is unreadable, or they do not belong together.
    """
    if len(motion) != len(ik) or not ik:
        found = f"{len(motion)} motion and {len(ik)} ik files"
        raise BadInput("command line", "motion, ik", found, "one of each per shard", "list the same shards for both")
    shards = [(read_stage(moved), read_stage(solved)) for moved, solved in zip(motion, ik, strict=True)]
    for path, (moved, solved) in zip(motion, shards, strict=True):
        if missing := solved.clips.keys() - moved.clips.keys():
            found = f"no clip {min(missing)}"
            raise BadInput(path, "clips", found, "those of its ik file", "list the shards in the same order")
    return shards


def pairs(shard: Shard) -> list[tuple[Clip, Clip]]:
    """Return (motion, inverse kinematics) of each clip that a shard delivers."""
    moved, solved = shard
    return [(moved.clips[name], clip) for name, clip in solved.clips.items()]
