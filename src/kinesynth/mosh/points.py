"""Points that are fixed mixtures of mesh vertices, posed without posing the mesh.

A marker is a mixture of the few vertices around it, a joint centre that of the vertices its regressor names. Linear
blend skinning is linear in the posed bones, so each point collapses to one vector per bone that moves it (a
*strand*): a fit needs about a thousand strands where the mesh has ten thousand vertices. The result equals the
mixture of the vertices that `smplx` poses.
"""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import torch
from smplx.lbs import batch_rigid_transform
from torch import Tensor

from kinesynth.geometry.exponential_map import cross_matrix, exponential, left_jacobian

BODY = tuple(range(22))  # the pelvis and the 21 joints of SMPL-X's body_pose; fingers, jaw and eyes keep their pose
BODY_AND_FINGERS = (*BODY, *range(25, 55))
_NEGLIGIBLE_FRACTION = 1e-7  # of a point, carried by one bone


@dataclass(frozen=True)
class Mixture:
    """P points on a mesh: vertex `indices` (P, K) and `weights` (P, K), each row summing to one."""

    indices: np.ndarray
    weights: np.ndarray

    def __add__(self, other: Self) -> "Mixture":
        """Return the points of both, in order, rows padded with weights of zero."""
        width = max(self.indices.shape[1], other.indices.shape[1])
        rows = [_padded(part.indices, width) for part in (self, other)]
        weights = [_padded(part.weights, width) for part in (self, other)]
        return Mixture(np.concatenate(rows), np.concatenate(weights))

    def of(self, vertices: np.ndarray) -> np.ndarray:
        """Return the points (..., P, 3) of a mesh with `vertices` (..., N, 3)."""
        points: np.ndarray = np.einsum("...pkc,pk->...pc", vertices[..., self.indices, :], self.weights)
        return points


@dataclass(frozen=True)
class BodyState:
    """T frames of a body as the fit moves it.

    Attributes:
        rotations: (T, 55, 3, 3) of all joints relative to their parents, before the correction.
        transl: (T, 3) m, before the correction.
        correction: (T, 3 J + 3), a rotation vector for each of the J posed joints, applied in the parent's frame,
            then a translation.
        betas: (S,).
        posed: the J joints that the fit turns, the pelvis first.
        latents: (P, 3) m, how far points lie from their mixture of vertices, in the rest pose; None for on it.
    """

    rotations: Tensor
    transl: Tensor
    correction: Tensor
    betas: Tensor
    posed: tuple[int, ...] = BODY
    latents: Tensor | None = None

    @classmethod
    def at(cls, rotations: Tensor, transl: Tensor, betas: Tensor, posed: tuple[int, ...] = BODY) -> "BodyState":
        """Return a body that is not corrected yet."""
        zero = torch.zeros(len(transl), 3 * len(posed) + 3, dtype=transl.dtype)
        return cls(rotations, transl, zero, betas, posed)

    def __getitem__(self, frames: slice | Tensor) -> "BodyState":
        """Return the body in some of its frames."""
        moving = {name: getattr(self, name)[frames] for name in ("rotations", "transl", "correction")}
        return replace(self, **moving)

    @property
    def turns(self) -> Tensor:
        """The correction's rotation vectors (T, J, 3)."""
        return self.correction[:, :-3].reshape(-1, len(self.posed), 3)

    def corrected(self) -> tuple[Tensor, Tensor]:
        """Return rotations (T, 55, 3, 3) and transl (T, 3) with the correction applied."""
        posed, rotations = list(self.posed), self.rotations.clone()
        rotations[:, posed] = exponential(self.turns) @ self.rotations[:, posed]
        return rotations, self.transl + self.correction[:, -3:]

    def settled(self) -> "BodyState":
        """Return the same body, its correction taken into its rotations."""
        rotations, transl = self.corrected()
        return replace(self, rotations=rotations, transl=transl, correction=torch.zeros_like(self.correction))


@dataclass(frozen=True)
class _Posed:
    """What posing yields: points (T, P, 3), bones (T, 55, 4, 4), joints (T, 55, 3), strands' ends (T, Q, 3)."""

    points: Tensor
    bones: Tensor
    joints: Tensor
    ends: Tensor


