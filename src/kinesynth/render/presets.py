"""Render presets: what the renderer spends on a frame, one row of `tables/presets.csv` each.

A new preset is a new row: `render.preset` of the configuration and the flag `--preset` take their values from there.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from importlib.resources import files
from typing import Literal

from kinesynth.text import table_rows

Engine = Literal["eevee", "cycles"]


@dataclass(frozen=True)
class Settings:
    """All that decides what a frame costs.

    Attributes:
        engine: eevee, or cycles for machines without OpenGL.
        samples: per pixel.
        shadows: the renderer's own; without them `render.shading` stands in.
        subsurface: weight of the light that scatters under the skin.
        shadow_rays, shadow_steps: EEVEE's, per light.
        shadow_pool_mb, irradiance_pool_mb: EEVEE's buffers. Small ones: on a software renderer clearing the default
            ones costs more than the picture.
        probe_px: resolution of the sky's light.
        raytracing, fast_gi: EEVEE's reflections and indirect light.
        blur_steps: instants that motion blur is the mean of.
        bounces: of Cycles' light.
        view_transform, look: from scene-linear light to the screen.
        quality: Blender's name for the rate factor of the H.264 encoder.
        frame_seconds: a frame of one view that takes longer is given up, s.
    """

    engine: Engine
    samples: int
    shadows: bool
    subsurface: float
    shadow_rays: int
    shadow_steps: int
    shadow_pool_mb: int
    irradiance_pool_mb: int
    probe_px: int
    raytracing: bool
    fast_gi: bool
    blur_steps: int
    bounces: int
    view_transform: str
    look: str
    quality: str
    frame_seconds: float


def _read() -> dict[str, Settings]:
    """Return the rows of the table by name."""
    rows = table_rows(files("kinesynth.render") / "tables" / "presets.csv")
    return {row["preset"]: _settings(row) for row in rows}


def _settings(row: dict[str, str]) -> Settings:
    cast: dict[object, Callable[[str], object]] = {int: int, float: float, bool: lambda text: text == "true"}
    return Settings(**{item.name: cast.get(item.type, str)(row[item.name]) for item in fields(Settings)})  # type: ignore[arg-type]


PRESETS = _read()
