"""A clip as a recording for Rerun's viewer (.rrd): cameras in space, videos, skeleton, muscles, forces and curves.

All stands on one time line, `time`, seconds from the clip's first frame. Below `world`, whose y is up: a camera's
pinhole with its video and the joints that it sees, the bones, the muscles coloured by their activation, and the forces
under the feet (grey where they are not valid). Below `curves`: activations, joint moments, angles and vertical forces;
where a value is not valid, its curve is interrupted. A lens's distortion is in the video and in `joints`, but Rerun's
pinholes have none, so that what is projected from the world misses by as much.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from kinesynth.atomic import atomic_path
from kinesynth.dataset.camera import CORNER, camera_of, cornered
from kinesynth.dataset.record import ClipRecord, ViewRecord
from kinesynth.dataset.visibility import Visibility
from kinesynth.errors import MissingDependency
from kinesynth.gravity import GRAVITY
from kinesynth.report.muscle_paths import muscle_paths
from kinesynth.report.scene import (
    ACTIVE,
    BONE,
    FORCE,
    METRES_PER_BODY_WEIGHT,
    MIN_FORCE_BW,
    RESTING,
    UNSURE_FORCE,
)
from kinesynth.skeleton.definition import SkeletonDefinition

TIME = "time"
SIDES = ("right", "left")


def write_rerun(
    path: Path, name: str, clip: ClipRecord, skeleton: SkeletonDefinition, person: Mapping[str, Any]
) -> None:
    """Write the recording, whole or not at all.

    Args:
        path: the .rrd file.
        name: of the clip.
        clip: its labels and views.
        skeleton: the person's.
        person: the attributes of the shard's file.

    Raises:
        MissingDependency: rerun-sdk is not installed.
    """
    try:
        import rerun
    except ImportError as error:
        raise MissingDependency("rerun-sdk", "rerun") from error
    with atomic_path(path) as temporary:
        stream = rerun.RecordingStream("kinesynth", recording_id=name)
        stream.save(temporary, default_blueprint=_blueprint(list(clip.views)))
        stream.set_log_time_enabled(False)
        stream.set_log_tick_enabled(False)
        stream.log("world", rerun.ViewCoordinates.RIGHT_HAND_Y_UP, static=True)
        for camera, view in clip.views.items():
            _camera(stream, f"world/cameras/{camera}", view, clip.fps)
        muscles = muscle_paths(clip, skeleton)
        for frame in range(clip.n_frames):
            stream.set_time(TIME, duration=frame / clip.fps)
            _body(stream, clip, skeleton, muscles, frame)
            _forces(stream, clip, float(person["mass_kg"]), frame)
        for place, values in _curves(clip, skeleton):
            _curve(stream, f"curves/{place}", values, clip.fps)
        stream.flush()
        stream.disconnect()


def _camera(stream: Any, place: str, view: ViewRecord, fps: float) -> None:
    """Log a camera where it stands, its video, and in each frame the joints that it sees."""
    import rerun

    K, world_to_camera, _ = camera_of(view.arrays)
    rotation = world_to_camera[:3, :3].T
    stream.log(place, rerun.Transform3D(mat3x3=rotation, translation=-rotation @ world_to_camera[:3, 3]), static=True)
    size = [int(view.attrs["width"]), int(view.attrs["height"])]
    pinhole = rerun.Pinhole(image_from_camera=cornered(K), resolution=size, camera_xyz=rerun.ViewCoordinates.RDF)
    stream.log(f"{place}/picture", pinhole, static=True)
    video = rerun.AssetVideo(contents=view.arrays["video"].tobytes(), media_type="video/mp4")
    stream.log(f"{place}/picture/video", video, static=True)
    seconds = np.arange(len(view.arrays["bbox"])) / fps
    shown = rerun.VideoFrameReference.columns_nanos(np.rint(seconds * 1e9).astype(np.int64))
    stream.send_columns(f"{place}/picture/video", indexes=[rerun.TimeColumn(TIME, duration=seconds)], columns=shown)
    joints = view.arrays["keypoints_2d"].shape[1] // 2  # the other half are mass centres
    for second, pixels, seen in zip(seconds, view.arrays["keypoints_2d"], view.arrays["visibility"], strict=True):
        stream.set_time(TIME, duration=float(second))
        points = pixels[:joints][seen[:joints] == Visibility.VISIBLE] + CORNER
        stream.log(f"{place}/picture/joints", rerun.Points2D(points, radii=1.5))
    stream.reset_time()


def _body(stream: Any, clip: ClipRecord, skeleton: SkeletonDefinition, muscles: list[np.ndarray], frame: int) -> None:
    """Log the bones, from each joint to its parent's, and the muscles, coloured by how active they are."""
    import rerun

    joints = clip.arrays["keypoints"][frame, : len(skeleton.body_names)]
    bones = [(joints[parent], joints[body]) for body, parent in enumerate(skeleton.parents) if parent >= 0]
    stream.log("world/bones", rerun.LineStrips3D(np.array(bones), colors=BONE, radii=0.008))
    active = clip.arrays["activations"][frame] * clip.arrays["quality/activation_valid"][frame]
    drawn = [number for number, path in enumerate(muscles) if path.shape[1] > 1]
    colours = [tuple((RESTING + float(active[number]) * (ACTIVE - RESTING)).astype(int)) for number in drawn]
    strips = [muscles[number][frame] for number in drawn]
    stream.log("world/muscles", rerun.LineStrips3D(strips, colors=colours, radii=0.003))


