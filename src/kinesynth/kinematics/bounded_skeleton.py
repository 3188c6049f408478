"""A skeleton with the bounds of its coordinates: all that inverse kinematics needs to know of a model."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np

from kinesynth.skeleton.definition import SkeletonDefinition


@dataclass(frozen=True, eq=False)
class BoundedSkeleton:
    """A skeleton and the bounds of its coordinates (J, 2): infinite where not clamped, equal where locked."""

    definition: SkeletonDefinition
    bounds: np.ndarray

    def with_markers(self, names: Sequence[str]) -> Self:
        """Return the skeleton with some of its markers, in the given order."""
        chosen = [self.definition.marker_names.index(name) for name in names]
        definition = replace(
            self.definition,
            marker_names=tuple(names),
            marker_bodies=self.definition.marker_bodies[chosen],
            marker_places=self.definition.marker_places[chosen],
        )
        return replace(self, definition=definition)


def read_bounded_skeleton(model: Path) -> BoundedSkeleton:
    """Read an OpenSim model. Runs in a process of its own; see `read_osim` for what it raises."""
    from kinesynth.opensim_models.coordinates import coordinate_bounds
    from kinesynth.opensim_models.opened import light_model
    from kinesynth.opensim_models.read_osim import read_osim

    return BoundedSkeleton(SkeletonDefinition(**read_osim(model)), coordinate_bounds(light_model(model)))
