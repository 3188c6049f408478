"""Masses and inertias of a model's bodies."""

from dataclasses import dataclass

import numpy as np
import opensim

from kinesynth.opensim_models.opened import Model

_PRODUCTS = ((0, 1), (0, 2), (1, 2))


@dataclass(frozen=True)
class BodyMasses:
    """How heavy the bodies are, and how hard to turn.

    Attributes:
        names: (B,) of the bodies, in BodySet order.
        masses: (B,) kg.
        inertias: (B, 3, 3) kg m2, about their mass centres.
    """

    names: tuple[str, ...]
    masses: np.ndarray
    inertias: np.ndarray


def read_masses(model: Model) -> BodyMasses:
    """Return the masses and inertias of all bodies."""
    bodies = list(model.getBodySet())
    masses = np.array([body.getMass() for body in bodies])
    return BodyMasses(
        tuple(body.getName() for body in bodies), masses, np.array([_tensor(body.getInertia()) for body in bodies])
    )


def set_masses(model: Model, wanted: BodyMasses) -> None:
    """Give the bodies other masses and inertias; mass centres stay."""
    for name, mass, inertia in zip(wanted.names, wanted.masses.tolist(), wanted.inertias, strict=True):
        body = model.getBodySet().get(name)
        products = [inertia[pair] for pair in _PRODUCTS]
        body.setInertia(opensim.Inertia(*inertia.diagonal(), *products))
        body.setMass(mass)


def total_mass(model: Model) -> float:
    """Return the model's mass in kg."""
    return float(model.getTotalMass(model.initSystem()))


def _tensor(inertia: opensim.Inertia) -> np.ndarray:
    tensor = np.diag(inertia.getMoments().to_numpy())
    for value, (row, column) in zip(inertia.getProducts().to_numpy(), _PRODUCTS, strict=True):
        tensor[row, column] = tensor[column, row] = value
    return tensor
