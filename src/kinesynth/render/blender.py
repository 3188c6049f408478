"""The only file that knows Blender: a scene and its meshes in, H.264 and masks out.

Runs in a process of its own. World coordinates (y up) become Blender's (z up) by one rotation that every object and
camera carries; nothing else is converted. Materials are built once a process and only their values change from clip
to clip, because compiling a shader costs seconds where a frame costs one.
"""

from pathlib import Path
from typing import Any

import bpy
import gpu  # type: ignore[import-not-found]
import numpy as np
from mathutils import Matrix

from kinesynth.render.cameras import SENSOR_WIDTH_MM, Camera
from kinesynth.render.job import StaticMesh, cache_path, read_pieces
from kinesynth.render.materials import MATERIALS, TRANSPARENT, Graph, values
from kinesynth.render.scene import Light, Scene, Settings

_TO_BLENDER = Matrix(((1, 0, 0, 0), (0, 0, -1, 0), (0, 1, 0, 0), (0, 0, 0, 1)))
_WALL_HEIGHT_M = 6.0
_FLOOR_REACH_M = 30.0


def device() -> str:
    """Return the name of the device that draws; without an OpenGL context Blender ends the process here."""
    gpu.init()
    return str(gpu.platform.renderer_get())


def render_clip(folder: Path, scene: Scene) -> None:
    """Render the job in `folder`: one picture track and one mask track per camera.

    Raises:
        RuntimeError: Blender could not draw.
    """
    blender_scene = _empty_scene()
    materials = {name: _material(name, graph) for name, graph in MATERIALS.items()}
    _set_values(materials, values(scene))
    meshes = read_pieces(folder)
    objects = [_animated(folder, k, mesh, materials) for k, mesh in enumerate(meshes)]
    people = {obj.name for obj, mesh in zip(objects, meshes, strict=True) if TRANSPARENT.isdisjoint(mesh.materials)}
    place = _room(scene, materials)
    for light in scene.lights:
        _light(light)
    _world(scene)
    _configure(blender_scene, scene)
    for camera in scene.cameras:
        blender_scene.camera = _camera(camera)
        blender_scene.render.resolution_x, blender_scene.render.resolution_y = camera.width, camera.height
        for wall, (axis, sign, offset) in place.items():
            eye = np.linalg.inv(camera.extrinsics)[:3, 3]
            bpy.data.objects[wall].hide_render = bool(sign * eye[axis] > sign * offset - 0.05)
        _pictures(blender_scene, scene.settings, folder / f"{camera.name}.mp4")
        _mask(blender_scene, scene.settings, people, folder / f"{camera.name}_mask.mkv")


def _empty_scene() -> Any:
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


def _animated(folder: Path, k: int, mesh: StaticMesh, materials: dict[str, Any]) -> Any:
    """Return an object whose points follow its cache."""
    data = bpy.data.meshes.new(mesh.name)
    data.from_pydata(np.zeros_like(mesh.local), [], mesh.faces)
    for name in mesh.materials:
        data.materials.append(materials[name])
    data.polygons.foreach_set("material_index", mesh.material)
    data.polygons.foreach_set("use_smooth", np.ones(len(mesh.faces), dtype=bool))
    data.uv_layers.new(name="cloth").data.foreach_set("uv", mesh.uv.reshape(-1))
    data.attributes.new("local", "FLOAT_VECTOR", "POINT").data.foreach_set("vector", mesh.local.reshape(-1))
    obj = _link(mesh.name, data)
    cache = obj.modifiers.new("points", "MESH_CACHE")
    cache.cache_format, cache.filepath = "PC2", str(cache_path(folder, k))
    cache.interpolation, cache.frame_start = "NONE", 1.0
    return obj


