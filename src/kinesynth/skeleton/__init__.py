"""The skeleton: a full-body OpenSim model built from tables, and its differentiable counterpart.

SkeletonDefinition   what a skeleton is, as arrays (numpy)
SkeletonLayer        its forward kinematics (torch)
"""

from typing import TYPE_CHECKING, Any

from kinesynth.skeleton.definition import SkeletonDefinition

if TYPE_CHECKING:
    from kinesynth.skeleton.layer import SkeletonLayer, SkeletonPose

__all__ = ["SkeletonDefinition", "SkeletonLayer", "SkeletonPose"]


def __getattr__(name: str) -> Any:
    """Import the layer when it is first asked for: a reader of shards needs no torch."""
    if name in {"SkeletonLayer", "SkeletonPose"}:
        from kinesynth.skeleton import layer

        return getattr(layer, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
