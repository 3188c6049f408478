"""The error of a network's angles against a reference's that began at another time."""

from pathlib import Path

import numpy as np
import pytest
from tools.acceptance.trained_networks import FLEXIONS, errors

from kinesynth.opensim_files import write_storage


def test_an_error_is_that_after_the_shift_in_time_and_the_bar_that_of_a_constant(tmp_path: Path) -> None:
    times = np.arange(300) / 100.0
    curve = 30.0 + 25.0 * np.sin(2.0 * np.pi * times / 1.1)
    late = 30.0 + 25.0 * np.sin(2.0 * np.pi * (times - 0.1) / 1.1)
    columns = [f"{angle}_{side}" for angle in FLEXIONS for side in "rl"]
    write_storage(tmp_path / "ours.mot", times, dict.fromkeys(columns, curve), in_degrees=True, name="Coordinates")
    off = {name: late + 6.0 * name.startswith("hip") for name in columns}
    write_storage(tmp_path / "theirs.mot", times, off, in_degrees=True, name="Coordinates")
    error, constant = errors(tmp_path / "ours.mot", tmp_path / "theirs.mot")
    assert error == pytest.approx(2.0, abs=0.1)
    assert constant == pytest.approx(25.0 / np.sqrt(2.0), rel=0.05)
