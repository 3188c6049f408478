"""Where markers sit on the skin: named landmarks, or wherever they stay nearest to; refined by sliding along it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from kinesynth.body.model import BodyModel
from kinesynth.geometry.mesh import nearest_point, vertex_normals
from kinesynth.markers.labelled_layout import labelled_layout
from kinesynth.markers.labels import Label
from kinesynth.mosh.points import Mixture
from kinesynth.mosh.solve import Placement

STANDOFF_M = 0.0095  # from the skin to the centre of a marker (Mahmood et al. 2019)
UNKNOWN_SLACK_M = 0.03
_REACH_M = 0.2  # beyond which a marker in some frame tells no more of where it sits
_NORMAL_FIRMNESS = 0.3  # a marker 1 cm off its standoff weighs a third of one 1 cm off in every frame
_SKIN_FIRMNESS = 1e-4  # m^2: the same for one `slack` off its place, over slack^2


@dataclass(frozen=True)
class Attachment:
    """M markers on a mesh.

    Attributes:
        names: of the markers.
        places: where they are supposed to sit.
        slack: (M,) m, how far from there they may well sit.
        feet: the points of the skin below them, to which they are attached.
    """

    names: tuple[str, ...]
    places: Mixture
    slack: np.ndarray
    feet: Mixture

    def __add__(self, other: "Attachment") -> "Attachment":
        """Return the markers of both."""
        slack = np.concatenate([self.slack, other.slack])
        return Attachment(self.names + other.names, self.places + other.places, slack, self.feet + other.feet)

    def placement(self, body: BodyModel, betas: np.ndarray) -> Placement:
        """Return where the markers are held at a shape, relative to their feet: over their places, off the skin."""
        vertices = body.rest_vertices(betas)
        normals = vertex_normals(vertices, body.faces)
        across = self.feet.of(normals)
        across /= np.linalg.norm(across, axis=-1, keepdims=True)
        along_skin = np.eye(3) - across[:, :, None] * across[:, None]
        aside = np.einsum("pij,pj->pi", along_skin, self.places.of(vertices) - self.feet.of(vertices))
        firmness = _NORMAL_FIRMNESS * across[:, :, None] * across[:, None]
        firmness += (_SKIN_FIRMNESS / self.slack**2)[:, None, None] * along_skin
        return Placement(torch.from_numpy(aside + STANDOFF_M * across), torch.from_numpy(firmness))

    def slid(self, body: BodyModel, betas: np.ndarray, latents: Tensor) -> tuple["Attachment", Tensor]:
        """Return the markers attached to the points of the skin that are now below them, and their new latents."""
        vertices = body.rest_vertices(betas)
        positions = self.feet.of(vertices) + latents.numpy()
        feet = _on_skin(vertices, body.faces, positions)
        return replace(self, feet=feet), torch.from_numpy(positions - feet.of(vertices))


def at_landmarks(body: BodyModel, labels: dict[str, Label]) -> tuple[Attachment, list[str]]:
    """Attach markers of known labels to their landmarks; also return the OpenSim body that each rides on."""
    layout = labelled_layout(body, labels)
    mixture = Mixture(layout.vertices, layout.weights)
    slack = np.array([label.slack_m for label in labels.values()])
    return Attachment(layout.names, mixture, slack, mixture), list(layout.bodies)


def at_nearest(names: Sequence[str], positions: np.ndarray, vertices: np.ndarray) -> Attachment:
    """Attach markers (T, M, 3) to the vertices of a posed mesh (T, N, 3) that stay nearest to them."""
    nearest = []
    for marker in range(len(names)):
        seen = np.isfinite(positions[:, marker]).all(-1)
        distance = np.linalg.norm(vertices[seen] - positions[seen, None, marker], axis=-1)
        nearest.append(int(np.minimum(distance, _REACH_M).mean(axis=0).argmin()))
    mixture = Mixture(np.array(nearest)[:, None], np.ones((len(nearest), 1)))
    return Attachment(tuple(names), mixture, np.full(len(names), UNKNOWN_SLACK_M), mixture)


def _on_skin(vertices: np.ndarray, faces: np.ndarray, positions: np.ndarray) -> Mixture:
    found = [nearest_point(vertices, faces, position) for position in positions]
    return Mixture(np.array([faces[face] for face, _ in found]), np.array([weights for _, weights in found]))
