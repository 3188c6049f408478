"""Train a NeurIK for markers of any laboratory, for `predict --markers --checkpoint`, and keep it without its training.

    python -m tools.shipped.neurik --shards results --output neurik.pt [--steps 20000]

The shards are of generated people (a run of the workflow with procedural motions; no pictures are needed). The network
learns from markers of which a window lacks anything from none to four in five, as laboratories' sets lack them.
"""

import argparse
import tempfile
from pathlib import Path

from kinesynth.errors import BadInput
from kinesynth_train.checkpoint import load_checkpoint, save_checkpoint
from kinesynth_train.settings import Settings
from kinesynth_train.train import fit

NETWORK = "neurik_any"
MOST_BYTES = 1_000_000


def ship(shards: Path, output: Path, steps: int) -> None:
    """Train on shards and write the network alone.

    Raises:
        BadInput: the shards are missing, or the file would be too large to ship.
    """
    with tempfile.TemporaryDirectory(prefix="kinesynth-") as folder:
        fit(Settings(shards=shards, output=Path(folder), network=NETWORK, steps=steps, device="cpu"))
        model, _ = load_checkpoint(Path(folder) / "checkpoint.pt")
    save_checkpoint(output, model, {})
    if (size := output.stat().st_size) > MOST_BYTES:
        output.unlink()
        raise BadInput(output, "size", f"{size} bytes", f"{MOST_BYTES} at most", "make the preset smaller")


def main() -> None:
    """Read the flags and ship."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--shards", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=0, help="0 takes the preset's")
    options = parser.parse_args()
    ship(options.shards, options.output, options.steps)


if __name__ == "__main__":
    main()
