"""What is rendered of a camera in use: pictures, part labels and depth."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from kinesynth.render.presets import Settings


def render_pictures(target: Any, settings: Settings, shutter: float, path: Path) -> None:
    """Render the clip, to H.264 for an mp4 and else lossless, with a shutter that is open for `shutter` frames."""
    if settings.engine == "cycles":
        bpy.ops.preferences.addon_enable(module="cycles")
        target.render.engine, cycles = "CYCLES", target.cycles
        cycles.samples, cycles.use_denoising, cycles.max_bounces = settings.samples, True, settings.bounces
    else:
        target.render.engine = "BLENDER_EEVEE"
    target.render.film_transparent = False
    if path.suffix == ".mp4":
        _video(target, path, "MPEG4", "H264", "RGB", settings.quality)
    else:
        _video(target, path, "MKV", "FFV1", "RGB", "LOSSLESS")
    blur = {"use_motion_blur": True, "motion_blur_position": "CENTER", "motion_blur_shutter": min(shutter, 1.0)}
    with _held(target.render, **(blur if shutter else {})):
        bpy.ops.render.render(animation=True)


def render_parts(target: Any, settings: Settings, shown: set[str], fine: int, path: Path) -> None:
    """Render the part labels of the objects named `shown` and nothing else, lossless and `fine` times as large.

    What has no part, such as a thing that stands before the person, is as black as nothing.
    """
    others = {obj.name for obj in bpy.data.objects if obj.type != "CAMERA"} - shown
    with _unsmoothed(target, settings, fine), _hidden(others):
        _video(target, path, "MKV", "FFV1", "BW", "LOSSLESS")
        bpy.ops.render.render(animation=True)


def render_depth(target: Any, settings: Settings, shadows: set[str], fine: int, path: Path) -> None:
    """Write the depth (T,H,W) of all but the objects named `shadows`, uint16 mm, 0 where it is nothing or too far.

    Height and width are `fine` times those of the picture.
    """
    with _unsmoothed(target, settings, fine), _hidden(shadows), tempfile.TemporaryDirectory(dir=path.parent) as name:
        pictures = _depth(target, Path(name))
    millimetres = np.rint(1000.0 * np.stack(pictures))
    np.save(path, np.where(millimetres <= np.iinfo(np.uint16).max, millimetres, 0).astype(np.uint16))


@contextmanager
def _held(owner: Any, **values: Any) -> Iterator[None]:
    """Give an object of Blender's other settings for a while."""
    before = {name: getattr(owner, name) for name in values}
    for name, value in values.items():
        setattr(owner, name, value)
    try:
        yield
    finally:  # the same process renders the next clip, also after one that failed
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
def _unsmoothed(target: Any, settings: Settings, fine: int) -> Iterator[None]:
    """Render numbers instead of pictures: a pixel has the level of the part at its centre, unlit, and black behind."""
    shading, cycles = target.display.shading, settings.engine == "cycles"
    with ExitStack() as stack:
        for owner, values in (
            (
                target.view_settings,
                {"view_transform": "Raw", "look": "None", "exposure": 0.0, "use_white_balance": False},
            ),
            (target.render, {"dither_intensity": 0.0, "film_transparent": True, "resolution_percentage": 100 * fine}),
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
