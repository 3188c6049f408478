"""The table of the free body that ships with the trainer is of the body that is built."""

from pathlib import Path

import numpy as np

from kinesynth.fitting.regressor import SHIPPED as REGRESSOR
from kinesynth.fitting.training_body import training_body
from kinesynth_train.surface_body import SHIPPED


def test_the_shipped_body_is_the_one_that_is_built(free_path: Path, tmp_path: Path) -> None:
    training_body(body=free_path, regressor=REGRESSOR, output=tmp_path / "body.npz")
    with np.load(SHIPPED) as shipped, np.load(tmp_path / "body.npz") as built:
        assert set(shipped.files) == set(built.files)
        assert str(shipped["license"]).startswith("CC0")
        for name in built.files:
            if built[name].dtype.kind == "f":
                np.testing.assert_allclose(shipped[name], built[name], atol=1e-5, err_msg=name)
            else:
                np.testing.assert_array_equal(shipped[name], built[name], err_msg=name)
