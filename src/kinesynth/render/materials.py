"""Materials as data: graphs of shader nodes, and the values that a scene gives them.

A graph never changes between scenes, only values do, so that each shader is compiled once a process. All procedural
textures read coordinates that stick to the surface: `cloth` (UV, m) and `local` (the rest position, m).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

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


def _fabric() -> Graph:
    """Two colours in a pattern, broad wrinkles and a fine weave."""
    return (
        Node("uv", "ShaderNodeUVMap", settings={"uv_map": "cloth"}),
        _LOCAL,
        Node("xyz", "ShaderNodeSeparateXYZ", {0: "uv"}),
        *map(_value, ("pitch", "stripe", "check", "melange", "weave")),
        _math("u", "DIVIDE", "xyz.0", "pitch"),
        _math("v", "DIVIDE", "xyz.1", "pitch"),
        _math("u wave", "PINGPONG", "u", 0.5),
        _math("v wave", "PINGPONG", "v", 0.5),
        _math("u band", "GREATER_THAN", "u wave", 0.25),
        _math("v band", "GREATER_THAN", "v wave", 0.31),
        _math("both bands", "ADD", "u band", "v band"),
        _noise("yarn", "uv", 260.0, 1.0),
        _math("stripe part", "MULTIPLY", "v band", "stripe"),
        _math("check part", "MULTIPLY", "both bands", "check"),
        _math("melange part", "MULTIPLY", "yarn", "melange"),
        _math("pattern 1", "ADD", "stripe part", "check part"),
        _math("pattern", "ADD", "pattern 1", "melange part"),
        _mix("colour", "pattern", _WHITE, _WHITE),
        _noise("wrinkles", "local.1", 6.0, 2.0, 0.6),
        _noise("weave grain", "uv", 420.0, 0.0),
        _math("weave height", "MULTIPLY", "weave grain", "weave"),
        _bump("wrinkle bump", "wrinkles", 0.03, 0.8),
        _bump("weave bump", "weave height", 0.0012, 1.0, "wrinkle bump"),
        *_surface(base_color="colour.2", roughness=0.85, normal="weave bump", sheen_weight=0.15),
    )


def _skin() -> Graph:
    """Mottled skin, a little translucent."""
    return (
        _LOCAL,
        _noise("mottle", "local.1", 28.0, 3.0),
        _mix("tone", "mottle", _WHITE, _WHITE),
        _noise("pores", "local.1", 420.0, 1.0),
        _bump("pore bump", "pores", 0.0006),
        *_surface(
            base_color="tone.2", roughness=0.55, normal="pore bump", subsurface_weight=0.0, subsurface_scale=0.01
        ),
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
        *_surface(base_color="colour.2", roughness=0.12),
    )


def _hair() -> Graph:
    """Strands: noise that varies fast across them and slowly along them."""
    return (
        _LOCAL,
        _noise("strands", "local.1", 38.0, 3.0, 0.3),
        _mix("colour", "strands", _WHITE, _WHITE),
        _bump("strand bump", "strands", 0.004, 0.4),
        *_surface(base_color="colour.2", roughness=0.6, specular_ior_level=0.1, normal="strand bump"),
    )


def _floor() -> Graph:
    """Boards or tiles."""
    inputs: dict[str | int, Any] = {
        "Vector": "flat", "Color1": _WHITE, "Color2": _WHITE, "Mortar": _WHITE, "Scale": 1.0,
        "Mortar Size": 0.004, "Mortar Smooth": 0.2, "Brick Width": 1.1, "Row Height": 0.2,
    }  # fmt: skip
    return (
        _LOCAL,
        Node("xyz", "ShaderNodeSeparateXYZ", {0: "local.1"}),
        Node("flat", "ShaderNodeCombineXYZ", {0: "xyz.0", 1: "xyz.2"}),
        Node("boards", "ShaderNodeTexBrick", inputs),
        *_surface(base_color="boards.0", roughness=0.45),
    )


def _contact_shadow() -> Graph:
    """Black, transparent towards the rim (`local` x, y run over the unit disc)."""
    return (
        _LOCAL,
        Node("radius", "ShaderNodeVectorMath", {0: "local.1"}, {"operation": "LENGTH"}),
        _math("inside", "SUBTRACT", 1.0, "radius.1"),
        _math("falloff", "SMOOTH_MIN", "inside", 1.0, 0.5),
        _math("opacity", "MULTIPLY", "falloff", 0.55),
        Node("clear", "ShaderNodeBsdfTransparent"),
        Node("dark", "ShaderNodeEmission", {"Color": (0.0, 0.0, 0.0, 1.0)}),
        Node("blend", "ShaderNodeMixShader", {0: "opacity", 1: "clear", 2: "dark"}),
        Node("output", "ShaderNodeOutputMaterial", {"Surface": "blend"}),
    )


def _white() -> Graph:
    return (
        Node("light", "ShaderNodeEmission", {"Color": _WHITE, "Strength": 1.0}),
        Node("output", "ShaderNodeOutputMaterial", {"Surface": "light"}),
    )


def _plain(roughness: float) -> Graph:
    return _surface(base_color=_WHITE, roughness=roughness)


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
    "wall": _plain(0.9),
    "skirting": _plain(0.5),
    "shadow": _contact_shadow(),
    "white": _white(),
}
TRANSPARENT = frozenset({"shadow"})


def values(scene: Scene) -> dict[str, dict[str, Any]]:
    """Return for each material the values of this scene, by "node.input" (or "node" for a value node)."""
    person, room = scene.person, scene.room
    return {
        "skin": {
            "tone.6": _scaled(person.skin, 0.86),
            "tone.7": _scaled(person.skin, 1.10, red=1.05),
            "surface.Roughness": person.skin_roughness,
            "surface.Subsurface Weight": scene.settings.subsurface,
        },
        "eye": {"white or iris.7": (*person.iris, 1.0)},
        "hair": {"colour.6": _scaled(person.hair, 0.45), "colour.7": _scaled(person.hair, 1.5)},
        "brow": {"surface.Base Color": _scaled(person.hair, 0.7)},
        "upper": _fabric_values(person.upper.fabric),
        "lower": _fabric_values(person.lower.fabric),
        "shoe": {"surface.Base Color": (*person.shoe, 1.0)},
        "sole": {"surface.Base Color": (*person.sole, 1.0)},
        "floor": {
            "boards.Color1": (*room.floor, 1.0),
            "boards.Color2": (*room.floor_second, 1.0),
            "boards.Mortar": _scaled(room.floor, 0.45),
            "boards.Row Height": room.floor_pitch_m,
        },
        "wall": {"surface.Base Color": (*room.wall, 1.0)},
        "skirting": {"surface.Base Color": (0.7, 0.7, 0.68, 1.0)},
    }


def _fabric_values(fabric: Fabric) -> dict[str, Any]:
    return {
        "pitch": fabric.pitch_m,
        "stripe": float(fabric.pattern == "stripe"),
        "check": 0.5 * (fabric.pattern == "check"),
        "melange": {"melange": 0.8, "knit": 0.3}.get(fabric.pattern, 0.0),
        "weave": fabric.weave * (1.6 if fabric.pattern == "knit" else 1.0),
        "colour.6": (*fabric.colour, 1.0),
        "colour.7": (*fabric.second, 1.0),
        "surface.Roughness": fabric.roughness,
    }


def _scaled(colour: tuple[float, float, float], factor: float, red: float = 1.0) -> tuple[float, float, float, float]:
    r, g, b = (min(1.0, factor * value) for value in colour)
    return min(1.0, red * r), g, b, 1.0
