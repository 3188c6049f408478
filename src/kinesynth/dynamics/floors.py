"""At which heights feet find support: the floor, a box, a step."""

import numpy as np

from kinesynth.runs import runs

APART_M = 0.08  # supports nearer than this are one: feet of flesh on a skeleton's rigid soles
LEAST_SECONDS = 0.1  # that feet carry the body on a support that is not the floor
BESIDE_M = 0.25  # the body's mass centre is no farther from the feet that carry it, over the floor


def support_heights(lowest: np.ndarray, resting: np.ndarray, offset: np.ndarray, rate_hz: float) -> list[float]:
    """Return the heights of all supports, m, the floor's 0 first.

    A foot may rest in the air (a leg held up, feet that dangle from a chair). A height is a support's only where feet
    carry the body there: for a while no foot rests on another support, and the body's mass is above those that do.

    Args:
        lowest: (T, 2) m, how high the soles are above where they rest on the floor.
        resting: (T, 2), whether a foot is slow.
        offset: (T, 2) m, how far over the floor each foot is from the body's mass centre.
        rate_hz: frames per second.
    """
    heights = [0.0]
    if not (resting & (np.abs(lowest) <= APART_M)).any():
        return heights  # where the floor is never seen, nothing tells a box from a body out of place
    values = np.sort(lowest[resting & (np.abs(lowest) > APART_M)])
    groups = np.split(values, np.flatnonzero(np.diff(values) > APART_M / 2.0) + 1) if len(values) else []
    for group in sorted(groups, key=len, reverse=True):
        here = resting & (lowest >= group[0]) & (lowest <= group[-1])
        elsewhere = resting & np.any([np.abs(lowest - height) < APART_M / 2.0 for height in heights], axis=0)
        alone = here.any(axis=1) & ~elsewhere.any(axis=1)
        near = np.where(here, offset, np.inf).min(axis=1) < BESIDE_M
        if any(last - first >= LEAST_SECONDS * rate_hz for first, last in runs(alone & near)):
            heights.append(float(np.quantile(group, 0.3)))
    return heights


def floor_under(lowest: np.ndarray, heights: list[float]) -> np.ndarray:
    """Return the height (T, 2) m of the support that each sole at `lowest` (T, 2) m is nearest to."""
    known = np.array(heights)
    return np.asarray(known[np.abs(lowest[..., None] - known).argmin(axis=-1)])
