"""AMASS files and body models that are not what they should be."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from case import Case, Payload, pickled, written, zip_bomb

from kinesynth.amass import read_amass
from kinesynth.body.schema import read_body
from kinesynth.motion.rate_audit import audit_rate

FRAMES = 60


def check(path: Path) -> None:
    audit_rate(read_amass(path))


def standing(**changes: Any) -> dict[str, Any]:
    """Return the keys of a good file of a standing, swaying body; changes replace or (None) remove."""
    phase = np.arange(FRAMES)[:, None] / 20
    poses = np.zeros((FRAMES, 156))
    poses[:, 0] = np.pi / 2
    poses[:, 3:66] = 0.05 * np.sin(phase + np.linspace(0, 6, 63))
    keys = {"poses": poses, "trans": np.tile([0.3, -0.2, 1.0], (FRAMES, 1)), "betas": np.zeros(16), "gender": "male"}
    keys = {**keys, "mocap_framerate": 120.0, **changes}
    return {name: value for name, value in keys.items() if value is not None}


def saved(folder: Path, keys: dict[str, Any], name: str = "walk.npz", allow_pickle: bool = False) -> Path:
    path = folder / name
    np.savez(path, allow_pickle=allow_pickle, **keys)
    return path


def amass(name: str, *says: str, **changes: Any) -> Case:
    return Case(f"amass {name}", lambda folder: check(saved(folder, standing(**changes))), ("walk.npz", *says))


def with_value(array: np.ndarray, index: tuple[int, ...], value: float) -> np.ndarray:
    changed = array.copy()
    changed[index] = value
    return changed


def truncated(folder: Path) -> Path:
    path = saved(folder, standing())
    path.write_bytes(path.read_bytes()[:-4000])
    return path


def damaged(folder: Path) -> Path:
    """Return an archive whose data were changed after their checksums were taken."""
    path = saved(folder, standing())
    data = bytearray(path.read_bytes())
    data[2000:2600] = b"\xff" * 600
    path.write_bytes(data)
    return path


def header(shape: tuple[int, ...]) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "<f8", "fortran_order": False, "shape": shape})
    return stream.getvalue()


def promised(folder: Path) -> Path:
    """Return an archive whose header promises eight petabytes."""
    path = folder / "walk.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("poses.npy", header((10**13, 100)))
    return path


def escaping(folder: Path) -> Path:
    """Return an archive with an entry that would unpack outside."""
    path = folder / "walk.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../executed.npy", header((0,)))
    return path


def from_path(name: str, make: Callable[[Path], Path], *says: str, reader: Callable[[Path], object] = check) -> Case:
    return Case(name, lambda folder: reader(make(folder)), says)


POSES, TRANS = standing()["poses"], standing()["trans"]
FAST = np.cumsum(np.full((FRAMES, 3), [0.4, 0.0, 0.0]), axis=0)
FALLING = TRANS - np.array([0, 0, 1]) * (0.5 * 4 * 9.81 * (np.arange(FRAMES)[:, None] / 120.0) ** 2)

AMASS = (
    from_path("amass missing", lambda folder: folder / "walk.npz", "walk.npz", "no such file"),
    from_path("amass is a folder", lambda folder: folder, "file"),
    from_path("amass empty", lambda folder: written(folder, "walk.npz", b""), "walk.npz", "npz archive"),
    from_path(
        "amass is text", lambda folder: written(folder, "walk.npz", "time\tx\n0\t1\n"), "walk.npz", "npz archive"
    ),
    from_path("amass truncated", truncated, "walk.npz", "npz archive"),
    from_path("amass damaged inside", damaged, "walk.npz", "unreadable"),
    from_path("amass is a pickle", lambda folder: pickled(folder, "walk.npz"), "walk.npz", "npz archive"),
    from_path(
        "amass hides a pickle in its poses",
        lambda folder: saved(folder, standing(poses=np.array([Payload()], dtype=object)), allow_pickle=True),
        "walk.npz",
        "object",
    ),
    from_path(
        "amass hides a pickle in its gender",
        lambda folder: saved(folder, standing(gender=np.array([Payload()], dtype=object)), allow_pickle=True),
        "walk.npz",
        "object",
    ),
    from_path(
        "amass is a zip bomb",
        lambda folder: zip_bomb(folder, "walk.npz", "poses.npy", header((3 << 27,)), 3),
        "walk.npz",
        "GB",
    ),
    from_path("amass promises petabytes", promised, "walk.npz"),
    from_path("amass with path traversal", escaping, "walk.npz", "poses"),
    amass("without poses", "poses", poses=None),
    amass("without trans", "trans", trans=None),
    amass("without rate", "mocap_framerate", mocap_framerate=None),
    amass("without frames", "poses", "no frames", poses=POSES[:0], trans=TRANS[:0]),
    amass("with poses of another model", "poses", "(60, 72)", poses=POSES[:, :72]),
    amass("with one frame less of trans", "trans", "(59, 3)", trans=TRANS[1:]),
    amass("with NaN in poses", "poses", "nan", poses=with_value(POSES, (7, 9), np.nan)),
    amass("with infinity in trans", "trans", "inf", trans=with_value(TRANS, (7, 1), np.inf)),
    amass("with huge trans", "trans", "1e+30", trans=with_value(TRANS, (7, 1), 1e30)),
    amass("with poses as text", "poses", poses=np.array(["a", "b"])),
    amass("in degrees", "poses", "rad", poses=np.degrees(POSES)),
    amass("in millimetres", "trans", trans=1000.0 * TRANS + 500.0),
    amass("with rate zero", "mocap_framerate", mocap_framerate=0.0),
    amass("with a negative rate", "mocap_framerate", mocap_framerate=-120.0),
    amass("with a rate in kHz", "mocap_framerate", mocap_framerate=0.12),
    amass("with two rates", "mocap_framerate", mocap_framerate=np.array([60.0, 120.0])),
    amass("with a rate that its duration denies", "frame rate", mocap_time_length=1.0),
    amass("with a negative duration", "mocap_time_length", mocap_time_length=-0.5),
    amass("with an unknown gender", "gender", gender="robot"),
    amass("with a gender of five thousand letters", "gender", gender="x" * 5000),
    amass("with three betas", "betas", betas=np.zeros(3)),
    amass("with huge betas", "betas", betas=np.full(16, 1e6)),
    Case("amass at 48 m/s", lambda folder: check(saved(folder, standing(trans=FAST))), ("frame rate", "m/s")),
    Case("amass falls with 4 g", lambda folder: check(saved(folder, standing(trans=FALLING))), ("frame rate",)),
)

BODY = (
    from_path("body missing", lambda folder: folder / "b.npz", "b.npz", "no such file", reader=read_body),
    from_path("body is of AMASS", lambda f: saved(f, standing(), "b.npz"), "b.npz", "v_template", reader=read_body),
    from_path(
        "body hides a pickle",
        lambda folder: saved(folder, {"v_template": np.array([Payload()], dtype=object)}, "b.npz", allow_pickle=True),
        "b.npz", "object", reader=read_body,
    ),
    from_path(
        "body is a zip bomb",
        lambda folder: zip_bomb(folder, "b.npz", "v_template.npy", header((3 << 27,)), 3),
        "b.npz", "GB", reader=read_body,
    ),
)  # fmt: skip
CASES = (*AMASS, *BODY)
