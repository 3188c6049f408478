"""`kinesynth-train`, and `python -m kinesynth_train`, which torchrun takes: torchrun --nproc-per-node 8 -m ..."""

import sys

from kinesynth.errors import MissingDependency


def main() -> None:
    """Run the command line, or tell in a line which package it lacks."""
    try:
        from kinesynth_train.cli import main as run
    except ModuleNotFoundError as error:
        name = str(error.name).partition(".")[0]
        if name.startswith("kinesynth"):
            raise
        print(f"kinesynth-train: {MissingDependency(name, 'train')}", file=sys.stderr)  # noqa: T201
        sys.exit(2)
    run()


if __name__ == "__main__":
    main()
