"""Twists the shins of a model, as bone-deformation tools for OpenSim do (Modenese et al. 2021)."""

import numpy as np
import opensim
from scipy.spatial.transform import Rotation

from kinesynth.opensim_models.opened import Model

# Fractions of the way from knee to ankle between which the bone is twisted: below the tuberosity and the insertions of
# the hamstrings, so that no muscle's moment about the knee changes, and above the retinacula, so that every tendon
# that they hold keeps its place about the ankle.
_TWISTED_FROM, _TWISTED_TO = 0.225, 0.9


def twist_tibia(model: Model, side: str, outwards_rad: float) -> None:
    """Turn an ankle outwards about the shank, in place, and with it what is fixed to the bone there.

    The points of muscles' paths turn by as much of the angle as lies above them. The ankle's place stays. Places of
    markers on the tibia do, too: they are for the static pose to find.

    Args:
        model: with bodies `tibia_*` and joints `ankle_*`, whose frames in the tibia are offsets from the bone's.
        side: r or l.
        outwards_rad: by how much.
    """
    tibia = model.getBodySet().get(f"tibia_{side}")
    frame = opensim.PhysicalOffsetFrame.safeDownCast(model.updJointSet().get(f"ankle_{side}").upd_frames(0))
    ankle = frame.get_translation().to_numpy()
    turn = outwards_rad * (-1.0 if side == "r" else 1.0)
    was = Rotation.from_euler("XYZ", frame.get_orientation().to_numpy())
    frame.set_orientation(opensim.Vec3(*(Rotation.from_euler("Y", turn) * was).as_euler("XYZ").tolist()))
    for point in _points_on(model, tibia.getName()):
        place = point.get_location().to_numpy()
        part = np.clip((place[1] / ankle[1] - _TWISTED_FROM) / (_TWISTED_TO - _TWISTED_FROM), 0.0, 1.0)
        arm = place - ankle
        point.set_location(opensim.Vec3(*(ankle + Rotation.from_euler("Y", part * turn).apply(arm)).tolist()))
    model.finalizeConnections()


def _points_on(model: Model, body: str) -> list[opensim.PathPoint]:
    """Return the points of all muscles' paths that are fixed to a body."""
    found = []
    for muscle in model.updMuscles():
        path = opensim.GeometryPath.safeDownCast(muscle.updPath())
        points = path.updPathPointSet()
        for index in range(points.getSize()):
            point = opensim.PathPoint.safeDownCast(points.get(index))
            if point is not None and point.getParentFrame().findBaseFrame().getName() == body:
                found.append(point)
    return found
