"""Draw the generic skeleton with its muscles from the front and from the side.

    python -m tools.pictures.skeleton docs/images/skeleton.png

Bones are capsules from joint to joint. Muscles follow the paths that OpenSim finds, around their wrapping surfaces; a
muscle's line is the thicker the stronger it is, and its colour tells trunk, arms and legs apart.
"""

import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import opensim
from matplotlib.collections import LineCollection
from matplotlib.patches import Ellipse

from kinesynth.skeleton.builder import build_model

BONES = (  # from one body's origin to another's, and how thick (m)
    *(("femur", "tibia", 0.040), ("tibia", "talus", 0.034), ("talus", "calcn", 0.030), ("calcn", "toes", 0.030)),
    *(("humerus", "ulna", 0.034), ("ulna", "hand", 0.020), ("radius", "hand", 0.020)),
)
BELOW_WRIST_M, TOE_M = np.array([0.0, -0.15, 0.0]), np.array([0.06, -0.005, 0.0])
MUSCLE_COLOURS = {"trunk": "#c9772e", "arm": "#b8423c", "leg": "#96283c"}
TRUNK = ("ercspn", "intobl", "extobl")
POSE = {"arm_add_r": -0.12, "arm_add_l": -0.12, "elbow_flex_r": 0.15, "elbow_flex_l": 0.15}
HEAD_CENTRE, HEAD_RADII = np.array([0.022, 0.085, 0.0]), np.array([0.098, 0.12, 0.078])
RIBS = (  # height, depth and half width of the hoops, m
    *((0.005, 0.085, 0.110), (0.045, 0.095, 0.125), (0.085, 0.100, 0.132), (0.125, 0.098, 0.130)),
    *((0.165, 0.090, 0.120), (0.205, 0.078, 0.102), (0.235, 0.055, 0.075)),
)
SHOULDER_BLADE = (  # root of the spine, inferior angle, neck: places on the scapula, m
    np.array([-0.075, -0.035, -0.075]), np.array([-0.085, -0.150, -0.060]), np.array([-0.020, -0.035, 0.0]),
)  # fmt: skip
# Of a bone: fraction of the width, grey, offset
STROKES = ((1.0, 0.45, 0.0), (0.86, 0.80, 0.0), (0.62, 0.88, 0.08), (0.34, 0.95, 0.14), (0.14, 0.985, 0.18))
MARGINS = {"left": 0.0, "right": 1.0, "bottom": 0.0, "top": 0.96, "wspace": 0.0}
Capsule = tuple[np.ndarray, np.ndarray, float]


def draw(output: Path) -> None:
    """Write the picture.

    Args:
        output: image file; its ending tells the format.
    """
    opensim.Logger.setLevelString("error")
    model = build_model()
    state = model.initSystem()
    for name, angle in POSE.items():
        model.getCoordinateSet().get(name).setValue(state, angle, False)
    model.realizePosition(state)
    figure, axes = plt.subplots(1, 2, gridspec_kw=MARGINS, figsize=(8, 10), dpi=120)
    for panel, title, across, depth in zip(axes, ("front", "right side"), (2, 0), (0, 2), strict=True):
        _view(panel, model, state, across, depth)
        panel.set_title(title, fontsize=11, color="#444444")
    figure.savefig(output, facecolor="white")


def _view(panel: Any, model: Any, state: Any, across: int, depth: int) -> None:
    """Draw along axis `depth`, with axis `across` to the right (the front view shows the right side on the left)."""
    mirror = -1.0 if across == 2 else 1.0

    def flat(points: np.ndarray) -> np.ndarray:
        return np.stack([mirror * points[..., across], points[..., 1]], axis=-1)

    drawn: list[tuple[float, str, Any]] = [
        (float(np.mean([start[depth], end[depth]])), "bone", (start, end, width))
        for start, end, width in _bones(model, state)
    ]
    for muscle in model.getMuscles():
        path = _path(muscle, state)
        drawn.append((float(path[:, depth].mean()) + 0.03, "muscle", (path, muscle)))
    centre = _station(model, state, "head", HEAD_CENTRE)
    drawn.append((centre[depth], "head", centre))
    panel.set_aspect("equal")
    panel.set_axis_off()
    panel.set_xlim(-0.365, 0.365)
    panel.set_ylim(-0.03, 1.79)
    points_per_m = 72 * panel.get_position().height * 10 / 1.82
    for _, kind, item in sorted(drawn, key=lambda each: each[0]):
        if kind == "bone":
            start, end, width = item
            _capsule(panel, flat(np.array([start, end])), width * points_per_m)
        elif kind == "head":
            _skull(panel, flat(item), HEAD_RADII[across])
        else:
            path, muscle = item
            _muscle(panel, flat(path), muscle)


