"""The conda environments pin what the lock pins."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("environment", ["pipeline", "train"])
def test_pins_are_those_of_the_lock(environment: str) -> None:
    lock = dict(re.findall(r"^([a-z0-9-]+)==([^ \\;]+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    dependencies = yaml.safe_load((ROOT / f"envs/{environment}.yaml").read_text())["dependencies"]
    pins = [pin for pin in dependencies[-1]["pip"] if not pin.startswith("kinesynth")]
    assert pins
    assert all(lock[name] == version for name, version in (pin.split("==") for pin in pins))


def test_lock_names_no_address() -> None:
    assert "://" not in (ROOT / "requirements.lock").read_text()
