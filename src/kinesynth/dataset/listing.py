"""Lists clips and their attributes without reading their arrays."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import h5py

from kinesynth.dataset.file_cache import OpenFiles
from kinesynth.dataset.names import NAMES, Names, read_names
from kinesynth.dataset.provenance import read_provenance
from kinesynth.dataset.schema import SCHEMA_VERSION, load_schema
from kinesynth.errors import BadInput
from kinesynth.hdf5 import require_own_members

FIX = "check it with `kinesynth verify`"


@dataclass(frozen=True)
class ClipEntry:
    """Where a clip is, whose it is, and how good.

    Attributes:
        shard: the file.
        clip_id: the clip's group in it.
        frames: how many there are.
        fps: frames per second.
        action: what the person does.
        source: where the motion comes from.
        subject: the person.
        split: train, val or test.
        mass_kg: of the person.
        height_m: of the person.
        license: free, restricted or unstated: what motion, body and assets come to together.
        motion_license, body_license, asset_license: SPDX's identifiers.
        source_path, start_seconds, end_seconds, babel_id: where in which recording it is, as `Provenance` says.
        quality: the figures that docs/dataset.md lists, by name.
    """

    shard: Path
    clip_id: str
    frames: int
    fps: float
    action: str
    source: str
    subject: str
    split: str
    mass_kg: float
    height_m: float
    license: str
    motion_license: str
    body_license: str
    asset_license: str
    source_path: str
    start_seconds: float
    end_seconds: float
    babel_id: str
    quality: Mapping[str, float]


def find_shards(path: str | Path) -> list[Path]:
    """Return the shards that a path stands for, sorted by name.

    Raises:
        BadInput: there are none.
    """
    path = Path(path)
    if path.is_file():
        return [path]
    folder = path / "shards" if (path / "shards").is_dir() else path
    shards = sorted(folder.glob("*.h5"), key=lambda shard: shard.name)
    shards = [shard for shard in shards if not shard.name.startswith(".")]
    if not shards:
        fix = "give the results folder of a finished run, its shards folder, or a shard"
        raise BadInput(path, "shards", "no *.h5 file" if folder.is_dir() else "no such folder", "shards", fix)
    return shards


def list_clips(shards: list[Path], files: OpenFiles) -> tuple[list[ClipEntry], Names]:
    """Return all clips in the order of the shards, and what their axes are called.

    Raises:
        BadInput: a file is no shard of this schema, or the shards' skeletons differ.
    """
    places: list[ClipEntry] = []
    names: Names | None = None
    for shard in shards:
        file = open_shard(files, shard)
        try:
            require_own_members(file)
            require_own_members(file["skeleton"], NAMES)
            require_own_members(file["clips"])
            found = read_names(file["skeleton"])
            places += _places(shard, file)
        except (OSError, KeyError) as error:
            found_text = " ".join(str(error).split())
            raise BadInput(shard, "contents", found_text, f"schema {SCHEMA_VERSION}", FIX) from error
        if found != (names := names or found):
            fix = "open datasets of different skeletons one by one"
            raise BadInput(shard, "skeleton", "other names", f"those of {shards[0].name}", fix)
    if names is None:
        raise BadInput("shards", "number", "none", "at least one", "give a shard")
    return places, names


def open_shard(files: OpenFiles, shard: Path) -> h5py.File:
    """Return the open file.

    Raises:
        BadInput: it is missing, no HDF5 file, or of another schema.
    """
    try:
        file = files.get(shard)
    except OSError as error:
        raise BadInput(shard, "file", " ".join(str(error).split()), "an HDF5 file", FIX) from error
    if file.attrs.get("schema") != SCHEMA_VERSION:
        fix = "read it with the release of kinesynth that wrote it"
        raise BadInput(shard, "schema", str(file.attrs.get("schema")), str(SCHEMA_VERSION), fix)
    return file


def _places(shard: Path, file: h5py.File) -> Iterator[ClipEntry]:
    person = dict(file.attrs)
    for clip_id, group in file["clips"].items():
        attrs = dict(group.attrs)
        yield ClipEntry(
            shard=shard,
            clip_id=clip_id,
            frames=int(attrs["n_frames"]),
            fps=float(attrs["fps"]),
            action=str(attrs["action"]),
            source=str(attrs["source"]),
            subject=str(person["subject"]),
            split=str(person["split"]),
            mass_kg=float(person["mass_kg"]),
            height_m=float(person["height_m"]),
            **asdict(read_provenance(person, attrs)),
            quality={name: float(attrs[name]) for name in load_schema().clip_quality},
        )
