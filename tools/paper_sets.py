"""Write the clip table of a paper's set: ten of the library's motions on as many drawn people.

    python -m tools.paper_sets odah configs/odah/clips.tsv
    python -m tools.paper_sets biohuman runs/biohuman/clips.tsv [--people 10]

It prints how many frames `kinesynth plan` is to be asked about.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from kinesynth.clips import ClipRow, write_clips

CONFIGS = Path(__file__).parents[1] / "configs"
ACTIONS = (  # twenty clips of a person, as in ODAH's set, are two of each of these; the library has more by now
    "walking",
    "running_in_place",
    "squat",
    "vertical_jump",
    "sit_down",
    "arm_raise",
    "waving",
    "reaching",
    "kicking",
    "jogging_arms",
)


@dataclass(frozen=True)
class PaperSet:
    """How large a set is.

    Attributes:
        people: in all.
        val: of those, how many validate.
        test: and how many test; the first of the others train.
        takes: clips of each motion and person.
    """

    people: int
    val: int
    test: int
    takes: int


SETS = {
    # 42, 6 and 8 people, about twenty clips each (Lin et al. 2024, section 4.1).
    "odah": PaperSet(people=56, val=6, test=8, takes=2),
    # 10.1 million frames, about four fifths to train with (BioHuman, table 5, appendix C); who validates is of these.
    "biohuman": PaperSet(people=500, val=20, test=100, takes=7),
}


def rows(which: PaperSet, people: int, seconds: float) -> list[ClipRow]:
    """Return the set's clips of `seconds` for so many people, who are divided in the set's own proportions."""
    test, val = (round(people * part / which.people) for part in (which.test, which.val))
    splits = ["train"] * (people - val - test) + ["val"] * val + ["test"] * test
    digits = len(str(people))
    return [
        ClipRow(f"{subject}_{action}_{take}", subject, action, split, "procedural", start=0.0, end=seconds)
        for subject, split in ((f"s{number:0{digits}}", split) for number, split in enumerate(splits, 1))
        for action in ACTIONS
        for take in range(1, which.takes + 1)
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Write a table and say how large it is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", choices=SETS)
    parser.add_argument("table", type=Path, help="the clip table")
    parser.add_argument("--people", type=int, default=0, help="fewer than the paper has")
    options = parser.parse_args(arguments)
    which = SETS[options.set]
    people = options.people or which.people
    if people < 1:
        parser.error(f"--people {people}: expected 1 or more")
    motion = yaml.safe_load((CONFIGS / options.set / "config.yaml").read_text(encoding="utf-8"))["motion"]
    clips = rows(which, people, motion["max_clip_seconds"])
    options.table.parent.mkdir(parents=True, exist_ok=True)
    write_clips(options.table, clips)
    frames = round(len(clips) * motion["max_clip_seconds"] * motion["fps"])
    print(f"{options.table}: {len(clips):,} clips of {people} people, {frames:,} frames")  # noqa: T201


if __name__ == "__main__":
    main()
