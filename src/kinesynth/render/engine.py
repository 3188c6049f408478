"""Which engine can render here, and on what."""

import os
from dataclasses import replace
from pathlib import Path
from typing import get_args

from kinesynth.errors import BadInput, ClipRejected
from kinesynth.isolation import isolated
from kinesynth.render import blender_process
from kinesynth.render.presets import Engine, Settings

VARIABLE = "KINESYNTH_RENDER_ENGINE"
START_SECONDS = 300.0  # shaders compile while the first picture is rendered


def choose_engine(settings: Settings, log: Path) -> Settings:
    """Return the settings with the engine that can draw here, and say in the log which and on what.

    The environment variable KINESYNTH_RENDER_ENGINE (eevee or cycles) forces one; which graphics card EEVEE draws on is
    EGL's choice, ruled by the driver's own variables.

    Raises:
        BadInput: the variable names no engine.
    """
    forced = os.environ.get(VARIABLE, "")
    if forced not in ("", *get_args(Engine)):
        raise BadInput("environment", VARIABLE, forced, f"one of {get_args(Engine)}", "unset it")
    if forced == "cycles":
        settings, line = replace(settings, engine="cycles"), f"Cycles draws on the CPU, as {VARIABLE} says"
    else:
        try:
            line = f"EEVEE draws on {isolated(blender_process.device, timeout_seconds=START_SECONDS, log=log)}"
        except ClipRejected:
            settings = replace(settings, engine="cycles")
            line = "no OpenGL context (install libegl1 and libgl1-mesa-dri): Cycles draws on the CPU instead, slowly"
    with log.open("a") as stream:
        stream.write(f"render_views: {line}\n")
    return settings
