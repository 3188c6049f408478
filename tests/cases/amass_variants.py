"""AMASS files as other programs write them, and at rates that are not theirs."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from make import write_npz
from scipy.spatial.transform import Rotation
from variant import FILES, Lab, Variant
from walk import reversed_in_time, slowed, standing_still, truth_of, turned

from kinesynth.amass import AmassFile
from kinesynth.motion.resample import resample_positions, resample_rotations

RATE, UP = r"rate|Hz|steps", r"up axis|z.up|y.up|x.up|lies|lying|upright"
_RUN, _JUMP, _WALK, _REACH = ("running_in_place", "vertical_jump", "walking", "reaching")
_TURNS = ("root_orient", "pose_body", "left_hand", "right_hand")


def _npz(change: Callable[[Lab], AmassFile], **keys: object) -> Callable[[Lab, Path], Path]:
    return lambda lab, folder: write_npz(folder / "walk_poses.npz", change(lab), **keys)


def _walk(lab: Lab) -> AmassFile:
    return lab.walk.file


def _at_rate(action: str, factor: float, seconds: float = 4.0) -> Variant:
    """Return a motion whose file states a rate that is wrong by a factor."""
    said = f"amass {action} at {factor:g} times its rate"
    return Variant(said, _npz(lambda lab: slowed(lab.motion(action, seconds), 1.0 / factor)), "refused", RATE)


def _resampled(action: str, hz: float) -> Variant:
    """Return a good motion at another rate."""

    def change(lab: Lab) -> AmassFile:
        file = lab.motion(action)
        times = np.arange(0.0, (file.n_frames - 1) / file.fps, 1.0 / hz)
        turns = {name: resample_rotations(getattr(file, name), file.fps, times) for name in _TURNS}
        return replace(file, fps=hz, trans=resample_positions(file.trans, file.fps, times), **turns)

    return _good(f"amass {action} at {hz:g} Hz", change, lambda lab: lab.motion(action))


def _good(name: str, change: Callable[[Lab], AmassFile], truth: Callable[[Lab], AmassFile] | None = None) -> Variant:
    of = truth or change
    return Variant(name, _npz(change), "delivered", truth=lambda lab: truth_of(lab.body, of(lab)), limits=FILES)


def _world(angle: float, axis: str) -> Callable[[Lab], AmassFile]:
    return lambda lab: turned(lab.walk.file, np.zeros(3), Rotation.from_euler(axis, angle, degrees=True))


def _lying(lab: Lab) -> AmassFile:
    still = standing_still(lab.walk.file, 150)
    down = turned(still, still.trans, Rotation.from_euler("y", -90.0, degrees=True))
    return replace(down, trans=down.trans * [1.0, 1.0, 0.0] + [0.0, 0.0, 0.12])


def _on_a_treadmill(lab: Lab) -> AmassFile:
    file = lab.motion(_WALK)
    still = np.broadcast_to(file.trans[:1, :2], file.trans[:, :2].shape)
    return replace(file, trans=np.column_stack([still, file.trans[:, 2]]))


VARIANTS = (
    Variant("amass clean", _npz(_walk), "delivered"),
    *(_at_rate(action, 2.0) for action in (_WALK, _RUN, _JUMP)),
    *(_at_rate(action, 0.5) for action in (_WALK, _JUMP)),  # who runs in place at half the rate marches in place
    _at_rate(_WALK, 4.0),
    Variant("amass y up", _npz(_world(-90.0, "x")), "either", UP),
    Variant("amass x up", _npz(_world(90.0, "y")), "either", UP),
    Variant("amass upside down", _npz(_world(180.0, "x")), "either", UP),
    Variant(
        "amass in centimetres",
        _npz(lambda lab: replace(lab.walk.file, trans=100.0 * lab.walk.file.trans)),
        "refused",
        r"trans|rate|m/s|unit",
    ),
    Variant(
        "amass in millimetres",
        _npz(lambda lab: replace(lab.walk.file, trans=1000.0 * lab.walk.file.trans)),
        "refused",
        "trans",
    ),
    Variant(
        "amass in degrees",
        _npz(
            lambda lab: replace(
                lab.walk.file,
                pose_body=np.degrees(lab.walk.file.pose_body),
                root_orient=np.degrees(lab.walk.file.root_orient),
            )
        ),
        "refused",
        "poses",
    ),
    Variant("amass one frame", _npz(lambda lab: standing_still(lab.walk.file, 1)), "refused", "frame"),
    Variant("amass no frames", _npz(lambda lab: standing_still(lab.walk.file, 0)), "refused", "frame"),
    Variant(
        "amass a burst of nan",
        _npz(_walk, poses=np.where(np.arange(169)[:, None] // 10 == 5, np.nan, np.zeros((169, 156)))),
        "refused",
        "poses",
    ),
    Variant("amass betas are infinite", _npz(_walk, betas=np.full(16, np.inf)), "refused", "betas"),
    Variant("amass betas of another space", _npz(_walk, betas=np.full(16, 15.0)), "either", "betas", limits=FILES),
    Variant("amass rate of zero", _npz(_walk, mocap_framerate=0.0), "refused", "mocap_framerate"),
    Variant("amass rate of nan", _npz(_walk, mocap_framerate=np.nan), "refused", "mocap_framerate"),
    Variant(
        "amass path of another length",
        _npz(lambda lab: replace(lab.walk.file, trans=lab.walk.file.trans[:-3])),
        "refused",
        "trans",
    ),
    # Good ones
    *(
        Variant(f"amass of a {gender}", _npz(_walk, gender=gender), "delivered", limits=FILES)
        for gender in ("male", "female")
    ),
    *(_resampled(_WALK, hz) for hz in (25.0, 59.94, 240.0, 30.0)),
    _resampled(_RUN, 60.0),
    _resampled(_JUMP, 50.0),
    *(
        _good(f"amass {action}", lambda lab, action=action: lab.motion(action))
        for action in (_RUN, _JUMP, _REACH, "squat", "sit_down", "kicking", "waving")
    ),
    _good("amass walking backwards", lambda lab: reversed_in_time(lab.motion(_WALK))),
    _good("amass strolling", lambda lab: slowed(lab.motion(_WALK), 1.3)),
    _good("amass striding", lambda lab: slowed(lab.motion(_WALK), 0.75)),
    _good("amass on a treadmill", _on_a_treadmill),
    _good("amass lying still", _lying),
    _good("amass walking across", _world(90.0, "z")),
)
