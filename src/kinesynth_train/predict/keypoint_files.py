"""2-D points of a view, as detectors leave them: a folder of OpenPose's JSON files, or one .npz or .json of our own.

Our own file holds `points` (T, P, 3) or, of several people, (T, N, P, 3): x, y in px and confidence, 0 or NaN where a
point was not seen; and `set`, the name of the points' set.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kinesynth.errors import BadInput
from kinesynth.npz import open_npz
from kinesynth_train.calibration.text import numbers, read_json
from kinesynth_train.predict.landmarks import keypoint_sets
from kinesynth_train.predict.silhouettes import BYTES, Silhouettes

FIX = "write the points as docs/predict.md shows"
MAX_PEOPLE = 50
MAX_PX = 1e6  # of a point; what is farther out is in no picture
BONES = (
    ("RHip", "RKnee"), ("RKnee", "RAnkle"), ("LHip", "LKnee"), ("LKnee", "LAnkle"), ("RShoulder", "RElbow"),
    ("RElbow", "RWrist"), ("LShoulder", "LElbow"), ("LElbow", "LWrist"), ("RAnkle", "RHeel"), ("LAnkle", "LHeel"),
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Keypoints:
    """The 2-D points of a view.

    Attributes:
        set: their set's name.
        points: (T, N, P, 3) px and confidence of N people, NaN and 0 where not seen; who is who changes by frame.
        notes: what was taken for granted.
        lifted: (T, N, P, 3) m, a detector's guess of the same points in space, in the axes of a camera that looks at
            the person's hips, about these; NaN where not seen.
        silhouettes: of the N people, where the detector tells them.
    """

    set: str
    points: np.ndarray
    notes: tuple[str, ...] = ()
    lifted: np.ndarray | None = None
    silhouettes: Silhouettes | None = None


def read_keypoints(path: Path, keypoint_set: str = "") -> Keypoints:
    """Read the points of a view.

    Args:
        path: a folder with a JSON file per frame, or a .npz or .json of our own.
        keypoint_set: the points' set, where the files do not say; empty finds out by their number.

    Raises:
        BadInput: there are none, or they are of no known set.
    """
    if path.is_dir():
        name, points = "", _openpose(path)
    elif path.suffix in (".npz", ".json"):
        name, points = _own(path)
    else:
        found = "no such file or folder" if not path.exists() else path.suffix or "no suffix"
        raise BadInput(path, "points", found, "a folder of OpenPose's JSON files, a .npz or a .json", FIX)
    if points.ndim == 3:
        points = points[:, None]
    if points.ndim != 4 or points.shape[-1] != 3:
        raise BadInput(path, "points", f"shape {points.shape}", "(frames, points, 3)", FIX)
    points = points.astype(float)
    seen = (np.abs(points) <= MAX_PX).all(axis=-1) & (points[..., 2] > 0)
    if not seen.any():
        raise BadInput(path, "points", "no person in any frame", "points of a person", "check the detector's output")
    points = np.where(seen[..., None], points, [np.nan, np.nan, 0.0])
    points[..., 2] = points[..., 2].clip(0.0, 1.0)
    chosen, notes = _set_of(path, points, keypoint_set or name)
    return Keypoints(chosen, points, notes, *_of_detector(path, points.shape))


def _openpose(folder: Path) -> np.ndarray:
    """Return the points (T, N, P, 3) of a folder with a file per frame, in the order of the numbers in their names."""
    files = sorted(folder.glob("*.json"), key=_number)
    if not files:
        raise BadInput(folder, "folder", "no .json file", "a file per frame, as OpenPose writes them", FIX)
    frames = [_people(file) for file in files]
    numbers = [_number(file)[0] for file in files]
    if len(set(numbers)) != len(numbers) or numbers[-1] - numbers[0] != len(numbers) - 1:
        found = f"{len(numbers)} files numbered {numbers[0]} to {numbers[-1]}"
        raise BadInput(folder, "files", found, "a file for each frame", "put the missing frames there, without people")
    counts = {len(person) for people in frames for person in people}
    if len(counts) > 1:
        raise BadInput(folder, "points", f"{min(counts)} in one and {max(counts)} in another", "one number", FIX)
    points = np.zeros((len(frames), max(map(len, frames), default=0), next(iter(counts), 0), 3))
    for frame, people in enumerate(frames):
        if people:
            points[frame, : len(people)] = people
    return points


def _number(file: Path) -> tuple[int, str]:
    """Return the last number in a file's name: cam01.0012.json and walk_000000000012_keypoints.json are frame 12."""
    numbers = re.findall(r"\d+", file.stem)
    return (int(numbers[-1]) if numbers else -1), file.name