@dataclass(frozen=True)
class SkinnedPoints:
    """P points on a body model as Q strands.

    A strand has its `point` (Q,) and `bone` (Q,), its `fraction` (Q,) of the point's skinning weights, and the
    fraction-weighted rest position `offset` (Q, 3) with its derivatives by shape (Q, 3, S) and by the 54 pose features
    of nine entries (54, 9, Q, 3).
    """

    n_points: int
    point: Tensor
    bone: Tensor
    fraction: Tensor
    offset: Tensor
    shape_basis: Tensor
    pose_basis: Tensor
    rest_joints: Tensor
    joint_basis: Tensor
    parents: Tensor

    @classmethod
    def from_layer(cls, layer: Any, mixture: Mixture) -> Self:
        """Collapse the points of `mixture` on `layer`, an `smplx.SMPLX` of any topology."""
        used = torch.as_tensor(mixture.indices, dtype=torch.long)
        weights = torch.as_tensor(mixture.weights, dtype=layer.v_template.dtype)
        carried = weights[..., None] * layer.lbs_weights[used]  # (P, K, 55)
        point, bone = torch.nonzero(carried.sum(1) > _NEGLIGIBLE_FRACTION, as_tuple=True)
        carried = carried[point, :, bone]  # (Q, K)
        used = used[point]
        # A body without pose correctives holds zeros for a single vertex, which broadcast.
        n_features = len(layer.parents) - 1
        pose_basis = layer.posedirs.reshape(n_features, 9, -1, 3).expand(-1, -1, len(layer.v_template), -1)
        return cls(
            n_points=len(mixture.indices),
            point=point,
            bone=bone,
            fraction=carried.sum(1),
            offset=torch.einsum("qk,qkc->qc", carried, layer.v_template[used]),
            shape_basis=torch.einsum("qk,qkcs->qcs", carried, layer.shapedirs[used]),
            pose_basis=torch.stack([_mix(carried, feature[:, used]) for feature in pose_basis]),
            rest_joints=layer.J_regressor @ layer.v_template,
            joint_basis=torch.einsum("jn,ncs->jcs", layer.J_regressor, layer.shapedirs),
            parents=layer.parents,
        )

    def points(self, state: BodyState) -> Tensor:
        """Return the points (T, P, 3) of a body, in metres."""
        return self._pose(*state.corrected(), state.betas, state.latents).points

    def linearise(self, state: BodyState) -> tuple[Tensor, Tensor]:
        """Return the points (T, P, 3) and their derivative by the correction (T, P, 3, 3 J + 3)."""
        rotations, transl = state.corrected()
        posed = self._pose(rotations, transl, state.betas, state.latents)
        to_axis = left_jacobian(state.turns)
        joints = list(state.posed)
        by_turn = self._by_swing(posed, to_axis, joints) + self._by_pose_features(posed, rotations, to_axis, joints)
        by_shift = torch.eye(3, dtype=transl.dtype).expand(*by_turn.shape[:2], 3, 3)
        return posed.points, torch.cat([by_turn, by_shift], -1)

    def shape_derivative(self, state: BodyState) -> Tensor:
        """Return the points' derivative by betas (T, P, 3, S), exact because points are affine in betas."""
        rotations, transl = state.corrected()
        origin = self._pose(rotations, transl, torch.zeros_like(state.betas)).points
        axes = torch.eye(len(state.betas), dtype=state.betas.dtype)
        return torch.stack([self._pose(rotations, transl, axis).points - origin for axis in axes], -1)

    def latent_derivative(self, state: BodyState) -> Tensor:
        """Return each point's derivative by its own latent offset (T, P, 3, 3): the mean turn of what carries it."""
        bones = self._pose(*state.corrected(), state.betas).bones
        turns = self.fraction[:, None, None] * bones[:, self.bone, :3, :3]
        return turns.new_zeros(len(bones), self.n_points, 3, 3).index_add(1, self.point, turns)

    def _pose(self, rotations: Tensor, transl: Tensor, betas: Tensor, latents: Tensor | None = None) -> _Posed:
        n_frames = len(rotations)
        features = (rotations[:, 1:] - torch.eye(3, dtype=rotations.dtype)).flatten(2)  # (T, 54, 9)
        blend = features.flatten(1) @ self.pose_basis.flatten(2).flatten(0, 1)
        local = self.offset + self.shape_basis @ betas + blend.reshape(n_frames, -1, 3)
        if latents is not None:
            local = local + self.fraction[:, None] * latents[self.point]
        rest = (self.rest_joints + self.joint_basis @ betas).expand(n_frames, -1, -1)
        joints, bones = batch_rigid_transform(rotations, rest, self.parents, dtype=rotations.dtype)
        carriers = bones[:, self.bone]
        ends = (carriers[..., :3, :3] @ local[..., None])[..., 0] + carriers[..., :3, 3] * self.fraction[:, None]
        points = ends.new_zeros(n_frames, self.n_points, 3).index_add(1, self.point, ends)
        return _Posed(points + transl[:, None], bones, joints, ends)

    def _by_swing(self, posed: _Posed, to_axis: Tensor, turned: list[int]) -> Tensor:
        """Return (T, P, 3, 3 J): how points swing about each of the `turned` joints as its rotation vector grows."""
        rides = self._rides(turned)
        ends = posed.ends.new_zeros(len(posed.ends), self.n_points * len(rides), 3)
        ends = ends.index_add(1, self.point * len(rides) + self.bone, posed.ends)
        fractions = self.fraction.new_zeros(self.n_points, len(rides)).index_put((self.point, self.bone), self.fraction)
        arms = torch.einsum("tpbc,bj->tpjc", ends.reshape(-1, self.n_points, len(rides), 3), rides)
        arms = arms - torch.einsum("pj,tjc->tpjc", fractions @ rides, posed.joints[:, turned])
        above = posed.bones[:, self.parents[turned[1:]], :3, :3]
        root = torch.eye(3, dtype=above.dtype).expand(len(above), 1, 3, 3)
        axes = (torch.cat([root, above], 1) @ to_axis).mT  # (T, J, 3, 3), rows: angular velocities in the world
        swings: Tensor = torch.linalg.cross(axes[:, None], arms[..., None, :])  # (T, P, J, 3, 3)
        return swings.flatten(2, 3).mT

    def _by_pose_features(self, posed: _Posed, rotations: Tensor, to_axis: Tensor, turned: list[int]) -> Tensor:
        """Return (T, P, 3, 3 J): how pose-dependent blend shapes move the points; the root has none."""
        by_turn = posed.ends.new_zeros(len(rotations), self.n_points, 3, 3 * len(turned))
        if not self.pose_basis.any():
            return by_turn
        swung = cross_matrix(to_axis[:, 1:].mT) @ rotations[:, turned[1:], None]  # (T, J - 1, axis, 3, 3)
        basis = self.pose_basis[[joint - 1 for joint in turned[1:]]]
        local = torch.einsum("tjaf,jfqc->tqcja", swung.flatten(3), basis)
        ends = posed.bones[:, self.bone, :3, :3] @ local.flatten(3)
        by_turn[..., 3:] = by_turn[..., 3:].index_add(1, self.point, ends)
        return by_turn

    def _rides(self, turned: list[int]) -> Tensor:
        """Return (55, J): one where a bone is a turned joint's own or hangs from it, else zero."""
        hangs = torch.eye(len(self.parents), dtype=self.fraction.dtype)
        for bone, parent in enumerate(self.parents.tolist()[1:], start=1):
            hangs[bone] += hangs[parent]
        return hangs[:, turned]


def _mix(carried: Tensor, basis: Tensor) -> Tensor:
    """Return (9, Q, 3): the mixtures of one joint's nine pose features `basis` (9, Q, K, 3)."""
    return torch.einsum("qk,fqkc->fqc", carried, basis)


def _padded(rows: np.ndarray, width: int) -> np.ndarray:
    return np.pad(rows, ((0, 0), (0, width - rows.shape[1])))
