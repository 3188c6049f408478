"""The only file that knows Blender: a scene and its meshes in, H.264 and labels out.

Runs in a process of its own. World coordinates (y up) become Blender's (z up) by one rotation that every object and
camera carries; nothing else is converted. Materials are built once a process and only their values change from clip
to clip, because compiling a shader costs seconds where a frame costs one.
"""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import bpy
import gpu  # type: ignore[import-not-found]
import numpy as np
from mathutils import Matrix, Vector

from kinesynth.render.cameras import SENSOR_WIDTH_MM, Camera
from kinesynth.render.job import PART_LEVEL, StaticMesh, cache_path, read_pieces, shade_path
from kinesynth.render.materials import MATERIALS, TRANSPARENT, Graph, values
from kinesynth.render.place import SKIES, Prop, hides, props, walls
from kinesynth.render.scene import Light, Room, Scene, Settings

_BRIGHTEST_SKY = 4.0  # the panoramas' own suns are cut off there: the scene has one of its own
_TO_BLENDER = Matrix(((1, 0, 0, 0), (0, 0, -1, 0), (0, 1, 0, 0), (0, 0, 0, 1)))


def device() -> str:
    """Return the name of the device that draws; without an OpenGL context Blender ends the process here."""
    gpu.init()
    return str(gpu.platform.renderer_get())


def render_clip(folder: Path, scene: Scene, *, depth: bool = False) -> None:
    """Render the job in `folder`: per camera a track of pictures, one of part labels and, if asked for, one of depth.

    Raises:
        RuntimeError: Blender could not draw.
    """
    blender_scene = _empty_scene()
    materials = {name: _material(name, graph) for name, graph in MATERIALS.items()}
    _set_values(materials, values(scene))
    meshes = read_pieces(folder)
    objects = [_animated(folder, k, mesh, materials) for k, mesh in enumerate(meshes)]
    people = {obj.name for obj, mesh in zip(objects, meshes, strict=True) if mesh.part.any()}
    shadows = {
        obj.name for obj, mesh in zip(objects, meshes, strict=True) if not TRANSPARENT.isdisjoint(mesh.materials)
    }
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
            if depth:
                _render_depth(blender_scene, scene, shadows, folder / f"{camera.name}_depth.npy")
    finally:
        bpy.app.handlers.frame_change_pre.remove(follow)


def _render_view(target: Any, scene: Scene, camera: Camera, people: set[str], folder: Path) -> None:
    target.camera = _camera(camera)
    target.render.resolution_x, target.render.resolution_y = camera.width, camera.height
    _pictures(target, scene.settings, folder / f"{camera.name}.mp4")
    others = {obj.name for obj in bpy.data.objects if obj.type != "CAMERA"} - people
    with _unsmoothed(target, scene.settings), _hidden(others):
        _video(target, folder / f"{camera.name}_parts.mkv", "MKV", "FFV1", "BW", "LOSSLESS")
        bpy.ops.render.render(animation=True)


def _render_depth(target: Any, scene: Scene, shadows: set[str], path: Path) -> None:
    """Write the depth (T,H,W) of all that the camera in use sees, uint16 mm, 0 where it is nothing or too far."""
    with _unsmoothed(target, scene.settings), _hidden(shadows), tempfile.TemporaryDirectory(dir=path.parent) as name:
        pictures = _depth(target, Path(name))
    millimetres = np.rint(1000.0 * np.stack(pictures))
    np.save(path, np.where(millimetres <= np.iinfo(np.uint16).max, millimetres, 0).astype(np.uint16))


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
    _label(data, mesh)
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


