"""Materials in Blender: which of its nodes and sockets the names of `shader_graph` stand for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import bpy

from kinesynth.render.material_values import values
from kinesynth.render.materials import MATERIALS, PERSONAL, TRANSPARENT, other
from kinesynth.render.scene import Scene
from kinesynth.render.shader_graph import Graph


@dataclass(frozen=True)
class Kind:
    """A kind of node: Blender's type, its sockets by our names (some of Blender's repeat: then an index), settings."""

    type: str
    inputs: Mapping[str, str | int] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    first_output: int = 0


_NOISE = {"vector": "Vector", "scale": "Scale", "detail": "Detail"}
_BRICKS = {
    "vector": "Vector", "first": "Color1", "second": "Color2", "mortar": "Mortar", "scale": "Scale",
    "mortar_size": "Mortar Size", "mortar_smooth": "Mortar Smooth", "length": "Brick Width", "height": "Row Height",
}  # fmt: skip
_PRINCIPLED = {
    "colour": "Base Color", "roughness": "Roughness", "normal": "Normal", "specular": "Specular IOR Level",
    "sheen": "Sheen Weight", "subsurface": "Subsurface Weight", "subsurface_scale": "Subsurface Scale",
}  # fmt: skip
KINDS = {
    "attribute": Kind("Attribute", outputs=("colour", "vector", "number")),
    "blend": Kind("MixShader", {"factor": 0, "first": 1, "second": 2}),
    "bricks": Kind("TexBrick", _BRICKS),
    "bump": Kind("Bump", {"height": "Height", "distance": "Distance", "strength": "Strength"}),
    "colour": Kind("RGB"),
    "combine": Kind("CombineXYZ", {"x": 0, "y": 1, "z": 2}),
    "emission": Kind("Emission", {"colour": "Color", "strength": "Strength"}),
    "flat cells": Kind(
        "TexVoronoi", {"vector": "Vector", "scale": "Scale", "randomness": "Randomness"},
        settings={"voronoi_dimensions": "2D"},
    ),
    "flat noise": Kind("TexNoise", _NOISE, settings={"noise_dimensions": "2D"}),
    "math": Kind("Math", {"a": 0, "b": 1, "c": 2}),
    "mix": Kind("Mix", {"factor": 0, "first": 6, "second": 7}, settings={"data_type": "RGBA"}, first_output=2),
    "multiply": Kind("VectorMath", {"a": 0, "b": 1}, settings={"operation": "MULTIPLY"}),
    "noise": Kind("TexNoise", _NOISE | {"distortion": "Distortion"}),
    "output": Kind("OutputMaterial", {"surface": "Surface"}),
    "principled": Kind("BsdfPrincipled", _PRINCIPLED),
    "scale": Kind("VectorMath", {"vector": 0, "factor": "Scale"}, settings={"operation": "SCALE"}),
    "separate": Kind("SeparateXYZ", {"vector": 0}, ("x", "y", "z")),
    "transparent": Kind("BsdfTransparent"),
    "uv": Kind("UVMap"),
    "value": Kind("Value"),
}  # fmt: skip


def materials_of(scene: Scene) -> dict[str, Any]:
    """Return all materials by name, built if this process has not yet, with the values of a scene."""
    graphs = dict(MATERIALS)
    if scene.bystander:
        graphs |= {other(name): MATERIALS[name] for name in PERSONAL}
    made = {name: _material(name, graph) for name, graph in graphs.items()}
    for name, table in values(scene).items():
        kinds = {node.name: KINDS[node.kind] for node in graphs[name]}
        for key, value in table.items():
            node, _, socket = key.partition(".")
            found = made[name].node_tree.nodes[node]
            target = found.inputs[kinds[node].inputs[socket]] if socket else found.outputs[0]
            target.default_value = value
    return made


def _material(name: str, graph: Graph) -> Any:
    if name in bpy.data.materials:
        return bpy.data.materials[name]
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    material.surface_render_method = "BLENDED" if name in TRANSPARENT else "DITHERED"
    tree = material.node_tree
    tree.nodes.clear()
    for node in graph:
        made = tree.nodes.new(f"ShaderNode{KINDS[node.kind].type}")
        made.name = node.name
        for setting, value in {**KINDS[node.kind].settings, **node.settings}.items():
            setattr(made, setting, value)
    kinds = {node.name: KINDS[node.kind] for node in graph}
    for node in graph:
        for socket, value in node.inputs.items():
            target = tree.nodes[node.name].inputs[kinds[node.name].inputs[socket]]
            if isinstance(value, str):
                tree.links.new(_output(tree, kinds, value), target)
            else:
                target.default_value = value
    return material


def _output(tree: Any, kinds: Mapping[str, Kind], link: str) -> Any:
    """Return the socket that "node" or "node.output" names."""
    source, _, output = link.partition(".")
    index = kinds[source].outputs.index(output) if output else kinds[source].first_output
    return tree.nodes[source].outputs[index]
