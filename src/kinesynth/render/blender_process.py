"""The calls that run in Blender's child process, importable where Blender is not."""

import os
import time
from pathlib import Path

from kinesynth.render.scene import Scene

_MALLOC = {"MALLOC_MMAP_THRESHOLD_": 1 << 30, "MALLOC_TRIM_THRESHOLD_": 1 << 32}


def device() -> str:
    """Return the name of the device that EEVEE would draw on; ends the process where there is no OpenGL context."""
    from kinesynth.render import blender

    return blender.device()


def render(folder: Path, scene: Scene, depth: bool = False) -> None:
    """Render the job in `folder`; see `kinesynth.render.blender.render_clip`."""
    from kinesynth.render import blender

    blender.render_clip(folder, scene, depth=depth)


def resident_bytes() -> int:
    """Return the memory that this process holds, bytes (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def processor_seconds() -> float:
    """Return the processor time that this process has used."""
    return time.process_time()


def keep_memory() -> None:
    """Let the C library of processes started from now on keep what Blender frees.

    EEVEE gives its buffers back after each picture and a software renderer asks for them again at once; the system
    clears every page anew, which costs a quarter of the time. Only the environment can say so (glibc's mallopt takes
    no threshold as large as these buffers).
    """
    for name, bytes_kept in _MALLOC.items():
        os.environ.setdefault(name, str(bytes_kept))
