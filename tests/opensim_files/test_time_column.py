from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinesynth.errors import BadInput
from kinesynth.opensim_files.time_column import even_rate

FILE = Path("walk.trc")
RATES = st.sampled_from([25.0, 29.97, 30.0, 50.0, 59.94, 60.0, 100.0, 120.0, 200.0, 240.0, 250.0])
COUNTS = st.integers(10, 400)  # a clip has ten frames or more
STARTS = st.sampled_from([0.0, 0.5, 3.067, 5.0, 61.25])


def times(rate: float, count: int, start: float = 0.0, digits: int = 9) -> np.ndarray:
    return np.round(start + np.arange(count) / rate, digits)


@given(RATES, COUNTS, STARTS, st.sampled_from([3, 4, 6, 9]))
def test_rounded_times_are_even(rate: float, count: int, start: float, digits: int) -> None:
    assert even_rate(FILE, "Time", times(rate, count, start, digits), rate) == rate
    found = even_rate(FILE, "time", times(rate, count, start, digits))
    assert found == pytest.approx(rate, rel=0.01 + 10.0**-digits * rate)


@pytest.mark.parametrize("rate", [25.0, 50.0, 60.0, 100.0])
def test_hundredths_of_seconds_are_even(rate: float) -> None:
    assert even_rate(FILE, "Time", times(rate, 120, 0.0, 2), rate) == rate


def test_film_rates_are_their_round_neighbours() -> None:
    assert even_rate(FILE, "Time", times(59.94, 600), 60.0) == 60.0
    assert even_rate(FILE, "Time", times(60.0, 600), 59.94) == 59.94


@given(RATES, COUNTS, STARTS, st.sampled_from([0.1, 0.25, 0.5, 0.8, 1.25, 2.0, 4.0, 10.0]), st.sampled_from([3, 6]))
def test_a_header_of_another_rate_is_named(rate: float, count: int, start: float, factor: float, digits: int) -> None:
    with pytest.raises(BadInput, match=rf"DataRate: found {factor * rate:g} Hz, but Time .* Hz\)"):
        even_rate(FILE, "Time", times(rate, count, start, digits), factor * rate)


@given(RATES, st.integers(8, 400), STARTS, st.sampled_from([3, 6, 9]), st.data())
def test_rows_that_are_gone_are_found(rate: float, count: int, start: float, digits: int, data: st.DataObject) -> None:
    row = data.draw(st.integers(1, count - 2))
    cut = np.delete(times(rate, count, start, digits), slice(row, row + data.draw(st.integers(1, 2))))
    if row >= len(cut):
        return
    for stated in (rate, None):
        with pytest.raises(BadInput, match=rf"even steps|after row {row}\b|one rate"):
            even_rate(FILE, "Time", cut, stated)


def test_a_row_that_stands_twice_is_named() -> None:
    twice = np.insert(times(100.0, 30), 21, 0.20)
    with pytest.raises(BadInput, match="time: found no increase at row 22"):
        even_rate(FILE, "time", twice)


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (np.arange(20.0), "1 rows a second"),
        (np.arange(20) / 1e5, "1e\\+05 rows a second"),
        (np.zeros(1), "one row"),
        (np.append(np.arange(20) / 100, np.nan), "no time in row 21"),
        ((np.arange(20) / 30) ** 2, "even steps"),
    ],
)
def test_times_of_no_use_are_named(column: np.ndarray, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        even_rate(FILE, "time", column)
