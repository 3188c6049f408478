"""Shaders as data: nodes with named sockets. `kinesynth.render.blender.shaders` alone knows how Blender spells them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

WHITE = (1.0, 1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Node:
    """A shader node.

    Attributes:
        name: unique within its graph.
        kind: one of `blender.shaders.KINDS`.
        inputs: by socket name a value, or "node" or "node.output" for a link; a node's first output needs no name.
        settings: what does not change while the shader runs.
    """

    name: str
    kind: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)


Graph = tuple[Node, ...]

LOCAL = Node("local", "attribute", settings={"attribute_name": "local"})
TINT = Node("tint", "attribute", settings={"attribute_name": "tint"})
SHADE = Node("shade", "attribute", settings={"attribute_name": "shade"})


def value(name: str) -> Node:
    """Return a number that scenes set."""
    return Node(name, "value")


def math(name: str, operation: str, *operands: Any, clamp: bool = False) -> Node:
    """Return an operation on up to three numbers, kept within 0 and 1 if it is to `clamp`."""
    settings = {"operation": operation} | ({"use_clamp": True} if clamp else {})
    return Node(name, "math", dict(zip("abc", operands, strict=False)), settings)


def mix(name: str, factor: Any, first: Any, second: Any) -> Node:
    """Return a mixture of two colours."""
    return Node(name, "mix", {"factor": factor, "first": first, "second": second})


def noise(name: str, vector: str, scale: float, detail: float = 2.0, distortion: float = 0.0) -> Node:
    """Return noise over three coordinates."""
    return Node(name, "noise", {"vector": vector, "scale": scale, "detail": detail, "distortion": distortion})


def flat_noise(name: str, vector: str, scale: float, detail: float) -> Node:
    """Return noise over two coordinates."""
    return Node(name, "flat noise", {"vector": vector, "scale": scale, "detail": detail})


def bump(name: str, height: str, distance: float, strength: float = 1.0) -> Node:
    """Return normals bent by a height."""
    return Node(name, "bump", {"height": height, "distance": distance, "strength": strength})


def surface(**inputs: Any) -> Graph:
    """Return nodes that end a graph in an opaque surface."""
    return (Node("surface", "principled", inputs), Node("output", "output", {"surface": "surface"}))


def shaded(colour: str) -> Graph:
    """Return nodes whose last, `shaded`, is a colour under the point's tint and shade."""
    return (
        TINT,
        SHADE,
        Node("tinted", "multiply", {"a": colour, "b": "tint.colour"}),
        Node("shaded", "scale", {"vector": "tinted", "factor": "shade.number"}),
    )


def band(name: str, wave: str, threshold: float) -> Graph:
    """Return nodes whose last is 1 where a wave is above a threshold, over an edge as wide as a pixel: no aliasing."""
    return (
        math(f"{name} above", "SUBTRACT", wave, threshold),
        math(f"{name} steep", "DIVIDE", f"{name} above", "edge"),
        math(name, "ADD", f"{name} steep", 0.5, clamp=True),
    )
