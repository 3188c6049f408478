"""Where each joint's axis-angle stands in a row of pose parameters: root, body, left hand, right hand."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class PoseLayout:
    """The layout of poses (T, 3 (1 + body + 2 hand)), rad.

    Attributes:
        body: joints of the body besides the root.
        hand: joints of each hand.
    """

    body: int
    hand: int

    @property
    def parts(self) -> dict[str, slice]:
        """The columns of each part, by smplx's name of it."""
        counts = {"global_orient": 1, "body_pose": self.body, "left_hand_pose": self.hand, "right_hand_pose": self.hand}
        found, start = {}, 0
        for name, joints in counts.items():
            found[name] = slice(start, start + 3 * joints)
            start += 3 * joints
        return found

    @property
    def width(self) -> int:
        """How many parameters a frame has."""
        return 3 * (1 + self.body + 2 * self.hand)

    @property
    def root(self) -> slice:
        """The columns of the root."""
        return self.parts["global_orient"]

    def split(self, poses: np.ndarray) -> dict[str, np.ndarray]:
        """Return each part of poses (T, width) by its name."""
        return {name: poses[:, columns] for name, columns in self.parts.items()}

    def joined(self, **parts: np.ndarray) -> np.ndarray:
        """Return poses (T, width) of their parts."""
        return np.concatenate([parts[name] for name in self.parts], axis=1)

    def joints(self, poses: np.ndarray) -> np.ndarray:
        """Return the axis-angles (T, 1 + body, 3) of root and body."""
        return poses[:, : 3 * (1 + self.body)].reshape(-1, 1 + self.body, 3)


SMPLX = PoseLayout(body=21, hand=15)
"""Of SMPL+H and SMPL-X alike; SMPL-X files hold jaw and eyes between body and hands."""
