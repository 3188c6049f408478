from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from kinesynth.config import Filters
from kinesynth.dataset.schema import load_schema
from kinesynth.reasons import BITS, REASONS, names, packed, spoilt
from kinesynth.records import MuscleActivity


def failing(name: str) -> dict[str, np.ndarray]:
    return {reason.name: np.array([reason.name == name, False]) for reason in REASONS}


@pytest.mark.parametrize("place", range(len(REASONS)))
def test_every_reason_has_its_bit_and_spoils_what_its_level_says(place: int) -> None:
    reason = REASONS[place]
    failed = failing(reason.name)
    assert packed(failed).tolist() == [1 << place, 0]
    assert spoilt(failed, "forces").tolist() == [reason.level != "activations", False]
    assert spoilt(failed, "activations").tolist() == [True, False]


def test_the_bits_hold_all_reasons_in_the_shard_too() -> None:
    assert len(REASONS) <= 8 * np.dtype(BITS).itemsize
    assert np.dtype(load_schema().clip["quality/reasons"].dtype) == BITS
    assert len(set(names())) == len(REASONS)


def test_thresholds_are_keys_of_the_configuration() -> None:
    keys = {field.name for field in fields(Filters)}
    assert {name for reason in REASONS for name in reason.thresholds} <= keys


def test_the_page_lists_every_reason() -> None:
    page = (Path(__file__).parents[1] / "docs/dataset.md").read_text()
    for place, reason in enumerate(REASONS):
        row = next(line for line in page.splitlines() if line.startswith(f"| {place} | `{reason.name}` |"))
        assert f"| {reason.level}" in row
        for name in reason.thresholds:
            assert f"`{name}`" in row


def test_so_violation_has_one_unit() -> None:
    """Both engines' is the norm that `static_optimization` takes of moments."""
    assert load_schema().clip["quality/so_violation"].unit == "N m"
    (threshold,) = (field for field in fields(Filters) if field.name == "max_so_violation")
    assert threshold.metadata["description"].startswith("N m ")
    assert "so_violation: N m," in (MuscleActivity.__doc__ or "")
