from dataclasses import fields, replace

import numpy as np
import pytest

from kinesynth.drawn_view import DrawnView
from kinesynth.errors import BadInput
from kinesynth.stage_file import Clip

ATTRS = {"width": 6, "height": 4}


@pytest.fixture
def drawn() -> DrawnView:
    rng = np.random.default_rng(1)
    return DrawnView(
        video=rng.integers(0, 255, 50, dtype=np.uint8),
        parts=rng.integers(0, 17, (3, 4, 6), dtype=np.uint8),
        bbox=rng.uniform(0, 4, (3, 4)),
        K=np.eye(3),
        world_to_camera=np.eye(4),
        distortion=rng.normal(size=5),
        depth=rng.integers(0, 9000, (3, 4, 6), dtype=np.uint16),
        whole_mask=rng.integers(0, 2, (3, 4, 6)).astype(bool),
    )


def test_views_come_back_each_as_its_own(drawn: DrawnView) -> None:
    plain = replace(drawn, parts=drawn.parts[::-1], distortion=None, depth=None, whole_mask=None)
    clip = Clip("walk", drawn.arrays("phone_left") | plain.arrays("phone"), ATTRS)
    for view, expected in {"phone_left": drawn, "phone": plain}.items():
        found = DrawnView.of(clip, view)
        for field in fields(DrawnView):
            np.testing.assert_array_equal(getattr(found, field.name), getattr(expected, field.name))


def test_a_view_that_lacks_an_array_is_told(drawn: DrawnView) -> None:
    arrays = drawn.arrays("frontal")
    del arrays["frontal/bbox"]
    with pytest.raises(BadInput, match=r"walk: frontal/bbox: found nothing"):
        DrawnView.of(Clip("walk", arrays, ATTRS), "frontal")


def test_pictures_of_another_size_are_told(drawn: DrawnView) -> None:
    with pytest.raises(BadInput, match="found 72 pixels, expected 3 frames of 5 x 4"):
        DrawnView.of(Clip("walk", drawn.arrays("frontal"), {**ATTRS, "width": 5}), "frontal")
