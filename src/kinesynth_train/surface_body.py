"""The body whose mesh networks predict: posed by 22 rotations and ten betas, to vertices, markers and joint centres.

Linear blend skinning as SMPL has it (Loper et al. 2015), of `kinesynth training-body`'s file; the free body's ships in
`tables`, under CC0. Jaw, eyes and fingers keep their rest.
"""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from kinesynth.errors import BadInput
from kinesynth.skeleton import SkeletonDefinition
from kinesynth_train.any_size import AnySize

SHIPPED = Path(__file__).with_name("tables") / "free_body.npz"
FIX = "write one with `kinesynth training-body --body BODY --regressor REGRESSOR --output FILE`"
EXPECTED = "what `kinesynth training-body` writes"
TABLES = ("parents", "template", "shape", "skinning", "correctives", "rest_joints", "joint_shape")
UNREADABLE = (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile)


class SurfaceBody(AnySize):
    """A body of N vertices with the skeleton's M markers and B joint centres; it has no parameters.

    A checkpoint holds its tables, so that it needs no file in use. Where the skeleton has no such marker or body, the
    point is NaN.
    """

    parents: Tensor
    template: Tensor
    shape: Tensor
    skinning: Tensor
    correctives: Tensor
    rest_joints: Tensor
    joint_shape: Tensor
    vertices: Tensor
    weights: Tensor

    def __init__(self, arrays: dict[str, np.ndarray], definition: SkeletonDefinition) -> None:
        super().__init__()
        self._path, self.n_markers = [int(parent) for parent in arrays["parents"]], len(definition.marker_names)
        for name in TABLES:
            value = torch.from_numpy(arrays[name].astype(np.int64 if name == "parents" else np.float32))
            self.register_buffer(name, value)
        mixed = _points(arrays, definition)
        self.register_buffer("vertices", torch.from_numpy(mixed[0]))
        self.register_buffer("weights", torch.from_numpy(mixed[1]))

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        """Take a checkpoint's tables, of whatever body they are."""
        super()._load_from_state_dict(state_dict, prefix, *rest)
        self._path = self.parents.tolist()

    def points(self, rotations: Tensor, betas: Tensor) -> Tensor:
        """Return the B joint centres, then the M markers (..., B + M, 3) m, from an origin of the body's own.

        Args:
            rotations: (..., 22, 3, 3) of the root, and of the joints from their parents.
            betas: (..., 10).
        """
        used, indices = torch.unique(self.vertices, return_inverse=True)
        posed = self._posed(rotations.flatten(0, -4), betas.flatten(0, -2), used)
        mixed = torch.einsum("fpkc,pk->fpc", posed[:, indices], self.weights)
        return mixed.reshape(*rotations.shape[:-3], *mixed.shape[1:])

    def joints(self, rotations: Tensor, betas: Tensor) -> Tensor:
        """Return the body's own 22 joints (F, 22, 3) m of F poses, from the same origin as `points`."""
        rest = self.rest_joints + torch.einsum("jcs,fs->fjc", self.joint_shape, betas)
        turns, shifts = self._bones(rotations, rest)
        return (turns @ rest[..., None])[..., 0] + shifts

    def mesh(self, rotations: Tensor, betas: Tensor) -> Tensor:
        """Return the vertices (F, N, 3) m of F poses, from the same origin as `points`."""
        return self._posed(rotations, betas, torch.arange(len(self.template), device=rotations.device))

    def _posed(self, rotations: Tensor, betas: Tensor, used: Tensor) -> Tensor:
        """Return some vertices (F, U, 3)."""
        rest = self.rest_joints + torch.einsum("jcs,fs->fjc", self.joint_shape, betas)
        vertices = self.template[used] + torch.einsum("ucs,fs->fuc", self.shape[used], betas)
        if len(self.correctives):
            features = (rotations[:, 1:] - torch.eye(3, device=rotations.device)).flatten(1)
            vertices = vertices + torch.einsum("fe,euc->fuc", features, self.correctives[:, used])
        turns, shifts = self._bones(rotations, rest)
        carried = self.skinning[used]
        turn = torch.einsum("uj,fjab->fuab", carried, turns)
        return (turn @ vertices[..., None])[..., 0] + torch.einsum("uj,fja->fua", carried, shifts)

    def _bones(self, rotations: Tensor, rest: Tensor) -> tuple[Tensor, Tensor]:
        """Return turns (F, 22, 3, 3) and shifts (F, 22, 3) that take each joint's vertices from rest to the pose."""
        turns, positions = [rotations[:, 0]], [rest[:, 0]]
        for joint, parent in enumerate(self._path[1:], start=1):
            positions.append(
                positions[parent] + (turns[parent] @ (rest[:, joint] - rest[:, parent])[..., None])[..., 0]
            )
            turns.append(turns[parent] @ rotations[:, joint])
        turn = torch.stack(turns, dim=1)
        return turn, torch.stack(positions, dim=1) - (turn @ rest[..., None])[..., 0]


def read_surface(path: Path, definition: SkeletonDefinition, shards_body: str = "") -> SurfaceBody:
    """Return the body of a file, for a skeleton.

    Args:
        path: of what `kinesynth training-body` wrote.
        definition: whose markers and joint centres are wanted.
        shards_body: the name of the body that the shards' labels are of; empty asks nothing.

    Raises:
        BadInput: the file is none, of another body, or has none of the skeleton's markers.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        name = str(arrays["name"])
        body = SurfaceBody(arrays, definition)
    except UNREADABLE as error:
        found = "no file" if not Path(path).exists() else " ".join(str(error).split())[:120]
        raise BadInput(path, "body", found, EXPECTED, FIX) from error
    if shards_body and name != shards_body:
        raise BadInput(path, "body", name, f"{shards_body}, the shards' body", f"{FIX}, and give it as --body")
    if not body.weights.isfinite().all(dim=-1).all():
        lacking = [n for n in definition.marker_names if n not in set(arrays["marker_names"].tolist())]
        found = f"no marker {lacking[0]}" if lacking else "other joint centres"
        raise BadInput(path, "markers", found, "the skeleton's markers and bodies", f"{FIX} with --marker-vertices")
    return body


def _points(arrays: dict[str, np.ndarray], definition: SkeletonDefinition) -> tuple[np.ndarray, np.ndarray]:
    """Return vertices and weights (B + M, K) of the skeleton's joint centres and markers; NaN where there is none."""
    width = max(arrays["centre_vertices"].shape[1], arrays["marker_vertices"].shape[1])
    rows, fractions = [], []
    for kind, names in (("centre", definition.body_names), ("marker", definition.marker_names)):
        indices = {str(name): row for row, name in enumerate(arrays[f"{kind}_names"])}
        for name in names:
            row, fraction = np.zeros(width, np.int64), np.full(width, np.nan, np.float32)
            if name in indices:
                own = arrays[f"{kind}_vertices"][indices[name]]
                row[: len(own)], fraction[:] = own, 0.0
                fraction[: len(own)] = arrays[f"{kind}_weights"][indices[name]]
            rows.append(row)
            fractions.append(fraction)
    return np.stack(rows), np.stack(fractions)
