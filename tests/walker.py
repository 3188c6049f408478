"""Someone who walks, and what markers on the skin would record."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from kinesynth.body.model import BodyModel, SmplxPose
from kinesynth.geometry.mesh import vertex_normals
from kinesynth.markers.labels import known
from kinesynth.mosh.attachment import STANDOFF_M, at_landmarks

FPS, FRAMES = 30.0, 16
BETAS = np.array([0.8, -0.6, 0.4, 0.0, 0.3, 0.0, 0.0, 0.0, 0.0, 0.0])


def walker() -> SmplxPose:
    """Someone who steps ahead with swinging arms, in SMPL-X's own frame (y up)."""
    swing = np.sin(2 * np.pi * np.arange(FRAMES) / FRAMES)
    pose = SmplxPose.rest(BETAS, FRAMES)
    body = pose.body_pose.reshape(FRAMES, 21, 3)
    for hip, knee, shoulder, elbow, sign in ((0, 3, 15, 17, 1.0), (1, 4, 16, 18, -1.0)):
        body[:, hip, 0] = -0.5 * sign * swing
        body[:, knee, 0] = 0.4 + 0.3 * sign * swing
        body[:, shoulder, 2] = -sign * (1.1 + 0.2 * swing)
        body[:, elbow, 1] = -sign * 0.6
    transl = np.stack([0.02 * swing, np.ones(FRAMES), np.arange(FRAMES) * 0.04], axis=1)
    return replace(pose, body_pose=body.reshape(FRAMES, 63), transl=transl)


def worn(body: BodyModel, names: Sequence[str], pose: SmplxPose) -> np.ndarray:
    """Return the positions (T, M, 3) of markers with known labels on a body in motion."""
    at, _ = at_landmarks(body, known(names))
    vertices, _ = body.pose(pose)
    normals = [at.feet.of(vertex_normals(posed, body.faces)) for posed in vertices]
    return at.feet.of(vertices) + STANDOFF_M * np.array(normals)
