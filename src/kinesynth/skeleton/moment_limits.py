"""How large a joint moment can be."""

from collections.abc import Sequence

import numpy as np

# N m per kg of body mass, either way: above what was measured in sprinting and jumping, where joint moments peak.
LIMITS = {
    "hip_flexion": 6.0,
    "hip_adduction": 4.0,
    "hip_rotation": 2.0,
    "knee_angle": 5.0,
    "ankle_angle": 4.5,
    "subtalar_angle": 2.0,
    "mtp_angle": 1.5,
    "lumbar": 7.0,
    "thoracic": 7.0,
    "neck": 1.5,
    "clav": 3.0,
    "scap": 3.0,
    "arm": 3.0,
    "elbow": 2.0,
}


def moment_limits(coordinates: Sequence[str]) -> np.ndarray:
    """Return the maximum plausible moment (J,) per kg of body mass; infinite where nothing is known."""
    return np.array([next((LIMITS[key] for key in LIMITS if name.startswith(key)), np.inf) for name in coordinates])
