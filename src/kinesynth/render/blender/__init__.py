"""The only folder that knows Blender: a scene and its meshes in, H.264 and labels out.

Runs in a process of its own. Materials are built once a process and only their values change from clip to clip, because
compiling a shader costs seconds where a frame costs one.
"""

from functools import partial
from pathlib import Path
from typing import Any

import bpy
import gpu  # type: ignore[import-not-found]
import numpy as np

from kinesynth.render.blender.objects import animated, camera, empty_scene, light, static
from kinesynth.render.blender.passes import render_depth, render_parts, render_pictures
from kinesynth.render.blender.shaders import materials_of
from kinesynth.render.blender.sky import light_from_sky
from kinesynth.render.cameras import Camera
from kinesynth.render.job_folder import parts_path, picture_path, raw_path, read_pieces, shade_path, whole_path
from kinesynth.render.materials import TRANSPARENT
from kinesynth.render.prop import Prop
from kinesynth.render.scene import Scene
from kinesynth.render.setting import hides, props, walls
from kinesynth.render.shots import shot_of


def device() -> str:
    """Return the name of the device that renders; without an OpenGL context Blender ends the process here."""
    gpu.init()
    return str(gpu.platform.renderer_get())


def render_clip(folder: Path, scene: Scene, *, depth: bool = False) -> None:
    """Render the job in `folder`: per camera a track of pictures, one of part labels and, if asked for, one of depth.

    Raises:
        RuntimeError: Blender could not render.
    """
    target, materials = empty_scene(), materials_of(scene)
    meshes = read_pieces(folder)
    blurred = any(view.exposure.seconds for view in scene.cameras)
    objects = [animated(folder, k, mesh, materials, between_frames=blurred) for k, mesh in enumerate(meshes)]
    people = {obj.name for obj, mesh in zip(objects, meshes, strict=True) if mesh.part.any()}
    shadows = {
        obj.name for obj, mesh in zip(objects, meshes, strict=True) if not TRANSPARENT.isdisjoint(mesh.materials)
    }
    surroundings = props(scene)
    for prop in surroundings:
        static(prop, materials[prop.material])
    shadows |= {prop.name for prop in surroundings if prop.material in TRANSPARENT}
    before = {prop.name for prop in surroundings if prop.free} | {obj.name for obj in objects} - people - shadows
    for lamp in scene.lights:
        light(lamp)
    light_from_sky(scene)
    _configure(target, scene)
    shades = {obj.name: np.load(path) for k, obj in enumerate(objects) if (path := shade_path(folder, k)).exists()}
    follow = partial(_set_shades, shades)
    bpy.app.handlers.frame_change_pre.append(follow)
    try:
        for view in scene.cameras:
            _show_surroundings(surroundings, scene, view)
            shot = shot_of(view)
            target.camera = camera(shot.camera)
            target.render.resolution_x, target.render.resolution_y = shot.camera.width, shot.camera.height
            pictures = raw_path(folder, view.name) if shot.developed else picture_path(folder, view.name)
            render_pictures(target, scene.settings, view.exposure.seconds * scene.fps, pictures)
            for path, shown in _label_tracks(folder, view.name, people, before).items():
                render_parts(target, scene.settings, shown, shot.fine, path)
            if depth:
                render_depth(target, scene.settings, shadows, shot.fine, folder / f"{view.name}_depth.npy")
    finally:
        bpy.app.handlers.frame_change_pre.remove(follow)


def _label_tracks(folder: Path, view: str, people: set[str], before: set[str]) -> dict[Path, set[str]]:
    """Return which objects each track of labels shows: the people behind what is before them, and if any is, alone."""
    tracks = {parts_path(folder, view): people | before}
    return tracks | {whole_path(folder, view): people} if before else tracks


def _set_shades(shades: dict[str, np.ndarray], scene: Any, _: Any = None) -> None:
    """Give each mesh the shades (T,n) of the frame that is about to be rendered."""
    for name, frames in shades.items():
        data = bpy.data.objects[name].data
        data.attributes["shade"].data.foreach_set("value", frames[min(scene.frame_current, len(frames)) - 1])
        data.update()


def _show_surroundings(surroundings: list[Prop], scene: Scene, view: Camera) -> None:
    """Hide the walls between a camera and the person, and the furniture along them."""
    hidden = [hides(wall, view.position) for wall in walls(scene)]
    for prop in surroundings:
        bpy.data.objects[prop.name].hide_render = prop.wall >= 0 and hidden[prop.wall]


def _configure(target: Any, scene: Scene) -> None:
    """Set what all tracks share."""
    settings = scene.settings
    target.frame_start, target.frame_end = 1, scene.n_frames
    target.render.fps = max(1, round(scene.fps))
    target.render.fps_base = target.render.fps / scene.fps
    target.render.resolution_percentage = 100
    target.render.use_motion_blur = False
    for stamp in (name for name in dir(target.render) if name.startswith("use_stamp_")):
        setattr(target.render, stamp, False)  # the hour at which a video was made would differ between equal runs
    target.view_settings.view_transform = settings.view_transform
    target.view_settings.look = settings.look
    target.view_settings.exposure = scene.exposure
    target.view_settings.use_white_balance = True
    target.view_settings.white_balance_temperature = scene.white_k
    eevee = target.eevee
    eevee.taa_render_samples = settings.samples
    eevee.use_shadows = settings.shadows
    eevee.shadow_ray_count, eevee.shadow_step_count = settings.shadow_rays, settings.shadow_steps
    eevee.use_raytracing = settings.raytracing
    eevee.use_fast_gi = settings.fast_gi
    eevee.motion_blur_steps = settings.blur_steps
    eevee.gi_irradiance_pool_size = str(settings.irradiance_pool_mb)
    eevee.shadow_pool_size = str(settings.shadow_pool_mb)
    for lamp in bpy.data.lights:
        lamp.use_shadow = settings.shadows
