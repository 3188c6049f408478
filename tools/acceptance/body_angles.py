"""Flexion angles of the legs from the bodies of an OpenCap Visualizer file, whoever made it.

Bodies are those of Rajagopal's and Lai's models: the rotation of a child in its parent tells the joint's angle. The
hip's is the first of the sequence z, x, y; the knee's the same, whose z turns backward; the ankle's is the turn about
its own axis, the one of the models.
"""

import gzip
import json
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

ANKLE_AXIS = np.array([-0.10501355, -0.17402245, 0.97912632])  # of the right side; the left's is its mirror image


def flexions(path: Path) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return the times (T,) s and, by coordinate, the angles (T,) degrees of a file, .json or .json.gz."""
    content = path.read_bytes()
    told = json.loads(gzip.decompress(content) if path.suffix == ".gz" else content)
    bodies = {name: Rotation.from_euler("XYZ", body["rotation"]) for name, body in told["bodies"].items()}
    angles = {}
    for side, mirror in (("r", 1.0), ("l", -1.0)):
        hip = bodies["pelvis"].inv() * bodies[f"femur_{side}"]
        knee = bodies[f"femur_{side}"].inv() * bodies[f"tibia_{side}"]
        ankle = bodies[f"tibia_{side}"].inv() * bodies[f"talus_{side}"]
        angles[f"hip_flexion_{side}"] = hip.as_euler("ZXY", degrees=True)[:, 0]
        angles[f"knee_angle_{side}"] = -knee.as_euler("ZXY", degrees=True)[:, 0]
        axis = ANKLE_AXIS * [mirror, mirror, 1.0]
        angles[f"ankle_angle_{side}"] = np.degrees(ankle.as_rotvec() @ axis)
    return np.array(told["time"], dtype=float), angles
