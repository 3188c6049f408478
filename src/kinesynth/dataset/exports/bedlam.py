"""BEDLAM's labels of persons (Black et al. 2023): `<split>/<shard>_<camera>.npz`, a row per picture.

A row's body is SMPL-X's under `pose_cam` (165), `shape` and `trans_cam`, moved by the last column of `cam_ext`: that is
where it stands in the camera's frame, whence `cam_int` projects it. `pose_world` and `trans_world` pose it in BEDLAM's
world, whose y points down, from which all of `cam_ext` leads to the camera. `gtkps` are the 127 joints of `smplx`;
`skeleton_keypoints` (x, y, `Visibility`) are the shard's own, called `skeleton_names`.

Two conventions differ from the shards': pictures are a pinhole's, without the lens's distortion, and (0, 0) is the
corner of the picture, not the middle of its first pixel. BEDLAM's `proj_verts` are left out: which vertices they are is
told by a file under its licence, and readers go on without them.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from kinesynth.body.model import BodyModel, SmplxPose
from kinesynth.dataset.camera import CORNER, camera_of, cornered, in_picture, project
from kinesynth.dataset.exports.bodies import check_body, fitted_pose, needed_body, turned
from kinesynth.dataset.exports.clips import ExportedClip, exported_clips
from kinesynth.dataset.exports.pictures import picture_name, write_pictures
from kinesynth.dataset.names import read_names
from kinesynth.dataset.provenance import read_provenance
from kinesynth.dataset.record import ViewRecord
from kinesynth.dataset.visibility import Visibility
from kinesynth.errors import BadInput
from kinesynth.notes import tell
from kinesynth.npz import write_npz
from kinesynth.pose_layout import WITH_FACE

Y_DOWN = Rotation.from_matrix(np.diag([1.0, -1.0, -1.0]))
"""From our world, whose y is up, to BEDLAM's, and back."""
BODY_JOINTS = 22  # the first of the 127; where less than half of them lie in the picture there is no row, as in BEDLAM
BOX_MARGIN, BOX_UNIT = (
    1.2,
    200.0,
)  # side of a person's square over that of their box; pixels that a scale of 1 stands for
GENDERS = {"male": "m", "female": "f", "neutral": "neutral"}

Rows = Mapping[str, np.ndarray]


def write(shards: Sequence[Path], folder: Path, body: Path | None) -> None:
    """Write pictures and labels.

    Raises:
        BadInput: a shard is unreadable, none has pictures, or `body` is missing or another's.
    """
    model = needed_body(body, "its joints, about which SMPL-X turns")
    if model.identity.is_free:
        tell(model.path, ["shape and poses are the free body's, which no SMPL-X file takes: pose them with this one"])
    for _, clips in groupby(exported_clips(shards), key=lambda clip: clip.shard):
        tables: dict[Path, list[Rows]] = defaultdict(list)
        for clip in clips:
            check_body(model, clip)
            names = _keypoint_names(clip)
            pose = fitted_pose(clip)
            points = model.keypoints(pose)
            for camera, view in clip.record.views.items():
                write_pictures(folder, clip.clip_id, camera, view, pinhole=True)
                name = Path(str(clip.person["split"])) / f"{clip.shard.stem}_{camera}.npz"
                tables[folder / name].append(_rows(clip, camera, model, pose, points))
        for path, parts in tables.items():
            path.parent.mkdir(exist_ok=True)
            rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
            write_npz(path, {**rows, "skeleton_names": np.array(names)})
    if not any(folder.iterdir()):
        raise BadInput(shards[0], "views", "none", "pictures to annotate", "render the run with cameras")


