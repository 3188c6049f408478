"""The procedural library: motions made from scratch, in the format of AMASS.

They pass through the same reader as recorded data.

Each motion is a function of a person's proportions and of a generator that draws cadence, amplitude and side.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from kinesynth.amass import AmassFile
from kinesynth.body.proportions import Proportions
from kinesynth.errors import BadInput
from kinesynth.procedural.arms import arm_raise, jogging_arms, punching, reaching, waving
from kinesynth.procedural.jumping import vertical_jump
from kinesynth.procedural.kicking import kicking
from kinesynth.procedural.plan import RATE_HZ, Plan
from kinesynth.procedural.running import running_in_place
from kinesynth.procedural.solve import relaxed_hands, solve
from kinesynth.procedural.squatting import sit_down, squat
from kinesynth.procedural.trunk import bowing, side_bending, turning
from kinesynth.procedural.walking import walking

Motion = Callable[[Proportions, np.random.Generator, float], Plan]

MOTIONS: dict[str, Motion] = {
    "walking": walking,
    "running_in_place": running_in_place,
    "squat": squat,
    "vertical_jump": vertical_jump,
    "sit_down": sit_down,
    "arm_raise": arm_raise,
    "waving": waving,
    "reaching": reaching,
    "kicking": kicking,
    "jogging_arms": jogging_arms,
    "bowing": bowing,
    "turning": turning,
    "side_bending": side_bending,
    "punching": punching,
}
_Z_UP = Rotation.from_euler("x", np.pi / 2.0)


def motion(name: str) -> Motion:
    """Return a motion of the library.

    Raises:
        BadInput: there is no such motion.
    """
    if name not in MOTIONS:
        raise BadInput("clip table", "action", repr(name), ", ".join(MOTIONS), "name a motion of the library")
    return MOTIONS[name]


def make(
    name: str, proportions: Proportions, betas: np.ndarray, seconds: float, rng: np.random.Generator, path: Path
) -> AmassFile:
    """Make a motion of `seconds` as the AMASS file that `path` is going to be."""
    plan = motion(name)(proportions, rng, seconds)
    posed = solve(proportions, plan)
    left, right = relaxed_hands(len(posed.pelvis))
    return AmassFile(
        path=path,
        fps=RATE_HZ,
        gender="neutral",
        model="smplx",
        betas=betas,
        trans=_Z_UP.apply(posed.pelvis) - proportions.joints[0],
        root_orient=(_Z_UP * Rotation.from_rotvec(posed.pose[:, 0])).as_rotvec(),
        pose_body=posed.pose[:, 1:].reshape(len(posed.pelvis), -1),
        left_hand=left,
        right_hand=right,
    )
