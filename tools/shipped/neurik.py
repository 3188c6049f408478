"""Train the NeurIK that ships, for markers of any laboratory, into the package.

    python -m tools.shipped.neurik [--folder build/neurik] [--people 10] [--steps 0] [--output neurik.pt]

Draws people who do every motion of the library, takes them through the workflow's label stages (no pictures are
needed), and trains `neurik_any` on them: on other bodies, in other poses and headings, with the markers of the sets of
`markers/tables/labels.csv` and with any others. What stands in the folder is taken over. One in ten people is for
validation, one for tests; `training/metrics.json` has what it reaches on the latter. Parameters are kept in half
precision. With `--shards` it trains on these instead, a run of the workflow's.
"""

import argparse
from pathlib import Path

from kinesynth.errors import BadInput
from kinesynth_train.checkpoint import load_checkpoint, save_checkpoint
from kinesynth_train.settings import Settings
from kinesynth_train.shipped import SHIPPED
from kinesynth_train.train import fit
from tools.shipped.label_shards import make_label_shards

NETWORK = "neurik_any"
MAX_BYTES = 1_000_000
PACKAGE = Path(__file__).parents[2] / "src/kinesynth_train/shipped_networks"


def ship(shards: Path, folder: Path, output: Path, steps: int) -> None:
    """Train on shards in a folder, or go on with it, and write the network alone.

    Raises:
        BadInput: the shards are missing, or the file would be too large to ship.
    """
    settings = Settings(shards, folder, NETWORK, steps=steps, device="cpu", checkpoint_every=500, resume=True)
    fit(settings)
    model, _ = load_checkpoint(folder / "checkpoint.pt")
    model.network.half()
    save_checkpoint(output, model, {})
    if (size := output.stat().st_size) > MAX_BYTES:
        output.unlink()
        raise BadInput(output, "size", f"{size} bytes", f"{MAX_BYTES} at most", "make the preset smaller")


def main() -> None:
    """Read the flags and ship."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("build/neurik"), help="where all is made")
    parser.add_argument("--people", type=int, default=10, help="how many to draw")
    parser.add_argument("--shards", type=Path, help="instead of drawn people")
    parser.add_argument("--output", type=Path, default=PACKAGE / SHIPPED["neurik"])
    parser.add_argument("--steps", type=int, default=0, help="0 takes the preset's")
    options = parser.parse_args()
    shards = options.shards or make_label_shards(options.folder, options.people)
    ship(shards, options.folder / "training", options.output, options.steps)


if __name__ == "__main__":
    main()
