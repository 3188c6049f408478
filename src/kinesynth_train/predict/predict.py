"""`kinesynth-train predict`: from videos, 2-D points or markers to OpenSim's files."""

import importlib.util
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from kinesynth.errors import BadInput, MissingDependency
from kinesynth.file_names import takes_file_names
from kinesynth.notes import tell
from kinesynth_train.predict.clip_file import write_clip_file
from kinesynth_train.predict.earlier import SUMMARY, earlier_files, earlier_notes, written_whole
from kinesynth_train.predict.given_views import (
    cameras_of,
    check_names,
    detected_points,
    rate_notes,
    view_of,
    with_person,
)
from kinesynth_train.predict.marker_files import Marked, lines_through, read_marked
from kinesynth_train.predict.network import by_network, network_of, refined_to_points, without_misfits
from kinesynth_train.predict.one_view import reconstruct_one
from kinesynth_train.predict.outputs import body_mass, check_output, summary, write_model, write_motion, write_summary
from kinesynth_train.predict.overlay import skeleton_lines, write_overlay
from kinesynth_train.predict.reconstruct import Reconstruction, even_times, from_points, reconstruct, refined
from kinesynth_train.predict.request import Request, check_method, check_name
from kinesynth_train.predict.terminal import progress
from kinesynth_train.predict.videos import Video, open_video
from kinesynth_train.predict.views import Sight, sights
from kinesynth_train.predict.worn_motion import worn_motion


@takes_file_names
def predict(request: Request) -> Path:
    """Do all that is asked; return predict.json.

    Raises:
        BadInput: something that the user gave does not fit.
        MissingDependency: the detector or OpenSim is needed and not installed.
    """
    check_name(request)
    check_output(request.output)
    if request.dynamics and importlib.util.find_spec("opensim") is None:
        raise MissingDependency("opensim", "pipeline")
    if request.static is not None and request.markers is None:
        raise BadInput("--static", "request", "no --markers", "a motion of the same markers", "give it by --markers")
    check_method(request)
    if request.markers is not None:
        return _predict_markers(request, request.markers)
    videos = {name: open_video(path) for name, path in request.videos.items()}
    cameras, notes = cameras_of(request, videos)
    check_names(request, cameras)
    views = []
    for name in dict.fromkeys([*request.videos, *request.keypoints]):
        view, said = view_of(request, name, cameras[name], videos.get(name))
        tell(name, said)
        views.append(view)
        notes += [f"{name}: {note}" for note in said]
    model = network_of(request, len(views), len(videos))
    found_sights, said = sights(views, request.person, dict(request.offsets))
    found_sights = [with_person(request, sight, videos.get(sight.view.name)) for sight in found_sights]
    notes += said + rate_notes(views)
    times = even_times(views[0].times, request.start, request.end)
    if len(views) == 1:
        known = request.cameras is not None
        found, sight = reconstruct_one(found_sights[0], times, request.smooth, request.height, calibrated=known)
        found_sights = [sight]
    else:
        found = reconstruct(found_sights, times, request.smooth, request.height)
    notes += found.notes
    tell("predict", [*said, *found.notes])
    if model is not None:
        found = by_network(model, found, found_sights, videos, body_mass(found, request.mass)[0])
        if request.refine:
            found = refined_to_points(found, found_sights, request.smooth)
        notes += found.notes
        tell("predict", found.notes)
    return _write(request, found, found_sights, videos, notes, model.name if model else "keypoints")