def _bones(model: Any, state: Any) -> list[Capsule]:
    """Return (start, end, width) m of every bone."""
    at = {body.getName(): body.getPositionInGround(state).to_numpy() for body in model.getBodySet()}
    bones: list[Capsule] = []
    for side in "rl":
        bones += [(at[f"{first}_{side}"], at[f"{last}_{side}"], width) for first, last, width in BONES]
        bones.append((at[f"hand_{side}"], _station(model, state, f"hand_{side}", BELOW_WRIST_M), 0.034))
        bones.append((at[f"toes_{side}"], _station(model, state, f"toes_{side}", TOE_M), 0.026))
        bones.append((at[f"femur_{side}"], at["abdomen"], 0.046))
        bones.append((at[f"clavicle_{side}"], at[f"scapula_{side}"], 0.020))
        bones.append((at[f"scapula_{side}"], at[f"humerus_{side}"], 0.024))
        corners = [_station(model, state, f"scapula_{side}", place * _side(side)) for place in SHOULDER_BLADE]
        bones += [(first, last, 0.014) for first, last in pairwise([at[f"scapula_{side}"], *corners])]
        bones += _ribs(model, state, _side(side)[2])
    bones.append((at["femur_r"], at["femur_l"], 0.04))
    bones.append((at["abdomen"], at["torso"], 0.042))
    bones.append((at["torso"], at["head"], 0.036))
    return bones


def _side(side: str) -> np.ndarray:
    return np.array([1.0, 1.0, 1.0 if side == "r" else -1.0])


def _ribs(model: Any, state: Any, side: float) -> list[Capsule]:
    """Return the chest of one side as slanting hoops of short capsules."""
    bones: list[Capsule] = []
    turns = np.linspace(0.0, np.pi, 13)
    for height, depth, width in RIBS:
        hoop = [
            np.array([0.015 - depth * np.cos(turn), height + 0.02 * np.cos(turn), side * width * np.sin(turn)])
            for turn in turns
        ]
        placed = [_station(model, state, "torso", point) for point in hoop]
        bones += [(first, last, 0.010) for first, last in pairwise(placed)]
    return bones


def _station(model: Any, state: Any, body: str, place: np.ndarray) -> np.ndarray:
    """Return where a place on a body is in ground, (3,) m."""
    station: np.ndarray = (
        model.getBodySet().get(body).findStationLocationInGround(state, opensim.Vec3(*place)).to_numpy()
    )
    return station


def _path(muscle: Any, state: Any) -> np.ndarray:
    """Return the points (P, 3) m of a muscle's current path in ground, those on wrapping surfaces among them."""
    path = opensim.GeometryPath.safeDownCast(muscle.getPath()).getCurrentPath(state)
    points = []
    for index in range(path.getSize()):
        point = path.get(index)
        wrapped = opensim.PathWrapPoint.safeDownCast(point)
        positions = [point.getLocation(state)]
        if wrapped is not None:
            curve = wrapped.getWrapPath(state)
            positions = [curve.get(each) for each in range(curve.getSize())] or positions
        frame = point.getParentFrame()
        points += [frame.findStationLocationInGround(state, place).to_numpy() for place in positions]
    return np.array(points)


def _capsule(panel: Any, ends: np.ndarray, width: float) -> None:
    """Draw a bone as strokes that grow lighter towards an edge, as if lit from above."""
    for part, tone, shift in STROKES:
        offset = np.array([-shift, shift]) * width * 5e-4
        x, y = (ends + offset).T
        panel.plot(
            x, y, color=(tone, 0.97 * tone, 0.90 * tone), linewidth=part * width, solid_capstyle="round", zorder=1
        )


def _skull(panel: Any, centre: np.ndarray, radius: float) -> None:
    """Draw the head as a shaded ellipse."""
    for part, tone in zip(np.linspace(1.0, 0.1, 16), np.linspace(0.62, 0.98, 16), strict=True):
        middle = centre + (1.0 - part) * np.array([-0.25 * radius, 0.03])
        ellipse = Ellipse(
            (middle[0], middle[1]),
            2 * part * radius,
            2 * part * HEAD_RADII[1],
            color=(tone, 0.97 * tone, 0.90 * tone),
            zorder=1,
        )
        panel.add_patch(ellipse)


def _muscle(panel: Any, path: np.ndarray, muscle: Any) -> None:
    """Draw a muscle's path: tendon-thin at its ends, thickest at its belly."""
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    fraction = np.linspace(0.0, 1.0, 40)
    points = np.stack([np.interp(fraction * along[-1], along, path[:, axis]) for axis in range(2)], axis=1)
    belly = 1.0 + (0.15 * np.sqrt(muscle.getMaxIsometricForce())) * np.sin(np.pi * fraction[:-1]) ** 0.7
    group = "trunk" if muscle.getName()[:-2] in TRUNK else "arm" if _on_arm(muscle) else "leg"
    segments = np.stack([points[:-1], points[1:]], axis=1)
    layers = ((belly + 0.7, "#3d0c12", 0.5), (belly, MUSCLE_COLOURS[group], 0.9), (0.3 * belly, "#f3c9b5", 0.4))
    for width, colour, alpha in layers:
        strokes = LineCollection(list(segments), linewidths=width, colors=colour, alpha=alpha, zorder=1)
        panel.add_collection(strokes)


def _on_arm(muscle: Any) -> bool:
    points = opensim.GeometryPath.safeDownCast(muscle.getPath()).getPathPointSet()
    return points.get(points.getSize() - 1).getParentFrame().getName()[:-2] in {"humerus", "ulna", "radius"}


if __name__ == "__main__":
    draw(*map(Path, sys.argv[1:]))
