from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kinesynth.body.model import load_body
from kinesynth.render import gallery as module
from kinesynth.subjects.shape import Shape


def test_the_sheet_is_of_the_size_asked_for(body_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three outfits on the tests' body of ellipsoids, whose betas say nothing of sex or build: a row is not full."""
    monkeypatch.setattr(module, "sample_shape", lambda *_: Shape(np.zeros(10), "female", "drawn"))
    monkeypatch.setattr(module, "UPPER", ["vest", "t-shirt", "jacket"])
    monkeypatch.setattr(module, "LOWER", ["shorts"])
    output = tmp_path / "gallery.png"
    module.gallery(body=body_path, output=output, log=tmp_path / "log", width=120, height=240)
    picture = np.asarray(Image.open(output).convert("RGB"))
    assert picture.shape == (240, 120, 3)
    assert picture[:120, :60].std() > 10
    assert picture[:120, 60:].std() > 10
    assert picture[120:, :60].std() > 10
    assert (picture[120:, 60:] == 255).all()


def test_a_standing_person_has_the_feet_on_the_floor(body_path: Path) -> None:
    model = load_body(body_path)
    vertices, joints = model.pose(module._standing(model, np.zeros(10)))
    assert vertices[0, :, 1].min() == pytest.approx(0, abs=1e-9)
    wrist, shoulder = (joints[0, model.joint_names.index(f"left_{name}")] for name in ("wrist", "shoulder"))
    assert wrist[1] < shoulder[1] - 0.3
