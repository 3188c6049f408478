"""Start and end are times of the file itself, whatever time it begins at."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinesynth.errors import ClipRejected
from kinesynth.motion.recording import Recording, cut

HZ = 100.0


def recording(begin: float, frames: int = 200) -> Recording:
    """Return one whose pelvis is at the time of the file."""
    time = begin + np.arange(frames) / HZ
    return Recording(HZ, np.outer(time, [1.0, 0.0, 0.0]), np.zeros((frames, 156)), begin=begin)


@given(st.floats(-3.0, 500.0), st.floats(0.0, 1.5), st.floats(0.2, 2.0))
def test_a_clip_begins_where_the_table_says(begin: float, start: float, seconds: float) -> None:
    found = cut(recording(begin), begin + start, begin + start + seconds, 10.0, 50.0)
    assert found.root[0, 0] == pytest.approx(begin + start, abs=1e-6)
    assert found.begin == pytest.approx(begin + start, abs=1e-9)
    assert (found.fps, found.notes) == (50.0, ())
    assert np.ptp(found.root[:, 0]) <= seconds


@given(st.floats(-3.0, 500.0))
def test_no_start_is_the_files_first_frame(begin: float) -> None:
    found = cut(recording(begin), None, None, 1.0, 50.0)
    assert found.root[0, 0] == pytest.approx(begin, abs=1e-6)
    assert len(found.root) == 50
    assert found.begin == begin


def test_a_start_that_is_rounded_is_the_first_frame() -> None:
    assert cut(recording(3.067), 3.06, None, 1.0, 50.0).begin == 3.067


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        (0.0, None, "start 0 s, and the file goes from 5 to 7 s"),
        (0.2, 6.0, "start 0.2 s, and the file goes from 5 to 7 s"),
        (7.5, None, "start 7.5 s, and the file goes from 5 to 7 s"),
        (None, 1.2, "end 1.2 s, and the file goes from 5 to 7 s"),
    ],
)
def test_what_lies_outside_is_told_with_the_files_times(start: float | None, end: float | None, said: str) -> None:
    with pytest.raises(ClipRejected, match=said) as caught:
        cut(recording(5.0), start, end, 1.0, 50.0)
    assert caught.value.reason == "clip lies outside its file"


def test_what_is_too_short_is_told_with_the_files_times() -> None:
    with pytest.raises(ClipRejected, match=r"clip is shorter than 10 frames: 5 from 6\.9 to 7 s .* from 5 to 7 s"):
        cut(recording(5.0), 6.9, None, 1.0, 50.0)