def _predict_markers(request: Request, path: Path) -> Path:
    """Do what is asked of points in space."""
    if request.videos or request.keypoints or request.cameras is not None:
        found = "views beside it"
        raise BadInput("--markers", "request", found, "markers alone", "leave --video, --keypoints and --cameras out")
    of_views = {"--person": request.person, "--offset": request.offsets, "--fps": request.fps,
                "--keypoint-set": request.keypoint_set, "--masks": request.masks, "--boxes": request.boxes,
                "--refine": request.refine, "--focal-px": request.focal_px}  # fmt: skip
    for flag in (flag for flag, value in of_views.items() if value):
        raise BadInput("--markers", flag, "what belongs to views", "markers alone", "leave it out")
    model = network_of(request, 0, 0)
    given = read_marked(path, request.static, request.up)
    tell(path, given.notes)
    given = given.between(request.start, request.end, given.upright)
    if request.mass is None and given.mass_kg is not None:
        request = replace(request, mass=given.mass_kg)
    motion = _marked_motion(given, request.smooth, request.height)
    tell("predict", motion.notes)
    notes = [*given.notes, *motion.notes]
    if model is not None:
        motion = by_network(model, motion, [], {}, body_mass(motion, request.mass)[0], given.own)
        if request.method:
            motion = without_misfits(motion)
        notes += motion.notes
        tell("predict", motion.notes)
        return _write(request, motion, [], {}, notes, model.name)
    return _write(request, motion, [], {}, notes, "markers")


def _marked_motion(given: Marked, smooth_hz: float, height: float | None) -> Reconstruction:
    """Return the motion of points in space: of markers that a person wore, or of keypoints."""
    if given.worn is not None:
        return worn_motion(given, given.worn, smooth_hz, height)
    confidence = np.isfinite(given.positions).all(axis=-1).astype(float)
    motion = from_points(given.times, given.skeleton, given.spreads, given.positions, confidence, smooth_hz, height)
    return refined(motion, given.skeleton, lines_through(motion.points, given.spreads), smooth_hz, height)


def _write(
    request: Request,
    found: Reconstruction,
    seen: list[Sight],
    videos: Mapping[str, Video],
    notes: list[str],
    method: str,
) -> Path:
    output, (mass, said) = request.output, body_mass(found, request.mass)
    detected = {
        f"points {sight.view.name}": path for sight in seen if (path := detected_points(request, sight.view.name))
    }
    earlier = earlier_files(output, [*detected.values(), *request.keypoints.values()])
    said += earlier_notes(output, earlier)
    with written_whole(output, earlier) as folder:
        written = write_motion(folder, request.name, found)
        model = write_model(folder, request.name, found, mass, output / "logs" / "opensim.log")
        if model is None:
            said.append("no scaled .osim: OpenSim is not installed (pip install 'kinesynth[pipeline]')")
        else:
            written["model"] = model
        written |= _write_overlays(request, folder, found, seen, videos)
        tell("predict", said)
        written["clip"] = folder / f"{request.name}.h5"
        write_clip_file(written["clip"], found, seen, videos, mass, model, None, notes + said)
        files = detected | {kind: output / path.relative_to(folder) for kind, path in written.items()}
        write_summary(folder / SUMMARY, summary(output, found, seen, files, notes + said, mass, method))
    path = output / SUMMARY
    if request.dynamics:  # what is there by now stays if the motion gives no forces
        from kinesynth_train.predict.dynamics import write_dynamics

        model = files.get("model")
        more, told, dynamics = write_dynamics(output, request.name, found, model)
        tell("predict", told)
        write_clip_file(files["clip"], found, seen, videos, mass, model, dynamics, notes + said + told)
        write_summary(path, summary(output, found, seen, files | more, notes + said + told, mass, method))
    return path


def _write_overlays(
    request: Request, folder: Path, found: Reconstruction, seen: list[Sight], videos: Mapping[str, Video]
) -> dict[str, Path]:
    """Write the videos with the skeleton, unless they are not wanted; return where."""
    written: dict[str, Path] = {}
    if not (request.overlay and videos):
        return written
    body = skeleton_lines(found)
    for sight in seen:
        name = sight.view.name
        if video := videos.get(name):
            path = written[f"overlay {name}"] = folder / "overlay" / f"{name}.mp4"
            write_overlay(path, video, sight, found, body, progress(f"overlay {name}", len(video.times)))
    return written
