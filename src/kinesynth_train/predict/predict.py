"""`kinesynth-train predict`: from videos, or 2-D points, of calibrated cameras to OpenSim's files."""

import importlib.util
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from kinesynth.errors import BadInput, MissingDependency
from kinesynth.notes import tell
from kinesynth_train.calibration import Camera, read_cameras
from kinesynth_train.calibration.camera import TO_Y_UP
from kinesynth_train.calibration.fitted import fit_to_video
from kinesynth_train.predict.assumed_camera import assumed_camera
from kinesynth_train.predict.clip_file import write_clip_file
from kinesynth_train.predict.earlier import SUMMARY, remove_earlier
from kinesynth_train.predict.keypoint_files import Keypoints, read_keypoints
from kinesynth_train.predict.marker_files import lines_through, read_marked
from kinesynth_train.predict.one_view import reconstruct_one
from kinesynth_train.predict.outputs import body_mass, check_output, summary, write_model, write_motion, write_summary
from kinesynth_train.predict.overlay import figure, write_overlay
from kinesynth_train.predict.rays import LEAST_CONFIDENCE
from kinesynth_train.predict.reconstruct import Reconstruction, even_times, from_points, reconstruct, refined
from kinesynth_train.predict.videos import Video, open_video
from kinesynth_train.predict.views import Sight, View, sights

LEAST_FRAMES = 2
SAME_RATE = 0.02
MOST_OUTSIDE = 0.3  # of the points that are seen


@dataclass(frozen=True)
class Request:
    """What the user asks for.

    Attributes:
        cameras: the calibration; None where markers are given.
        output: the folder to write to.
        videos: by the camera's name.
        markers: a .trc file of points in space, instead of views.
        keypoints: files of 2-D points by the camera's name; a detector finds those of the other views.
        name: of the files that are written.
        height: m; None takes what is measured.
        mass: kg; None takes what is usual.
        person: px in the first view, near the person who is meant.
        start, end: s of the first view.
        smooth: Hz, cut-off of the low-pass; 0 for none.
        offsets: s, by how much a view lags behind the first, where it is known.
        up: axis of the calibration's, or the markers', world that is up; empty takes the format's own.
        keypoint_set: the points' set, where the files do not say.
        fps: frames per second of points without a video.
        focal_px: focal length of one view without a calibration; 0 takes a phone's.
        overlay: whether to write videos with the skeleton.
        dynamics: whether to go on to forces, moments and activations.
    """

    cameras: Path | None
    output: Path
    videos: Mapping[str, Path] = field(default_factory=dict)
    keypoints: Mapping[str, Path] = field(default_factory=dict)
    markers: Path | None = None
    name: str = "motion"
    height: float | None = None
    mass: float | None = None
    person: tuple[float, float] | None = None
    start: float = 0.0
    end: float = float("inf")
    smooth: float = 6.0
    offsets: Mapping[str, float] = field(default_factory=dict)
    up: str = ""
    keypoint_set: str = ""
    fps: float = 0.0
    focal_px: float = 0.0
    overlay: bool = True
    dynamics: bool = False


def predict(request: Request) -> Path:
    """Do all that is asked; return predict.json.

    Raises:
        BadInput: something that the user gave does not fit.
        MissingDependency: the detector or OpenSim is needed and not installed.
    """
    check_output(request.output)
    if request.dynamics and importlib.util.find_spec("opensim") is None:
        raise MissingDependency("opensim", "pipeline")
    if request.markers is not None:
        return _predict_markers(request, request.markers)
    videos = {name: open_video(path) for name, path in request.videos.items()}
    cameras, notes = _cameras(request, videos)
    _check_names(request, cameras)
    views = []
    for name in dict.fromkeys([*request.videos, *request.keypoints]):
        view, said = _view(request, name, cameras[name], videos.get(name))
        tell(name, said)
        views.append(view)
        notes += [f"{name}: {note}" for note in said]
    found_sights, said = sights(views, request.person, dict(request.offsets))
    notes += said + _rate_notes(views)
    times = even_times(views[0].times, request.start, request.end)
    if len(views) == 1:
        known = request.cameras is not None
        found, sight = reconstruct_one(found_sights[0], times, request.smooth, request.height, calibrated=known)
        found_sights = [sight]
    else:
        found = reconstruct(found_sights, times, request.smooth, request.height)
    notes += found.notes
    tell("predict", [*said, *found.notes])
    return _write(request, found, found_sights, videos, notes)


