"""Materials as data: graphs of shader nodes, and the values that a scene gives them.

A graph never changes between scenes, only values do, so that each shader is compiled once a process. All procedural
textures read coordinates that stick to the surface: `cloth` (UV, m) and `local` (the rest position, m). `tint` is a
colour per point that multiplies the material's own, `shade` the light that `render.shading` lets through.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kinesynth.render.scene import Fabric, Scene


@dataclass(frozen=True)
class Node:
    """A shader node: `inputs` by socket name or index hold a value, or "node.output" for a link."""

    name: str
    kind: str
    inputs: Mapping[str | int, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)


Graph = tuple[Node, ...]
_WHITE = (1.0, 1.0, 1.0, 1.0)


def _value(name: str) -> Node:
    return Node(name, "ShaderNodeValue")


def _math(name: str, operation: str, *operands: Any) -> Node:
    return Node(name, "ShaderNodeMath", dict(enumerate(operands)), {"operation": operation})


def _mix(name: str, factor: Any, first: Any, second: Any) -> Node:
    return Node(name, "ShaderNodeMix", {0: factor, 6: first, 7: second}, {"data_type": "RGBA"})


def _noise(name: str, vector: str, scale: float, detail: float = 2.0, distortion: float = 0.0) -> Node:
    return Node(
        name, "ShaderNodeTexNoise", {"Vector": vector, "Scale": scale, "Detail": detail, "Distortion": distortion}
    )


def _bump(name: str, height: str, distance: float, strength: float = 1.0, normal: str | None = None) -> Node:
    inputs: dict[str | int, Any] = {"Height": height, "Distance": distance, "Strength": strength}
    return Node(name, "ShaderNodeBump", inputs | ({"Normal": normal} if normal else {}))


def _surface(**inputs: Any) -> Graph:
    sockets: dict[str | int, Any] = {
        name.replace("_", " ").title().replace("Ior", "IOR"): value for name, value in inputs.items()
    }
    return (
        Node("surface", "ShaderNodeBsdfPrincipled", sockets),
        Node("output", "ShaderNodeOutputMaterial", {"Surface": "surface"}),
    )


_LOCAL = Node("local", "ShaderNodeAttribute", settings={"attribute_name": "local"})
_TINT = Node("tint", "ShaderNodeAttribute", settings={"attribute_name": "tint"})
_SHADE = Node("shade", "ShaderNodeAttribute", settings={"attribute_name": "shade"})


def _shaded(colour: str) -> Graph:
    """Return nodes whose last, `shaded`, is a colour under the point's tint and shade."""
    return (
        _TINT,
        _SHADE,
        Node("tinted", "ShaderNodeVectorMath", {0: colour, 1: "tint.0"}, {"operation": "MULTIPLY"}),
        Node("shaded", "ShaderNodeVectorMath", {0: "tinted", "Scale": "shade.2"}, {"operation": "SCALE"}),
    )


def _band(name: str, wave: str, threshold: float) -> Graph:
    """Return nodes whose last is 1 where a wave is above a threshold, over an edge as wide as a pixel: no aliasing."""
    return (
        _math(f"{name} above", "SUBTRACT", wave, threshold),
        _math(f"{name} steep", "DIVIDE", f"{name} above", "edge"),
        Node(name, "ShaderNodeMath", {0: f"{name} steep", 1: 0.5}, {"operation": "ADD", "use_clamp": True}),
    )


def _fabric() -> Graph:
    """Two colours in a pattern, and a fine weave."""
    return (
        Node("uv", "ShaderNodeUVMap", settings={"uv_map": "cloth"}),
        Node("xyz", "ShaderNodeSeparateXYZ", {0: "uv"}),
        *map(_value, ("pitch", "edge", "stripe", "check", "print", "melange", "weave")),
        _math("u", "DIVIDE", "xyz.0", "pitch"),
        _math("v", "DIVIDE", "xyz.1", "pitch"),
        _math("u wave", "PINGPONG", "u", 0.5),
        _math("v wave", "PINGPONG", "v", 0.5),
        *_band("u band", "u wave", 0.25),
        *_band("v band", "v wave", 0.31),
        _math("both bands", "ADD", "u band", "v band"),
        Node("printed", "ShaderNodeCombineXYZ", {0: "u", 1: "v"}),
        Node("cells", "ShaderNodeTexVoronoi", {"Vector": "printed", "Scale": 2.0, "Randomness": 0.7},
             {"voronoi_dimensions": "2D"}),
        _math("blot", "SUBTRACT", 0.62, "cells.0"),
        *_band("blots", "blot", 0.3),
        _noise("yarn", "uv", 260.0, 1.0),
        _math("stripe part", "MULTIPLY", "v band", "stripe"),
        _math("check part", "MULTIPLY", "both bands", "check"),
        _math("print part", "MULTIPLY", "blots", "print"),
        _math("melange part", "MULTIPLY", "yarn", "melange"),
        _math("pattern 1", "ADD", "stripe part", "check part"),
        _math("pattern 2", "ADD", "pattern 1", "print part"),
        _math("pattern", "ADD", "pattern 2", "melange part"),
        _mix("colour", "pattern", _WHITE, _WHITE),
        *_shaded("colour.2"),
        _math("weave height", "MULTIPLY", "yarn", "weave"),
        _bump("weave bump", "weave height", 0.0015),
        *_surface(base_color="shaded", roughness=0.85, normal="weave bump", specular_ior_level=0.25, sheen_weight=0.1),
    )  # fmt: skip


