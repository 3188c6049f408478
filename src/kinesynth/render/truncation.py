"""Cameras that somebody set up too near or aimed beside the person, so that a part of the body leaves the picture."""

import numpy as np

from kinesynth.render.cameras import Camera, Exposure, Framing, Setup, set_up_at, whole_distance
from kinesynth.render.placing import Body, in_picture

MIN_OUTSIDE = 0.12  # of the joints, on average over the frames: less is a whole person
MAX_OUTSIDE = 0.65  # in any frame: some of the person must be left to see
_TRIES = 300
_NEAREST_M = 0.5
_ASIDE = 0.45  # of the picture's width and height, at most


def set_up_cut(
    rng: np.random.Generator, name: str, setup: Setup, body: Body, size: tuple[int, int], exposure: Exposure
) -> Camera:
    """Return a camera that cuts a part of the body off, sampled until it cuts neither too little nor too much.

    The person's whole way may leave no such framing: then it is the camera of `setup` that sees all of it.
    """
    distance = whole_distance(name, setup, body.outline, size)
    whole = set_up_at(name, setup, body.outline, size, distance, exposure)
    angle = np.rad2deg(np.arctan(np.array(size) / 2 / whole.K[0, 0])) * 2
    for _ in range(_TRIES):
        framing = Framing(
            nearness=float(rng.uniform(0.35, 1.0)),
            right_deg=float(rng.uniform(-_ASIDE, _ASIDE) * angle[0]),
            up_deg=float(rng.uniform(-_ASIDE, _ASIDE) * angle[1]),
        )
        camera = set_up_at(name, setup, body.outline, size, distance, exposure, framing)
        outside = fraction_outside(camera, body.joints)
        cuts = outside.max() <= MAX_OUTSIDE and outside.mean() >= MIN_OUTSIDE
        if cuts and camera.depth(body.outline).min() > _NEAREST_M:
            return camera
    return whole


def fraction_outside(camera: Camera, joints: np.ndarray) -> np.ndarray:
    """Return the fraction (T,) of joints (T,J,3) outside a camera's picture."""
    return np.asarray(1 - in_picture(camera, joints).mean(axis=1))
