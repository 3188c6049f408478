"""Right and left that a detector took for each other: from frame to frame, and hips against shoulders in the picture.

A limb does not leap across the body: where all points of the legs, or of arms and head, would have moved less with
right and left changed, a detector has changed its mind. What it says for the longer time is taken for right.

Nobody turns the trunk so far that hips and shoulders, both seen well apart, point opposite ways. Where they do, thighs
or upper arms that cross tell which of them is wrong. Where these tell nothing, the legs are not believed.
"""

from itertools import pairwise

import numpy as np

MIN_HIPS, MIN_SHOULDERS = 0.2, 0.4  # of the trunk's length, seen apart: half of what a front view shows
CROSSED = 0.25  # of the upper ends' distance, by which the lower ends lie the other way round
LEGS = ("Hip", "Knee", "Ankle", "Heel", "BigToe", "SmallToe", "FootIndex")
MIN_CONFIDENCE = 0.2
MIN_PAIRS = 2  # of points that two frames share
LEAPT, LEAPT_SIZES = (
    0.5,
    0.03,
)  # change of mind: the movement falls by half, and by so much of a person's size per point


def with_sides_steady(points: np.ndarray, names: tuple[str, ...]) -> tuple[np.ndarray, str]:
    """Return a person's points (T, P, 3) px and confidence with right and left kept over time, and a note if changed.

    Legs are looked at by themselves, and arms with the head.
    """
    pairs = [(index, names.index(f"L{name[1:]}")) for index, name in enumerate(names)
             if name.startswith("R") and f"L{name[1:]}" in names]  # fmt: skip
    result, said = points.copy(), []
    for part, wanted in (("legs", True), ("arms", False)):
        right, left = np.array([pair for pair in pairs if (names[pair[0]][1:] in LEGS) == wanted] or [(0, 0)]).T
        changed = _changed(points[:, right], points[:, left])
        result[np.ix_(changed, right)] = points[np.ix_(changed, left)]
        result[np.ix_(changed, left)] = points[np.ix_(changed, right)]
        said += [f"{part} taken for each other in {changed.sum()} frames, and changed back"] if changed.any() else []
    return result, "; ".join(said)


def _changed(right: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Tell the frames (T,) in which right and left (T, K, 3) are the other way round than for the longer time."""
    known = np.minimum(right[..., 2], left[..., 2]) >= MIN_CONFIDENCE
    shown = np.flatnonzero(known.sum(axis=1) >= MIN_PAIRS)
    state = np.zeros(len(right), dtype=bool)
    for before, now in pairwise(shown.tolist()):
        both = known[before] & known[now]
        state[before + 1 : now + 1] = state[before]
        if both.sum() < MIN_PAIRS:
            continue
        a, b, c, d = (each[both, :2] for each in (right[before], left[before], right[now], left[now]))
        size = np.ptp(np.concatenate([a, b]), axis=0).max()
        stays, leaps = (
            (np.linalg.norm(first - a, axis=1) + np.linalg.norm(second - b, axis=1)).mean() / 2
            for first, second in ((c, d), (d, c))
        )
        state[now] = state[before] ^ bool(leaps < LEAPT * stays and stays - leaps > LEAPT_SIZES * size)
    return state if state[shown].sum() * 2 <= len(shown) else ~state


def with_sides_right(points: np.ndarray, names: tuple[str, ...]) -> tuple[np.ndarray, str]:
    """Return points (T, P, 3) px and confidence with right and left set right, and a note where that was needed."""
    if not {f"{side}{part}" for side in "RL" for part in ("Hip", "Knee", "Shoulder", "Elbow")} <= set(names):
        return points, ""
    wrong = _opposed(points, names)
    hips = wrong & _crossed(points, names, "Hip", "Knee")
    shoulders = wrong & ~hips & _crossed(points, names, "Shoulder", "Elbow")
    doubtful = wrong & ~hips & ~shoulders
    result = points.copy()
    for part, frames in (("Hip", hips), ("Shoulder", shoulders)):
        pair = [names.index(f"R{part}"), names.index(f"L{part}")]
        result[np.ix_(frames, pair)] = points[np.ix_(frames, pair[::-1])]
    legs = [index for index, name in enumerate(names) if name[1:] in LEGS]
    result[np.ix_(doubtful, legs)] = [np.nan, np.nan, 0.0]
    said = [f"{part} taken for each other in {frames.sum()} frames, and changed back"
            for part, frames in (("hips", hips), ("shoulders", shoulders)) if frames.any()]  # fmt: skip
    if doubtful.any():
        said.append(f"hips and shoulders on opposite sides in {doubtful.sum()} frames, whose legs are not believed")
    return result, "; ".join(said)


def _opposed(points: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    """Tell the frames (T,) in which hips and shoulders, seen well apart, point opposite ways."""
    ends = {}
    for part in ("Hip", "Shoulder"):
        pair = points[:, [names.index(f"R{part}"), names.index(f"L{part}")]]
        known = (pair[..., 2] >= MIN_CONFIDENCE).all(axis=1)
        ends[part] = np.where(known[:, None, None], pair[..., :2], np.nan)
    hips, shoulders = (ends[part][:, 0] - ends[part][:, 1] for part in ("Hip", "Shoulder"))
    trunk = np.linalg.norm(ends["Hip"].mean(axis=1) - ends["Shoulder"].mean(axis=1), axis=1)
    with np.errstate(invalid="ignore"):
        along = (hips * shoulders).sum(axis=1) / np.linalg.norm(shoulders, axis=1)
        apart = np.linalg.norm(shoulders, axis=1) > MIN_SHOULDERS * trunk
        opposed: np.ndarray = apart & (along < -MIN_HIPS * trunk)
    return opposed


def _crossed(points: np.ndarray, names: tuple[str, ...], upper: str, lower: str) -> np.ndarray:
    """Tell the frames (T,) in which the two limbs between an upper and a lower part cross."""
    across = []
    for part in (upper, lower):
        right, left = (points[:, names.index(f"{side}{part}")] for side in "RL")
        known = np.minimum(right[:, 2], left[:, 2]) >= MIN_CONFIDENCE
        across.append(np.where(known[:, None], right[:, :2] - left[:, :2], np.nan))
    with np.errstate(invalid="ignore"):
        square = (across[0] ** 2).sum(axis=1)
        crossed: np.ndarray = (across[0] * across[1]).sum(axis=1) < -CROSSED * square
    return crossed