def _predict_markers(request: Request, path: Path) -> Path:
    """Do what is asked of points in space."""
    if request.videos or request.keypoints or request.cameras is not None:
        found = "views beside it"
        raise BadInput("--markers", "request", found, "markers alone", "leave --video, --keypoints and --cameras out")
    of_views = {"--person": request.person, "--offset": request.offsets, "--fps": request.fps,
                "--keypoint-set": request.keypoint_set}  # fmt: skip
    for flag in (flag for flag, value in of_views.items() if value):
        raise BadInput("--markers", flag, "what belongs to views", "markers alone", "leave it out")
    given = read_marked(path)
    tell(path, given.notes)
    times = even_times(given.times, request.start, request.end)
    positions = given.positions[(given.times >= times[0] - 1e-6) & (given.times <= times[-1] + 1e-6)]
    if request.up:
        positions = positions @ TO_Y_UP[request.up].T
    confidence = np.isfinite(positions).all(axis=-1).astype(float)
    motion = from_points(times, given.skeleton, given.spreads, positions, confidence, request.smooth, request.height)
    lines = lines_through(motion.points, given.spreads)
    motion = refined(motion, given.skeleton, lines, request.smooth, request.height)
    tell("predict", motion.notes)
    return _write(request, motion, [], {}, [*given.notes, *motion.notes])


def _write(
    request: Request, found: Reconstruction, seen: list[Sight], videos: Mapping[str, Video], notes: list[str]
) -> Path:
    mass, said = body_mass(found, request.mass)
    files = {f"points {sight.view.name}": path for sight in seen if (path := _detected(request, sight.view.name))}
    said += remove_earlier(request.output, [*files.values(), *request.keypoints.values()])
    files |= write_motion(request.output, request.name, found)
    model = write_model(request.output, request.name, found, mass)
    if model is None:
        said.append("no scaled .osim: OpenSim is not installed (pip install 'kinesynth[pipeline]')")
    else:
        files["model"] = model
    if request.overlay and videos:
        body = figure(found)
        for sight in seen:
            if video := videos.get(sight.view.name):
                path = request.output / "overlay" / f"{sight.view.name}.mp4"
                write_overlay(path, video, sight, found, body, progress(f"overlay {sight.view.name}", len(video.times)))
                files[f"overlay {sight.view.name}"] = path
    tell("predict", said)
    clip = request.output / f"{request.name}.h5"
    write_clip_file(clip, found, seen, videos, mass, model, None, notes + said)
    files["clip"] = clip
    path = request.output / SUMMARY
    write_summary(
        path, summary(request.output, found, seen, files, notes + said, mass)
    )  # stays if the motion gives no forces
    if request.dynamics:
        from kinesynth_train.predict.dynamics import write_dynamics

        more, told, dynamics = write_dynamics(request.output, request.name, found, model)
        tell("predict", told)
        write_clip_file(clip, found, seen, videos, mass, model, dynamics, notes + said + told)
        write_summary(path, summary(request.output, found, seen, files | more, notes + said + told, mass))
    return path


