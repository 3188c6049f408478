"""The conda environments pin what the lock pins."""

import re
import tomllib
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


@pytest.mark.parametrize(
    ("environment", "extras"), [("pipeline", ("pipeline", "view", "train")), ("train", ("train",))]
)
def test_everything_that_the_package_needs_is_pinned(environment: str, extras: tuple[str, ...]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = [*project["dependencies"], *(line for extra in extras for line in project["optional-dependencies"][extra])]
    names = {re.split(r"[\[>=<; ]", line)[0] for line in needed} - {"kinesynth"}
    dependencies = yaml.safe_load((ROOT / f"envs/{environment}.yaml").read_text())["dependencies"]
    assert names <= {pin.split("==")[0] for pin in dependencies[-1]["pip"]}
