from pathlib import Path

import numpy as np
import pytest

from kinesynth.dynamics.airborne import falling_height, frames_of, vertical_support
from kinesynth.dynamics.filters import low_pass
from kinesynth.dynamics.force_doubt import (
    fall_error,
    flight_moment_doubt,
    moved,
    near_ends,
    quicker,
    support_doubt,
    well_inside,
)
from kinesynth.gravity import GRAVITY
from kinesynth.opensim_files.force_table import read_force_table
from kinesynth.runs import runs

RATE, CUTOFF = 100.0, 6.0
LIMIT = 0.15  # body weights


def path_of(force: np.ndarray) -> np.ndarray:
    """Return the height (T,) m of a mass on which `force` (T,) acts, in weights, with a tracker's noise of 0.2 mm."""
    steps = (force - 1.0) * GRAVITY / RATE**2
    height = np.zeros(len(force))
    height[1:] = np.cumsum(np.cumsum(steps))[:-1]
    height -= np.linspace(0.0, 1.0, len(force)) * (height[-1] - height[0])
    return height + 2e-4 * np.random.default_rng(3).standard_normal(len(force))


def drop(stance: int) -> tuple[np.ndarray, list[slice]]:
    """Return the force of a body that stands, falls for 0.3 s, lands in a half sine of `stance` frames, and stands."""
    air, phase = 30, np.arange(stance)
    impact = np.sin(np.pi * (phase + 0.5) / stance)
    impact *= (air + stance) / impact.sum()  # the impulse of the fall, and the weight meanwhile
    force = np.concatenate([np.ones(80), np.zeros(air), impact, np.ones(100)])
    return force, [slice(80, 80 + air)]


@pytest.mark.parametrize("stance", [8, 16, 30])
def test_frames_without_doubt_are_right_and_the_impact_is_in_doubt(stance: int) -> None:
    """A ball that is dropped: the force is known in every frame."""
    force, flights = drop(stance)
    height = path_of(force)
    told = vertical_support(falling_height(height, flights, RATE, 9.0), RATE)
    doubt = support_doubt(height, flights, RATE, CUTOFF, 9.0)
    believed = doubt.of(measured=False, made=False) <= LIMIT
    assert (np.abs(told - force)[5:-5][believed[5:-5]] <= LIMIT).mean() >= 0.99
    assert not believed[110 : 110 + stance].any()
    assert believed[82:108].all()  # in the air nothing pushes
    assert believed[10:60].all()
    assert believed[-60:-10].all()


def test_a_bump_too_short_for_the_filter_is_in_doubt() -> None:
    """Without any flight: two weights for 0.06 s, of whose extra weight a low-pass at 6 Hz takes a quarter."""
    force = np.ones(300)
    force[150:156] = 2.0
    height = path_of(force)
    error = np.abs(vertical_support(low_pass(height, RATE, CUTOFF), RATE) - force)
    doubt = support_doubt(height, [], RATE, CUTOFF, CUTOFF)
    believed = doubt.of(measured=False, made=False) <= LIMIT
    assert error[150:156].min() > LIMIT
    assert not believed[150:156].any()
    assert (error[5:-5][believed[5:-5]] <= LIMIT).all()
    assert believed[10:120].all()
    assert believed[190:-10].all()


@pytest.mark.parametrize(
    ("trial", "mass_kg", "least"),
    [("s4/DJ1", 60.0, 0.35), ("rajagopal_run/run", 74.0, 0.1), ("s4/squats1", 60.0, 0.95)],
)
def test_measured_forces_are_met_where_they_are_believed(
    shared: Path, trial: str, mass_kg: float, least: float
) -> None:
    """What plates measured moves a mass; of its path alone their force is told again, and where it cannot be."""
    plates = read_force_table(shared / f"data/trials/{trial}_grf.mot")
    times = np.arange(plates.times[0], plates.times[-1], 1.0 / RATE)
    total = sum(np.interp(times, plates.times, force) for force in plates.force[..., 1].T) / (mass_kg * GRAVITY)
    force = np.asarray(total)[125:] if "DJ" in trial else np.asarray(total)  # the box stands on no plate
    flights = [slice(*run) for run in runs(force < 0.02) if run[1] - run[0] >= 5]
    height = path_of(force)
    told = vertical_support(falling_height(height, flights, RATE, 9.0), RATE)
    believed = support_doubt(height, flights, RATE, CUTOFF, 9.0).of(measured=False, made=False) <= LIMIT
    inner = slice(5, -5)
    assert believed[inner].mean() > least
    assert (np.abs(told - force)[inner][believed[inner]] <= LIMIT).mean() >= 0.95