def _skin() -> Graph:
    """Mottled skin, a little translucent."""
    return (
        _LOCAL,
        _noise("mottle", "local.1", 34.0, 4.0),
        _mix("tone", "mottle", _WHITE, _WHITE),
        *_shaded("tone.2"),
        *_surface(base_color="shaded", roughness=0.55, subsurface_weight=0.0, subsurface_scale=0.01),
    )


def _eye() -> Graph:
    """White, iris and pupil about the direction in which the eyeball looks (`local` z)."""
    return (
        _LOCAL,
        Node("xyz", "ShaderNodeSeparateXYZ", {0: "local.1"}),
        _math("is iris", "GREATER_THAN", "xyz.2", 0.875),
        _math("is pupil", "GREATER_THAN", "xyz.2", 0.972),
        _mix("white or iris", "is iris", (0.62, 0.58, 0.55, 1.0), _WHITE),
        _mix("colour", "is pupil", "white or iris.2", (0.004, 0.004, 0.004, 1.0)),
        *_shaded("colour.2"),
        *_surface(base_color="shaded", roughness=0.12),
    )


def _hair() -> Graph:
    """Strands: noise that varies fast across them and slowly along them."""
    return (
        _LOCAL,
        _noise("strands", "local.1", 38.0, 3.0, 0.3),
        _mix("colour", "strands", _WHITE, _WHITE),
        _bump("strand bump", "strands", 0.004, 0.4),
        *_shaded("colour.2"),
        *_surface(base_color="shaded", roughness=0.5, specular_ior_level=0.2, normal="strand bump"),
    )


def _floor() -> Graph:
    """Boards, tiles or one surface, speckled in two sizes."""
    inputs: dict[str | int, Any] = {
        "Vector": "flat", "Color1": _WHITE, "Color2": _WHITE, "Mortar": _WHITE, "Scale": 1.0,
        "Mortar Size": 0.003, "Mortar Smooth": 0.3, "Brick Width": 1.1, "Row Height": 0.2,
    }  # fmt: skip
    return (
        _LOCAL,
        Node("xyz", "ShaderNodeSeparateXYZ", {0: "local.1"}),
        Node("flat", "ShaderNodeCombineXYZ", {0: "xyz.0", 1: "xyz.2"}),
        Node("boards", "ShaderNodeTexBrick", inputs),
        Node("fine", "ShaderNodeTexNoise", {"Vector": "flat", "Scale": 20.0, "Detail": 3.0},
             {"noise_dimensions": "2D"}),
        Node("broad", "ShaderNodeTexNoise", {"Vector": "flat", "Scale": 0.7, "Detail": 2.0},
             {"noise_dimensions": "2D"}),
        _value("grain"),
        _math("both", "ADD", "fine", "broad"),
        _math("about zero", "SUBTRACT", "both", 1.0),
        _math("speckle", "MULTIPLY", "about zero", "grain"),
        _math("factor", "MULTIPLY_ADD", "speckle", 2.0, 1.0),
        Node("colour", "ShaderNodeVectorMath", {0: "boards.0", "Scale": "factor"}, {"operation": "SCALE"}),
        *_surface(base_color="colour", roughness=0.45, specular_ior_level=0.3),
    )  # fmt: skip


def _shadow() -> Graph:
    """Black where the floor gets no light, clear where it gets all."""
    return (
        _SHADE,
        _math("opacity", "SUBTRACT", 1.0, "shade.2"),
        Node("clear", "ShaderNodeBsdfTransparent"),
        Node("dark", "ShaderNodeEmission", {"Color": (0.0, 0.0, 0.0, 1.0)}),
        Node("blend", "ShaderNodeMixShader", {0: "opacity", 1: "clear", 2: "dark"}),
        Node("output", "ShaderNodeOutputMaterial", {"Surface": "blend"}),
    )


