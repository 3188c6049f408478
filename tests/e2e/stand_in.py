"""A stand-in for `kinesynth` and `kinesynth-train`: it makes the files that its flags name, and computes nothing."""

import itertools
import sys
from pathlib import Path

OUTPUTS = ("--output", "--report", "--rejected", "--card", "--opensim")


def main(program: str, arguments: list[str]) -> None:
    named = dict(itertools.pairwise(arguments))
    outputs = [Path(named[flag]) for flag in OUTPUTS if flag in named]
    if "train" in program:
        outputs = [outputs[0] / name for name in ("checkpoint.pt", "metrics.json")]
    if arguments[0] == "report":
        outputs = [Path(named["--output"])]
    if arguments[0] == "index-shards":  # which names these itself
        outputs += [outputs[0].with_name(name) for name in ("checksums.txt", "croissant.json", "card.jpg")]
    for output in outputs:
        if output.parent.name == "opensim":
            output.mkdir(parents=True)
        else:
            output.parent.mkdir(parents=True, exist_ok=True)
            output.write_text("made\n")


if __name__ == "__main__":
    main(Path(sys.argv[0]).name, sys.argv[1:])
