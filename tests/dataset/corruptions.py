"""Ways to spoil a good shard whose structure stays whole, each a function of the open file, a clip and another."""

import io
from collections.abc import Callable

import av
import h5py
import numpy as np

from kinesynth.dataset.camera import project
from kinesynth.dataset.video import decode_frames

Spoil = Callable[[h5py.File, str, str], None]


def replaced(file: h5py.File, path: str, array: np.ndarray) -> None:
    """Put an array of any length in place of a dataset."""
    kind = file[path].dtype
    del file[path]
    file[path] = array.astype(kind)


def changed(name: str, change: Callable[[np.ndarray], np.ndarray]) -> Spoil:
    def spoil(file: h5py.File, clip: str, _: str) -> None:
        replaced(file, f"clips/{clip}/{name}", change(file[f"clips/{clip}/{name}"][()]))

    return spoil


def borrowed(*names: str) -> Spoil:
    """Take fields from another clip, its last frame repeated where it is shorter."""

    def spoil(file: h5py.File, clip: str, other: str) -> None:
        frames = int(file[f"clips/{clip}"].attrs["n_frames"])
        for name in names:
            theirs = file[f"clips/{other}/{name}"][()]
            indices = np.minimum(np.arange(frames), len(theirs) - 1)
            replaced(file, f"clips/{clip}/{name}", theirs[indices])

    return spoil


def both(*spoils: Spoil) -> Spoil:
    def spoil(file: h5py.File, clip: str, other: str) -> None:
        for each in spoils:
            each(file, clip, other)

    return spoil


def projected(file: h5py.File, clip: str, _: str) -> None:
    """Make keypoints_2d agree with what cameras and keypoints now say."""
    for view in file[f"clips/{clip}/views"].values():
        keypoints = file[f"clips/{clip}/keypoints"][()].astype(float)
        pixels, _depth = project(keypoints, view["K"][()].astype(float), view["world_to_camera"][()].astype(float))
        view["keypoints_2d"][...] = pixels


def rate_halved(file: h5py.File, clip: str, _: str) -> None:
    file[f"clips/{clip}"].attrs["fps"] *= 0.5


def camera_moved(file: h5py.File, clip: str, _: str) -> None:
    for view in file[f"clips/{clip}/views"].values():
        view["world_to_camera"][0, 3] += 0.1


def heavier(file: h5py.File, _: str, __: str) -> None:
    file.attrs["mass_kg"] *= 1.2


def all_heavier(file: h5py.File, _: str, __: str) -> None:
    heavier(file, _, __)
    file["skeleton/masses"][...] = 1.2 * file["skeleton/masses"][()]


def taller(file: h5py.File, _: str, __: str) -> None:
    file.attrs["height_m"] *= 1.1


def coordinate_shifted(file: h5py.File, clip: str, _: str) -> None:
    names = list(file["skeleton/coordinate_names"].asstr()[()])
    file[f"clips/{clip}/angles"][:, names.index("hip_flexion_r")] += np.float32(np.radians(20.0))


def degrees(file: h5py.File, clip: str, _: str) -> None:
    turns = ~file["skeleton/coordinate_translational"][()]
    angles = file[f"clips/{clip}/angles"][()]
    file[f"clips/{clip}/angles"][...] = np.where(turns, np.degrees(angles), angles)


def video_shifted(file: h5py.File, clip: str, _: str) -> None:
    """Let every video run three frames behind."""
    frames = int(file[f"clips/{clip}"].attrs["n_frames"])
    for camera, view in file[f"clips/{clip}/views"].items():
        late = decode_frames(view["video"][()], 0, frames)[np.maximum(np.arange(frames) - 3, 0)]
        fps = round(float(file[f"clips/{clip}"].attrs["fps"]))
        replaced(file, f"clips/{clip}/views/{camera}/video", encoded(late, fps))


def encoded(frames: np.ndarray, fps: int) -> np.ndarray:
    """Return an H.264 mp4, as bytes."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("h264", rate=fps, options={"crf": "18", "g": "12"})
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    return np.frombuffer(buffer.getvalue(), dtype=np.uint8)


def masks_borrowed(file: h5py.File, clip: str, other: str) -> None:
    for camera in file[f"clips/{clip}/views"]:
        borrowed(*(f"views/{camera}/{name}" for name in ("mask", "parts")))(file, clip, other)


def late(frames: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda array: array[np.maximum(np.arange(len(array)) - frames, 0)]


SPOILS: dict[str, tuple[Spoil, str]] = {
    "frame rate halved": (rate_halved, "rate"),
    "feet exchanged": (both(*(changed(f"grf/{name}", lambda x: x[:, ::-1]) for name in ("force", "cop", "moment"))),
                       "pressure"),
    "forces of the other foot": (changed("grf/force", lambda x: x[:, ::-1]), "turning|work"),
    "forces x 1.2": (changed("grf/force", lambda x: 1.2 * x), "balance"),
    "forces 3 frames late": (both(*(changed(f"grf/{name}", late(3)) for name in ("force", "cop", "moment"))),
                             "balance|work"),
    "pressure moved by 15 cm": (changed("grf/cop", lambda x: x + np.array([0.15, 0.0, 0.0])), "pressure|turning"),
    "body x 1.1": (both(changed("keypoints", lambda x: 1.1 * x), changed("markers", lambda x: 1.1 * x), projected),
                   "bones"),
    "scales x 1.1": (changed("scales", lambda x: 1.1 * x), "scales"),
    "angles in degrees": (degrees, "range"),
    "a coordinate shifted by 20 degrees": (coordinate_shifted, "keypoints"),
    "keypoints of another clip": (both(borrowed("keypoints"), projected), "keypoints"),
    "markers of another clip": (borrowed("markers"), "markers"),
    "camera moved by 10 cm": (camera_moved, "keypoints_2d"),
    "camera moved by 10 cm, keypoints_2d too": (both(camera_moved, projected), "markers_out|off_mask|outline_shift"),
    "mass x 1.2": (heavier, "mass"),
    "mass and masses x 1.2": (all_heavier, "balance"),
    "height x 1.1": (taller, "stature"),
    "activations 10 frames late": (changed("activations", late(10)), "activation_lag"),
    "moments turned round": (changed("moments", lambda x: -x), "residual|work"),
    "moments but the pelvis's turned round": (
        changed("moments", lambda x: np.concatenate([x[:, :6], -x[:, 6:]], axis=1)), "work"),
    "masks of another clip": (masks_borrowed, "box"),
    "videos 3 frames late": (video_shifted, "video_shift"),
    "everything valid": (changed("quality/force_valid", np.ones_like), "validity"),
    "reserves x 5": (changed("reserves", lambda x: 5.0 * x), "reserve"),
}  # fmt: skip
