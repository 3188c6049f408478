"""What the stage asks of Blender, importable where Blender is not: the calls that run in the child process."""

import ctypes
import sys
from pathlib import Path

from kinesynth.render.scene import Scene

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # glibc's malloc.h


def device() -> str:
    """Return the name of the device that EEVEE would draw on; ends the process where there is no OpenGL context."""
    from kinesynth.render import blender

    return blender.device()


def render(folder: Path, scene: Scene) -> None:
    """Render the job in `folder`; see `kinesynth.render.blender.render_clip`."""
    from kinesynth.render import blender

    _keep_memory()
    blender.render_clip(folder, scene)


def _keep_memory() -> None:
    """Let the C library keep what Blender frees.

    EEVEE gives its buffers back after each picture and a software renderer asks for them again at once; the system
    clears every page anew, which costs a quarter of the time.
    """
    if sys.platform == "linux" and hasattr(library := ctypes.CDLL(None), "mallopt"):
        library.mallopt(_M_MMAP_THRESHOLD, 32 << 20)  # the most that glibc takes
        library.mallopt(_M_TRIM_THRESHOLD, (1 << 31) - 1)
