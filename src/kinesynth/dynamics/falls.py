"""Runners whose mass centre seems to fall faster than bodies fall, and by how much their path is too lively.

Nothing pulls a body down but gravity. A runner's mass centre, taken from markers on skin and from a model's masses,
seems to be pulled: at every step it falls a tenth faster than bodies fall while no foot carries, and is as much too
fast in the stances between, whose forces then come out too high and too short. What is too much in the falls tells what
is too much in the whole oscillation.
"""

import numpy as np

from kinesynth.dynamics.airborne import EDGE_SECONDS, frames_of
from kinesynth.dynamics.filters import low_pass
from kinesynth.runs import runs

MIN_FALLS = 4  # of who runs; one who jumps once moves in no cycle, and a long fall tells acceleration by itself
MAX_SECONDS = 1.0  # from one fall to the next
STEADY_HZ = 0.8  # slower than anybody steps: what a path does beside its oscillation
MIN_GAIN = 0.9  # a tenth: by so much may masses be elsewhere (`force_doubt.GAIN`)


def calmed(height: np.ndarray, rate_hz: float, gain: float) -> np.ndarray:
    """Return the height (T,) m of a mass centre, its oscillation `gain` times as great."""
    steady = low_pass(height, rate_hz, STEADY_HZ)
    return np.asarray(steady + gain * (height - steady))


def oscillation_gain(support: np.ndarray, flights: list[slice], rate_hz: float) -> float:
    """Return the factor, MIN_GAIN to 1, by which a runner's acceleration is gravity's where nothing carries him.

    Nothing does in flights, nor where the acceleration is more than gravity's. The factor is that of least squares.

    Args:
        support: (T,) in weights, what the acceleration of the mass centre asks. Low-passed at 6 Hz, a stance would
            ring into the flights around it and seem to pull there, by up to 5 %; at 15 Hz it does by less than 1 %.
        flights: spans of frames in the air.
        rate_hz: frames per second.
    """
    falling = frames_of(flights, len(support)) | (support < 0.0)
    edge = round(EDGE_SECONDS * rate_hz)
    falling[:edge] = falling[len(falling) - edge :] = False
    middles = np.array([(first + last) / 2.0 for first, last in runs(falling)]) / rate_hz
    if len(middles) < MIN_FALLS or np.median(np.diff(middles)) > MAX_SECONDS:
        return 1.0
    acceleration = 1.0 - support[falling]  # in g, downwards
    return float(np.clip(acceleration.sum() / np.sum(acceleration**2), MIN_GAIN, 1.0))


def calm_notes(gain: float) -> list[str]:
    """Return what is to be said of a motion whose oscillation was taken `gain` times."""
    fast = f"the mass centre falls {1.0 / gain - 1.0:.0%} or more too fast between stances"
    return [f"{fast}: {gain:.2f} of its oscillation taken"] if gain < 1.0 else []
