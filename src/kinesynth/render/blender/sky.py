"""The light from all around: one colour indoors, one of Blender's own panoramas outdoors."""

from pathlib import Path
from typing import Any

import bpy

from kinesynth.render.scene import Room, Scene
from kinesynth.render.setting import SKIES

_BRIGHTEST_SKY = 4.0  # the panoramas' own suns are cut off there: the scene has one of its own


def light_from_sky(scene: Scene) -> None:
    """Light everything from the sky: one colour indoors, a panorama outdoors."""
    world = bpy.context.scene.world or bpy.data.worlds.new("world")
    bpy.context.scene.world = world
    world.probe_resolution = str(scene.settings.probe_px)
    world.sun_threshold = 0.0
    tree = world.node_tree
    tree.nodes.clear()
    background, output = (tree.nodes.new(f"ShaderNode{kind}") for kind in ("Background", "OutputWorld"))
    tree.links.new(background.outputs[0], output.inputs[0])
    background.inputs["Color"].default_value = (*scene.ambient, 1.0)
    if scene.room.kind == "outdoors":
        tree.links.new(_panorama(tree, scene.room), background.inputs["Color"])
        background.inputs["Strength"].default_value = scene.ambient[1] * SKIES[scene.room.sky]


def _panorama(tree: Any, room: Room) -> Any:
    """Return the colour of one of the CC0 panoramas that Blender ships (Greg Zaal, Poly Haven), turned."""
    folder = Path(bpy.utils.resource_path("LOCAL")) / "datafiles" / "studiolights" / "world"
    image = bpy.data.images.load(str(folder / f"{room.sky}.exr"), check_existing=True)
    coordinates, mapping, texture = (
        tree.nodes.new(f"ShaderNode{kind}") for kind in ("TexCoord", "Mapping", "TexEnvironment")
    )
    texture.image = image
    mapping.inputs["Rotation"].default_value = (0.0, 0.0, room.sky_turn_rad)
    tree.links.new(coordinates.outputs["Generated"], mapping.inputs[0])
    tree.links.new(mapping.outputs[0], texture.inputs[0])
    dimmed = tree.nodes.new("ShaderNodeVectorMath")
    dimmed.operation = "MINIMUM"
    dimmed.inputs[1].default_value = (_BRIGHTEST_SKY,) * 3
    tree.links.new(texture.outputs[0], dimmed.inputs[0])
    return dimmed.outputs[0]
