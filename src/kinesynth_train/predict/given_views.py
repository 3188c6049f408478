"""The views that a user gives: their cameras, points, masks and rates, and whether they fit together."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from kinesynth.errors import BadInput
from kinesynth.notes import tell
from kinesynth.text import is_file_name
from kinesynth_train.calibration import Camera, read_cameras
from kinesynth_train.calibration.fitted import fit_to_video
from kinesynth_train.predict.assumed_camera import assumed_camera
from kinesynth_train.predict.given_boxes import read_boxes
from kinesynth_train.predict.given_masks import read_masks
from kinesynth_train.predict.keypoint_files import Keypoints, read_keypoints
from kinesynth_train.predict.rays import MIN_CONFIDENCE
from kinesynth_train.predict.request import Request
from kinesynth_train.predict.terminal import progress
from kinesynth_train.predict.videos import Video
from kinesynth_train.predict.views import Sight, View

MIN_FRAMES = 2
MIN_RATE = 1.0  # Hz, of points without a video
SAME_RATE = 0.02
MAX_OUTSIDE = 0.3  # of the points that are seen


def cameras_of(request: Request, videos: Mapping[str, Video]) -> tuple[dict[str, Camera], list[str]]:
    """Return the cameras by name, read or, of one view, assumed; and notes."""
    if request.cameras is not None:
        if request.focal_px:
            found, fix = "both it and --cameras", "leave one of them out"
            raise BadInput("--focal-px", "camera", found, "one of them", fix)
        cameras, notes = read_cameras(request.cameras, request.up)
        tell(request.cameras, notes)
        return cameras, notes
    names = list(dict.fromkeys([*request.videos, *request.keypoints]))
    if len(names) != 1 or len(videos) != 1:
        fix = "give one; leave it out only where there is one --video; or give --markers FILE.trc"
        raise BadInput("--cameras", "calibration", "nothing", "a calibration", fix)
    ((name, video),) = videos.items()
    camera, notes = assumed_camera(name, video.width, video.height, request.focal_px)
    tell(name, notes)
    return {name: camera}, notes


def check_names(request: Request, cameras: Mapping[str, Camera]) -> None:
    """Require views whose names are cameras' and may name files, and what belongs to views to name one of them.

    Raises:
        BadInput: one does not.
    """
    names = list(dict.fromkeys([*request.videos, *request.keypoints]))
    unknown = [name for name in names if name not in cameras]
    if unknown:
        fix = "name each video as its camera: --video NAME=FILE"
        raise BadInput(request.cameras or "--cameras", "camera", unknown[0], ", ".join(cameras), fix)
    for name in names:
        if not is_file_name(name):
            fix = "rename that camera in the calibration"
            raise BadInput(request.cameras or "--video", "camera", repr(name)[:80], "a name that a file can bear", fix)
    if not names:
        raise BadInput("predict", "views", "none", "one or more", "give --video NAME=FILE or --keypoints NAME=FILE")
    for name in [*request.offsets, *request.masks, *request.boxes]:
        if name not in names:
            raise BadInput("--offset, --masks, --boxes", "view", name, ", ".join(names), "name one of the views")
    if request.offsets.get(names[0]):
        fix = "give the others' offsets against it"
        raise BadInput("--offset", names[0], "an offset of the first view", "0, for it is the one that others lag", fix)


def view_of(request: Request, name: str, camera: Camera, video: Video | None) -> tuple[View, list[str]]:
    """Return a view with its points, from the file that is given or from the detector, and notes."""
    notes = list(video.notes) if video else []
    if video:
        camera, said = fit_to_video(camera, video.width, video.height, str(video.path))
        notes += said
    if name in request.keypoints:
        points = read_keypoints(request.keypoints[name], request.keypoint_set)
        notes += points.notes
    elif video is not None:
        points = _detect(request, name, video)
    frames = len(points.points)
    if frames < MIN_FRAMES:
        raise BadInput(request.keypoints[name], f"view {name}", "1 frame", f"{MIN_FRAMES} or more", "give a motion")
    if video is None and request.fps < MIN_RATE:
        found = f"{request.fps:g}" if request.fps else "nothing"
        raise BadInput("--fps", f"view {name}", found, "frames per second, 1 or more", "give --fps or the --video")
    if video is not None and frames != len(video.times):
        found, expected = f"{frames} frames of points", f"{len(video.times)}, as the video has"
        raise BadInput(request.keypoints[name], f"view {name}", found, expected, "give the points of that video")
    if name in request.keypoints:
        _check_inside(name, camera, points.points)
    times = np.arange(frames) / request.fps if video is None else video.times
    return View(name, camera, times, points), notes


def _check_inside(name: str, camera: Camera, points: np.ndarray) -> None:
    """Raise where most of the points (T, N, P, 3) that are seen lie outside the picture: they are of another size."""
    pixels = points[points[..., 2] >= MIN_CONFIDENCE][:, :2]
    if len(pixels) and np.mean((pixels > [camera.width, camera.height]).any(axis=1)) > MAX_OUTSIDE:
        x, y = np.percentile(pixels, 95, axis=0)
        found, expected = f"points as far as {x:.0f}, {y:.0f}", f"{camera.width} x {camera.height} px"
        raise BadInput(
            f"view {name}", "points", found, expected, "give the points of pictures of the calibration's size"
        )


def _detect(request: Request, name: str, video: Video) -> Keypoints:
    """Return the points that the detector sees, which are kept beside the results for another run."""
    from kinesynth_train.predict.detector.blazepose import BlazePose
    from kinesynth_train.predict.detector.people import detect_people, save_keypoints

    margin = 1.0 + abs(request.offsets.get(name, 0.0))  # the views' offsets are not known yet
    span = (request.start - margin, request.end + margin)
    points = detect_people(video, BlazePose(), span, progress(f"points {name}", len(video.times)))
    save_keypoints(_points_file(request, name), points)
    return points


def _points_file(request: Request, name: str) -> Path:
    """Return where the points that the detector sees in a view are kept."""
    return request.output / "pose" / f"{name}.npz"


def detected_points(request: Request, name: str) -> Path | None:
    """Return the file of a view's points, if this run detected them."""
    return _points_file(request, name) if name in request.videos and name not in request.keypoints else None


def rate_notes(views: list[View]) -> list[str]:
    rates = {view.name: (len(view.times) - 1) / (view.times[-1] - view.times[0]) for view in views}
    first = rates[views[0].name]
    others = {name: rate for name, rate in rates.items() if abs(rate / first - 1) > SAME_RATE}
    if not others:
        return []
    shown = ", ".join(f"{name} has {rate:.2f}" for name, rate in others.items())
    return [f"the motion has {views[0].name}'s {first:.2f} frames per second; {shown} and is taken between its frames"]


def with_person(request: Request, sight: Sight, video: Video | None) -> Sight:
    """Return a view with the masks and boxes that the user gives of the person, if there are any."""
    name = sight.view.name
    for files in (request.masks, request.boxes):
        if name in files and video is None:
            raise BadInput(files[name], f"view {name}", "no video", "the video it belongs to", "give --video, too")
    if name in request.masks and video is not None:
        masks = read_masks(request.masks[name], len(video.times), video.width, video.height)
        sight = replace(sight, silhouettes=masks)
    if name in request.boxes and video is not None:
        sight = replace(sight, boxes=read_boxes(request.boxes[name], len(video.times), video.width, video.height))
    return sight