def _people(file: Path) -> list[np.ndarray]:
    expected = "OpenPose's JSON with pose_keypoints_2d"
    content = read_json(file, expected, FIX)
    people = content.get("people") if isinstance(content, dict) else None
    if not isinstance(people, list) or not all(isinstance(person, dict) for person in people):
        raise BadInput(file, "people", _shown(people), expected, FIX)
    arrays = [numbers(file, "people", person.get("pose_keypoints_2d", [])) for person in people[:MAX_PEOPLE]]
    if uneven := [array.size for array in arrays if array.size % 3]:
        raise BadInput(file, "people", f"{uneven[0]} numbers", f"x, y and confidence of each point: {expected}", FIX)
    return [array.reshape(-1, 3) for array in arrays if array.size]


def _shown(value: object) -> str:
    return "none" if value is None else " ".join(repr(value).split())[:80]


def _own(path: Path) -> tuple[str, np.ndarray]:
    if path.suffix == ".npz":
        with open_npz(path, "an .npz with points and set", FIX) as archive:
            if "points" not in archive:
                raise BadInput(path, "points", "none", "an array (frames, points, 3)", FIX)
            return str(archive["set"]) if "set" in archive else "", numbers(path, "points", archive["points"])
    expected = "JSON with set and points (frames, points, 3)"
    content = read_json(path, expected, FIX)
    if not isinstance(content, dict) or "points" not in content:
        raise BadInput(path, "points", "none", expected, FIX)
    return str(content.get("set", "")), numbers(path, "points", content["points"])


def _of_detector(path: Path, shape: tuple[int, ...]) -> tuple[np.ndarray | None, Silhouettes | None]:
    """Return what our own detector keeps beside points of this shape (T, N, P, 3): the lifted ones and silhouettes."""
    if path.suffix != ".npz":
        return None, None
    with open_npz(path, "an .npz with points and set", FIX) as archive:
        given = {name: archive[name] for name in ("lifted", "silhouettes", "squares") if name in archive}
    sizes = {"lifted": shape, "silhouettes": (*shape[:2], BYTES), "squares": (*shape[:2], 2, 3)}
    for name, array in given.items():
        if array.shape != sizes[name]:
            raise BadInput(path, name, f"shape {array.shape}", f"{sizes[name]}", "detect the points again")
    lifted = numbers(path, "lifted", given["lifted"]) if "lifted" in given else None
    if not {"silhouettes", "squares"} <= set(given):
        return lifted, None
    return lifted, Silhouettes(given["silhouettes"].astype(np.uint8), numbers(path, "squares", given["squares"]))


def _set_of(path: Path, points: np.ndarray, name: str) -> tuple[str, tuple[str, ...]]:
    """Return the set of points (T, N, P, 3) and what was taken for granted.

    Two sets of one number of points are told apart by the bones: with the right names they are shortest.
    """
    sets, count = keypoint_sets(), points.shape[2]
    if name and (name not in sets or len(sets[name]) != count):
        found = f"{name} with {count} points"
        known = ", ".join(f"{each} ({len(its)})" for each, its in sets.items())
        raise BadInput(path, "set", found, known, "name the set by --keypoint-set")
    if name:
        return name, ()
    candidates = [each for each, its in sets.items() if len(its) == count]
    if not candidates:
        known = ", ".join(f"{each} ({len(its)})" for each, its in sets.items())
        raise BadInput(path, "points", f"{count} of them", known, "map the points to one of these sets")
    chosen = min(candidates, key=lambda each: _length(points, sets[each]))
    return chosen, (f"{count} points taken to be {chosen}; --keypoint-set says otherwise",)


def _length(points: np.ndarray, names: tuple[str, ...]) -> float:
    ends = [(names.index(one), names.index(other)) for one, other in BONES if one in names and other in names]
    lengths = np.linalg.norm(points[:, :, [a for a, _ in ends], :2] - points[:, :, [b for _, b in ends], :2], axis=-1)
    return float(np.nanmean(lengths))