def _window() -> Graph:
    """Daylight behind a pane: bright above, dimmer below, with the blur of trees and houses."""
    return (
        _LOCAL,
        Node("xyz", "ShaderNodeSeparateXYZ", {0: "local.1"}),
        _noise("view", "local.1", 2.2, 1.0),
        _math("high", "MULTIPLY_ADD", "xyz.1", 0.5, "view"),
        Node("above", "ShaderNodeMath", {0: "high", 1: 1.0}, {"operation": "SUBTRACT", "use_clamp": True}),
        _mix("colour", "above", (0.25, 0.32, 0.22, 1.0), (0.85, 0.93, 1.0, 1.0)),
        Node("light", "ShaderNodeEmission", {"Color": "colour.2", "Strength": 3.0}),
        Node("output", "ShaderNodeOutputMaterial", {"Surface": "light"}),
    )


def _part() -> Graph:
    """The label of each face, as brightness and without light."""
    return (
        Node("part", "ShaderNodeAttribute", {}, {"attribute_name": "part"}),
        Node("light", "ShaderNodeEmission", {"Color": "part.0", "Strength": 1.0}),
        Node("output", "ShaderNodeOutputMaterial", {"Surface": "light"}),
    )


def _plain(roughness: float) -> Graph:
    return (
        Node("own", "ShaderNodeRGB"),
        *_shaded("own"),
        *_surface(base_color="shaded", roughness=roughness, specular_ior_level=0.3),
    )


MATERIALS: Mapping[str, Graph] = {
    "skin": _skin(),
    "eye": _eye(),
    "hair": _hair(),
    "brow": _plain(0.7),
    "upper": _fabric(),
    "lower": _fabric(),
    "shoe": _plain(0.55),
    "sole": _plain(0.7),
    "floor": _floor(),
    "paint": _plain(0.8),
    "window": _window(),
    "shadow": _shadow(),
    "part": _part(),
}
TRANSPARENT = frozenset({"shadow"})


def values(scene: Scene) -> dict[str, dict[str, Any]]:
    """Return for each material the values of this scene, by "node.input" (or "node" for a value node)."""
    person, floor = scene.person, scene.room.floor
    return {
        "skin": {
            "tone.6": _scaled(person.look.skin, 0.84),
            "tone.7": _scaled(person.look.skin, 1.14, red=1.04),
            "surface.Roughness": person.look.skin_roughness,
            "surface.Subsurface Weight": scene.settings.subsurface,
        },
        "eye": {"white or iris.7": (*person.look.iris, 1.0)},
        "hair": {"colour.6": _scaled(person.look.hair, 0.45), "colour.7": _scaled(person.look.hair, 1.5)},
        "brow": {"own": _scaled(person.look.hair, 0.7)},
        "upper": _fabric_values(person.upper.fabric, scene),
        "lower": _fabric_values(person.lower.fabric, scene),
        "shoe": {"own": (*person.shoe, 1.0)},
        "sole": {"own": (*person.sole, 1.0)},
        "paint": {"own": _WHITE},
        "floor": {
            "boards.Color1": (*floor.colour, 1.0),
            "boards.Color2": (*(floor.second if floor.pitch_m else floor.colour), 1.0),
            "boards.Mortar": _scaled(floor.colour, 0.5 if floor.pitch_m else 1.0),
            "boards.Row Height": floor.pitch_m or 1.0,
            "boards.Brick Width": (floor.pitch_m or 1.0) * floor.length,
            "fine.Scale": 1 / floor.grain_m,
            "grain": floor.grain,
            "surface.Roughness": floor.roughness,
        },
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
        "colour.6": (*fabric.colour, 1.0),
        "colour.7": (*fabric.second, 1.0),
        "surface.Roughness": fabric.roughness,
    }


def _pixel_m(scene: Scene) -> float:
    """Return the width of a pixel at the middle of the clip's bounds, m, in the nearest view; 0 without cameras."""
    middle = np.array([sum(scene.extent[0]) / 2, 0.0, sum(scene.extent[1]) / 2])
    widths = [np.linalg.norm(middle - camera.position) / camera.K[0, 0] for camera in scene.cameras]
    return float(min(widths, default=0.0))


def _scaled(colour: tuple[float, float, float], factor: float, red: float = 1.0) -> tuple[float, float, float, float]:
    r, g, b = (min(1.0, factor * value) for value in colour)
    return min(1.0, red * r), g, b, 1.0