def _label(data: Any, mesh: StaticMesh) -> None:
    """Add what the parts' pass draws: one grey level a face, so that nothing is mixed between labels."""
    grey = np.repeat(mesh.part.astype(np.float32) * PART_LEVEL / 255, mesh.faces.shape[1])
    colours = np.column_stack([grey, grey, grey, np.ones_like(grey)])
    part = data.color_attributes.new("part", "FLOAT_COLOR", "CORNER")
    part.data.foreach_set("color", colours.reshape(-1))
    data.color_attributes.active_color = part


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
    for stamp in (name for name in dir(target.render) if name.startswith("use_stamp_")):
        setattr(target.render, stamp, False)  # the hour at which a video was made would differ between equal runs
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


@contextmanager
def _held(owner: Any, **values: Any) -> Iterator[None]:
    """Give an object of Blender's other settings for a while."""
    before = {name: getattr(owner, name) for name in values}
    for name, value in values.items():
        setattr(owner, name, value)
    try:
        yield
    finally:  # the same process draws the next clip, also after one that failed
        for name, value in before.items():
            setattr(owner, name, value)


@contextmanager
def _hidden(names: set[str]) -> Iterator[None]:
    """Leave objects out of the pictures."""
    with ExitStack() as stack:
        for name in names:
            stack.enter_context(_held(bpy.data.objects[name], hide_render=True))
        yield


@contextmanager
def _unsmoothed(target: Any, settings: Settings) -> Iterator[None]:
    """Draw numbers instead of pictures: a pixel has the level of the part at its centre, unlit, and black behind."""
    shading, cycles = target.display.shading, settings.engine == "cycles"
    with ExitStack() as stack:
        for owner, values in (
            (
                target.view_settings,
                {"view_transform": "Raw", "look": "None", "exposure": 0.0, "use_white_balance": False},
            ),
            (target.render, {"dither_intensity": 0.0, "film_transparent": True}),
            (target.display, {"render_aa": "OFF"}),
            (shading, {"light": "FLAT", "color_type": "VERTEX", "show_object_outline": False}),
            (shading, {"show_cavity": False, "show_shadows": False}),
        ):
            stack.enter_context(_held(owner, **values))
        if cycles:
            part = bpy.data.materials["part"]
            stack.enter_context(_held(target.view_layers[0], material_override=part))
            few = {"samples": 1, "use_denoising": False, "max_bounces": 0, "filter_width": 0.01}
            stack.enter_context(_held(target.cycles, **few))
        else:
            stack.enter_context(_held(target.render, engine="BLENDER_WORKBENCH"))
        yield


def _depth(target: Any, folder: Path) -> list[np.ndarray]:
    """Render the distances (H,W) m of each frame along the camera's axis, through the compositor and OpenEXR."""
    layer, image = target.view_layers[0], target.render.image_settings
    tree = bpy.data.node_groups.get("depth") or _depth_tree(target)
    with _held(layer, use_pass_z=True), _held(target, compositing_node_group=tree):
        image.media_type = "IMAGE"
        image.file_format = "OPEN_EXR"
        image.color_mode, image.color_depth, image.exr_codec = "BW", "32", "ZIPS"
        target.render.filepath = str(folder / "####.exr")
        bpy.ops.render.render(animation=True)
    return [_read_exr(path) for path in sorted(folder.glob("*.exr"))]


def _depth_tree(target: Any) -> Any:
    """Return the compositor's nodes that make a picture of the depth pass."""
    tree = bpy.data.node_groups.new("depth", "CompositorNodeTree")
    tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
    layers, output = tree.nodes.new("CompositorNodeRLayers"), tree.nodes.new("NodeGroupOutput")
    layers.scene = target
    with _held(target.view_layers[0], use_pass_z=True):
        tree.links.new(layers.outputs["Depth"], output.inputs["Image"])
    return tree


def _read_exr(path: Path) -> np.ndarray:
    """Return a picture (H,W) of numbers, the first row on top."""
    image = bpy.data.images.load(str(path))
    image.colorspace_settings.name = "Non-Color"
    width, height = image.size
    values = np.empty(width * height * image.channels, dtype=np.float32)
    image.pixels.foreach_get(values)
    bpy.data.images.remove(image)
    return values.reshape(height, width, -1)[::-1, :, 0]


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