def _room(scene: Scene, materials: dict[str, Any]) -> dict[str, tuple[int, int, float]]:
    """Build floor and walls; return each wall's world axis, side (-1, 1) and offset."""
    (x0, x1), (z0, z1) = scene.extent
    y, reach = scene.room.floor_m, _FLOOR_REACH_M
    _plane(
        "floor", [(-reach, y, reach), (reach, y, reach), (reach, y, -reach), (-reach, y, -reach)], materials["floor"]
    )
    far_x, far_z = scene.room.wall_clearance_m
    walls = {
        "wall -x": (0, -1, x0 - far_x), "wall +x": (0, 1, x1 + far_x),
        "wall -z": (2, -1, z0 - far_z), "wall +z": (2, 1, z1 + far_z),
    }  # fmt: skip
    for name, (axis, sign, offset) in walls.items():
        _wall(name, axis, offset, (y, _WALL_HEIGHT_M), materials["wall"])
        _wall(f"{name} skirting", axis, offset - 0.012 * sign, (y, y + 0.09), materials["skirting"])
    return walls | {f"{name} skirting": place for name, place in walls.items()}


def _wall(name: str, axis: int, offset: float, heights: tuple[float, float], material: Any) -> None:
    corners = []
    for along, height in ((-1, 0), (1, 0), (1, 1), (-1, 1)):
        corner = [along * _FLOOR_REACH_M, heights[height], along * _FLOOR_REACH_M]
        corner[axis] = offset
        corners.append(tuple(corner))
    _plane(name, corners, material)


def _plane(name: str, corners: list[tuple[float, ...]], material: Any) -> None:
    data = bpy.data.meshes.new(name)
    data.from_pydata(corners, [], [(0, 1, 2, 3)])
    data.materials.append(material)
    points = np.asarray(corners, dtype=np.float32)
    data.attributes.new("local", "FLOAT_VECTOR", "POINT").data.foreach_set("vector", points.reshape(-1))
    _link(name, data).visible_shadow = False


def _light(light: Light) -> None:
    data = bpy.data.lights.new("ceiling", "AREA")
    data.shape, data.size, data.energy, data.color = "SQUARE", light.size_m, light.power_watt, light.colour
    x, y, z = light.position
    _link("ceiling", data).matrix_world = Matrix.Translation((x, -z, y))  # a Blender light shines along its own -z


def _camera(camera: Camera) -> Any:
    """Return Blender's camera: it looks along its own -z with y up, where OpenCV's looks along z with y down."""
    data = bpy.data.cameras.new(camera.name)
    data.sensor_fit, data.sensor_width, data.lens = "HORIZONTAL", SENSOR_WIDTH_MM, camera.focal_length_mm
    data.clip_start, data.clip_end = 0.1, 100.0
    obj = _link(camera.name, data)
    to_world = Matrix(np.linalg.inv(camera.extrinsics).tolist())
    obj.matrix_world = _TO_BLENDER @ to_world @ Matrix.Diagonal((1, -1, -1, 1))
    return obj


def _world(scene: Scene) -> None:
    world = bpy.context.scene.world or bpy.data.worlds.new("world")
    bpy.context.scene.world = world
    world.probe_resolution = "128"
    world.use_nodes = True
    background = world.node_tree.nodes["Background"]
    background.inputs["Color"].default_value = (*scene.ambient, 1.0)
    background.inputs["Strength"].default_value = 1.0


def _configure(target: Any, scene: Scene) -> None:
    """Set what all tracks share."""
    target.frame_start, target.frame_end = 1, scene.n_frames
    target.render.fps = max(1, round(scene.fps))
    target.render.fps_base = target.render.fps / scene.fps
    target.render.resolution_percentage = 100
    target.render.use_motion_blur = False
    target.view_settings.view_transform = "AgX"
    target.view_settings.look = "AgX - Medium High Contrast"
    target.view_settings.exposure = scene.settings.exposure
    eevee = target.eevee
    eevee.taa_render_samples = scene.settings.samples
    eevee.use_shadows = scene.settings.shadows
    eevee.shadow_ray_count = eevee.shadow_step_count = 1
    eevee.use_raytracing = False
    eevee.use_fast_gi = False
    # Small pools: on a software renderer clearing the default ones costs more than the picture.
    eevee.gi_irradiance_pool_size, eevee.shadow_pool_size = "16", "32"
    for light in bpy.data.lights:
        light.use_shadow = scene.settings.shadows