def _forces(stream: Any, clip: ClipRecord, mass_kg: float, frame: int) -> None:
    """Log the force under each foot as an arrow, none where it is next to nothing."""
    import rerun

    force = clip.arrays["grf/force"][frame] / (mass_kg * GRAVITY)
    loaded = np.linalg.norm(force, axis=-1) > MIN_FORCE_BW
    colour = FORCE if clip.arrays["quality/force_valid"][frame] else UNSURE_FORCE
    arrows = rerun.Arrows3D(
        origins=clip.arrays["grf/cop"][frame][loaded],
        vectors=METRES_PER_BODY_WEIGHT * force[loaded],
        colors=colour,
        labels=[side for side, carries in zip(SIDES, loaded, strict=True) if carries],
    )
    stream.log("world/forces", arrows)


def _curves(clip: ClipRecord, skeleton: SkeletonDefinition) -> Iterator[tuple[str, np.ndarray]]:
    """Yield each curve's place and its values (T), NaN where they are not valid."""
    arrays = clip.arrays
    force_valid, activation_valid = arrays["quality/force_valid"], arrays["quality/activation_valid"]
    for column, name in enumerate(skeleton.muscle_names):
        yield f"activations/{name}", np.where(activation_valid, arrays["activations"][:, column], np.nan)
    for column, name in enumerate(skeleton.coordinate_names):
        yield f"moments/{name}", np.where(force_valid, arrays["moments"][:, column], np.nan)
        turns = not skeleton.coordinate_translational[column]
        angles = np.degrees(arrays["angles"][:, column]) if turns else arrays["angles"][:, column]
        yield f"angles/{name}", np.where(arrays["quality/angle_valid"][:, column], angles, np.nan)
    for foot, side in enumerate(SIDES):
        yield f"vertical_force/{side}", np.where(force_valid, arrays["grf/force"][:, foot, 1], np.nan)


def _curve(stream: Any, place: str, values: np.ndarray, fps: float) -> None:
    import rerun

    seconds = np.arange(len(values)) / fps
    columns = rerun.Scalars.columns(scalars=values.astype(np.float64))
    stream.send_columns(place, indexes=[rerun.TimeColumn(TIME, duration=seconds)], columns=columns)


def _blueprint(cameras: list[str]) -> Any:
    """Return what the viewer shows at first: the world and the cameras on the left, the curves on the right."""
    import rerun.blueprint as layout

    views = [layout.Spatial2DView(origin=f"world/cameras/{camera}/picture", name=camera) for camera in cameras]
    space = layout.Spatial3DView(origin="world", name="world")
    curves = [
        layout.TimeSeriesView(origin=f"curves/{kind}", name=name)
        for kind, name in (
            ("activations", "muscle activations"),
            ("moments", "joint moments, N m"),
            ("angles", "joint angles, degrees"),
            ("vertical_force", "vertical force, N"),
        )
    ]
    left = layout.Vertical(space, layout.Horizontal(*views))
    return layout.Blueprint(layout.Horizontal(left, layout.Vertical(*curves)))
