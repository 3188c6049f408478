"""What static optimization needs to know of a model's muscles. Import this in a child process only."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from kinesynth.dynamics.muscle_force import CURVE_POINTS, FORCE_LENGTH_RANGE, FORCE_VELOCITY_RANGE, MuscleForce, Muscles
from kinesynth.opensim_models.coordinates import coordinate_ranges, default_pose
from kinesynth.opensim_models.muscles import (
    coordinates_with_torque,
    crossed_coordinates,
    full_forces,
    moved_coordinates,
    muscle_properties,
    sample_paths,
)
from kinesynth.opensim_models.opened import coordinate_names, muscle_names, open_model
from kinesynth.skeleton.torques import STRONG_NM


def read_muscles(path: Path) -> Muscles:
    """Return the names of muscles and coordinates."""
    model = open_model(path)
    free, by_torque = moved_coordinates(model), coordinates_with_torque(model, STRONG_NM)
    moved = tuple(name for name, does in free.items() if does)
    return Muscles(
        names=muscle_names(model),
        moved=moved,
        driven=tuple(name for name in moved if name not in by_torque),
        free=tuple(free),
        coordinate_names=coordinate_names(model),
        coordinate_ranges=coordinate_ranges(model),
        coordinate_defaults=np.array(list(default_pose(model).values())),
    )


def read_muscle_force(path: Path) -> MuscleForce:
    """Return the force-generating properties of the model's muscles.

    Raises:
        BadInput: a muscle is not a Millard2012EquilibriumMuscle, whose curves alone are known here.
    """
    lengths, velocities = (np.linspace(*span, CURVE_POINTS) for span in (FORCE_LENGTH_RANGE, FORCE_VELOCITY_RANGE))
    return MuscleForce(**muscle_properties(path, lengths, velocities))


def muscle_moments(
    path: Path, angles: np.ndarray, speeds: np.ndarray, activations: np.ndarray, moved: Sequence[str]
) -> np.ndarray:
    """Return the moments (K, T, D) N m of the model's own muscles about the coordinates `moved`.

    Forces are what OpenSim's StaticOptimization takes them to be; paths and moment arms are exact.

    Args:
        path: the model (.osim).
        angles: (T, J) rad and m.
        speeds: (T, J) rad/s and m/s.
        activations: (K, T, A), K sets of them.
        moved: names of D coordinates.
    """
    full = full_forces(path, angles, speeds)
    _, gradients = sample_paths(path, angles, crossed_coordinates(path))
    names = coordinate_names(open_model(path))
    columns = [names.index(name) for name in moved]
    return np.asarray(-np.einsum("taj,kta->ktj", gradients[:, :, columns], full * activations))
