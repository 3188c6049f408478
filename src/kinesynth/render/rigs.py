"""Camera rigs: rows of `tables/cameras.csv`, from which setups are sampled.

A new camera or rig is a new row; `render.rig` and `render.views` of the configuration take their names from there. A
camera's `rig` may be empty: then it is only used by its own name. The pair of the rig `odah` follows ODAH (2024):
static, 1.1 ± 0.1 m above the floor, 33 mm on a 36 mm sensor. `chance` is the probability that a clip has the camera.
"""

import re
from dataclasses import dataclass
from importlib.resources import files

import numpy as np

from kinesynth.config import Render
from kinesynth.errors import BadInput
from kinesynth.render.cameras import FOCAL_LENGTH_MM, Exposure, Lens, Setup
from kinesynth.render.spreads import sample
from kinesynth.text import table_rows

LISTED = "views"  # the rig that is no rig: the cameras that are named one by one
_RANDOM = re.compile(r"random(_\w+)?")  # any number of cameras that share the row `random`


def _read() -> dict[str, dict[str, str]]:
    return {row["camera"]: row for row in table_rows(files("kinesynth.render") / "tables" / "cameras.csv")}


CAMERAS = _read()
_rigs = dict.fromkeys(row["rig"] for row in CAMERAS.values() if row["rig"])
RIGS = {rig: [name for name, row in CAMERAS.items() if row["rig"] == rig] for rig in _rigs}


@dataclass(frozen=True)
class Rig:
    """The cameras that look on a clip: the rig's name, theirs, and their pictures' width and height, px."""

    name: str
    cameras: list[str]
    size: tuple[int, int]


def rig_of(render: Render, name: str = "") -> Rig:
    """Return the rig of that name, or the configuration's where a clip names none.

    Raises:
        BadInput: there is no such rig, or a view is unknown or repeated, or views of different shapes are listed.
    """
    name = name or render.rig
    cameras = cameras_of(name, list(render.views))
    return Rig(name, cameras, picture_size(cameras, render.width, render.height))


def cameras_of(rig: str, views: list[str]) -> list[str]:
    """Return the names of a rig's cameras, or of the `views` listed.

    Raises:
        BadInput: there is no such rig, or a view is unknown or repeated, or views of different shapes are listed.
    """
    if rig != LISTED:
        if rig not in RIGS:
            raise BadInput("config", "render.rig", rig, f"one of {[LISTED, *RIGS]}", "change it")
        return RIGS[rig]
    wrong = [name for name in views if name not in CAMERAS and not _RANDOM.fullmatch(name)]
    if wrong or len(set(views)) != len(views) or not views:
        expected = f"different names out of {list(CAMERAS)}, random_NAME"
        raise BadInput("config", "render.views", str(views), expected, "change it")
    if len({_row(name)["aspect"] for name in views}) > 1:
        raise BadInput("config", "render.views", str(views), "upright pictures only, or level ones only", "change it")
    return list(views)


def present(rng: np.random.Generator, rig: str, names: list[str]) -> list[str]:
    """Sample which of a rig's cameras a clip has; cameras that are listed are always there."""
    if rig == LISTED:
        return names
    return [name for name in names if (chance := float(_row(name)["chance"])) == 1 or rng.uniform() < chance]


def picture_size(names: list[str], width: int, height: int) -> tuple[int, int]:
    """Return width and height of the cameras' pictures, px.

    Cameras that have an aspect are as high as the longer of width and height, and as wide as their aspect asks for.
    """
    aspect = _row(names[0])["aspect"]
    if not aspect:
        return width, height
    across, up = map(int, aspect.split(":"))
    longer = max(width, height)
    return 2 * round(longer * across / up / 2), longer


def sample_setup(rng: np.random.Generator, name: str) -> Setup:
    """Sample how a camera is set up: the errors of whoever set it up, or the whole position and lens."""
    row = _row(name)
    height, turn, roll, margin = (sample(rng, row[key]) for key in ("height_m", "turn_deg", "roll_deg", "margin"))
    focal = sample(rng, row["focal_mm"], FOCAL_LENGTH_MM)
    tilt = sample(rng, row["tilt_deg"])
    k1, k2, p1, p2, k3 = (sample(rng, row[key]) for key in ("k1", "k2", "p1", "p2", "k3"))
    return Setup(
        azimuth_deg=float(row["azimuth_deg"]) + turn,
        height_m=height,
        tilt_deg=tilt,
        pitch_deg=(float(row["min_pitch_deg"] or -89), float(row["max_pitch_deg"] or 89)),
        roll_deg=roll,
        margin=margin,
        lens=Lens(focal, (k1, k2, p1, p2, k3)),
    )


def sample_exposure(rng: np.random.Generator, name: str, *, motion_blur: bool) -> Exposure:
    """Sample what a camera does to its pictures."""
    row = _row(name)
    seconds, noise, rate = (sample(rng, row[key]) for key in ("exposure_s", "noise", "rate"))
    return Exposure(seconds * motion_blur, noise, round(rate), int(rng.integers(2**32)))


def _row(name: str) -> dict[str, str]:
    return CAMERAS[name if name in CAMERAS else "random"]
