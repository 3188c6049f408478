"""A walk in the coordinates of the OpenSim model, drawn from sines: enough of a walk for its files to be checked."""

import numpy as np

RATE_HZ, SECONDS, STRIDE_S, SPEED = 60.0, 1.4, 1.1, 1.2
TIMES = np.arange(round(RATE_HZ * SECONDS)) / RATE_HZ
TRANSLATIONS = ("pelvis_tx", "pelvis_ty", "pelvis_tz")
ARMS = ("arm_flex", "arm_add", "arm_rot", "elbow_flex", "pro_sup", "wrist_flex", "wrist_dev")


def gait(times: np.ndarray = TIMES) -> dict[str, np.ndarray]:
    """Return all coordinates (T,), degrees and metres."""
    turn = 2.0 * np.pi * times / STRIDE_S
    still = np.zeros_like(times)
    columns = {
        "pelvis_tilt": -3.0 + np.sin(2.0 * turn),
        "pelvis_list": 3.0 * np.sin(turn), "pelvis_rotation": 4.0 * np.cos(turn),
        "pelvis_tx": SPEED * times, "pelvis_ty": 0.92 + 0.02 * np.cos(2.0 * turn), "pelvis_tz": 0.02 * np.sin(turn),
    }  # fmt: skip
    for side, phase in (("r", 0.0), ("l", np.pi)):
        swing = turn + phase
        knee = 8.0 + 52.0 * np.clip(np.sin(swing - 0.9), 0.0, None) ** 2 + 8.0 * np.clip(np.sin(swing + 1.9), 0.0, None)
        columns |= {
            f"hip_flexion_{side}": 8.0 + 22.0 * np.sin(swing), f"hip_adduction_{side}": 3.0 * np.cos(swing),
            f"hip_rotation_{side}": still, f"knee_angle_{side}": knee, f"knee_angle_{side}_beta": knee,
            f"ankle_angle_{side}": 8.0 * np.sin(swing + 2.5), f"subtalar_angle_{side}": still,
            f"mtp_angle_{side}": still,
        }  # fmt: skip
    columns |= {"lumbar_extension": -2.0 + still,
                "lumbar_bending": -3.0 * np.sin(turn), "lumbar_rotation": -6.0 * np.cos(turn),
                "neck_extension": still, "neck_bending": still, "neck_rotation": still}  # fmt: skip
    for side, phase in (("r", np.pi), ("l", 0.0)):
        values = (
            18.0 * np.sin(turn + phase),
            still - 8.0,
            still,
            25.0 + 8.0 * np.sin(turn + phase),
            still + 20.0,
            still,
            still,
        )
        columns |= {f"{name}_{side}": value for name, value in zip(ARMS, values, strict=True)}
    return columns


def without(*parts: str) -> dict[str, np.ndarray]:
    """Return the walk without the coordinates whose names begin so."""
    return {name: values for name, values in gait().items() if not name.startswith(parts)}


def scaled(factor: float, *names: str) -> dict[str, np.ndarray]:
    """Return the walk with some coordinates multiplied."""
    return {name: factor * values if name in names else values for name, values in gait().items()}


def angles() -> tuple[str, ...]:
    """Return the coordinates that are angles."""
    return tuple(name for name in gait() if name not in TRANSLATIONS)