def _cameras(request: Request, videos: Mapping[str, Video]) -> tuple[dict[str, Camera], list[str]]:
    """Return the cameras by name, read or, of one view, assumed; and notes."""
    if request.cameras is not None:
        if request.focal_px:
            found, mend = "both it and --cameras", "leave one of them out"
            raise BadInput("--focal-px", "camera", found, "one of them", mend)
        cameras, notes = read_cameras(request.cameras, request.up)
        tell(request.cameras, notes)
        return cameras, notes
    names = list(dict.fromkeys([*request.videos, *request.keypoints]))
    if len(names) != 1 or len(videos) != 1:
        mend = "give one; leave it out only where there is one --video; or give --markers FILE.trc"
        raise BadInput("--cameras", "calibration", "nothing", "a calibration", mend)
    ((name, video),) = videos.items()
    camera, notes = assumed_camera(name, video.width, video.height, request.focal_px)
    tell(name, notes)
    return {name: camera}, notes


def _check_names(request: Request, cameras: Mapping[str, Camera]) -> None:
    names = list(dict.fromkeys([*request.videos, *request.keypoints]))
    unknown = [name for name in names if name not in cameras]
    if unknown:
        mend = "name each video as its camera: --video NAME=FILE"
        raise BadInput(request.cameras or "--cameras", "camera", unknown[0], ", ".join(cameras), mend)
    if not names:
        raise BadInput("predict", "views", "none", "one or more", "give --video NAME=FILE or --keypoints NAME=FILE")
    for name in request.offsets:
        if name not in names:
            raise BadInput("--offset", "view", name, ", ".join(names), "name one of the views")
    if request.offsets.get(names[0]):
        mend = "give the others' offsets against it"
        raise BadInput(
            "--offset", names[0], "an offset of the first view", "0, for it is the one that others lag", mend
        )


def _view(request: Request, name: str, camera: Camera, video: Video | None) -> tuple[View, list[str]]:
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
    if frames < LEAST_FRAMES:
        raise BadInput(request.keypoints[name], f"view {name}", "1 frame", f"{LEAST_FRAMES} or more", "give a motion")
    if video is None and request.fps <= 0:
        raise BadInput("--fps", f"view {name}", "nothing", "frames per second", "give --fps or the --video")
    if video is not None and frames != len(video.times):
        found, expected = f"{frames} frames of points", f"{len(video.times)}, as the video has"
        raise BadInput(request.keypoints[name], f"view {name}", found, expected, "give the points of that video")
    if name in request.keypoints:
        _check_inside(name, camera, points.points)
    times = np.arange(frames) / request.fps if video is None else video.times
    return View(name, camera, times, points), notes


def _check_inside(name: str, camera: Camera, points: np.ndarray) -> None:
    """Raise where most of the points (T, N, P, 3) that are seen lie outside the picture: they are of another size."""
    pixels = points[points[..., 2] >= LEAST_CONFIDENCE][:, :2]
    if len(pixels) and np.mean((pixels > [camera.width, camera.height]).any(axis=1)) > MOST_OUTSIDE:
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


def _detected(request: Request, name: str) -> Path | None:
    """Return the file of a view's points, if this run detected them."""
    return _points_file(request, name) if name in request.videos and name not in request.keypoints else None


def _rate_notes(views: list[View]) -> list[str]:
    rates = {view.name: (len(view.times) - 1) / (view.times[-1] - view.times[0]) for view in views}
    first = rates[views[0].name]
    others = {name: rate for name, rate in rates.items() if abs(rate / first - 1) > SAME_RATE}
    if not others:
        return []
    shown = ", ".join(f"{name} has {rate:.2f}" for name, rate in others.items())
    return [f"the motion has {views[0].name}'s {first:.2f} frames per second; {shown} and is taken between its frames"]


def progress(what: str, total: int) -> Callable[[int], None]:
    """Return a function that shows how far a task has come, on a terminal only."""
    if not sys.stderr.isatty():
        return lambda _: None

    def show(frame: int) -> None:
        ending = "\n" if frame + 1 >= total else ""
        sys.stderr.write(f"\r{what}: {frame + 1} of {total} frames{ending}")
        sys.stderr.flush()

    return show


def named(request: Request) -> Request:
    """Return the request with the first file's name for its files, where the user gave none."""
    files = [*([request.markers] if request.markers else []), *request.videos.values(), *request.keypoints.values()]
    return request if request.name or not files else replace(request, name=files[0].stem)
