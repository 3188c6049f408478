"""Make the free body that ships with the trainer, for networks that predict a mesh.

    python -m tools.shipped.body

Run it again whenever the free body, its joint regressor or the markers change; a test says when that was forgotten.
"""

import tempfile
from pathlib import Path

from kinesynth.body.free.build import build_body
from kinesynth.fitting.regressor import SHIPPED as REGRESSOR
from kinesynth.fitting.training_body import training_body
from kinesynth_train.surface_body import SHIPPED


def main() -> None:
    """Build the body and write its table into the package."""
    with tempfile.TemporaryDirectory(prefix="kinesynth-") as folder:
        body = Path(folder) / "model.npz"
        build_body(output=body)
        training_body(body=body, regressor=REGRESSOR, output=SHIPPED)


if __name__ == "__main__":
    main()
