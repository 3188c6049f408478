"""Skin that is not one colour: lips, lids, flush, stubble, palms and a hairline, as factors on a person's tone.

Places on the face are given in eye distances from between the eyes, x to the left and y up.
"""

import numpy as np

from kinesynth.render.anatomy import RestBody
from kinesynth.render.head import hairline
from kinesynth.render.scene import Look

_CHEEK, _NOSE, _MOUTH = (0.72, -0.62), (0.0, -0.62), (0.0, -1.15)


def complexion(body: RestBody, look: Look) -> np.ndarray:
    """Return factors (N,3) on the skin's colour (linear RGB) at the body's vertices."""
    light = float(np.clip(np.dot(look.skin, [0.2126, 0.7152, 0.0722]) / 0.4, 0, 1))  # blood shows through pale skin
    lips, lids, ears, nails = _zones(body).T
    tint = np.ones_like(body.vertices)
    flush = np.clip(0.9 * _cheeks(body) + 0.8 * ears + 0.7 * _knuckles(body), 0, 1)
    tint = _towards(tint, (1.02, 0.80 - 0.08 * light, 0.78 - 0.06 * light), look.flush * flush * (0.35 + 0.65 * light))
    tint = _towards(tint, (0.72, 0.64, 0.64), 0.75 * lids)
    tint = _towards(tint, (0.58, 0.60, 0.64), look.stubble * _beard(body) * (1 - lips))
    tint = _towards(tint, (0.86, 0.50 + 0.12 * (1 - light), 0.52 + 0.1 * (1 - light)), 0.9 * lips)
    tint = _towards(tint, (1.15, 1.05, 1.05), 0.8 * nails)
    tint = _towards(tint, (1.5, 1.35, 1.3), (1 - light) * _palms(body))
    scalp = np.clip(hairline(body, body.vertices, look.tufts) / (0.012 * body.head_size) + 0.35, 0, 1) * (
        body.weight("head") > 0.5
    )
    ratio = np.clip(np.array(look.hair) / np.maximum(look.skin, 1e-3), 0, 1.2)
    return _towards(tint, ratio, 0.8 * scalp)


def _towards(tint: np.ndarray, factor: np.ndarray | tuple[float, ...], fraction: np.ndarray) -> np.ndarray:
    return np.asarray(tint * (1 + fraction[:, None] * (np.asarray(factor) - 1)))


def _zones(body: RestBody) -> np.ndarray:
    """Return the body's zones (N,4), or where its file has none, lips where they are on most faces."""
    if body.zones is not None:
        return body.zones
    zones = np.zeros((len(body.vertices), 4))
    zones[:, 0] = _blob(body, _MOUTH, (0.42, 0.16)) > 0.5
    return zones


def _blob(body: RestBody, place: tuple[float, float], radii: tuple[float, float]) -> np.ndarray:
    """Return a soft spot (N,) on the front of the face, 1 in its middle and on both sides of the face."""
    unit = np.linalg.norm(body.joint("left_eye") - body.joint("right_eye"))
    x, y = ((body.vertices - body.eyes)[:, :2] / unit).T
    front = (body.vertices[:, 2] > body.eyes[2] - 0.6 * unit) & (body.weight("head", "jaw") > 0.5)
    square = ((np.abs(x) - place[0]) / radii[0]) ** 2 + ((y - place[1]) / radii[1]) ** 2
    return np.asarray(front * np.exp(-0.7 * square))


def _cheeks(body: RestBody) -> np.ndarray:
    return np.asarray(np.maximum(_blob(body, _CHEEK, (0.35, 0.35)), _blob(body, _NOSE, (0.22, 0.3))))


def _beard(body: RestBody) -> np.ndarray:
    """Return where a beard grows: upper lip, chin, jaw."""
    unit = np.linalg.norm(body.joint("left_eye") - body.joint("right_eye"))
    below = np.clip((body.eyes[1] - body.vertices[:, 1]) / unit - 0.85, 0, 0.25) / 0.25
    throat = np.clip(2.6 - (body.eyes[1] - body.vertices[:, 1]) / unit, 0, 0.4) / 0.4
    front = np.clip((body.vertices[:, 2] - body.eyes[2]) / unit + 1.6, 0, 0.5) / 0.5
    return np.asarray(below * throat * front * (body.weight("head", "jaw") > 0.5))


def _knuckles(body: RestBody) -> np.ndarray:
    """Return the knees, elbows and knuckles, where skin is thin over bone."""
    radii = {"knee": 0.07, "elbow": 0.05, "index1": 0.015, "middle1": 0.015, "ring1": 0.015, "pinky1": 0.015}
    spots = [(f"{side}_{name}", radius) for side in ("left", "right") for name, radius in radii.items()]
    near = [
        np.exp(-((np.linalg.norm(body.vertices - body.joint(name), axis=1) / radius) ** 2)) for name, radius in spots
    ]
    return np.asarray(np.clip(2 * np.max(near, axis=0), 0, 1))


def _palms(body: RestBody) -> np.ndarray:
    """Return the palms, which face down in the T-pose."""
    hand = np.clip((body.weight("wrist", "index", "middle", "ring", "pinky", "thumb") - 0.7) / 0.3, 0, 1)
    return np.asarray(hand * np.clip(-2 * body.normals[:, 1], 0, 1))
