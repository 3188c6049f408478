"""A scene described without its renderer: plain frozen records that travel as JSON.

The same record gives the same pictures; `kinesynth.render.sampling` samples one.
"""

import json
from dataclasses import asdict, dataclass, fields, is_dataclass
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from kinesynth.render.cameras import Camera
from kinesynth.render.presets import Settings

Colour = tuple[float, float, float]  # linear RGB, 0..1
Pattern = Literal["solid", "stripe", "check", "knit", "denim", "print"]
Kind = Literal["lab", "room", "outdoors"]

SOLE_M = 0.022  # thickness of shoe soles: the floor lies so far below the bare feet


@dataclass(frozen=True)
class Fabric:
    """A cloth: two colours, the pattern they make, its pitch (m) and how rough and coarsely woven it is."""

    pattern: Pattern
    colour: Colour
    second: Colour
    pitch_m: float
    roughness: float
    weave: float


@dataclass(frozen=True)
class Worn:
    """A garment that is worn: its name (in `garments.UPPER` or `LOWER`), its fabric and the seed of its folds."""

    garment: str
    fabric: Fabric
    folds: int


@dataclass(frozen=True)
class Look:
    """What a person looks like in every clip, besides shape: `tufts` is the seed that ruffles the hair."""

    skin: Colour
    skin_roughness: float
    flush: float
    iris: Colour
    hair_cut: str
    hair: Colour
    stubble: float
    tufts: int


@dataclass(frozen=True)
class Person:
    """A person as dressed for one clip."""

    look: Look
    upper: Worn
    lower: Worn
    shoe: Colour
    sole: Colour


@dataclass(frozen=True)
class Floor:
    """A floor at `height_m` (below zero by the soles' thickness): boards, tiles or, with `pitch_m` 0, one surface.

    `grain_m` is the size and `grain` the strength of its speckle.
    """

    colour: Colour
    second: Colour
    pitch_m: float
    length: float
    grain_m: float
    grain: float
    roughness: float
    height_m: float


@dataclass(frozen=True)
class Furniture:
    """A thing along one wall: its kind (one of `furniture.KINDS`), wall (0-3), position along it (m) and colours.

    `filling` is the seed of what fills it: a shelf's books, a pot's leaves.
    """

    kind: str
    wall: int
    along_m: float
    size: float
    colour: Colour
    second: Colour
    filling: int


@dataclass(frozen=True)
class Room:
    """A setting: indoors four walls, `wall_clearance_m` behind the clip's bounds in x and z; outdoors a sky.

    `sky` names one of Blender's own CC0 panoramas, turned by `sky_turn_rad`; indoors it is what the windows show.
    """

    kind: Kind
    floor: Floor
    wall: Colour
    dado: Colour
    wall_clearance_m: tuple[float, float]
    furniture: tuple[Furniture, ...]
    sky: str
    sky_turn_rad: float


@dataclass(frozen=True)
class Occluder:
    """A thing that stands free on the floor, before the person; its kind is one of `occluders.KINDS`.

    `place` is the middle of its footprint, x and z, m; `turn_rad` turns it about the vertical. `filling` is the seed of
    its details.
    """

    kind: str
    place: tuple[float, float]
    turn_rad: float
    size: float
    colour: Colour
    second: Colour
    filling: int


@dataclass(frozen=True)
class Bystander:
    """Another person in the picture, without labels.

    `motion` is one of the procedural library, made with `seed` for a body of shape `betas`; the middle of its way is at
    `place`, x and z, m, turned by `heading_rad` about the vertical.
    """

    person: Person
    betas: tuple[float, ...]
    motion: str
    seed: int
    place: tuple[float, float]
    heading_rad: float


@dataclass(frozen=True)
class Light:
    """A square area light below the ceiling, facing down; or, of kind `sun`, light from where `position` points."""

    kind: Literal["area", "sun"]
    position: tuple[float, float, float]
    size_m: float
    power_watt: float
    colour: Colour


@dataclass(frozen=True)
class Scene:
    """One clip's scene.

    `extent` is the clip's bounds in x, z: ((x0, x1), (z0, z1)) m; `exposure` is in stops, `white_k` the colour
    temperature that the cameras take for white. What has a default scenes of older shards lack.
    """

    person: Person
    room: Room
    lights: tuple[Light, ...]
    ambient: Colour
    exposure: float
    white_k: float
    cameras: tuple[Camera, ...]
    settings: Settings
    extent: tuple[tuple[float, float], tuple[float, float]]
    fps: float
    n_frames: int
    occluders: tuple[Occluder, ...] = ()
    bystander: Bystander | None = None

    def to_json(self) -> str:
        """Return the scene as JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Scene":
        """Return the scene that `to_json` wrote."""
        return _build(cls, json.loads(text))  # type: ignore[no-any-return]


def _build(kind: Any, value: Any) -> Any:
    """Return `value` (from JSON) as the annotated type `kind`."""
    if is_dataclass(kind) and isinstance(kind, type):
        hints = get_type_hints(kind)
        known = [field.name for field in fields(kind) if field.name in value]
        return kind(**{name: _build(hints[name], value[name]) for name in known})
    if get_origin(kind) is tuple:
        inner = get_args(kind)
        kinds = [inner[0]] * len(value) if inner[-1] is Ellipsis else inner
        return tuple(_build(each, item) for each, item in zip(kinds, value, strict=True))
    if isinstance(kind, UnionType):
        return None if value is None else _build(get_args(kind)[0], value)
    return value
