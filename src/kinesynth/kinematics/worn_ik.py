"""Inverse kinematics on the markers that a person wore, where scaling has placed them on the person's model."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch

from kinesynth.errors import BadInput
from kinesynth.kinematics.batched_ik import solve_clips
from kinesynth.kinematics.bounded_skeleton import BoundedSkeleton
from kinesynth.kinematics.segment_misfit import segment_misfit
from kinesynth.kinematics.worn_markers import WornMarkers, followed_weights, held_to_bone
from kinesynth.kinematics.worn_places import FittedMarkers, holding_prior, wearing
from kinesynth.records import WornPaths
from kinesynth.skeleton.layer import SkeletonLayer
from kinesynth.stage_file import Clip

MIN_WORN = 12  # of the model's, in a clip; fewer cannot hold 20 joints


@dataclass(frozen=True)
class WornPlaces:
    """Where the L markers that a person wore sit on the person's model.

    Attributes:
        labels: what the laboratory calls them.
        landmarks: the place of each on the body, "" where it is not known.
        bodies: the OpenSim body on which each rides.
        places: (L, 3) m, in the bodies' frames.
        off_landmark_m: (L,) how far each sits from its landmark, NaN where that is not known.
        standing: whether a standing pose told them.
    """

    labels: tuple[str, ...]
    landmarks: tuple[str, ...]
    bodies: tuple[str, ...]
    places: np.ndarray
    off_landmark_m: np.ndarray
    standing: bool

    @classmethod
    def of(cls, worn: WornMarkers, fitted: FittedMarkers) -> Self:
        """Take those that have a place."""
        placed = np.flatnonzero(np.isfinite(fitted.places).all(axis=1)).tolist()
        names = (tuple(kind[column] for column in placed) for kind in (worn.labels, worn.landmarks, worn.bodies))
        labels, landmarks, bodies = names
        off = fitted.off_landmark_m[placed]
        return cls(labels, landmarks, bodies, fitted.places[placed], off, fitted.standing)

    @classmethod
    def read(cls, report: Path) -> Self | None:
        """Read them from the report of a scaled model; None if its person wore none.

        Raises:
            BadInput: the report is unreadable.
        """
        try:
            stored = json.loads(report.read_text(encoding="utf-8")).get("worn")
            if stored is None:
                return None
            labels, landmarks, bodies = (tuple(stored[name]) for name in ("labels", "landmarks", "bodies"))
            places, off = np.array(stored["places"], float).reshape(-1, 3), np.array(stored["off_landmark_m"], float)
            return cls(labels, landmarks, bodies, places, off, bool(stored["standing"]))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            found = f"{type(error).__name__}: {error}"
            raise BadInput(report, "worn", found, "the report of scale-model", "scale the model again") from error

    @property
    def record(self) -> dict[str, Any]:
        """What `read` reads."""
        return {
            "standing": self.standing,
            "labels": list(self.labels),
            "landmarks": list(self.landmarks),
            "bodies": list(self.bodies),
            "places": np.round(self.places, 6).tolist(),
            "off_landmark_m": [None if np.isnan(off) else round(float(off), 4) for off in self.off_landmark_m],
        }

    def positions(self, clip: Clip) -> np.ndarray | None:
        """Return a clip's measured markers (T, L, 3) m in this order, NaN of others; None if too few are these."""
        names = list(clip.attrs.get("worn_names", ()))
        common = [name for name in self.labels if name in names]
        if len(common) < MIN_WORN:
            return None
        worn = WornPaths.of(clip).worn
        measured = np.full((len(worn), len(self.labels), 3), np.nan)
        columns = [self.labels.index(name) for name in common]
        measured[:, columns] = worn[:, [names.index(name) for name in common]]
        return measured

    def seen(self, clip: Clip) -> np.ndarray:
        """Return where (T, L) a clip's markers were measured, rather than bridged."""
        names, seen = list(clip.attrs["worn_names"]), WornPaths.of(clip).worn_seen
        none = np.zeros(len(seen), dtype=bool)
        return np.stack([seen[:, names.index(name)] if name in names else none for name in self.labels], axis=1)


def follow_worn(
    skeleton: BoundedSkeleton, worn: WornPlaces, clips: Mapping[str, np.ndarray]
) -> dict[str, dict[str, np.ndarray]]:
    """Return angles, keypoints and virtual markers of each clip, and where the skeleton has the worn ones (`followed`).

    Args:
        skeleton: the person's, with its virtual markers.
        worn: where the worn ones sit on it.
        clips: measured positions (T, L, 3) m of each.
    """
    person = wearing(skeleton, worn.labels, worn.bodies, worn.places)
    solved = solve_clips(person, clips, followed_weights(worn.landmarks), holding_prior(person.definition))
    virtual = SkeletonLayer(skeleton.definition)
    return {
        name: {
            **found,
            "markers": virtual(torch.tensor(found["angles"])).markers.numpy(),
            "followed": found["markers"],
        }
        for name, found in solved.items()
    }


def worn_errors(
    skeleton: BoundedSkeleton, worn: WornPlaces, solved: Mapping[str, np.ndarray], measured: np.ndarray
) -> dict[str, np.ndarray]:
    """Return the errors and misfits of `records.Kinematics` of a clip whose worn markers (T, L, 3) m were followed.

    RMS and maximum are over markers held to bone: soft tissue informs the angles and does not condemn them.
    """
    definition = wearing(skeleton, worn.labels, worn.bodies, worn.places).definition
    error = np.linalg.norm(solved["followed"] - measured, axis=-1)
    centres = solved["keypoints"][:, : len(definition.body_names)]
    weighed = [True] * len(worn.labels)
    bony = held_to_bone(worn.landmarks)
    held = error[:, bony]
    return {
        "marker_error": error,
        "marker_error_rms": np.sqrt(np.nansum(held**2, axis=1) / np.isfinite(held).sum(axis=1).clip(min=1)),
        "marker_error_max": np.fmax.reduce(held, axis=1, initial=0.0),
        **segment_misfit(definition, solved["followed"], measured, centres, weighed, bony.tolist()),
    }
