"""Settings of clips: a room or open ground sampled at random, and the plain meshes it is made of."""

import numpy as np

from kinesynth.render.box_shadows import floor_shadow
from kinesynth.render.furniture import Box, boxes
from kinesynth.render.occluders import meshes
from kinesynth.render.palette import FIXED, TEXTILE, WOOD, mix, shade
from kinesynth.render.prop import Prop, solid
from kinesynth.render.scene import SOLE_M, Floor, Furniture, Kind, Room, Scene

WALL_HEIGHT_M = 3.2
_REACH_M = 30.0
_GROUND_REACH_M = 90.0

_WALL = (
    (0.78, 0.77, 0.74), (0.70, 0.74, 0.78), (0.76, 0.72, 0.64), (0.62, 0.68, 0.64), (0.72, 0.66, 0.66),
    (0.58, 0.60, 0.64), (0.83, 0.82, 0.80), (0.45, 0.52, 0.58),
)  # fmt: skip
_BOARDS = ((0.46, 0.34, 0.24), (0.34, 0.24, 0.16), (0.58, 0.46, 0.33), (0.26, 0.20, 0.16))
_TILES = ((0.50, 0.50, 0.50), (0.36, 0.40, 0.44), (0.58, 0.52, 0.44), (0.26, 0.28, 0.30), (0.66, 0.65, 0.62))
_GROUND = ((0.44, 0.44, 0.43), (0.58, 0.56, 0.52), (0.36, 0.42, 0.22), (0.42, 0.42, 0.28), (0.60, 0.53, 0.43))

# Blender's panoramas and the factor that brings each one's light on a level ground to that of a room.
SKIES = {"city": 0.9, "courtyard": 1.6, "forest": 0.8, "sunrise": 2.0, "sunset": 1.3}
_LAB = ("cabinet", "tripod", "table", "door", "window", "tripod")
_HOME = ("shelf", "sofa", "picture", "window", "table", "cabinet", "door", "plant", "picture")


def sample_room(rng: np.random.Generator, kind: Kind | None = None) -> Room:
    """Sample a setting: a plain laboratory, a furnished room, or open ground under a sky."""
    sampled: Kind = ("lab", "room", "outdoors")[int(rng.choice(3, p=(0.4, 0.35, 0.25)))]
    kind = kind or sampled
    wall = shade(rng, _WALL)
    return Room(
        kind=kind,
        floor=_sample_floor(rng, kind),
        wall=wall,
        dado=mix(wall, shade(rng, _WALL), float(rng.choice([0.0, 0.0, 0.8]))),
        wall_clearance_m=(float(rng.uniform(1.2, 3.6)), float(rng.uniform(1.2, 3.6))),
        furniture=() if kind == "outdoors" else _sample_furniture(rng, _LAB if kind == "lab" else _HOME),
        sky=str(rng.choice(list(SKIES))),
        sky_turn_rad=float(rng.uniform(0, 2 * np.pi)),
    )


def _sample_floor(rng: np.random.Generator, kind: Kind) -> Floor:
    boards = kind != "outdoors" and rng.uniform() < 0.5
    colour = shade(rng, _GROUND if kind == "outdoors" else _BOARDS if boards else _TILES)
    second = mix(colour, shade(rng, _BOARDS if boards else _TILES), float(rng.uniform(0.05, 0.3)))
    pitch = rng.uniform(0.09, 0.22) if boards else rng.choice([0.0, rng.uniform(0.3, 0.6)])
    return Floor(
        colour=colour,
        second=second,
        pitch_m=float(pitch),
        length=float(rng.uniform(4, 9)) if boards else 1.0,
        grain_m=float(rng.uniform(0.02, 0.15)),
        grain=float(rng.uniform(0.25, 0.6) if kind == "outdoors" else rng.uniform(0.05, 0.25)),
        roughness=float(rng.uniform(0.85, 1.0) if kind == "outdoors" else rng.uniform(0.35, 0.7)),
        height_m=-SOLE_M,
    )


def _sample_furniture(rng: np.random.Generator, kinds: tuple[str, ...]) -> tuple[Furniture, ...]:
    """Sample things along the four walls, each in a stretch of its own."""
    things = []
    for wall in range(4):
        along_m = float(rng.uniform(-3.4, -2.4))
        while along_m < 3.6:
            kind = kinds[int(rng.integers(len(kinds)))]
            palette = TEXTILE if kind in ("sofa", "picture") else WOOD
            size = float(rng.uniform(0.85, 1.15))
            colours = shade(rng, palette), shade(rng, TEXTILE)
            things.append(Furniture(kind, wall, along_m, size, *colours, int(rng.integers(2**32))))
            along_m += 2.0 + float(rng.exponential(0.6))
    return tuple(things)


