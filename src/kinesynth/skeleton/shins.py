"""Twisted shins of a skeleton: what `opensim_models.torsion` does to a model's joints, for its definition."""

from dataclasses import replace

import numpy as np

from kinesynth.skeleton.definition import SkeletonDefinition


def with_twisted_shins(definition: SkeletonDefinition, right_rad: float, left_rad: float) -> SkeletonDefinition:
    """Return a skeleton whose ankles are turned outwards about the shank by so much more, rad."""
    orientations = definition.parent_orientations.copy()
    for body, turn in (("talus_r", -right_rad), ("talus_l", left_rad)):
        index = definition.body_names.index(body)
        cosine, sine = np.cos(turn), np.sin(turn)
        about_shank = np.array([[cosine, 0.0, sine], [0.0, 1.0, 0.0], [-sine, 0.0, cosine]])
        orientations[index] = about_shank @ orientations[index]
    return replace(definition, parent_orientations=orientations)