def _rows(clip: ExportedClip, camera: str, model: BodyModel, pose: SmplxPose, points: np.ndarray) -> Rows:
    """Return the rows of a view, of a pose whose joints are at `points` (T, 127, 3) in the world."""
    view = clip.record.views[camera]
    K, world_to_camera, _ = camera_of(view.arrays)
    pixels, inside = _pictured(points, view)
    body, drawn = pixels[:, :BODY_JOINTS], inside[:, :BODY_JOINTS]
    kept = drawn.mean(axis=1) >= 0.5
    centre, scale = _squares(body, drawn | ~kept[:, None])
    in_camera = turned(model, pose, Rotation.from_matrix(world_to_camera[:3, :3]))
    in_world = turned(model, pose, Y_DOWN)
    names = [picture_name(clip.clip_id, camera, frame) for frame in range(len(points))]
    constant = {
        "shape": pose.betas,
        "cam_int": cornered(K),
        "cam_ext": world_to_camera @ _homogeneous(Y_DOWN),
        "gender": np.array(GENDERS[model.identity.gender]),
        "motion_info": np.array(_motion_info(clip)),
        "sub": np.array(str(clip.person["subject"])),
    }
    moving = {
        "imgname": np.array(names),
        "center": centre,
        "scale": scale,
        "pose_cam": _whole_pose(in_camera),
        "trans_cam": in_camera.transl,
        "pose_world": _whole_pose(in_world),
        "trans_world": in_world.transl,
        "gtkps": np.dstack([pixels, np.ones(inside.shape)]),
        "skeleton_keypoints": _skeleton_keypoints(clip, view),
    }
    repeated = {name: np.repeat(value[None], len(points), axis=0) for name, value in constant.items()}
    return {name: values[kept] for name, values in {**moving, **repeated}.items()}


def _motion_info(clip: ExportedClip) -> str:
    """Return what the person does and where in which file it stands, as JSON."""
    provenance = read_provenance(clip.person, clip.record.attrs)
    seconds = [round(provenance.start_seconds, 4), round(provenance.end_seconds, 4)]
    place = {
        "source_path": provenance.source_path,
        "seconds": seconds,
        "babel_id": provenance.babel_id,
        "license": provenance.license,
    }
    return json.dumps({"action": str(clip.record.attrs["action"]), **place})


def _squares(pixels: np.ndarray, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return centre (T, 2) px and scale (T) of the squares around the points (T, N, 2) that are inside."""
    low = np.where(inside[..., None], pixels, np.inf).min(axis=1)
    high = np.where(inside[..., None], pixels, -np.inf).max(axis=1)
    return (low + high) / 2, BOX_MARGIN * (high - low).max(axis=1) / BOX_UNIT


def _whole_pose(pose: SmplxPose) -> np.ndarray:
    """Return the 55 joints' axis-angles (T, 165), those of jaw and eyes zero."""
    return WITH_FACE.joined(**pose.arrays)


def _pictured(points: np.ndarray, view: ViewRecord) -> tuple[np.ndarray, np.ndarray]:
    """Return where a pinhole shows points (T, N, 3) of the world, (T, N, 2) px from the corner, and whether inside."""
    K, world_to_camera, _ = camera_of(view.arrays)
    pixels, depth = project(points.astype(float), K, world_to_camera)
    inside = in_picture(pixels, int(view.attrs["height"]), int(view.attrs["width"])) & (depth > 0)
    return np.nan_to_num(pixels) + CORNER, inside


def _skeleton_keypoints(clip: ExportedClip, view: ViewRecord) -> np.ndarray:
    """Return the shard's keypoints (T, K, 3) as the pinhole shows them, and their visibility."""
    pixels, inside = _pictured(clip.record.arrays["keypoints"], view)
    return np.dstack([pixels, np.where(inside, view.arrays["visibility"], Visibility.OUTSIDE)])


def _keypoint_names(clip: ExportedClip) -> list[str]:
    bodies = read_names(clip.file["skeleton"]).bodies
    return [*bodies, *(f"{body}_mass_centre" for body in bodies)]


def _homogeneous(rotation: Rotation) -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, :3] = rotation.as_matrix()
    return matrix
