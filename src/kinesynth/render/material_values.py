"""What a scene changes about its materials."""

from typing import Any

import numpy as np

from kinesynth.render.materials import other
from kinesynth.render.scene import Fabric, Person, Scene
from kinesynth.render.shader_graph import WHITE


def values(scene: Scene) -> dict[str, dict[str, Any]]:
    """Return for each material the values of this scene, by "node.socket", or "node" where it is itself the value."""
    floor = scene.room.floor
    table = _person_values(scene.person, scene)
    if scene.bystander:
        table |= {other(name): own for name, own in _person_values(scene.bystander.person, scene).items()}
    return table | {
        "paint": {"own": WHITE},
        "floor": {
            "boards.first": (*floor.colour, 1.0),
            "boards.second": (*(floor.second if floor.pitch_m else floor.colour), 1.0),
            "boards.mortar": _scaled(floor.colour, 0.5 if floor.pitch_m else 1.0),
            "boards.height": floor.pitch_m or 1.0,
            "boards.length": (floor.pitch_m or 1.0) * floor.length,
            "fine.scale": 1 / floor.grain_m,
            "grain": floor.grain,
            "surface.roughness": floor.roughness,
        },
    }


def _person_values(person: Person, scene: Scene) -> dict[str, dict[str, Any]]:
    return {
        "skin": {
            "tone.first": _scaled(person.look.skin, 0.84),
            "tone.second": _scaled(person.look.skin, 1.14, red=1.04),
            "surface.roughness": person.look.skin_roughness,
            "surface.subsurface": scene.settings.subsurface,
        },
        "eye": {"white or iris.second": (*person.look.iris, 1.0)},
        "hair": {"colour.first": _scaled(person.look.hair, 0.45), "colour.second": _scaled(person.look.hair, 1.5)},
        "brow": {"own": _scaled(person.look.hair, 0.7)},
        "upper": _fabric_values(person.upper.fabric, scene),
        "lower": _fabric_values(person.lower.fabric, scene),
        "shoe": {"own": (*person.shoe, 1.0)},
        "sole": {"own": (*person.sole, 1.0)},
    }


def _fabric_values(fabric: Fabric, scene: Scene) -> dict[str, Any]:
    pattern = fabric.pattern
    return {
        "pitch": fabric.pitch_m,
        "edge": max(0.02, _pixel_m(scene) / fabric.pitch_m),
        "stripe": float(pattern == "stripe"),
        "check": 0.5 * (pattern == "check"),
        "print": 0.9 * (pattern == "print"),
        "melange": {"denim": 0.35, "knit": 0.3}.get(pattern, 0.06),
        "weave": fabric.weave * {"knit": 1.8, "denim": 1.2}.get(pattern, 0.6),
        "colour.first": (*fabric.colour, 1.0),
        "colour.second": (*fabric.second, 1.0),
        "surface.roughness": fabric.roughness,
    }


def _pixel_m(scene: Scene) -> float:
    """Return the width of a pixel at the middle of the clip's bounds, m, in the nearest view; 0 without cameras."""
    middle = np.array([sum(scene.extent[0]) / 2, 0.0, sum(scene.extent[1]) / 2])
    widths = [np.linalg.norm(middle - camera.position) / camera.K[0, 0] for camera in scene.cameras]
    return float(min(widths, default=0.0))


def _scaled(colour: tuple[float, float, float], factor: float, red: float = 1.0) -> tuple[float, float, float, float]:
    r, g, b = (min(1.0, factor * value) for value in colour)
    return min(1.0, red * r), g, b, 1.0
