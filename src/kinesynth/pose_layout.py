"""The layout of a row of pose parameters: axis-angles of root, body, left hand, right hand."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class PoseLayout:
    """The layout of poses (T, 3 (1 + body + face + 2 hand)), rad.

    Attributes:
        body: joints of the body besides the root.
        hand: joints of each hand.
        face: joints between body and hands, which no part of ours names: jaw and eyes, which rest.
    """

    body: int
    hand: int
    face: int = 0

    @property
    def parts(self) -> dict[str, slice]:
        """The columns of each part, by smplx's name of it."""
        left = 1 + self.body + self.face
        ends = {
            "global_orient": (0, 1),
            "body_pose": (1, 1 + self.body),
            "left_hand_pose": (left, left + self.hand),
            "right_hand_pose": (left + self.hand, left + 2 * self.hand),
        }
        return {name: slice(3 * first, 3 * last) for name, (first, last) in ends.items()}

    @property
    def width(self) -> int:
        """How many parameters a frame has."""
        return 3 * (1 + self.body + self.face + 2 * self.hand)

    @property
    def root(self) -> slice:
        """The columns of the root."""
        return self.parts["global_orient"]

    def split(self, poses: np.ndarray) -> dict[str, np.ndarray]:
        """Return each part of poses (T, width) by its name."""
        return {name: poses[:, columns] for name, columns in self.parts.items()}

    def joined(self, **parts: np.ndarray) -> np.ndarray:
        """Return poses (T, width) of their parts, others ignored, the face at rest."""
        poses = np.zeros((len(parts["global_orient"]), self.width))
        for name, columns in self.parts.items():
            poses[:, columns] = parts[name]
        return poses

    def joints(self, poses: np.ndarray) -> np.ndarray:
        """Return the axis-angles (T, 1 + body, 3) of root and body."""
        return poses[:, : 3 * (1 + self.body)].reshape(-1, 1 + self.body, 3)


SMPLX = PoseLayout(body=21, hand=15)
"""Of SMPL+H's files, and of what we hold of SMPL-X."""

WITH_FACE = PoseLayout(body=21, hand=15, face=3)
"""Of SMPL-X's files and of `smplx`'s 55 joints, which have jaw and eyes between body and hands."""
