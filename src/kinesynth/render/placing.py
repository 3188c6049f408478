"""Places occluders: sampled, and kept only where they are possible and do hide a part of the person."""

from dataclasses import dataclass, replace

import numpy as np

from kinesynth.render.box_shadows import hit
from kinesynth.render.cameras import Camera
from kinesynth.render.occluders import bounds, into, out_of, table
from kinesynth.render.palette import TEXTILE, WOOD, shade
from kinesynth.render.scene import Occluder, Scene
from kinesynth.render.setting import props, walls
from kinesynth.render.spreads import sample

MIN_HIDDEN = 0.12  # of the joints, in the frame in which a thing hides most of them: less is not worth its place
MAX_HIDDEN = 0.7  # of those in the picture, in any frame and view: some of the person must be left to see
_MUCH_HIDDEN = 0.5  # it is first tried to hide between the minimum and this
_TRIES = 400
_FRAMES = 60  # of which it is asked what a thing hides: at most
_MAX_THINGS = 3
_CLEAR_OF_BODY_M = 0.12
_CLEAR_OF_CAMERA_M = 0.7
_CLEAR_OF_WALL_M = 0.03
_ASIDE_M = 0.25


@dataclass(frozen=True)
class Body:
    """Where the person is: joints (T,J,3), and points (P,3) that reach as far as the body does in all frames, m."""

    joints: np.ndarray
    outline: np.ndarray


def hidden(corners: np.ndarray, joints: np.ndarray, eye: np.ndarray) -> np.ndarray:
    """Return which joints (T,J) boxes (b,2,3) hide from a camera at `eye` (3,), all in the same axes."""
    flat = joints.reshape(-1, 3)
    return hit(flat, eye - flat, corners).reshape(joints.shape[:2])


