"""Renew src/kinesynth/skeleton/generic.npz, the generic skeleton for those who have no OpenSim.

python -m tools.shipped.skeleton
"""

import tempfile
from pathlib import Path

from kinesynth.skeleton import SkeletonDefinition
from kinesynth.skeleton.builder import build_skeleton

SHIPPED = Path(__file__).parents[2] / "src/kinesynth/skeleton/generic.npz"


def main() -> None:
    """Build the skeleton and write its definition."""
    with tempfile.TemporaryDirectory() as folder:
        model, log = Path(folder) / "generic.osim", Path(folder) / "log"
        build_skeleton(output=model, log=log)
        SkeletonDefinition.from_osim(model, log=log).save(SHIPPED)


if __name__ == "__main__":
    main()
