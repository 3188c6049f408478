import numpy as np
import pytest

from kinesynth.render.spreads import sample


@pytest.mark.parametrize(
    ("spread", "low", "high"),
    [("1.1 within 0.1", 1.0, 1.2), ("-3 to 5", -3, 5), ("2 tail 3 max 6", -4, 8), ("0 sd 1", -6, 6)],
)
def test_samples_fill_their_spread(spread: str, low: float, high: float) -> None:
    rng = np.random.default_rng(0)
    values = [sample(rng, spread) for _ in range(2000)]
    assert low <= min(values) < low + 0.5 * (high - low)
    assert high >= max(values) > low + 0.5 * (high - low)
    assert np.mean(values) == pytest.approx((low + high) / 2, abs=0.3)


def test_numbers_and_nothing_take_nothing_from_the_generator() -> None:
    rng = np.random.default_rng(0)
    assert sample(rng, "33") == 33
    assert sample(rng, "", 7.0) == 7
    assert rng.random() == np.random.default_rng(0).random()


def test_a_spread_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="about 3"):
        sample(np.random.default_rng(0), "about 3")
