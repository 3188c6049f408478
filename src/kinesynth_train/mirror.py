"""A person in the mirror: left and right exchanged, the world reflected at its x-y plane."""

from collections.abc import Sequence

import torch
from torch import Tensor

from kinesynth.skeleton import SkeletonDefinition

# Coordinates of the middle of the body that turn about, or go along, an axis that the mirror turns round.
TURNED_ROUND = (
    *("pelvis_list", "pelvis_rotation", "pelvis_tz"),
    *(f"{joint}_{turn}" for joint in ("lumbar", "neck") for turn in ("bending", "rotation")),
)

# Labels by the last part of their names; one that says what is valid of both sides at once stays as it is.
MIRRORED = frozenset({
    *("angles", "angle_valid", "scales", "keypoints", "markers", "activations", "activation_valid", "force_valid")
})  # fmt: skip


class Mirror:
    """What mirrors the labels and pictures of a window; twice is nothing."""

    def __init__(self, definition: SkeletonDefinition) -> None:
        self._coordinates = partners(definition.coordinate_names)
        self._bodies = partners(definition.body_names)
        self._markers = partners(definition.marker_names)
        self._muscles = partners(definition.muscle_names)
        self._signs = torch.tensor([-1.0 if name in TURNED_ROUND else 1.0 for name in definition.coordinate_names])

    def __call__(self, item: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return an item of `Windows` mirrored: labels, pictures and cameras."""
        bodies = self._bodies
        changed = {
            "angles": item["angles"][..., self._coordinates] * self._signs,
            "angle_valid": item["angle_valid"][..., self._coordinates],
            "scales": item["scales"][bodies],
            "keypoints": _reflected(item["keypoints"][..., torch.cat([bodies, len(bodies) + bodies]), :]),
            "markers": _reflected(item["markers"][..., self._markers, :]),
        }
        if "activations" in item:
            changed["activations"] = item["activations"][..., self._muscles]
        if "crops" in item:
            changed["crops"] = item["crops"].flip(-1)
            changed["projections"] = _mirrored_cameras(item["projections"])
            changed["rotations"] = _mirrored_cameras(item["rotations"])
            both = torch.cat([bodies, len(bodies) + bodies])
            changed["keypoints_2d"] = item["keypoints_2d"][..., both, :] * torch.tensor([-1.0, 1.0])
            changed["visibility"] = item["visibility"][..., both]
        return {**item, **changed}


def partners(names: Sequence[str]) -> Tensor:
    """Return the index of each name's partner on the other side, its own in the middle.

    Sides are `_r` and `_l` at the end, or `R` and `L` at the start, where both exist.
    """
    places = {name: index for index, name in enumerate(names)}
    return torch.tensor([places.get(_other_side(name), index) for name, index in places.items()])


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
