"""What a user asks of `predict`."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from kinesynth.errors import BadInput
from kinesynth.text import is_file_name
from kinesynth_train.shipped import SHIPPED

METHODS = ("keypoints", "markers", *SHIPPED)


@dataclass(frozen=True)
class Request:
    """What the user asks for.

    Attributes:
        cameras: the calibration; None where markers are given.
        output: the folder to write to.
        videos: by the camera's name.
        markers: a .trc or .c3d file of points in space, instead of views.
        static: such a file of the same person standing with the same markers.
        keypoints: files of 2-D points by the camera's name; a detector finds those of the other views.
        name: of the files that are written.
        height: m, of the skeleton, or with markers about what it is; None takes what is measured.
        mass: kg; None takes what the markers' file states, else what is usual.
        person: px in the first view, near the person who is meant.
        start, end: s of the first view.
        smooth: Hz, cut-off of the low-pass; 0 for none.
        offsets: s, by how much a view lags behind the first, where it is known.
        up: axis of the calibration's, or the markers', world that is up; empty takes the calibration format's own, and
            that along which the markers' trunk is above the feet.
        keypoint_set: the points' set, where the files do not say.
        fps: frames per second of points without a video.
        masks: files of the person's masks, by the camera's name; else those of the detector, where it ran.
        boxes: files of boxes about the person, by the camera's name; else those about the masks.
        checkpoint: a trained network, whose angles are taken; None takes those of the points, or of `method`.
        method: whose angles are taken: those of the points (`keypoints` of views, `markers` of markers, the usual), or
            of a network that ships, by its name.
        refine: whether a network's angles are drawn to the points.
        focal_px: focal length of one view without a calibration; 0 takes a phone's.
        overlay: whether to write videos with the skeleton.
        dynamics: whether to go on to forces, moments and activations.
    """

    cameras: Path | None
    output: Path
    videos: Mapping[str, Path] = field(default_factory=dict)
    keypoints: Mapping[str, Path] = field(default_factory=dict)
    markers: Path | None = None
    static: Path | None = None
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
    masks: Mapping[str, Path] = field(default_factory=dict)
    boxes: Mapping[str, Path] = field(default_factory=dict)
    checkpoint: Path | None = None
    method: str = ""
    refine: bool = False
    focal_px: float = 0.0
    overlay: bool = True
    dynamics: bool = False


def named(request: Request) -> Request:
    """Return the request with the first file's name for its files, where the user gave none."""
    files = [*([request.markers] if request.markers else []), *request.videos.values(), *request.keypoints.values()]
    return request if request.name or not files else replace(request, name=files[0].stem)


def check_name(request: Request) -> None:
    """Require a name that the files can bear, theirs and that of the clip in the .h5.

    Raises:
        BadInput: it is none.
    """
    if request.name and not is_file_name(request.name):
        fix = "give one by --name, and the folder by --output"
        raise BadInput("--name", "name", repr(request.name)[:80], "a name without folders that a file can bear", fix)


def check_method(request: Request) -> None:
    """Require a method that fits to what is given.

    Raises:
        BadInput: it does not.
    """
    if not request.method:
        return
    usual, other = ("markers", "keypoints") if request.markers is not None else ("keypoints", "markers")
    if request.checkpoint is not None:
        raise BadInput("--method", "method", f"{request.method} beside --checkpoint", "one of the two", "leave one out")
    if request.method == other or request.method not in METHODS:
        given = "--markers" if request.markers is not None else "views"
        expected = " or ".join((usual, *SHIPPED))
        raise BadInput("--method", "method", request.method, f"{expected} for {given}", "name one of these")