def test_slow_motion_is_believed() -> None:
    """A sway of a quarter of the weight, once a second."""
    force = 1.0 + 0.25 * np.sin(2.0 * np.pi * np.arange(400) / RATE)
    doubt = support_doubt(path_of(force), [], RATE, CUTOFF, CUTOFF)
    assert doubt.of(measured=False, made=False)[5:-5].max() < 0.1


def test_masses_and_timing_put_strong_and_quick_forces_in_doubt() -> None:
    """Three weights, and a rise by 10 weights a second, both of which the filter passes as they are."""
    force = np.interp(np.arange(400), [0, 150, 170, 250, 400], [1.0, 1.0, 3.0, 3.0, 3.0])
    force = low_pass(force, RATE, 3.0)
    doubt = support_doubt(path_of(force), [], RATE, CUTOFF, CUTOFF)
    assert doubt.masses[220:380] == pytest.approx(0.2, abs=0.03)
    assert doubt.timing[160] == pytest.approx(0.01 * np.gradient(force)[160] * RATE, abs=0.03)
    assert (doubt.masses + doubt.timing)[20:100].max() < 0.03
    everything = doubt.smeared + doubt.timing + doubt.masses
    np.testing.assert_allclose(doubt.of(measured=False, made=False), everything)
    np.testing.assert_allclose(doubt.of(measured=False, made=True), everything - doubt.masses)
    np.testing.assert_allclose(doubt.of(measured=True, made=False), doubt.smeared)


def test_a_flight_in_which_something_carries_is_in_doubt() -> None:
    """A third of the weight is held while no foot touches: that is no fall."""
    force, flights = drop(30)
    carried = np.where(frames_of(flights, len(force)), 0.33, force)
    carried[110:140] *= 1.0 - 0.33 * 30 / carried[110:140].sum()
    doubt = support_doubt(path_of(carried), flights, RATE, CUTOFF, 9.0)
    assert doubt.smeared[82:108] == pytest.approx(0.33, abs=0.02)
    assert fall_error(path_of(np.zeros(60)), RATE) == pytest.approx(0.0, abs=0.01)


def test_a_flight_of_few_frames_is_as_doubtful_as_its_ends() -> None:
    assert well_inside([slice(10, 17), slice(40, 48)], RATE) == [slice(42, 46)]


def test_ends_of_flights_are_moved_within_the_clip() -> None:
    ways = moved([slice(0, 20), slice(50, 99)], 100, RATE)
    assert len(ways) == 8
    assert all(span.start >= 1 and span.stop <= 99 for way in ways for span in way)
    assert moved([], 100, RATE) == []


def test_too_few_frames_tell_nothing() -> None:
    assert (support_doubt(np.zeros(3), [], RATE, CUTOFF, CUTOFF).smeared == 1.0).all()


def test_the_other_cutoff_stays_below_what_the_rate_holds() -> None:
    assert quicker(6.0, 2.0, 100.0) == 12.0
    assert quicker(6.0, 2.0, 20.0) == 9.0
    assert quicker(6.0, 2.0, 13.0) == 6.0


def test_moments_in_flight_hang_on_the_filter() -> None:
    """Of all joints the one that changes most, per kilogram; what is at the root is no joint's."""
    forces, quick = np.zeros((3, 4)), np.tile([100.0, 7.0, -14.0, 0.0], (3, 1))
    flying = np.array([False, True, True])
    np.testing.assert_allclose(flight_moment_doubt(forces, quick, [0], 70.0, flying), [0.0, 0.2, 0.2])


def test_near_ends_are_two_hundredths_of_a_second() -> None:
    flying = frames_of([slice(40, 70)], 120)
    assert np.flatnonzero(near_ends(flying, RATE)).tolist() == [38, 39, 40, 41, 68, 69, 70, 71]
    assert np.flatnonzero(near_ends(flying, 30.0)).tolist() == [39, 40, 69, 70]
    assert not near_ends(np.ones(120, dtype=bool), RATE).any()
