"""By how much twisted shins change muscles: `python -m tools.acceptance.torsion [DEGREES]` prints it."""

import sys
import tempfile
from pathlib import Path

import numpy as np

from kinesynth.isolation import isolated

_COORDINATES = ("hip_flexion_r", "knee_angle_r", "ankle_angle_r", "subtalar_angle_r")
_POSES_RAD: tuple[dict[str, float], ...] = (
    {},
    {"knee_angle_r": 1.0, "ankle_angle_r": -0.4},
    {"hip_flexion_r": 0.7, "knee_angle_r": 1.5, "ankle_angle_r": 0.3, "subtalar_angle_r": 0.2},
)


def change_of_muscles(degrees: float) -> dict[str, tuple[str, float]]:
    """Return the muscle whose length, or moment arm about a coordinate, changes most, and by how much, mm.

    Runs in a process of its own.

    Args:
        degrees: by which both shins of the generic skeleton are twisted outwards.
    """
    from kinesynth.opensim_models.torsion import twist_tibia
    from kinesynth.skeleton.builder import build_model

    straight, twisted = build_model(), build_model()
    for side in "rl":
        twist_tibia(twisted, side, np.radians(degrees))
    (names, before), (_, after) = _measured(straight), _measured(twisted)
    change = 1e3 * np.abs(after - before).max(axis=0)
    kinds = ("length", *_COORDINATES)
    return {kind: (names[change[:, each].argmax()], float(change[:, each].max())) for each, kind in enumerate(kinds)}


def _measured(model) -> tuple[list[str], np.ndarray]:  # type: ignore[no-untyped-def]  # OpenSim's, which is untyped
    """Return the right muscles' names (A,) and, in each pose, lengths and moment arms (3, A, 5) m."""
    state = model.initSystem()
    coordinates = model.getCoordinateSet()
    muscles = [muscle for muscle in model.getMuscles() if muscle.getName().endswith("_r")]
    rows = []
    for pose in _POSES_RAD:
        for coordinate in coordinates:
            value = pose.get(coordinate.getName(), coordinate.getDefaultValue())
            coordinate.setValue(state, value, False)
        model.assemble(state)
        model.realizePosition(state)
        about = [coordinates.get(name) for name in _COORDINATES]
        rows.append(
            [[each.getLength(state), *(each.computeMomentArm(state, one) for one in about)] for each in muscles]
        )
    return [muscle.getName() for muscle in muscles], np.array(rows)


def main() -> None:
    """Print the table."""
    degrees = float(sys.argv[1]) if len(sys.argv) > 1 else 20.0
    with tempfile.TemporaryDirectory() as folder:
        found = isolated(change_of_muscles, degrees, timeout_seconds=300.0, log=Path(folder) / "log")
    for kind, (muscle, change) in found.items():
        print(f"{kind:18} {muscle:10} {change:6.2f} mm")  # noqa: T201


if __name__ == "__main__":
    main()
