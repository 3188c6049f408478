"""What the stage asks of Blender, importable where Blender is not: the calls that run in the child process."""

from pathlib import Path

from kinesynth.render.scene import Scene


def device() -> str:
    """Return the name of the device that EEVEE would draw on; ends the process where there is no OpenGL context."""
    from kinesynth.render import blender

    return blender.device()


def render(folder: Path, scene: Scene) -> None:
    """Render the job in `folder`; see `kinesynth.render.blender.render_clip`."""
    from kinesynth.render import blender

    blender.render_clip(folder, scene)
