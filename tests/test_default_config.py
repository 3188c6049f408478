from pathlib import Path

import pytest
import yaml
from tools.default_config import renewed

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "config.yaml").read_text()


def test_what_is_whole_stays_as_it_was_written() -> None:
    assert renewed(TEXT) == TEXT


@pytest.mark.parametrize("name", ["seed:", "  edge_seconds:", "  degree:", "  tracks:", "  window:"])
def test_an_option_without_a_line_gets_one_at_its_place(name: str) -> None:
    lines = TEXT.splitlines()
    (at,) = (number for number, line in enumerate(lines) if line.startswith(name))
    found = renewed("\n".join(lines[:at] + lines[at + 1 :]) + "\n")
    assert yaml.safe_load(found) == yaml.safe_load(TEXT)
    there = found.splitlines()
    assert there[:at] + there[at + 1 :] == lines[:at] + lines[at + 1 :]
    assert there[at].index("#") == 33


def test_a_line_without_an_option_goes() -> None:
    assert renewed(TEXT.replace("  fps: 30", "  frames: 3  # of long ago\n  fps: 30")) == TEXT
