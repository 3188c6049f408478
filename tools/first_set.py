"""Write the clip table of `configs/first`: the library's motions by 40 people, by the rigs phones and odah in turn.

python -m tools.first_set configs/first/clips.tsv
"""

import sys
from pathlib import Path

import yaml

from kinesynth.clips import ClipRow, write_clips
from kinesynth.procedural import MOTIONS
from tools.paper_sets import CONFIGS

PEOPLE = {"train": 28, "val": 4, "test": 8}
RIGS = ("phones", "odah")


def rows(seconds: float) -> list[ClipRow]:
    """Return the clips: rigs alternate over a person's motions, and over the people who do a motion."""
    splits = [split for split, people in PEOPLE.items() for _ in range(people)]
    return [
        ClipRow(
            f"s{number:02}_{action}", f"s{number:02}", action, split, "procedural", start=0.0, end=seconds,
            rig=RIGS[(number + place) % len(RIGS)],
        )
        for number, split in enumerate(splits, 1)
        for place, action in enumerate(MOTIONS)
    ]  # fmt: skip


def main(table: Path) -> None:
    """Write the table and say how large it is."""
    motion = yaml.safe_load((CONFIGS / "first" / "config.yaml").read_text(encoding="utf-8"))["motion"]
    clips = rows(motion["max_clip_seconds"])
    write_clips(table, clips)
    frames = round(len(clips) * motion["max_clip_seconds"] * motion["fps"])
    print(f"{table}: {len(clips):,} clips of {sum(PEOPLE.values())} people, {frames:,} frames")  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]))
