"""What travels between the stage and the process that runs Blender: a folder of plain files.

scene.json          the scene
pieces.npz          every piece's rest mesh and material coordinates
others.npz          the same of a bystander, whose pieces are numbered on; only where there is one
piece_<k>.pc2       its points in every frame (the PC2 point cache, which Blender reads by itself)
piece_<k>.npy       the light that reaches each point in every frame, where `render.shading` stands in for shadows
<view>.mp4          the pictures, written by Blender or made of
<view>_raw.mkv      written by Blender for cameras with a lens or a sensor of their own: its pictures, lossless
<view>_parts.mkv    written by Blender: the labels of the person's parts times PART_LEVEL, lossless
<view>_whole.mkv    the same as if nothing stood before the person; only where something does
<view>_depth.npy    written by Blender where asked: (T,H,W) uint16 mm
"""

import json
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kinesynth.body.joints import JOINT_NAMES
from kinesynth.body.parts import face_parts
from kinesynth.render.anatomy import Piece

PART_LEVEL = 16  # grey levels between two labels: no codec's rounding makes one of the other


@dataclass(frozen=True)
class StaticMesh:
    """A piece as the renderer needs it; see `Piece`. `part` (F,) is each face's label, 0 where it is not a person."""

    name: str
    faces: np.ndarray
    material: np.ndarray
    materials: tuple[str, ...]
    uv: np.ndarray
    local: np.ndarray
    tint: np.ndarray
    part: np.ndarray


def write_pieces(folder: Path, pieces: list[Piece], *, labelled: bool = True) -> None:
    """Write `pieces.npz`, or, of pieces that are to have no labels of parts, `others.npz`."""
    arrays: dict[str, np.ndarray] = {}
    for k, piece in enumerate(pieces):
        arrays[f"{k}/faces"] = piece.faces.astype(np.int32)
        arrays[f"{k}/material"] = piece.material.astype(np.int32)
        arrays[f"{k}/uv"] = (np.zeros((len(piece.faces), 3, 2)) if piece.uv is None else piece.uv).astype(np.float32)
        arrays[f"{k}/local"] = (piece.rest if piece.local is None else piece.local).astype(np.float32)
        arrays[f"{k}/tint"] = (np.ones_like(piece.rest) if piece.tint is None else piece.tint).astype(np.float32)
        arrays[f"{k}/part"] = _labels(piece) if labelled else np.zeros(len(piece.faces), dtype=np.uint8)
    names = json.dumps([[piece.name, piece.materials] for piece in pieces])
    np.savez(folder / ("pieces.npz" if labelled else "others.npz"), allow_pickle=False, names=np.array(names), **arrays)


def read_pieces(folder: Path) -> list[StaticMesh]:
    """Read `pieces.npz` and, where there is one, `others.npz`."""
    others = folder / "others.npz"
    return _read(folder / "pieces.npz") + (_read(others) if others.exists() else [])


def _read(path: Path) -> list[StaticMesh]:
    with np.load(path) as file:
        names = json.loads(str(file["names"]))
        return [
            StaticMesh(
                name,
                materials=tuple(materials),
                **{field: file[f"{k}/{field}"] for field in ("faces", "material", "uv", "local", "tint", "part")},
            )
            for k, (name, materials) in enumerate(names)
        ]


def _labels(piece: Piece) -> np.ndarray:
    """Return the labels (F,) of a piece's faces: 0 where no joint moves it."""
    if not piece.weights.size:
        return np.zeros(len(piece.faces), dtype=np.uint8)
    return face_parts(piece.faces, piece.weights, JOINT_NAMES)


def picture_path(folder: Path, view: str) -> Path:
    """Return the pictures of a view."""
    return folder / f"{view}.mp4"


def raw_path(folder: Path, view: str) -> Path:
    """Return what the pictures of a view are made of, where they are not what is rendered."""
    return folder / f"{view}_raw.mkv"


def parts_path(folder: Path, view: str) -> Path:
    """Return the part labels of a view."""
    return folder / f"{view}_parts.mkv"


def whole_path(folder: Path, view: str) -> Path:
    """Return the part labels of a view without what stands before the person."""
    return folder / f"{view}_whole.mkv"


def cache_path(folder: Path, k: int) -> Path:
    """Return the point cache of piece `k`."""
    return folder / f"piece_{k}.pc2"


def shade_path(folder: Path, k: int) -> Path:
    """Return the shades (T,n) float32 of piece `k`."""
    return folder / f"piece_{k}.npy"


def write_cache(path: Path, n_points: int, n_frames: int, frames: Iterable[np.ndarray]) -> None:
    """Write a PC2 point cache from arrays (n_points,3), one a frame."""
    with path.open("wb") as stream:
        stream.write(struct.pack("<12siiffi", b"POINTCACHE2\0", 1, n_points, 0.0, 1.0, n_frames))
        for points in frames:
            stream.write(np.ascontiguousarray(points, dtype="<f4").tobytes())
