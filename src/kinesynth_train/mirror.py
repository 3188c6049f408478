"""A person in the mirror: left and right exchanged, the world reflected at its x-y plane."""

from collections.abc import Sequence

import torch
from torch import Tensor

from kinesynth.skeleton import SkeletonDefinition
from kinesynth_train.rotations import vector_to_rotation

# Coordinates of the middle of the body that turn about, or go along, an axis that the mirror turns round.
TURNED_ROUND = (
    *("pelvis_list", "pelvis_rotation", "pelvis_tz"),
    *(f"{joint}_{turn}" for joint in ("lumbar", "thoracic", "neck") for turn in ("bending", "rotation")),
)

# Labels by the last part of their names; one that says what is valid of both sides at once stays as it is.
MIRRORED = frozenset({
    *("angles", "angle_valid", "scales", "keypoints", "markers", "activations", "activation_valid", "force_valid"),
    *("betas", "global_orient", "body_pose"),
})  # fmt: skip

LEFT_JOINTS = (1, 4, 7, 10, 13, 16, 18, 20)  # of SMPL-X; the right ones follow them


class Mirror:
    """What mirrors the labels and pictures of a window; twice is nothing."""

    def __init__(self, definition: SkeletonDefinition) -> None:
        self._coordinates = partners(definition.coordinate_names)
        self.bodies = partners(definition.body_names)
        self._markers = partners(definition.marker_names)
        self._muscles = partners(definition.muscle_names)
        self._signs = torch.tensor([-1.0 if name in TURNED_ROUND else 1.0 for name in definition.coordinate_names])

    def __call__(self, item: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return an item of `Windows` mirrored: labels, pictures and cameras."""
        bodies = self.bodies
        changed = {
            "angles": self.angles(item["angles"]),
            "angle_valid": item["angle_valid"][..., self._coordinates],
            "scales": item["scales"][bodies],
            "keypoints": _reflected(item["keypoints"][..., torch.cat([bodies, len(bodies) + bodies]), :]),
            "markers": _reflected(item["markers"][..., self._markers, :]),
        }
        if "body_pose" in item:
            changed |= mirrored_body(item["global_orient"], item["body_pose"])
        if "activations" in item:
            changed["activations"] = item["activations"][..., self._muscles]
        if "crops" in item:
            changed["crops"] = item["crops"].flip(-1)
            changed["projections"] = _mirrored_cameras(item["projections"])
            changed["rotations"] = _mirrored_cameras(item["rotations"])
            both = torch.cat([bodies, len(bodies) + bodies])
            changed["keypoints_2d"] = item["keypoints_2d"][..., both, :] * torch.tensor([-1.0, 1.0])
            changed["visibility"] = item["visibility"][..., both]
        if "mirrored" in item:
            changed["mirrored"] = ~item["mirrored"]
        return {**item, **changed}

    def angles(self, angles: Tensor) -> Tensor:
        """Return the coordinates (..., J) of the person in the mirror."""
        return angles[..., self._coordinates] * self._signs.to(angles)


def mirrored_body(global_orient: Tensor, body_pose: Tensor) -> dict[str, Tensor]:
    """Return the rotation vectors (T, 3) and (T, 63) of an SMPL-X body in the mirror.

    The body's own sides lie along its x, the world's mirror faces z: the root turns from one frame to the other.
    """
    from scipy.spatial.transform import Rotation  # late: networks without an SMPL-X body go without

    indices = list(range(22))
    for left in LEFT_JOINTS:
        indices[left], indices[left + 1] = left + 1, left
    joints = body_pose.reshape(*body_pose.shape[:-1], 21, 3)[..., [place - 1 for place in indices[1:]], :]
    across, along = (torch.diag(torch.tensor(signs)) for signs in ((-1.0, 1.0, 1.0), (1.0, 1.0, -1.0)))
    root = along @ vector_to_rotation(global_orient) @ across
    return {
        "global_orient": torch.from_numpy(Rotation.from_matrix(root.numpy()).as_rotvec()).to(global_orient),
        "body_pose": (joints * joints.new_tensor([1.0, -1.0, -1.0])).flatten(-2),
    }


def partners(names: Sequence[str]) -> Tensor:
    """Return the index of each name's partner on the other side, its own in the middle.

    Sides are `_r` and `_l` at the end, or `R` and `L` at the start, where both exist.
    """
    indices = {name: index for index, name in enumerate(names)}
    return torch.tensor([indices.get(_other_side(name), index) for name, index in indices.items()])


def _other_side(name: str) -> str:
    parts = name.split("_")
    if "r" in parts or "l" in parts:
        return "_".join({"r": "l", "l": "r"}.get(part, part) for part in parts)
    return {"R": "L", "L": "R"}.get(name[0], name[0]) + name[1:]


def _reflected(points: Tensor) -> Tensor:
    return points * points.new_tensor([1.0, 1.0, -1.0])


def _mirrored_cameras(matrices: Tensor) -> Tensor:
    """Return world-to-image matrices (..., 3, 3 or 4) of the mirrored world whose pictures are flipped."""
    left = matrices.new_tensor([-1.0, 1.0, 1.0])[:, None]
    right = matrices.new_tensor([1.0, 1.0, -1.0, 1.0])[: matrices.shape[-1]]
    return left * matrices * right
