"""People followed over time in one view, and the one of them that is meant."""

from collections.abc import Sequence

import numpy as np

from kinesynth.errors import BadInput

MAX_MOVED = 0.35  # of a person's size, between frames that follow each other; more is somebody else
LONGEST_GAP_SECONDS = 0.5
MIN_CONFIDENCE = 0.1
MIN_POINTS = 3  # of a person


def follow(points: np.ndarray, fps: float) -> list[np.ndarray]:
    """Return the people of a view, each as indices (T,) among a frame's people, -1 where not seen.

    Each person of a frame goes to the nearest one of those who were seen within `LONGEST_GAP_SECONDS`, by the median
    distance of the points that both frames show, relative to the person's size.

    Args:
        points: (T, N, P, 3) px and confidence.
        fps: frames per second.
    """
    frames = len(points)
    seen = (points[..., 2] > MIN_CONFIDENCE).sum(axis=2) >= MIN_POINTS
    patience = max(round(LONGEST_GAP_SECONDS * fps), 1)
    tracks: list[np.ndarray] = []
    lasts: list[int] = []
    for frame in range(frames):
        here = np.flatnonzero(seen[frame])
        open_tracks = [index for index, last in enumerate(lasts) if frame - last <= patience]
        costs = np.array(
            [
                [_distance(points[lasts[index], tracks[index][lasts[index]]], points[frame, person]) for person in here]
                for index in open_tracks
            ]
        ).reshape(len(open_tracks), len(here))
        free = set(here.tolist())
        while costs.size and np.nanmin(costs) < MAX_MOVED:
            row, column = np.unravel_index(np.nanargmin(costs), costs.shape)
            track, person = open_tracks[int(row)], int(here[column])
            tracks[track][frame], lasts[track] = person, frame
            costs[row], costs[:, column] = np.inf, np.inf
            free.discard(person)
        for person in sorted(free):
            tracks.append(np.where(np.arange(frames) == frame, person, -1))
            lasts.append(frame)
    return tracks


def _distance(before: np.ndarray, now: np.ndarray) -> float:
    """Return by how much of their size a person's points (P, 3) moved; infinity where none are shared."""
    both = (before[:, 2] > MIN_CONFIDENCE) & (now[:, 2] > MIN_CONFIDENCE)
    if both.sum() < MIN_POINTS:
        return float("inf")
    size = np.ptp(before[both, :2], axis=0).max()
    return float(np.median(np.linalg.norm(before[both, :2] - now[both, :2], axis=1)) / max(size, 1.0))


def of_person(points: np.ndarray, track: np.ndarray) -> np.ndarray:
    """Return the points (T, P, 3) of one person of (T, N, P, 3); NaN and 0 where not seen."""
    chosen = points[np.arange(len(points)), np.maximum(track, 0)]
    return np.where((track >= 0)[:, None, None], chosen, [np.nan, np.nan, 0.0])


def main_person(points: np.ndarray, tracks: Sequence[np.ndarray], near: tuple[float, float] | None) -> int:
    """Return the index of the person who is meant: the one nearest to a place, else the one longest and largest seen.

    Args:
        points: (T, N, P, 3).
        tracks: the people.
        near: px, in the frame in which a person appears first.

    Raises:
        BadInput: that place is farther from everybody than the nearest one is tall.
    """
    shown = [of_person(points, track) for track in tracks]
    if near is not None:
        middles = [np.nanmean(person[np.argmax(track >= 0), :, :2], axis=0)
                   for person, track in zip(shown, tracks, strict=True)]  # fmt: skip
        away = [float(np.linalg.norm(middle - near)) for middle in middles]
        nearest = int(np.argmin(away))
        if not away[nearest] <= _sizes(shown[nearest]).max():
            there = "; ".join(f"{x:.0f},{y:.0f}" for x, y in middles)
            found = f"nobody near {near[0]:g},{near[1]:g}"
            raise BadInput("--person", "place", found, f"near one of {there}", "give px of the first view")
        return nearest
    return int(np.argmax([(_sizes(person) * (track >= 0)).sum() for person, track in zip(shown, tracks, strict=True)]))


def _sizes(person: np.ndarray) -> np.ndarray:
    """Return the height (T,) px of a person's points (T, P, 3); 0 where none is seen."""
    y = np.where(person[..., 2] > MIN_CONFIDENCE, person[..., 1], np.nan)
    height = np.fmax.reduce(y, axis=1) - np.fmin.reduce(y, axis=1)
    return np.asarray(np.nan_to_num(height))
