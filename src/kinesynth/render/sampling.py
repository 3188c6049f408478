"""Sampling scenes at random: every choice that chance makes, and nothing else.

A person's look is sampled once a subject; clothes, setting, light and cameras are sampled for each clip.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from kinesynth.render.cameras import Camera
from kinesynth.render.garments import LOWER, UPPER
from kinesynth.render.garments.prints import PITCHES_M
from kinesynth.render.head import HAIRCUTS
from kinesynth.render.palette import linear, shade
from kinesynth.render.presets import Settings
from kinesynth.render.scene import Colour, Fabric, Kind, Light, Look, Pattern, Person, Scene, Worn
from kinesynth.render.setting import sample_room

# Corners of the human range of skin, from very light to very dark (sRGB), each with a cool and a warm end.
_SKIN = (
    ((0.92, 0.78, 0.71), (0.91, 0.77, 0.65)),
    ((0.87, 0.69, 0.59), (0.85, 0.67, 0.52)),
    ((0.80, 0.60, 0.48), (0.77, 0.57, 0.41)),
    ((0.63, 0.43, 0.33), (0.60, 0.42, 0.28)),
    ((0.45, 0.29, 0.22), (0.42, 0.28, 0.19)),
    ((0.28, 0.18, 0.14), (0.25, 0.16, 0.11)),
)
_HAIR = (
    (0.04, 0.03, 0.03),
    (0.10, 0.06, 0.04),
    (0.20, 0.12, 0.07),
    (0.36, 0.22, 0.12),
    (0.62, 0.46, 0.27),
    (0.45, 0.43, 0.42),
    (0.48, 0.24, 0.12),
    (0.70, 0.58, 0.40),
    (0.64, 0.63, 0.61),
)
_IRIS = ((0.20, 0.11, 0.05), (0.32, 0.20, 0.09), (0.30, 0.42, 0.55), (0.32, 0.42, 0.28), (0.40, 0.44, 0.46))
_CLOTH = (
    (0.85, 0.85, 0.83), (0.10, 0.10, 0.12), (0.14, 0.20, 0.36), (0.60, 0.13, 0.13), (0.18, 0.36, 0.24),
    (0.46, 0.47, 0.50), (0.80, 0.62, 0.22), (0.30, 0.50, 0.66), (0.55, 0.34, 0.46), (0.78, 0.72, 0.60),
    (0.30, 0.14, 0.24), (0.80, 0.40, 0.24), (0.20, 0.44, 0.46),
)  # fmt: skip
_LEGWEAR = (
    (0.10, 0.13, 0.22), (0.16, 0.20, 0.30), (0.09, 0.09, 0.10), (0.30, 0.30, 0.32), (0.52, 0.44, 0.32),
    (0.26, 0.27, 0.20), (0.36, 0.26, 0.20), (0.62, 0.60, 0.56),
)  # fmt: skip
_SHOE = (
    (0.80, 0.80, 0.80),
    (0.06, 0.06, 0.07),
    (0.45, 0.10, 0.10),
    (0.14, 0.18, 0.32),
    (0.34, 0.22, 0.14),
    (0.40, 0.42, 0.44),
)
_PATTERNS: tuple[Pattern, ...] = ("solid", "stripe", "check", "knit", "print")
_CALM_PATTERNS: tuple[Pattern, ...] = ("solid", "solid", "denim", "knit")


def sample_scene(
    rng: np.random.Generator, look: Look, fps: float, n_frames: int, settings: Settings, kind: Kind | None = None
) -> Scene:
    """Sample a clip's clothes, setting and light; `furnish` adds what depends on where the clip takes place.

    A `kind` of setting fixes the choice among them.
    """
    person = sample_clothes(rng, look)
    room = sample_room(rng, kind)
    warmth = float(rng.uniform(-0.08, 0.08))
    strength = float(np.exp(rng.normal(0.0, 0.22)))
    if room.kind == "outdoors":
        lights, ambient = (_sample_sun(rng, strength),), (strength, strength, strength)
    else:
        colour = (1 + warmth, 1.0, 1 - warmth)
        lights = (Light("area", (0.0, 0.0, 0.0), float(rng.uniform(0.6, 1.4)), strength, colour),)
        grey = float(rng.uniform(0.35, 0.6))
        ambient = (grey * (1 + warmth / 2), grey, grey * (1 - warmth / 2))
    return Scene(
        person=person, room=room, lights=lights, ambient=ambient,
        exposure=float(rng.normal(-0.1, 0.25)), white_k=float(rng.normal(6500, 500)), cameras=(), settings=settings,
        extent=((0, 0), (0, 0)), fps=fps, n_frames=n_frames,
    )  # fmt: skip


def _sample_sun(rng: np.random.Generator, strength: float) -> Light:
    """Sample a sun 25 to 70 degrees high."""
    height, turn = rng.uniform(0.45, 1.2), rng.uniform(0, 2 * np.pi)
    level = np.cos(height)
    towards = (float(level * np.cos(turn)), float(np.sin(height)), float(level * np.sin(turn)))
    warm = float(np.clip(1.3 - height, 0, 1))
    power = float(strength * rng.choice([0.4, 1.6, 2.6]))
    return Light("sun", towards, 0.03, power, (1.0, 1 - 0.12 * warm, 1 - 0.35 * warm))


def furnish(scene: Scene, low: np.ndarray, high: np.ndarray, cameras: tuple[Camera, ...]) -> Scene:
    """Return the scene with the clip's bounds (3,), its cameras, and ceiling lights spread evenly over it."""
    (pattern,) = scene.lights
    extent = ((float(low[0]), float(high[0])), (float(low[2]), float(high[2])))
    scene = replace(scene, cameras=cameras, extent=extent)
    if pattern.kind == "sun":
        return scene
    xs, zs = (np.linspace(low[i] - 1.2, high[i] + 1.8, 3 if i == 0 else 2) for i in (0, 2))
    lights = tuple(
        replace(pattern, position=(float(x), 2.9, float(z)), power_watt=float(pattern.power_watt * 46))
        for x in xs
        for z in zs
    )
    return replace(scene, lights=lights)


