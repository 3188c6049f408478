"""Which way is up in a view without calibration: from what stands on the floor, the body, and how phones are held.

The floor is the plane on which the soles rest. Where a person stays on one spot it is hardly known, and then counts
that people film nearly level, and that a body is upright on the whole.
"""

import numpy as np

REST_SPREAD_M = 0.02  # of a resting sole's height: its depth is off by a percent or two
STANCE_SECONDS = 0.5  # in which a sole rests at one place: what it tells counts once
ROLL_DEG, PITCH_DEG = 3.0, 10.0  # by which people hold or set up a camera askew: estimates
BODY_SIDEWAYS_DEG, BODY_FORWARD_DEG = 4.0, 8.0  # of the body's mean axis, across the picture and along the sight


def upward(soles: np.ndarray, rests: np.ndarray, body: np.ndarray, fps: float) -> np.ndarray:
    """Return the direction (3,) that is up, in a world whose y is the picture's up and whose x points to the camera.

    Args:
        soles: (T, C, 3) m, places under the feet.
        rests: (T, C) from 0 to 1, how much each seems to rest.
        body: (T, 3) from ankles to shoulders.
        fps: frames per second.
    """
    positions, weights = soles.reshape(-1, 3), rests.reshape(-1) / (STANCE_SECONDS * fps)
    rows = [np.column_stack([positions[:, 2], positions[:, 0], -np.ones(len(positions))]) * np.sqrt(weights)[:, None]]
    wanted = [-positions[:, 1] * np.sqrt(weights)]
    spreads = [np.full(len(positions), REST_SPREAD_M)]
    axis = (body / np.linalg.norm(body, axis=1, keepdims=True)).mean(axis=0)
    for row, value, degrees in (
        ([1.0, 0.0, 0.0], 0.0, ROLL_DEG),
        ([0.0, 1.0, 0.0], 0.0, PITCH_DEG),
        ([1.0, 0.0, 0.0], axis[2] / axis[1], BODY_SIDEWAYS_DEG),
        ([0.0, 1.0, 0.0], axis[0] / axis[1], BODY_FORWARD_DEG),
    ):
        rows.append(np.array([row]))
        wanted.append(np.array([value]))
        spreads.append(np.array([np.tan(np.radians(degrees))]))
    spread = np.concatenate(spreads)
    tilt = np.linalg.lstsq(np.concatenate(rows) / spread[:, None], np.concatenate(wanted) / spread, rcond=None)[0]
    direction = np.array([tilt[1], 1.0, tilt[0]])
    return np.asarray(direction / np.linalg.norm(direction))
