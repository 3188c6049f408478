"""The flags of `kinesynth-train predict`."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kinesynth.errors import BadInput
from kinesynth_train.predict.request import METHODS

RANGES = (
    ("height", 0.5, 2.6, "m"), ("mass", 10.0, 400.0, "kg"), ("smooth", 0.0, 1000.0, "Hz"), ("fps", 0.0, 10000.0, "1/s"),
    ("start", 0.0, 1e6, "s"), ("end", 0.0, float("inf"), "s"), ("focal-px", 0.0, 1e6, "px"),
)  # fmt: skip
MAX_OFFSET = 1e5  # s
AXES = ("x", "y", "z", "-x", "-y", "-z")


def add_predict(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb and its flags."""
    verb = verbs.add_parser("predict", help="angles, and forces and muscles, of a person in your own videos")
    each: dict[str, Any] = {"action": "append", "default": [], "type": _pair}
    verb.add_argument("--video", metavar="NAME=FILE", **each, help="a view's video, by its camera's name; repeat")
    verb.add_argument("--keypoints", metavar="NAME=FILE", **each, help="a view's 2-D points, instead of a detector's")
    verb.add_argument("--masks", metavar="NAME=FILE", **each, help="a view's masks of the person: .npz or folder")
    verb.add_argument("--boxes", metavar="NAME=FILE", **each, help="a view's boxes about the person: .csv")
    verb.add_argument("--checkpoint", type=Path, metavar="FILE", help="a trained network, whose angles are taken")
    verb.add_argument("--method", choices=METHODS, default="", help="of the angles; one that ships, if not the usual")
    verb.add_argument("--refine", action="store_true", help="draw a network's angles to the points")
    verb.add_argument("--markers", type=Path, metavar="FILE", help="points in space (.trc, .c3d), instead of views")
    verb.add_argument("--static", type=Path, metavar="FILE", help="the same markers on the person standing")
    verb.add_argument("--cameras", type=Path, help="calibration; one view does without")
    verb.add_argument("--output", type=Path, required=True, help="folder of the results")
    verb.add_argument("--name", default="", help="of the files; the first video's if not given")
    verb.add_argument("--height", type=float, help="m; fixes the size, or with --markers is about what it is")
    verb.add_argument("--mass", type=float, help="kg; forces are in proportion to it")
    verb.add_argument("--person", type=_place, metavar="X,Y", help="px in the first view, near the person meant")
    verb.add_argument("--start", type=float, default=0.0, help="s in the first view")
    verb.add_argument("--end", type=float, default=float("inf"), help="s in the first view")
    verb.add_argument("--smooth", type=float, default=6.0, metavar="HZ", help="cut-off of the low-pass; 0 for none")
    verb.add_argument("--offset", metavar="NAME=SECONDS", **each, help="by how much a view lags behind the first")
    verb.add_argument("--up", choices=AXES, default="", help="axis that is up, of the calibration or the markers")
    verb.add_argument("--keypoint-set", default="", help="of points whose files do not say")
    verb.add_argument("--fps", type=float, default=0.0, help="of points without a video")
    verb.add_argument("--focal-px", type=float, default=0.0, metavar="PX", help="of one view that is not calibrated")
    verb.add_argument("--no-overlay", dest="overlay", action="store_false", help="write no videos")
    verb.add_argument("--dynamics", action="store_true", help="go on to forces, moments and activations (OpenSim)")


def run_predict(options: Mapping[str, Any]) -> None:
    """Run the verb with its parsed options and print where the results are."""
    from kinesynth_train.predict.predict import predict
    from kinesynth_train.predict.request import Request, named

    given = dict(options)
    for flag, low, high, unit in RANGES:
        value = given[flag.replace("-", "_")]
        if value is not None and not low <= value <= high:
            raise BadInput(f"--{flag}", unit, f"{value:g}", f"{low:g} to {high:g}", f"give it in {unit}")
    videos = _once("--video", given.pop("video"))
    keypoints = _once("--keypoints", given.pop("keypoints"))
    masks, boxes = ({name: Path(file) for name, file in _once(f"--{kind}", given.pop(kind)).items()}
                    for kind in ("masks", "boxes"))  # fmt: skip
    offsets = {name: _seconds(text) for name, text in _once("--offset", given.pop("offset")).items()}
    paths = {name: Path(file) for name, file in videos.items()}
    points = {name: Path(file) for name, file in keypoints.items()}
    path = predict(named(Request(videos=paths, keypoints=points, masks=masks, boxes=boxes, offsets=offsets, **given)))
    print(path)  # noqa: T201


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name or not value:
        raise argparse.ArgumentTypeError(f"{text}: expected NAME=VALUE, the camera's name first")
    return name, value


def _once(flag: str, pairs: list[tuple[str, str]]) -> dict[str, str]:
    names = [name for name, _ in pairs]
    if twice := [name for name in names if names.count(name) > 1]:
        raise BadInput(flag, "view", f"{twice[0]} twice", "each view once", "remove one of them")
    return dict(pairs)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = float("nan")
    if not abs(seconds) < MAX_OFFSET:
        raise BadInput("--offset", "seconds", text, f"a number between {-MAX_OFFSET:g} and {MAX_OFFSET:g}", "give s")
    return seconds


def _place(text: str) -> tuple[float, float]:
    try:
        x, y = (float(part) for part in text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text}: expected X,Y in px") from error
    return x, y
