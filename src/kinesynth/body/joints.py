"""The 55 joints of SMPL-X, in the order of its files and of the `smplx` package."""

_FINGERS = ("index", "middle", "pinky", "ring", "thumb")

JOINT_NAMES: tuple[str, ...] = (
    *("pelvis", "left_hip", "right_hip", "spine1", "left_knee", "right_knee", "spine2", "left_ankle", "right_ankle"),
    *("spine3", "left_foot", "right_foot", "neck", "left_collar", "right_collar", "head"),
    *("left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist"),
    *("jaw", "left_eye", "right_eye"),
    *(f"{side}_{finger}{knuckle}" for side in ("left", "right") for finger in _FINGERS for knuckle in (1, 2, 3)),
)

_BODY_PARENTS = (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 15, 15, 15)


def _parent(joint: int) -> int:
    if joint < len(_BODY_PARENTS):
        return _BODY_PARENTS[joint]
    name = JOINT_NAMES[joint]
    if name.endswith("1"):
        return JOINT_NAMES.index(f"{name.split('_')[0]}_wrist")
    return joint - 1


PARENTS: tuple[int, ...] = tuple(_parent(joint) for joint in range(len(JOINT_NAMES)))


def opposite(name: str) -> str:
    """Return the name of the joint on the other side of the body; a midline joint is its own opposite.

    Example:
        >>> opposite("left_knee"), opposite("jaw")
        ('right_knee', 'jaw')
    """
    side, _, rest = name.partition("_")
    return {"left": f"right_{rest}", "right": f"left_{rest}"}.get(side, name)


OPPOSITE: tuple[int, ...] = tuple(JOINT_NAMES.index(opposite(name)) for name in JOINT_NAMES)
