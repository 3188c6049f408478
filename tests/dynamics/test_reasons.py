import inspect
from dataclasses import fields

import numpy as np
import pytest

from kinesynth.config import Filters
from kinesynth.dataset.schema import load_schema
from kinesynth.dynamics.quality import quality_filter
from kinesynth.dynamics.reasons import BITS, REASONS, names, packed, spoilt


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


def test_thresholds_are_arguments_and_keys_of_the_configuration() -> None:
    arguments = inspect.signature(quality_filter).parameters
    keys = {field.name: field.default for field in fields(Filters)}
    for name in {name for reason in REASONS for name in reason.thresholds}:
        assert arguments[name].default == keys[name]
