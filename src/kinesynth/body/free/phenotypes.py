"""Adult bodies sampled from anny's phenotypes, in anny's own rest pose and topology."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kinesynth.body.free.t_pose import Rig
from kinesynth.errors import MissingDependency
from kinesynth.seeds import generator

ADULT_YEARS = (20.0, 65.0)

LOCAL_CHANGE_SPREAD = {
    "measure-upperarm-length-incr": 0.20,
    "measure-lowerarm-length-incr": 0.20,
    "measure-upperleg-height-incr": 0.15,
    "measure-lowerleg-height-incr": 0.15,
    "measure-shoulder-dist-incr": 0.30,
    "measure-napetowaist-dist-incr": 0.20,
    "hip-scale-horiz-incr": 0.15,
}
"""Standard deviations of MakeHuman's local measures, drawn on top of the phenotypes so that segment lengths vary by
3 to 5 % independently of stature, as they do between people."""

_TO_Y_UP = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])  # anny: x left, y backward, z up


@dataclass(frozen=True)
class SampledBodies:
    """Bodies of one topology: vertices (S, N, 3) m, bone heads (S, bones, 3) m, female (S,) bool, rig, mesh, UV."""

    vertices: np.ndarray
    heads: np.ndarray
    female: np.ndarray
    rig: Rig
    faces: np.ndarray
    texture_coordinates: np.ndarray
    texture_faces: np.ndarray


def sample_adults(count: int, seed: int, cache: Path) -> SampledBodies:
    """Return `count` adults, half of each sex, y up, x left, z forward.

    Stature, weight, muscle and proportions follow the distributions that anny calibrated on WHO data.

    Raises:
        MissingDependency: anny is not installed.
    """
    anny, torch = _import_anny(cache)
    model = anny.Anny(
        rig="makehuman", topology="anny", local_changes=list(LOCAL_CHANGE_SPREAD), skinning_method="lbs"
    )  # not anny's own rig, which drops the jaw; "lbs" spares a second array package
    female, phenotypes = _draw_phenotypes(model, torch, count, seed)
    random = generator(seed, "local changes")
    changes = {
        label: torch.as_tensor(random.normal(0.0, spread, count)) for label, spread in LOCAL_CHANGE_SPREAD.items()
    }
    with torch.no_grad():
        rest = [
            model(
                phenotype_kwargs={key: value[batch] for key, value in phenotypes.items()},
                local_changes_kwargs={key: value[batch] for key, value in changes.items()},
            )
            for batch in torch.arange(count).split(16)
        ]
    return SampledBodies(
        vertices=np.concatenate([part["rest_vertices"].numpy() for part in rest]) @ _TO_Y_UP.T,
        heads=np.concatenate([part["rest_bone_heads"].numpy() for part in rest]) @ _TO_Y_UP.T,
        female=female,
        rig=Rig(
            model.bone_labels, model.bone_parents, model.vertex_bone_weights.numpy(), model.vertex_bone_indices.numpy()
        ),
        faces=model.faces.numpy(),
        texture_coordinates=model.texture_coordinates.numpy(),
        texture_faces=model.face_texture_coordinate_indices.numpy(),
    )


def _import_anny(cache: Path) -> tuple[Any, Any]:
    """Import anny with its compiled targets kept in `cache`; compiling them takes one to two minutes, once."""
    os.environ.setdefault("ANNY_CACHE_DIR", str(cache.absolute()))
    try:
        import anny
        import torch
    except ImportError as error:
        raise MissingDependency("anny", "pipeline") from error
    return anny, torch


def _draw_phenotypes(model: Any, torch: Any, count: int, seed: int) -> tuple[np.ndarray, dict[str, Any]]:
    """Return who is female, (count,) bool, and the phenotype values by name."""
    from anny.shape_distribution import SimpleShapeDistribution

    random = generator(seed, "phenotypes")
    distribution = SimpleShapeDistribution(
        model,
        morphological_age_distribution=torch.distributions.Uniform(*map(torch.tensor, ADULT_YEARS)),
        gender_distribution=torch.distributions.Bernoulli(torch.tensor(0.5)),
    )
    with torch.random.fork_rng(devices=[]):  # torch's distributions know no generator of their own
        torch.manual_seed(int(random.integers(2**63)))
        _, phenotypes = distribution.sample(count)
    phenotypes = {key: value.to(torch.float64) for key, value in phenotypes.items()}
    return phenotypes["gender"].numpy() > 0.5, phenotypes
