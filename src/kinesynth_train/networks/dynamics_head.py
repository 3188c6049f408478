"""Heads of ours that predict forces under the feet and joint moments from BioHuman's state; off by default.

Forces are in body weights and in the frame of the camera that is turned to the crop, moments in N m per kg, so that
they are of the size of 1 for everybody. Moments are those of angles that follow no other, but for the root's, which are
what inverse dynamics leaves over.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from kinesynth.gravity import GRAVITY
from kinesynth_train.data import Batch
from kinesynth_train.losses import masked_mean
from kinesynth_train.metrics import counted_angles
from kinesynth_train.networks.heads import zeroed
from kinesynth_train.skeleton import DatasetSkeleton, root_of

LABELS = ("grf/force", "moments", "quality/force_valid")
FEET = 2


class Dynamics(NamedTuple):
    """Forces (..., 2, 3) body weights on the right and the left foot, moments (..., J) N m per kg."""

    forces: Tensor
    moments: Tensor


class DynamicsHead(nn.Module):
    """From the state of frames (N, T, D) to forces and moments, none at first."""

    def __init__(self, width: int, coordinates: int) -> None:
        super().__init__()
        self.forces, self.moments = zeroed(nn.Linear(width, 3 * FEET)), zeroed(nn.Linear(width, coordinates))

    def forward(self, state: Tensor) -> Dynamics:
        """Return them."""
        forces = self.forces(state).float()
        return Dynamics(forces.reshape(*forces.shape[:-1], FEET, 3), self.moments(state).float())


def learned_moments(skeleton: DatasetSkeleton) -> Tensor:
    """Return (J,), true for the coordinates whose moments are learned and measured."""
    counted = counted_angles(skeleton.definition)
    return counted.index_fill(0, root_of(skeleton.definition)[0], False)


def true_dynamics(batch: Batch) -> Dynamics:
    """Return the labels' forces, in the world, and moments of windows (N, T, ...) of people of mass_kg (N,)."""
    mass = batch["mass_kg"][:, None, None]
    return Dynamics(batch["force"] / (mass[..., None] * GRAVITY), batch["moments"] / mass)


def dynamics_terms(found: Dynamics, truth: Batch, learned: Tensor) -> dict[str, Tensor]:
    """Return what forces and moments, L1, cost where `force_valid`; `truth` has a view each."""
    wanted, valid = true_dynamics(truth), truth["force_valid"]
    forces = wanted.forces @ truth["rotations"].mT
    off = (found.moments - wanted.moments).abs()[..., learned.to(found.moments.device)]
    return {
        "force": masked_mean((found.forces - forces).abs().sum(dim=(-2, -1)), valid),
        "moment": masked_mean(off.mean(dim=-1), valid),
    }


def in_world(found: Dynamics, cameras: Tensor) -> Dynamics:
    """Return forces (T, 2, 3) in the frame of cameras (T, 3, 3) in the world's."""
    return found._replace(forces=torch.einsum("tji,tfj->tfi", cameras, found.forces))