def walls(scene: Scene) -> list[tuple[int, int, float]]:
    """Return the four walls: world axis (0 or 2), side (-1, 1) and offset, m."""
    (x0, x1), (z0, z1) = scene.extent
    far_x, far_z = scene.room.wall_clearance_m
    return [(0, -1, x0 - far_x), (0, 1, x1 + far_x), (2, -1, z0 - far_z), (2, 1, z1 + far_z)]


def hides(wall: tuple[int, int, float], eye: np.ndarray) -> bool:
    """Return whether a camera at `eye` (3,) is behind a wall or among the furniture along it."""
    axis, sign, offset = wall
    return bool(sign * eye[axis] > sign * offset - 0.8)


def props(scene: Scene) -> list[Prop]:
    """Return the meshes of the setting, in world coordinates."""
    room = scene.room
    reach = _GROUND_REACH_M if room.kind == "outdoors" else _REACH_M
    y = room.floor.height_m
    corners = np.array([(-reach, y, reach), (reach, y, reach), (reach, y, -reach), (-reach, y, -reach)])
    made = [Prop("floor", corners, np.arange(4)[None], "floor", room.floor.colour)]
    for k, occluder in enumerate(scene.occluders):
        made += meshes(occluder, k, y)
        if not scene.settings.shadows:
            made.append(floor_shadow(scene, occluder, k))
    if room.kind == "outdoors":
        return made
    for k, wall in enumerate(walls(scene)):
        made.append(_panel("wall", scene, wall, (1.0, WALL_HEIGHT_M), 0.0, room.wall, k))
        made.append(_panel("dado", scene, wall, (0.0, 1.0), 0.0, room.dado, k))
        made.append(_panel("skirting", scene, wall, (0.0, 0.09), 0.012, (0.68, 0.67, 0.65), k))
    made.append(_ceiling(y + WALL_HEIGHT_M))
    for k, thing in enumerate(thing for thing in room.furniture if _has_room(scene, thing)):
        made += [_prop(f"{thing.kind} {k}.{i}", scene, thing, box) for i, box in enumerate(boxes(thing))]
    return made


def _has_room(scene: Scene, thing: Furniture) -> bool:
    """Return whether a thing ends before the corner, and the furniture around it."""
    axis, _, _ = walls(scene)[thing.wall]
    other = 1 - axis // 2
    low, high = scene.extent[other]
    return abs(thing.along_m) + 0.9 < (high - low) / 2 + scene.room.wall_clearance_m[other] - 0.3


def _panel(
    name: str, scene: Scene, wall: tuple[int, int, float], heights: tuple[float, float], inwards: float,
    colour: tuple[float, float, float], index: int,
) -> Prop:  # fmt: skip
    """Return a strip of wall between two heights above the floor."""
    axis, sign, offset = wall
    corners = np.empty((4, 3))
    corners[:, 0] = corners[:, 2] = np.array([-1, 1, 1, -1]) * _REACH_M
    corners[:, 1] = scene.room.floor.height_m + np.array(heights)[[0, 0, 1, 1]]
    corners[:, axis] = offset - inwards * sign
    return Prop(f"{name} {index}", corners, np.arange(4)[None], "paint", colour, index)


def _ceiling(y: float) -> Prop:
    corners = np.array([(x, y, z) for x, z in ((-1, -1), (1, -1), (1, 1), (-1, 1))]) * [_REACH_M, 1, _REACH_M]
    return Prop("ceiling", corners, np.arange(4)[None], "paint", (0.75, 0.75, 0.74))


def _prop(name: str, scene: Scene, thing: Furniture, box: Box) -> Prop:
    """Return a box of a piece of furniture at its position: along the wall, up, and from the wall into the room."""
    axis, sign, offset = walls(scene)[thing.wall]
    other = 2 - axis
    middle = sum(scene.extent[other // 2]) / 2
    local, faces = solid(box)  # along, up, out of the wall
    points = np.empty_like(local)
    points[:, other] = middle + thing.along_m + thing.size * local[:, 0]
    points[:, 1] = scene.room.floor.height_m + thing.size * local[:, 1]
    points[:, axis] = offset - sign * (0.005 + thing.size * local[:, 2])
    colour = {"first": thing.colour, "second": thing.second}.get(box.colour) or FIXED[box.colour]
    return Prop(name, points, faces, box.material, colour, thing.wall)
