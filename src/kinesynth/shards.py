"""Which clip goes into which shard, so that shards are alike in size and stay as they are when clips are added.

Nothing heavy here: the Snakefile assigns the shards at every start.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kinesynth.atomic import write_text
from kinesynth.clips import ClipRow, read_clips
from kinesynth.config import Config, Motion
from kinesynth.errors import BadInput
from kinesynth.file_names import takes_file_names
from kinesynth.options import option_of

COLUMNS = ("shard", "subject", "split", "clips", "frames", "path")


@dataclass(frozen=True)
class ShardSize:
    """How much one shard holds at most, of clips of one subject, and how many frames those count."""

    clips_per_shard: int = option_of(Config, "clips_per_shard")
    frames_per_shard: int = option_of(Config, "frames_per_shard")
    fps: float = option_of(Motion, "fps")
    max_clip_seconds: float = option_of(Motion, "max_clip_seconds")


SHARD_SIZE = ShardSize()


def frames_of(row: ClipRow, size: ShardSize) -> int:
    """Return how many frames a clip will have; a clip of unknown length counts as one that has to be cut.

    Example:
        >>> frames_of(ClipRow("c", "s", "walk", "train", "amass", start=1.0, frames=300, fps=120.0), ShardSize())
        45
    """
    end = row.frames / row.fps if row.frames is not None and row.fps else None
    if row.end is not None:
        end = row.end if end is None else min(end, row.end)
    seconds = size.max_clip_seconds if end is None else min(end - (row.start or 0.0), size.max_clip_seconds)
    return max(1, round(seconds * size.fps))


def assign_shards(rows: Sequence[ClipRow], size: ShardSize) -> dict[str, list[ClipRow]]:
    """Group clips into shards `<subject>_<kkk>` of one subject, in table order: a full shard is closed.

    All but a subject's last shard are therefore within one clip of full. Lines appended to the table change a
    subject's last shard and nothing before it, and nothing of other subjects.
    """
    for key in ("clips_per_shard", "frames_per_shard"):
        if getattr(size, key) < 1:
            raise BadInput("config", key, str(getattr(size, key)), "1 or more", "correct the configuration")
    closed: dict[str, list[list[ClipRow]]] = defaultdict(list)
    frames: dict[str, int] = {}
    for row in rows:
        shards, more = closed[row.subject], frames_of(row, size)
        if not shards or len(shards[-1]) >= size.clips_per_shard or frames[row.subject] + more > size.frames_per_shard:
            shards.append([])
            frames[row.subject] = 0
        shards[-1].append(row)
        frames[row.subject] += more
    return {f"{subject}_{k:03d}": clips for subject, shards in closed.items() for k, clips in enumerate(shards)}


@takes_file_names
def list_shards(
    *,
    clips: str,
    output: Path,
    folder: Path = Path("results/shards"),
    size: ShardSize = SHARD_SIZE,
) -> None:
    """List the shards of a run with their subject, split, number of clips and frames to expect, and file.

    Args:
        clips: the clip table, or demo.
        output: the list (tsv).
        folder: where the shards will lie.
        size: of the shards, at most.
    """
    lines = ["\t".join(COLUMNS)]
    for shard, rows in assign_shards(read_clips(clips), size).items():
        frames = sum(frames_of(row, size) for row in rows)
        cells = (shard, rows[0].subject, rows[0].split, len(rows), frames, folder / f"{shard}.h5")
        lines.append("\t".join(map(str, cells)))
    write_text(output, "\n".join(lines) + "\n")


@dataclass(frozen=True)
class ListedShard:
    """A line of the list: what a shard will hold, and where."""

    shard: str
    subject: str
    split: str
    clips: int
    frames: int
    path: Path


def read_shard_list(path: Path) -> list[ListedShard]:
    """Read what `list_shards` has written.

    Raises:
        BadInput: the file is missing or another table.
    """
    try:
        header, *lines = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
        if tuple(header) != COLUMNS:
            raise ValueError("other columns")
        return [
            ListedShard(shard, subject, split, int(clips), int(frames), Path(file))
            for shard, subject, split, clips, frames, file in lines
        ]
    except (OSError, ValueError) as error:
        found = error.strerror if isinstance(error, OSError) else str(error)
        expected = "the table that kinesynth list-shards writes"
        raise BadInput(path, "list of shards", found or "unreadable", expected, "delete it and run again") from error


def shard_paths(shards: Sequence[Path]) -> list[Path]:
    """Return `shards`, or the files that they list where they are a single .tsv (a command line has an end)."""
    if len(shards) == 1 and shards[0].suffix == ".tsv":
        return [listed.path for listed in read_shard_list(shards[0])]
    return list(shards)
