"""The undressed body in its rest pose, and the pieces that make a person of it.

Everything here lives in the body's own rest frame: x left, y up, z forward, metres, arms stretched sideways (T-pose).
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from kinesynth.geometry.mesh import vertex_normals
from kinesynth.render.folds import Folds


@dataclass(frozen=True)
class RestBody:
    """One subject's body at rest.

    Attributes:
        vertices: (N,3) m.
        joints: (55,3) m, named by `joint_names` as SMPL-X names them.
        weights: skinning weights (N,55).
        faces: (F,3).
        parents: (55,), -1 at the root.
        zones: fraction (N,4) of lips, eyelids, ears and nails, or None where the body's file does not say.
    """

    vertices: np.ndarray
    joints: np.ndarray
    weights: np.ndarray
    faces: np.ndarray
    parents: np.ndarray
    joint_names: tuple[str, ...]
    zones: np.ndarray | None = None

    def joint(self, name: str) -> np.ndarray:
        """Return the position (3,) of a joint."""
        return np.asarray(self.joints[self.joint_names.index(name)])

    def weight(self, *parts: str) -> np.ndarray:
        """Return how much (N,) of each vertex belongs to the joints whose names contain one of `parts`."""
        columns = [i for i, name in enumerate(self.joint_names) if any(part in name for part in parts)]
        return np.asarray(self.weights[:, columns].sum(axis=1))

    @property
    def normals(self) -> np.ndarray:
        """Unit normals (N,3)."""
        return vertex_normals(self.vertices, self.faces)

    @property
    def head_size(self) -> float:
        """Height of the vertex above the eyes relative to 0.115 m, an adult's: scales hair and brows."""
        return float((self.vertices[:, 1].max() - self.eyes[1]) / 0.115)

    @property
    def eyes(self) -> np.ndarray:
        """The point (3,) between the eyeballs' centres."""
        return np.asarray((self.joint("left_eye") + self.joint("right_eye")) / 2)


@dataclass(frozen=True)
class Piece:
    """One mesh of the person, ready to be skinned.

    Attributes:
        name: unique within the person.
        rest: (n,3) m; faces: (F,3); weights: skinning weights (n,55).
        material: index (F,) into `materials`, names that the renderer knows.
        uv: (F,3,2) m, coordinates on the cloth (around, along), or None.
        local: (n,3) coordinates for the material that stick to the surface; the rest position where None.
        tint: (n,3) factors on the material's colour (linear RGB); ones where None.
        anchor: sparse (n,N): the body points to which the piece is attached, or None where it is skinned by itself.
        clearance: (n,) m, the minimum distance from the anchor along the body's normal; None where it is exactly on it.
        slack: (n,) m, how far cloth falls under its own weight where nothing holds it.
        folds: how the cloth creases, or None.
    """

    name: str
    rest: np.ndarray
    faces: np.ndarray
    weights: np.ndarray
    materials: tuple[str, ...]
    material: np.ndarray
    uv: np.ndarray | None = None
    local: np.ndarray | None = None
    tint: np.ndarray | None = None
    anchor: sparse.csr_array | None = None
    clearance: np.ndarray | None = None
    slack: np.ndarray | None = None
    folds: Folds | None = None


def single(faces: np.ndarray) -> np.ndarray:
    """Return the material index (F,) of a piece with one material."""
    return np.zeros(len(faces), dtype=np.int32)
