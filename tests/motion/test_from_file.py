"""What stands in a motion's own file, measured forces say, is brought to where the motion is placed."""

from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from kinesynth.body.proportions import Proportions
from kinesynth.dynamics.plate_wrench import Place
from kinesynth.motion.ground_alignment import place
from kinesynth.motion.recording import Recording
from kinesynth.pose_layout import SMPLX
from kinesynth.procedural import MOTIONS
from kinesynth.procedural.plan import RATE_HZ
from kinesynth.procedural.solve import relaxed_hands, solve
from kinesynth.seeds import generator

Z_UP = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
AWAY = np.array([2.0, 0.3, -4.0])


def walked(proportions: Proportions, heading: float, belt: np.ndarray) -> Recording:
    """Return a walk with some heading, somewhere else, on a belt (m/s along x, y, z), whose file has z up."""
    posed = solve(proportions, MOTIONS["walking"](proportions, generator(1, "clip", "motion"), 3.0))
    poses = np.concatenate([posed.pose.reshape(len(posed.pose), -1), *relaxed_hands(len(posed.pose))], axis=1)
    turn = Rotation.from_euler("y", heading)
    poses[:, SMPLX.root] = (turn * Rotation.from_rotvec(poses[:, SMPLX.root])).as_rotvec()
    times = np.arange(len(poses))[:, None] / RATE_HZ
    root = turn.apply(posed.pelvis + times * belt) + AWAY
    return Recording(RATE_HZ, root, poses, turn=Z_UP)


def test_the_pelvis_of_the_file_is_where_the_motion_is_placed(people: list[Proportions]) -> None:
    proportions = people[0]
    for belt in (np.zeros(3), np.array([-1.3, 0.0, 0.0])):
        for scale in (1.0, 0.9):
            recording = replace(walked(proportions, 0.7, belt), root_scale=scale)
            placed = place(recording, proportions)
            attrs = {"from_file": placed.from_file, "root_scale": scale, "belt_velocity_m_per_s": placed.belt}
            in_file = recording.root @ Z_UP  # the file's axes
            seconds = np.arange(len(in_file)) / RATE_HZ
            found = Place.of(attrs).points(in_file[:, None], seconds)[:, 0]
            np.testing.assert_allclose(found, placed.pelvis, atol=1e-9)
