"""Materials as data: graphs of shader nodes, which never change, so that each shader is compiled once a process.

What a scene changes are values (`material_values`). All procedural textures read coordinates that stick to the surface:
`cloth` (UV, m) and `local` (the rest position, m). `tint` is a colour per point that multiplies the material's own,
`shade` the light that `render.shading` lets through.
"""

from collections.abc import Mapping

from kinesynth.render.shader_graph import (
    LOCAL,
    SHADE,
    WHITE,
    Graph,
    Node,
    band,
    bump,
    flat_noise,
    math,
    mix,
    noise,
    shaded,
    surface,
    value,
)


def _fabric() -> Graph:
    """Two colours in a pattern, and a fine weave."""
    return (
        Node("uv", "uv", settings={"uv_map": "cloth"}),
        Node("xyz", "separate", {"vector": "uv"}),
        *map(value, ("pitch", "edge", "stripe", "check", "print", "melange", "weave")),
        math("u", "DIVIDE", "xyz.x", "pitch"),
        math("v", "DIVIDE", "xyz.y", "pitch"),
        math("u wave", "PINGPONG", "u", 0.5),
        math("v wave", "PINGPONG", "v", 0.5),
        *band("u band", "u wave", 0.25),
        *band("v band", "v wave", 0.31),
        math("both bands", "ADD", "u band", "v band"),
        Node("printed", "combine", {"x": "u", "y": "v"}),
        Node("cells", "flat cells", {"vector": "printed", "scale": 2.0, "randomness": 0.7}),
        math("blot", "SUBTRACT", 0.62, "cells"),
        *band("blots", "blot", 0.3),
        noise("yarn", "uv", 260.0, 1.0),
        math("stripe part", "MULTIPLY", "v band", "stripe"),
        math("check part", "MULTIPLY", "both bands", "check"),
        math("print part", "MULTIPLY", "blots", "print"),
        math("melange part", "MULTIPLY", "yarn", "melange"),
        math("pattern 1", "ADD", "stripe part", "check part"),
        math("pattern 2", "ADD", "pattern 1", "print part"),
        math("pattern", "ADD", "pattern 2", "melange part"),
        mix("colour", "pattern", WHITE, WHITE),
        *shaded("colour"),
        math("weave height", "MULTIPLY", "yarn", "weave"),
        bump("weave bump", "weave height", 0.0015),
        *surface(colour="shaded", roughness=0.85, normal="weave bump", specular=0.25, sheen=0.1),
    )


def _skin() -> Graph:
    """Mottled skin, a little translucent."""
    return (
        LOCAL,
        noise("mottle", "local.vector", 34.0, 4.0),
        mix("tone", "mottle", WHITE, WHITE),
        *shaded("tone"),
        *surface(colour="shaded", roughness=0.55, subsurface=0.0, subsurface_scale=0.01),
    )


def _eye() -> Graph:
    """White, iris and pupil about the direction in which the eyeball looks (`local` z)."""
    return (
        LOCAL,
        Node("xyz", "separate", {"vector": "local.vector"}),
        math("is iris", "GREATER_THAN", "xyz.z", 0.875),
        math("is pupil", "GREATER_THAN", "xyz.z", 0.972),
        mix("white or iris", "is iris", (0.62, 0.58, 0.55, 1.0), WHITE),
        mix("colour", "is pupil", "white or iris", (0.004, 0.004, 0.004, 1.0)),
        *shaded("colour"),
        *surface(colour="shaded", roughness=0.12),
    )


def _hair() -> Graph:
    """Strands: noise that varies fast across them and slowly along them."""
    return (
        LOCAL,
        noise("strands", "local.vector", 38.0, 3.0, 0.3),
        mix("colour", "strands", WHITE, WHITE),
        bump("strand bump", "strands", 0.004, 0.4),
        *shaded("colour"),
        *surface(colour="shaded", roughness=0.5, specular=0.2, normal="strand bump"),
    )


def _floor() -> Graph:
    """Boards, tiles or one surface, speckled in two sizes."""
    boards = {
        "vector": "flat", "first": WHITE, "second": WHITE, "mortar": WHITE, "scale": 1.0,
        "mortar_size": 0.003, "mortar_smooth": 0.3, "length": 1.1, "height": 0.2,
    }  # fmt: skip
    return (
        LOCAL,
        Node("xyz", "separate", {"vector": "local.vector"}),
        Node("flat", "combine", {"x": "xyz.x", "y": "xyz.z"}),
        Node("boards", "bricks", boards),
        flat_noise("fine", "flat", 20.0, 3.0),
        flat_noise("broad", "flat", 0.7, 2.0),
        value("grain"),
        math("both", "ADD", "fine", "broad"),
        math("about zero", "SUBTRACT", "both", 1.0),
        math("speckle", "MULTIPLY", "about zero", "grain"),
        math("factor", "MULTIPLY_ADD", "speckle", 2.0, 1.0),
        Node("colour", "scale", {"vector": "boards", "factor": "factor"}),
        *surface(colour="colour", roughness=0.45, specular=0.3),
    )


def _shadow() -> Graph:
    """Black where the floor gets no light, clear where it gets all."""
    return (
        SHADE,
        math("opacity", "SUBTRACT", 1.0, "shade.number"),
        Node("clear", "transparent"),
        Node("dark", "emission", {"colour": (0.0, 0.0, 0.0, 1.0)}),
        Node("blend", "blend", {"factor": "opacity", "first": "clear", "second": "dark"}),
        Node("output", "output", {"surface": "blend"}),
    )


def _window() -> Graph:
    """Daylight behind a pane: bright above, dimmer below, with the blur of trees and houses."""
    return (
        LOCAL,
        Node("xyz", "separate", {"vector": "local.vector"}),
        noise("view", "local.vector", 2.2, 1.0),
        math("high", "MULTIPLY_ADD", "xyz.y", 0.5, "view"),
        math("above", "SUBTRACT", "high", 1.0, clamp=True),
        mix("colour", "above", (0.25, 0.32, 0.22, 1.0), (0.85, 0.93, 1.0, 1.0)),
        Node("light", "emission", {"colour": "colour", "strength": 3.0}),
        Node("output", "output", {"surface": "light"}),
    )


def _part() -> Graph:
    """The label of each face, as brightness and without light."""
    return (
        Node("part", "attribute", settings={"attribute_name": "part"}),
        Node("light", "emission", {"colour": "part.colour", "strength": 1.0}),
        Node("output", "output", {"surface": "light"}),
    )


def _plain(roughness: float) -> Graph:
    return (Node("own", "colour"), *shaded("own"), *surface(colour="shaded", roughness=roughness, specular=0.3))


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
PERSONAL = ("skin", "eye", "hair", "brow", "upper", "lower", "shoe", "sole")  # what a second person has of its own


def other(name: str) -> str:
    """Return the name of a bystander's material, or of one of its pieces; what is not of a person keeps its own."""
    return name if name in TRANSPARENT else f"other {name}"
