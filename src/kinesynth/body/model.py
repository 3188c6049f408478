"""A body model ready to pose: the real `smplx.SMPLX`, in double precision, behind numpy arrays."""

import contextlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kinesynth.body.identity import Identity, read_identity
from kinesynth.body.joints import JOINT_NAMES, PARENTS
from kinesynth.body.schema import BETAS, SMPLX_VERTICES, read_body
from kinesynth.errors import MissingDependency
from kinesynth.pose_layout import SMPLX
from kinesynth.records import BodyMotion
from kinesynth.stage_file import Clip

if TYPE_CHECKING:
    import torch

_FRAMES_PER_BATCH = 32  # smplx holds a 4 x 4 transform per vertex and frame: 1.8 MB a frame for 14 000 vertices


@dataclass(frozen=True)
class SmplxPose(BodyMotion):
    """SMPL-X parameters of T frames of one person: betas (10,), axis-angle poses in rad, root path in m; in doubles."""

    @classmethod
    def from_clip(cls, clip: Clip) -> "SmplxPose":
        """Take the parameters from a clip of a motion or fit stage.

        Raises:
            BadInput: the clip lacks one, or its sizes are others.
        """
        return cls.from_arrays(cls.of(clip).arrays)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "SmplxPose":
        """Take the parameters from arrays by name, others ignored."""
        return cls(**{field.name: np.asarray(arrays[field.name], np.float64) for field in fields(cls)})

    @classmethod
    def rest(cls, betas: np.ndarray, frames: int = 1) -> "SmplxPose":
        """Return the T-pose, `frames` times."""
        poses = SMPLX.split(np.zeros((frames, SMPLX.width)))
        return cls(np.asarray(betas, np.float64), **poses, transl=np.zeros((frames, 3)))

    def __len__(self) -> int:
        return len(self.global_orient)


@dataclass(frozen=True)
class BodyModel:
    """A body model: N vertices, F faces, the 55 joints of SMPL-X, ten betas.

    Attributes:
        path: the file it was loaded from.
        identity: who it is, as the file says.
        layer: the `smplx.SMPLX` module, float64.
        faces: triangles (F, 3).
        skinning_weights: (N, 55).
        sex_means: betas of the mean man and the mean woman (2, 10); None where the file does not say.
        sex_covariances: of their betas, (2, 10, 10); likewise.
        skin_zones: how much of each vertex is lips, eyelids, ears, nails, (N, 4); likewise.
        joint_names: of the 55 joints.
        parents: of the joints, -1 for the pelvis.
    """

    path: Path
    identity: Identity
    layer: Any
    faces: np.ndarray
    skinning_weights: np.ndarray
    sex_means: np.ndarray | None = None
    sex_covariances: np.ndarray | None = None
    skin_zones: np.ndarray | None = None
    joint_names: tuple[str, ...] = JOINT_NAMES
    parents: tuple[int, ...] = PARENTS

    @property
    def n_vertices(self) -> int:
        """Number of vertices, N."""
        return len(self.skinning_weights)

    def rest_vertices(self, betas: np.ndarray) -> np.ndarray:
        """Return the vertices of the T-pose, (N, 3) m."""
        template, directions = self.layer.v_template.numpy(), self.layer.shapedirs.numpy()
        return np.asarray(template + directions[..., : len(betas)] @ np.asarray(betas, np.float64))

    def rest_joints(self, betas: np.ndarray) -> np.ndarray:
        """Return the joint centres of the T-pose, (55, 3) m."""
        return np.asarray(self.layer.J_regressor.numpy() @ self.rest_vertices(betas))

    def pose(self, pose: SmplxPose) -> tuple[np.ndarray, np.ndarray]:
        """Return vertices (T, N, 3) m and joint centres (T, 55, 3) m, in the frame of the parameters."""
        vertices = np.empty((len(pose), self.n_vertices, 3))
        joints = np.empty((len(pose), len(JOINT_NAMES), 3))
        for batch, output in self._posed(pose):
            vertices[batch] = output.vertices.numpy()
            joints[batch] = output.joints[:, : len(JOINT_NAMES)].numpy()
        return vertices, joints

    def keypoints(self, pose: SmplxPose) -> np.ndarray:
        """Return the 127 points (T, 127, 3) m that `smplx` calls joints: joint centres, 21 vertices, 51 of the face."""
        return np.concatenate([output.joints.numpy() for _, output in self._posed(pose)])

    def _posed(self, pose: SmplxPose) -> Iterator[tuple[slice, Any]]:
        """Yield batches of frames and what `smplx` makes of them."""
        import torch

        with torch.no_grad():
            for start in range(0, len(pose), _FRAMES_PER_BATCH):
                batch = slice(start, start + _FRAMES_PER_BATCH)
                yield batch, self.layer(**self._parameters(pose, batch))

    def _parameters(self, pose: SmplxPose, batch: slice) -> dict[str, "torch.Tensor"]:
        import torch

        frames = len(pose.global_orient[batch])
        moving = {name: torch.as_tensor(array[batch]) for name, array in pose.arrays.items() if name != "betas"}
        still = {"jaw_pose": 3, "leye_pose": 3, "reye_pose": 3, "expression": BETAS}
        return {
            "betas": torch.as_tensor(pose.betas).expand(frames, -1),
            **moving,
            **{name: torch.zeros(frames, width, dtype=torch.float64) for name, width in still.items()},
        }


def load_body(path: Path) -> BodyModel:
    """Load a body file in SMPL-X's schema, the free body or a licensed one, through `smplx.SMPLX`.

    Raises:
        BadInput: the file is missing or not in the schema.
        MissingDependency: smplx is not installed.
    """
    arrays = read_body(path)
    layer = _smplx_layer(path)
    if len(arrays["v_template"]) != SMPLX_VERTICES:
        _use_vertices(layer, arrays["extra_vertex_ids"])
    if not arrays["posedirs"].any():
        _drop_pose_correctives(layer)
    layer.requires_grad_(requires_grad=False)
    return BodyModel(
        path=Path(path),
        identity=read_identity(Path(path)),
        layer=layer,
        faces=np.asarray(arrays["f"], np.int64),
        skinning_weights=layer.lbs_weights.numpy(),
        sex_means=arrays.get("sex_betas_mean"),
        sex_covariances=arrays.get("sex_betas_covariance"),
        skin_zones=arrays.get("skin_zones"),
    )


def _smplx_layer(path: Path) -> Any:
    try:
        import smplx
        import torch
    except ImportError as error:
        raise MissingDependency("smplx", "pipeline") from error
    with contextlib.redirect_stdout(io.StringIO()):  # it prints a warning about files of 20 components
        return smplx.SMPLX(
            str(path),
            ext="npz",
            use_pca=False,
            flat_hand_mean=True,  # AMASS stores hand poses with their mean added
            num_betas=BETAS,
            num_expression_coeffs=BETAS,
            dtype=torch.float64,
        )


def _use_vertices(layer: Any, ids: np.ndarray) -> None:
    """Point smplx's extra vertex joints, given for 10 475 vertices, at this mesh's own."""
    import torch

    layer.vertex_joint_selector.extra_joints_idxs = torch.as_tensor(ids)


def _drop_pose_correctives(layer: Any) -> None:
    """Replace pose correctives that are all zero by ones for a single vertex, which broadcast.

    The multiplication by (486, 3 N) zeros would double the cost of a pose.
    """
    layer.posedirs = layer.posedirs[:, :3].clone()
