"""A skeleton of another size: the definition that OpenSim's Scale would make of it, without OpenSim."""

from dataclasses import replace

import numpy as np

from kinesynth.kinematics.worn_fit import stretched
from kinesynth.skeleton import SkeletonDefinition

TOP_OF_HEAD = "HTOP"


def scaled(definition: SkeletonDefinition, scales: np.ndarray) -> SkeletonDefinition:
    """Return the skeleton with each body stretched by its factors (B, 3) along its own axes.

    Points, mass centres and joint frames on a body move with it; translations of custom joints are stretched as their
    parent is. Masses stay.
    """
    of_parent = np.where((definition.parents < 0)[:, None], 1.0, scales[np.maximum(definition.parents, 0)])
    functions, coefficients = definition.axis_functions.copy(), list(definition.function_coefficients)
    knots = list(definition.function_knots)
    for body, kind in enumerate(definition.joint_types):
        for slot in range(3, 6):
            function = int(definition.axis_functions[body, slot])
            factor = float(np.abs(definition.axes[body, slot]) @ of_parent[body])
            if kind != "CustomJoint" or factor == 1.0 or not definition.function_coefficients[function].any():
                continue
            functions[body, slot] = len(coefficients)
            coefficients.append(definition.function_coefficients[function] * factor)
            knots.append(definition.function_knots[function])
    return replace(
        stretched(definition, scales),
        contact_places=definition.contact_places * scales[definition.contact_bodies],
        axis_functions=functions,
        function_knots=np.array(knots),
        function_coefficients=np.array(coefficients),
    )


def points_standing(definition: SkeletonDefinition) -> np.ndarray:
    """Return where the markers are (M, 3) m in the default pose."""
    import torch

    from kinesynth.skeleton import SkeletonLayer

    pose = SkeletonLayer(definition)(torch.tensor(definition.coordinate_defaults)[None])
    markers: np.ndarray = pose.markers[0].numpy()
    return markers


def stature(definition: SkeletonDefinition) -> float:
    """Return the height, m, of a skeleton with its own markers when it stands: from under the soles to its crown."""
    soles = replace(
        definition,
        marker_names=("crown", *definition.contact_names),
        marker_bodies=np.concatenate(
            [definition.marker_bodies[[definition.marker_names.index(TOP_OF_HEAD)]], definition.contact_bodies]
        ),
        marker_places=np.concatenate(
            [definition.marker_places[[definition.marker_names.index(TOP_OF_HEAD)]], definition.contact_places]
        ),
    )
    heights = points_standing(soles)[:, 1]
    return float(heights[0] - (heights[1:] - definition.contact_radii).min())
