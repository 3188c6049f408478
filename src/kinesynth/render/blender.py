"""The only file that knows Blender: a scene and its meshes in, H.264 and masks out.

Runs in a process of its own. World coordinates (y up) become Blender's (z up) by one rotation that every object and
camera carries; nothing else is converted. Materials are built once a process and only their values change from clip
to clip, because compiling a shader costs seconds where a frame costs one.
"""

from functools import partial
from pathlib import Path
from typing import Any

import bpy
import gpu  # type: ignore[import-not-found]
import numpy as np
from mathutils import Matrix, Vector

from kinesynth.render.cameras import SENSOR_WIDTH_MM, Camera
from kinesynth.render.job import StaticMesh, cache_path, read_pieces, shade_path
from kinesynth.render.materials import MATERIALS, TRANSPARENT, Graph, values
from kinesynth.render.place import SKIES, Prop, hides, props, walls
from kinesynth.render.scene import Light, Room, Scene, Settings

_BRIGHTEST_SKY = 4.0  # the panoramas' own suns are cut off there: the scene has one of its own
_TO_BLENDER = Matrix(((1, 0, 0, 0), (0, 0, -1, 0), (0, 1, 0, 0), (0, 0, 0, 1)))


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
    place = props(scene)
    for prop in place:
        _static(prop, materials[prop.material])
    for light in scene.lights:
        _light(light)
    _world(scene)
    _configure(blender_scene, scene)
    shades = {obj.name: np.load(path) for k, obj in enumerate(objects) if (path := shade_path(folder, k)).exists()}
    follow = partial(_set_shades, shades)
    bpy.app.handlers.frame_change_pre.append(follow)
    try:
        for camera in scene.cameras:
            _show_place(place, scene, camera)
            _render_view(blender_scene, scene, camera, people, folder)
    finally:
        bpy.app.handlers.frame_change_pre.remove(follow)


def _render_view(target: Any, scene: Scene, camera: Camera, people: set[str], folder: Path) -> None:
    target.camera = _camera(camera)
    target.render.resolution_x, target.render.resolution_y = camera.width, camera.height
    _pictures(target, scene.settings, folder / f"{camera.name}.mp4")
    _mask(target, scene.settings, people, folder / f"{camera.name}_mask.mkv")


def _set_shades(shades: dict[str, np.ndarray], scene: Any, _: Any = None) -> None:
    """Give each mesh the shades (T,n) of the frame that is about to be drawn."""
    for name, frames in shades.items():
        data = bpy.data.objects[name].data
        data.attributes["shade"].data.foreach_set("value", frames[min(scene.frame_current, len(frames)) - 1])
        data.update()


def _show_place(place: list[Prop], scene: Scene, camera: Camera) -> None:
    """Hide the walls that stand between a camera and the person, and what stands along them."""
    hidden = [hides(wall, camera.position) for wall in walls(scene)]
    for prop in place:
        bpy.data.objects[prop.name].hide_render = prop.wall >= 0 and hidden[prop.wall]


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
    _colour(data, mesh.tint)
    obj = _link(mesh.name, data)
    cache = obj.modifiers.new("points", "MESH_CACHE")
    cache.cache_format, cache.filepath = "PC2", str(cache_path(folder, k))
    cache.interpolation, cache.frame_start = "NONE", 1.0
    return obj


def _colour(data: Any, tint: np.ndarray) -> None:
    """Add what the materials multiply by: `tint` (n,3), and `shade`, which is one until a frame sets it."""
    opaque = np.column_stack([tint, np.ones(len(tint))]).astype(np.float32)
    data.attributes.new("tint", "FLOAT_COLOR", "POINT").data.foreach_set("color", opaque.reshape(-1))
    data.attributes.new("shade", "FLOAT", "POINT").data.foreach_set("value", np.ones(len(tint), dtype=np.float32))


def _static(prop: Prop, material: Any) -> None:
    data = bpy.data.meshes.new(prop.name)
    data.from_pydata(prop.vertices, [], prop.faces)
    data.materials.append(material)
    points = prop.vertices.astype(np.float32)
    data.attributes.new("local", "FLOAT_VECTOR", "POINT").data.foreach_set("vector", points.reshape(-1))
    _colour(data, np.broadcast_to(np.array(prop.colour), points.shape))
    _link(prop.name, data).visible_shadow = prop.wall >= 0 and not prop.name.startswith("wall")


def _light(light: Light) -> None:
    """Add a lamp; Blender's shine along their own -z."""
    x, y, z = light.position
    if light.kind == "sun":
        data = bpy.data.lights.new("sun", "SUN")
        data.angle = light.size_m
        turn = Vector((x, -z, y)).to_track_quat("Z", "Y").to_matrix().to_4x4()
        place = turn
    else:
        data = bpy.data.lights.new("ceiling", "AREA")
        data.shape, data.size = "SQUARE", light.size_m
        place = Matrix.Translation((x, -z, y))
    data.energy, data.color = light.power_watt, light.colour
    _link(data.name, data).matrix_world = place


def _camera(camera: Camera) -> Any:
    """Return Blender's camera: it looks along its own -z with y up, where OpenCV's looks along z with y down."""
    data = bpy.data.cameras.new(camera.name)
    data.sensor_fit, data.sensor_width, data.lens = "HORIZONTAL", SENSOR_WIDTH_MM, camera.focal_length_mm
    data.clip_start, data.clip_end = 0.1, 200.0
    obj = _link(camera.name, data)
    to_world = Matrix(np.linalg.inv(camera.extrinsics).tolist())
    obj.matrix_world = _TO_BLENDER @ to_world @ Matrix.Diagonal((1, -1, -1, 1))
    return obj


def _world(scene: Scene) -> None:
    """Light everything from the sky: one colour indoors, a panorama outdoors."""
    world = bpy.context.scene.world or bpy.data.worlds.new("world")
    bpy.context.scene.world = world
    world.probe_resolution = "128"
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


def _configure(target: Any, scene: Scene) -> None:
    """Set what all tracks share."""
    target.frame_start, target.frame_end = 1, scene.n_frames
    target.render.fps = max(1, round(scene.fps))
    target.render.fps_base = target.render.fps / scene.fps
    target.render.resolution_percentage = 100
    target.render.use_motion_blur = False
    target.view_settings.view_transform = "AgX"
    target.view_settings.look = "AgX - Medium High Contrast"
    target.view_settings.exposure = scene.exposure
    target.view_settings.use_white_balance = True
    target.view_settings.white_balance_temperature = scene.white_k
    eevee = target.eevee
    eevee.taa_render_samples = scene.settings.samples
    eevee.use_shadows = scene.settings.shadows
    eevee.shadow_ray_count = eevee.shadow_step_count = 1
    eevee.use_raytracing = False
    eevee.use_fast_gi = False
    # Small pools: on a software renderer clearing the default ones costs more than the picture.
    eevee.gi_irradiance_pool_size = "16"
    eevee.shadow_pool_size = "256" if scene.settings.shadows else "16"
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
