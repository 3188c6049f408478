"""People whose motion is known: what a laboratory would have recorded of them, and the truth."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation
from tools.cases.runs import Motion, motion_of

from kinesynth.amass import AmassFile
from kinesynth.body.model import BodyModel, SmplxPose
from kinesynth.body.proportions import proportions_of
from kinesynth.geometry.mesh import vertex_normals, volume
from kinesynth.markers.labels import known
from kinesynth.mosh.attachment import STANDOFF_M, at_landmarks
from kinesynth.motion.ground_alignment import place
from kinesynth.motion.recording import Recording, cut, from_amass
from kinesynth.procedural import make
from kinesynth.seeds import generator
from kinesynth.stage_file import Clip

BETAS = np.array([-0.3, -0.6, 0.5, 0.4, 0.0, -0.2, 0.0, 0.0, 0.0, 0.0])
DENSITY_KG_M3 = 985.0
RATE_HZ, SECONDS = 60.0, 1.4  # of the markers: every other frame of the library's
_CENTRAL = ("C7", "T10", "CLAV", "STRN", "RBAK")
_SIDED = ("FHD", "BHD", "SHO", "UPA", "ELB", "FRM", "WRA", "WRB", "FIN", "ASI", "PSI", "THI", "KNE", "TIB", "ANK",
          "HEE", "TOE")  # fmt: skip
PLUG_IN_GAIT = (*_CENTRAL, *(f"{side}{name}" for side in "LR" for name in _SIDED))


@dataclass(frozen=True)
class Recorded:
    """A person's motion.

    Attributes:
        file: as AMASS would hold it, z up.
        names: the M markers.
        markers: (T, M, 3) m, y up, walking along x.
        joints: (T, 55, 3) m, the joint centres in the same world.
        fps: frames per second.
        truth: what a delivered clip should say.
    """

    file: AmassFile
    names: tuple[str, ...]
    markers: np.ndarray
    joints: np.ndarray
    fps: float
    truth: Motion

    def of(self, name: str) -> np.ndarray:
        """Return a marker's path (T, 3)."""
        return self.markers[:, self.names.index(name)]


def walking(body: BodyModel, betas: np.ndarray = BETAS, action: str = "walking", seconds: float = SECONDS) -> Recorded:
    """Record a motion of the library."""
    return record(body, performed(body, betas, action, seconds))


def performed(body: BodyModel, betas: np.ndarray, action: str, seconds: float) -> AmassFile:
    """Return a motion of the library, by someone of a shape."""
    random = generator(7, action, "cases")
    return make(action, proportions_of(body, betas), betas, seconds, random, Path("walk.npz"))


def record(body: BodyModel, file: AmassFile) -> Recorded:
    """Record a motion: Plug-in Gait's markers on the skin, and the truth."""
    betas = np.asarray(file.betas[:10], np.float64)
    motion = from_amass(file)
    rest = body.rest_joints(betas)
    pose = _smplx(betas, motion, motion.root + _pelvis_shift(rest) - rest[0])
    step = max(1, round(file.fps / RATE_HZ))
    vertices, joints = (part[::step] for part in body.pose(pose))
    markers = on_skin(body, vertices, PLUG_IN_GAIT)
    return Recorded(file, PLUG_IN_GAIT, markers, joints, file.fps / step, truth_of(body, file))


def on_skin(body: BodyModel, vertices: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Return markers (T, M, 3) that stand on the skin of a posed mesh (T, N, 3)."""
    at, _ = at_landmarks(body, known(names))
    markers = np.empty((len(vertices), len(at.names), 3))
    for frame, posed in enumerate(vertices):
        across = at.feet.of(vertex_normals(posed, body.faces))
        across /= np.linalg.norm(across, axis=-1, keepdims=True)
        markers[frame] = at.feet.of(posed) + STANDOFF_M * across
    return markers[:, [at.names.index(name) for name in names]]


def _pelvis_shift(rest: np.ndarray) -> np.ndarray:
    """Return the pelvis joint's place (3,) relative to `trans`, which AMASS leaves out of it, in the y-up world."""
    from kinesynth.amass import Y_UP

    return np.asarray(Y_UP.apply(rest[0]))


def _smplx(betas: np.ndarray, motion: Recording, transl: np.ndarray) -> SmplxPose:
    orient, body, left, right = np.split(motion.poses, [3, 66, 111], axis=1)
    return SmplxPose(betas, orient, body, left, right, transl)


def truth_of(body: BodyModel, file: AmassFile) -> Motion:
    """Return what a delivered clip of a motion should say."""
    betas = np.asarray(file.betas[:10], np.float64)
    part = cut(from_amass(file), None, None, 1.5, 30.0)
    placed = place(part, proportions_of(body, betas))
    rest, vertices = body.rest_joints(betas), body.rest_vertices(betas)
    pose = _smplx(betas, replace(part, poses=placed.poses), placed.pelvis - rest[0])
    person = {"mass_kg": DENSITY_KG_M3 * volume(vertices, body.faces), "height_m": float(np.ptp(vertices[:, 1]))}
    return motion_of(Clip("truth", pose.arrays, {"fps": 30.0}), body, person)


def sized(recorded: Recorded, factor: float) -> Recorded:
    """Return the recording of someone who is so many times as tall, of the same proportions."""
    truth = recorded.truth
    mass, height = factor**3 * truth.mass_kg, factor * truth.height_m
    smaller = replace(truth, mass_kg=mass, height_m=height, pelvis=factor * truth.pelvis)
    return replace(recorded, markers=factor * recorded.markers, joints=factor * recorded.joints, truth=smaller)


def reversed_in_time(file: AmassFile) -> AmassFile:
    """Return a motion backwards."""
    arrays = ("trans", "root_orient", "pose_body", "left_hand", "right_hand")
    return replace(file, **{name: getattr(file, name)[::-1] for name in arrays})


def slowed(file: AmassFile, factor: float) -> AmassFile:
    """Return a motion that takes `factor` times as long, by every frame's share (not resampled)."""
    return replace(file, fps=file.fps / factor)


def turned(file: AmassFile, pivot: np.ndarray, turn: Rotation) -> AmassFile:
    """Return a motion turned as a whole, frame by frame (or all frames alike), about a point of the z-up world."""
    pelvis = np.asarray(turn.apply(file.trans - pivot)) + pivot
    return replace(file, trans=pelvis, root_orient=(turn * Rotation.from_rotvec(file.root_orient)).as_rotvec())


def standing_still(file: AmassFile, frames: int) -> AmassFile:
    """Return the first frame, again and again."""
    arrays = ("trans", "root_orient", "pose_body", "left_hand", "right_hand")
    return replace(file, **{name: np.repeat(getattr(file, name)[:1], frames, axis=0) for name in arrays})


def bent(file: AmassFile, joint: int, radians: np.ndarray | float, axis: str) -> AmassFile:
    """Return a motion with one joint (1 to 21 of SMPL-X) turned further about one of its own axes."""
    pose = file.pose_body.reshape(len(file.pose_body), 21, 3).copy()
    more = Rotation.from_rotvec(np.outer(np.broadcast_to(radians, len(pose)), np.eye(3)["xyz".index(axis)]))
    pose[:, joint - 1] = (Rotation.from_rotvec(pose[:, joint - 1]) * more).as_rotvec()
    return replace(file, pose_body=pose.reshape(len(pose), 63))
