"""Which clips to look at first: those whose measures of quality are outliers among the run's own."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kinesynth.dataset.schema import load_schema

BAD_TAIL = 95.0  # percentile that stands for one step from the median


def strains(rows: Sequence[Mapping[str, Any]]) -> list[tuple[float, str]]:
    """Return of each clip how far its most striking measure lies on the bad side, and that measure's name.

    The distance is from the run's median, in distances of the bad tail's percentile from it; of a fraction (valid
    frames, keypoints on the mask) the low side is bad, of all else the high one. 0 and no name: nothing stands out.
    """
    measures = load_schema().clip_quality
    scaled = np.stack(
        [_distances(np.array([row[name] for row in rows], float), measure.unit == "fraction")
         for name, measure in measures.items()]
    )  # fmt: skip
    worst, names = scaled.argmax(axis=0), list(measures)
    return [
        (float(scaled[index, clip]), names[index] if scaled[index, clip] > 0.0 else "")
        for clip, index in enumerate(worst.tolist())
    ]


def worst_first(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows with `strain` and `strained` (the measure's name), the clip that stands out most at the front."""
    ranked = [
        {**row, "strain": strain, "strained": name} for row, (strain, name) in zip(rows, strains(rows), strict=True)
    ]
    return sorted(ranked, key=lambda row: -row["strain"])


def _distances(values: np.ndarray, low_is_bad: bool) -> np.ndarray:
    bad = -values if low_is_bad else values
    away = np.maximum(bad - np.median(bad), 0.0)
    step = np.percentile(away, BAD_TAIL) or away.max() or 1.0
    return np.asarray(away / step)
