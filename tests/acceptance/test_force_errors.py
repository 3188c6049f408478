"""How estimated and measured forces are compared."""

import numpy as np
import pytest
from tools.acceptance.force_errors import FootForces, crossings, errors

TIMES = np.arange(0.0, 3.0, 0.01)


def stances(delay: float = 0.0, height: float = 1.1) -> np.ndarray:
    """Return forces (T, 2, 3) of feet that stand in turn, half of a second each, rising over 0.1 s."""
    result = np.zeros((len(TIMES), 2, 3))
    for foot, phase in enumerate((0.0, 0.5)):
        wave = np.sin(2.0 * np.pi * (TIMES - delay - phase))
        result[:, foot, 1] = height * np.clip(3.0 * wave, 0.0, 1.0)
    return result


def compared(estimated: np.ndarray, measured: np.ndarray, valid: np.ndarray | None = None) -> dict[str, float]:
    everywhere = np.ones(len(TIMES), dtype=bool)
    said = everywhere if valid is None else valid
    return errors(FootForces(TIMES, estimated, measured, said, np.zeros(len(TIMES)), everywhere, (TIMES, estimated)))


def test_equal_forces_differ_by_nothing() -> None:
    found = compared(stances(), stances())
    for name in ("vertical", "total", "fore_aft", "stance_off", "event_off", "mean_off", "peak_off"):
        assert found[name] == pytest.approx(0.0, abs=1e-12), name
    assert found["pearson"] == pytest.approx(1.0)
    assert (found["valid"], found["valid_within"]) == (1.0, 1.0)


def test_a_delay_is_found_in_contacts_and_lift_offs() -> None:
    assert compared(stances(0.03), stances())["event_off"] == pytest.approx(30.0, abs=1.0)


def test_a_foot_may_be_said_to_land_before_plates_saw_any() -> None:
    estimated, measured = stances(), stances(0.02)
    seen = slice(101, len(TIMES))  # the estimate lands at 1.003 s, the plates say 1.023
    everywhere = np.ones(len(TIMES[seen]), dtype=bool)
    parts = TIMES[seen], estimated[seen], measured[seen], everywhere, np.zeros(len(everywhere)), everywhere
    assert errors(FootForces(*parts, (TIMES, estimated)))["event_off"] == pytest.approx(20.0, abs=1.0)


def test_an_event_whose_partner_may_lie_beyond_the_recording_is_left_out() -> None:
    measured, late = stances(-0.02), stances(0.02)  # the last contact: measured at 2.98 s, estimated after the end
    assert compared(late, measured)["event_off"] == pytest.approx(40.0, abs=1.0)
    never = late.copy()
    never[280:, 0, 1] = 0.2  # and here the foot is said to stand all the while: it has been missed
    assert compared(never, measured)["event_off"] > 40.0


def test_a_foot_that_never_stands_is_as_far_off_as_can_be() -> None:
    found = compared(np.zeros((len(TIMES), 2, 3)), stances())
    assert found["event_off"] == pytest.approx(150.0)
    assert found["stance_off"] == pytest.approx(50.0, abs=3.0)
    assert (found["mean_off"], found["peak_off"], found["pearson"]) == (1.0, 1.0, 0.0)


def test_only_what_is_said_to_be_valid_is_held_to_it() -> None:
    wrong = stances()
    wrong[:100, 0, 1] += 0.3
    valid = np.ones(len(TIMES), dtype=bool)
    assert compared(wrong, stances(), valid)["valid_within"] == pytest.approx(2 / 3)
    valid[:100] = False
    assert compared(wrong, stances(), valid)["valid_within"] == 1.0


def test_times_of_crossings_lie_between_frames() -> None:
    np.testing.assert_allclose(crossings(np.array([-1.0, 3.0, -1.0, 1.0]), np.array([0.0, 1.0, 2.0, 3.0])), [0.25, 2.5])
