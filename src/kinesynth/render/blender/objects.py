"""Meshes, lamps and cameras in Blender.

World coordinates (y up) become Blender's (z up) by one rotation that every object and camera carries; nothing else is
converted.
"""

from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix, Vector

from kinesynth.render.cameras import SENSOR_WIDTH_MM, Camera
from kinesynth.render.job_folder import PART_LEVEL, StaticMesh, cache_path
from kinesynth.render.prop import Prop
from kinesynth.render.scene import Light

_TO_BLENDER = Matrix(((1, 0, 0, 0), (0, 0, -1, 0), (0, 1, 0, 0), (0, 0, 0, 1)))


def empty_scene() -> Any:
    """Return the scene without objects, meshes, lights or cameras; materials stay."""
    for collection in (bpy.data.objects, bpy.data.meshes, bpy.data.lights, bpy.data.cameras):
        for item in list(collection):
            collection.remove(item)
    return bpy.context.scene


def _link(name: str, data: Any) -> Any:
    obj = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(obj)
    obj.matrix_world = _TO_BLENDER
    return obj


def animated(folder: Path, k: int, mesh: StaticMesh, materials: dict[str, Any], *, between_frames: bool) -> Any:
    """Return an object whose points follow its cache, and move straight between frames where that is asked for."""
    data = bpy.data.meshes.new(mesh.name)
    data.from_pydata(np.zeros_like(mesh.local), [], mesh.faces)
    for name in mesh.materials:
        data.materials.append(materials[name])
    data.polygons.foreach_set("material_index", mesh.material)
    data.polygons.foreach_set("use_smooth", np.ones(len(mesh.faces), dtype=bool))
    data.uv_layers.new(name="cloth").data.foreach_set("uv", mesh.uv.reshape(-1))
    data.attributes.new("local", "FLOAT_VECTOR", "POINT").data.foreach_set("vector", mesh.local.reshape(-1))
    _colour(data, mesh.tint)
    _label(data, mesh.part, mesh.faces.shape[1])
    obj = _link(mesh.name, data)
    cache = obj.modifiers.new("points", "MESH_CACHE")
    cache.cache_format, cache.filepath = "PC2", str(cache_path(folder, k))
    cache.interpolation, cache.frame_start = "LINEAR" if between_frames else "NONE", 1.0
    return obj


def _colour(data: Any, tint: np.ndarray, shade: np.ndarray | None = None) -> None:
    """Add what the materials multiply by: `tint` (n,3), and `shade` (n,), which is one until a frame sets it."""
    opaque = np.column_stack([tint, np.ones(len(tint))]).astype(np.float32)
    shade = np.ones(len(tint), dtype=np.float32) if shade is None else shade
    data.attributes.new("tint", "FLOAT_COLOR", "POINT").data.foreach_set("color", opaque.reshape(-1))
    data.attributes.new("shade", "FLOAT", "POINT").data.foreach_set("value", shade)


def _label(data: Any, part: np.ndarray, corners: int) -> None:
    """Add what the parts' pass shows: one grey level a face of so many corners, so that nothing is mixed in between."""
    grey = np.repeat(part.astype(np.float32) * PART_LEVEL / 255, corners)
    colours = np.column_stack([grey, grey, grey, np.ones_like(grey)])
    labels = data.color_attributes.new("part", "FLOAT_COLOR", "CORNER")
    labels.data.foreach_set("color", colours.reshape(-1))
    data.color_attributes.active_color = labels


def static(prop: Prop, material: Any) -> None:
    data = bpy.data.meshes.new(prop.name)
    data.from_pydata(prop.vertices, [], prop.faces)
    data.materials.append(material)
    points = prop.vertices.astype(np.float32)
    data.attributes.new("local", "FLOAT_VECTOR", "POINT").data.foreach_set("vector", points.reshape(-1))
    _colour(data, np.broadcast_to(np.array(prop.colour), points.shape), prop.shade)
    if prop.free:
        _label(data, np.zeros(len(prop.faces)), prop.faces.shape[1])
    _link(prop.name, data).visible_shadow = prop.free or (prop.wall >= 0 and not prop.name.startswith("wall"))


def light(light: Light) -> None:
    """Add a lamp; Blender's shine along their own -z."""
    x, y, z = light.position
    if light.kind == "sun":
        data = bpy.data.lights.new("sun", "SUN")
        data.angle = light.size_m
        turn = Vector((x, -z, y)).to_track_quat("Z", "Y").to_matrix().to_4x4()
        transform = turn
    else:
        data = bpy.data.lights.new("ceiling", "AREA")
        data.shape, data.size = "SQUARE", light.size_m
        transform = Matrix.Translation((x, -z, y))
    data.energy, data.color = light.power_watt, light.colour
    _link(data.name, data).matrix_world = transform


def camera(camera: Camera) -> Any:
    """Return Blender's camera: it looks along its own -z with y up, where OpenCV's looks along z with y down."""
    data = bpy.data.cameras.new(camera.name)
    data.sensor_fit, data.sensor_width, data.lens = "HORIZONTAL", SENSOR_WIDTH_MM, camera.lens.focal_mm
    data.clip_start, data.clip_end = 0.1, 200.0
    obj = _link(camera.name, data)
    to_world = Matrix(np.linalg.inv(camera.extrinsics).tolist())
    obj.matrix_world = _TO_BLENDER @ to_world @ Matrix.Diagonal((1, -1, -1, 1))
    return obj