def _pictures(target: Any, settings: Settings, path: Path) -> None:
    """Render the clip to H.264."""
    if settings.engine == "cycles":
        bpy.ops.preferences.addon_enable(module="cycles")
        target.render.engine = "CYCLES"
        target.cycles.samples, target.cycles.use_denoising, target.cycles.max_bounces = settings.samples, True, 2
    else:
        target.render.engine = "BLENDER_EEVEE"
    target.render.film_transparent = False
    _video(target, path, "MPEG4", "H264", "RGB", "MEDIUM")
    bpy.ops.render.render(animation=True)


def _mask(target: Any, settings: Settings, people: set[str], path: Path) -> None:
    """Render the person alone, white on black, without antialiasing: a pixel is the person where its centre is."""
    hidden = {obj.name: obj.hide_render for obj in bpy.data.objects}
    for obj in bpy.data.objects:
        obj.hide_render = obj.type != "CAMERA" and obj.name not in people
    view, world, layer = target.view_settings, target.world, target.view_layers[0]
    before = view.view_transform, view.look, view.exposure, world.color[:], world.use_nodes
    view.view_transform, view.look, view.exposure = "Raw", "None", 0.0
    world.color, world.use_nodes = (0, 0, 0), False
    if settings.engine == "cycles":
        layer.material_override = bpy.data.materials["white"]
        target.cycles.samples, target.cycles.use_denoising, target.cycles.max_bounces = 1, False, 0
        target.cycles.pixel_filter_type = "BOX"
        target.render.filter_size = 0.01
    else:
        target.render.engine = "BLENDER_WORKBENCH"
        shading = target.display.shading
        shading.light, shading.color_type, shading.single_color = "FLAT", "SINGLE", (1, 1, 1)
        shading.show_object_outline = shading.show_cavity = shading.show_shadows = False
        target.display.render_aa = "OFF"
    _video(target, path, "MKV", "FFV1", "BW", "LOSSLESS")
    bpy.ops.render.render(animation=True)
    view.view_transform, view.look, view.exposure, world.color, world.use_nodes = before
    layer.material_override = None
    target.render.filter_size = 1.5
    for name, state in hidden.items():
        bpy.data.objects[name].hide_render = state


def _video(target: Any, path: Path, container: str, codec: str, colour: str, rate: str) -> None:
    settings = target.render.image_settings
    settings.media_type = "VIDEO"
    settings.file_format = "FFMPEG"
    settings.color_mode = colour
    ffmpeg = target.render.ffmpeg
    ffmpeg.format, ffmpeg.codec, ffmpeg.constant_rate_factor = container, codec, rate
    ffmpeg.audio_codec = "NONE"
    target.render.filepath = str(path)


def _material(name: str, graph: Graph) -> Any:
    """Return the material of that name, built from its graph if this process has not yet."""
    if name in bpy.data.materials:
        return bpy.data.materials[name]
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    material.surface_render_method = "BLENDED" if name in TRANSPARENT else "DITHERED"
    tree = material.node_tree
    tree.nodes.clear()
    for node in graph:
        made = tree.nodes.new(node.kind)
        made.name = node.name
        for field, value in node.settings.items():
            setattr(made, field, value)
    for node in graph:
        for socket, value in node.inputs.items():
            target = tree.nodes[node.name].inputs[socket]
            if isinstance(value, str):
                source, _, output = value.partition(".")
                outputs = tree.nodes[source].outputs
                tree.links.new(outputs[_key(output or "0")], target)
            else:
                target.default_value = value
    return material


def _set_values(materials: dict[str, Any], table: dict[str, dict[str, Any]]) -> None:
    for name, sockets in table.items():
        for place, value in sockets.items():
            node, _, socket = place.partition(".")
            found = materials[name].node_tree.nodes[node]
            target = found.inputs[_key(socket)] if socket else found.outputs[0]
            target.default_value = value


def _key(socket: str) -> str | int:
    """Return a socket's name, or its index where the name is a number (some nodes repeat their sockets' names)."""
    return int(socket) if socket.isdigit() else socket