def sample_occluders(rng: np.random.Generator, scene: Scene, body: Body) -> tuple[Occluder, ...]:
    """Sample one to three things that stand before the person as one of the cameras sees it.

    Each is tried at many places; there may be fewer where the room has none that hides enough and yet is free.
    """
    found: list[Occluder] = []
    body = Body(body.joints[:: -(-len(body.joints) // _FRAMES)], body.outline)
    covered = [np.zeros(body.joints.shape[:2], dtype=bool) for _ in scene.cameras]
    inside = [in_picture(camera, body.joints) for camera in scene.cameras]
    wanted = 1 + int(rng.binomial(_MAX_THINGS - 1, 0.3))
    taken = standing(scene)
    for k in range(_TRIES):
        if len(found) == wanted:
            break
        min_hidden = rng.uniform(MIN_HIDDEN, _MUCH_HIDDEN) if k < _TRIES // 2 else MIN_HIDDEN
        thing = _sample(rng, scene, body)
        if not _fits(scene, body, thing, taken):
            continue
        by_view = [now | was for now, was in zip(hidden_by_view(scene, thing, body.joints), covered, strict=True)]
        adds = max((now & ~was).mean(axis=1).max() for now, was in zip(by_view, covered, strict=True))
        if adds >= min_hidden and max(map(most, by_view, inside)) <= MAX_HIDDEN:
            found.append(thing)
            taken.append(_box(scene, thing))
            covered = by_view
    return tuple(found)


def most(covered: np.ndarray, inside: np.ndarray) -> float:
    """Return the maximum fraction in any frame of the joints inside the picture, (T,J) bool, that are covered."""
    return float(((covered & inside).sum(axis=1) / np.maximum(inside.sum(axis=1), 1)).max())


def in_picture(camera: Camera, joints: np.ndarray) -> np.ndarray:
    """Return which joints (T,J,3) are inside a camera's picture, (T,J)."""
    pixels = camera.project(joints) + 0.5
    return np.asarray(
        ((pixels >= 0) & (pixels <= [camera.width, camera.height])).all(axis=-1) & (camera.depth(joints) > 0)
    )


def standing(scene: Scene) -> list[np.ndarray]:
    """Return the corners (2,3) of the boxes that furniture and things before the person are made of."""
    bare = replace(scene, settings=replace(scene.settings, shadows=True))  # without patches of shadow
    around = ("floor", "wall", "dado", "skirting", "ceiling")
    solids = [prop.vertices for prop in props(bare) if not prop.name.startswith(around)]
    return [np.array([points.min(axis=0), points.max(axis=0)]) for points in solids]


def inside_walls(scene: Scene, points: np.ndarray, margin: float) -> bool:
    """Return whether points (...,3) are that far, m, from the walls, where there are any."""
    if scene.room.kind == "outdoors":
        return True
    return all((sign * points[..., axis] < sign * offset - margin).all() for axis, sign, offset in walls(scene))


def hidden_by_view(scene: Scene, thing: Occluder, joints: np.ndarray) -> list[np.ndarray]:
    """Return, by camera, which joints (T,J) of (T,J,3) a thing hides."""
    floor_m, corners = scene.room.floor.height_m, bounds(thing)
    local = into(thing, joints, floor_m)
    return [hidden(corners, local, into(thing, camera.position, floor_m)) for camera in scene.cameras]


def way_to_camera(rng: np.random.Generator, scene: Scene, body: Body) -> tuple[np.ndarray, np.ndarray, float]:
    """Sample a camera and a frame; return the person's place (2,), the direction (2,) to the camera, and how far, m."""
    camera = scene.cameras[int(rng.integers(len(scene.cameras)))]
    person = body.joints[int(rng.integers(len(body.joints)))].mean(axis=0)[[0, 2]]
    way = camera.position[[0, 2]] - person
    distance = float(np.linalg.norm(way))
    return person, way / distance, distance


def across(way: np.ndarray) -> np.ndarray:
    """Return the direction (2,) beside a way (2,) over the floor."""
    return np.array([-way[1], way[0]])


def _sample(rng: np.random.Generator, scene: Scene, body: Body) -> Occluder:
    """Sample a thing and where it stands: on the way from the person, in one of the frames, to one of the cameras."""
    rows = table()
    weights = np.array([float(row[scene.room.kind]) for row in rows.values()])
    row = list(rows.values())[int(rng.choice(len(weights), p=weights / weights.sum()))]
    person, way, distance = way_to_camera(rng, scene, body)
    away = min(sample(rng, row["away_m"]), distance - _CLEAR_OF_CAMERA_M)
    place = person + away * way + rng.normal(0.0, _ASIDE_M) * across(way)
    facing = np.arctan2(way[0], way[1])  # its depth lies along the way
    return Occluder(
        kind=row["kind"],
        place=(float(place[0]), float(place[1])),
        turn_rad=float(facing + np.deg2rad(sample(rng, row["turn_deg"]))),
        size=sample(rng, row["size"]),
        colour=shade(rng, WOOD),
        second=shade(rng, TEXTILE),
        filling=int(rng.integers(2**32)),
    )


def _fits(scene: Scene, body: Body, thing: Occluder, taken: list[np.ndarray]) -> bool:
    """Return whether a thing is clear of the body in all frames, of cameras, walls and what stands there already."""
    floor_m, corners = scene.room.floor.height_m, bounds(thing)
    low, high = corners.min(axis=(0, 1)), corners.max(axis=(0, 1))
    points = np.concatenate([body.joints.reshape(-1, 3), body.outline])
    if _within(into(thing, points, floor_m), low, high, _CLEAR_OF_BODY_M).any():
        return False
    eyes = into(thing, np.array([camera.position for camera in scene.cameras]), floor_m)
    if _within(eyes, low, high, _CLEAR_OF_CAMERA_M).any():
        return False
    box = _box(scene, thing)
    if any((box[0] < other[1]).all() and (other[0] < box[1]).all() for other in taken):
        return False
    return inside_walls(scene, box, _CLEAR_OF_WALL_M)


def _within(points: np.ndarray, low: np.ndarray, high: np.ndarray, margin: float) -> np.ndarray:
    return np.asarray(((points > low - margin) & (points < high + margin)).all(axis=-1))


def _box(scene: Scene, thing: Occluder) -> np.ndarray:
    """Return the corners (2,3) of the box, along the world's axes, that a thing stands in."""
    low, high = bounds(thing).min(axis=(0, 1)), bounds(thing).max(axis=(0, 1))
    corners = np.array([(x, y, z) for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])])
    placed = out_of(thing, corners, scene.room.floor.height_m)
    return np.array([placed.min(axis=0), placed.max(axis=0)])