def sample_look(rng: np.random.Generator, sex: str) -> Look:
    """Sample a subject's skin, eyes and hair."""
    tone = rng.uniform(0, len(_SKIN) - 1)
    index, fraction = min(int(tone), len(_SKIN) - 2), tone - min(int(tone), len(_SKIN) - 2)
    warm = rng.uniform()
    pair = [np.asarray(_SKIN[k][0]) * (1 - warm) + np.asarray(_SKIN[k][1]) * warm for k in (index, index + 1)]
    dark = tone > 2.6
    cuts = HAIRCUTS[sex] if sex in HAIRCUTS else HAIRCUTS["male"] + HAIRCUTS["female"]
    return Look(
        skin=linear((1 - fraction) * pair[0] + fraction * pair[1]),
        skin_roughness=float(rng.uniform(0.45, 0.65)),
        flush=float(rng.uniform(0.3, 1.0)),
        iris=linear(_IRIS[rng.integers(2)] if dark else _IRIS[rng.integers(len(_IRIS))]),
        hair_cut=str(rng.choice(cuts)),
        hair=shade(rng, _HAIR[:2] if dark else _HAIR),
        stubble=0.0 if sex == "female" else float(max(rng.uniform(-0.6, 0.8), 0)),
        tufts=_seed(rng),
    )


def sample_clothes(rng: np.random.Generator, look: Look) -> Person:
    """Sample clothes and shoes for a person."""
    return Person(
        look=look,
        upper=Worn(str(rng.choice(list(UPPER))), _sample_fabric(rng, _CLOTH), _seed(rng)),
        lower=Worn(str(rng.choice(list(LOWER))), _sample_fabric(rng, _LEGWEAR, calm=True), _seed(rng)),
        shoe=shade(rng, _SHOE),
        sole=linear((0.82, 0.81, 0.78)) if rng.uniform() < 0.6 else linear((0.10, 0.09, 0.09)),
    )


def _seed(rng: np.random.Generator) -> int:
    """Sample a seed for details that a scene does not list one by one."""
    return int(rng.integers(2**32))


def _sample_fabric(rng: np.random.Generator, palette: Sequence[Colour], calm: bool = False) -> Fabric:
    patterns = _CALM_PATTERNS if calm else _PATTERNS
    return Fabric(
        pattern=patterns[rng.integers(len(patterns))],
        colour=shade(rng, palette),
        second=shade(rng, palette),
        pitch_m=float(rng.choice(PITCHES_M)),
        roughness=float(rng.uniform(0.7, 0.95)),
        weave=float(rng.uniform(0.2, 0.7)),
    )
