"""Sizes told on the command line."""

from pathlib import Path

import pytest

from kinesynth.errors import BadInput
from kinesynth_train.cli import run
from kinesynth_train.networks import preset_named
from kinesynth_train.overrides import overridden
from kinesynth_train.settings import Settings
from kinesynth_train.train import fit


def test_sizes_of_every_kind() -> None:
    shape = preset_named("biopose_tiny").shape
    inner = ["front.queries=48", "front.factors=1,2", "inverse.output=all", "inverse.draw.noise_m=0.01"]
    changed = overridden("biopose_tiny", shape, [*inner, "steps=0"])
    assert (changed.front.queries, changed.front.factors, changed.steps) == (48, (1, 2), 0)
    assert (changed.inverse.output, changed.inverse.draw.noise_m) == ("all", 0.01)
    assert changed.front.layers == shape.front.layers
    assert overridden("biohuman_tiny", preset_named("biohuman_tiny").shape, ["visual=false"]).visual is False


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("queries", "expected NAME=VALUE"),
        ("quarries=4", "expected a size of this network"),
        ("queries=few", "expected a whole number"),
        ("factors=1,x", "expected whole numbers with commas between"),
        ("backbone=vit_q", "expected vit_h or vit_b or vit_tiny"),
        ("queries.first=4", "expected a size of this network alone"),
    ],
)
def test_what_is_no_size_is_told(change: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        overridden("mqhmr_tiny", preset_named("mqhmr_tiny").shape, [change])


def test_a_part_is_no_size() -> None:
    with pytest.raises(BadInput, match=r"as front\.backbone"):
        overridden("biopose_tiny", preset_named("biopose_tiny").shape, ["front=4"])


def test_settings_and_command_line_take_them(results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(results, tmp_path, "mqhmr_tiny", shape=("queries=4",))
    assert settings.preset(100).shape.queries == 4
    flags = ["fit", "--shards", str(results), "--output", str(tmp_path), "--network", "mqhmr_tiny"]
    assert run([*flags, "--shape", "queries=4", "layers=x"]) == 2
    assert "--shape layers: found x" in capsys.readouterr().err


def test_weights_of_losses(results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(results, tmp_path, "odah_tiny", losses=("position=0", "bio=0.5"))
    published, changed = preset_named("odah_tiny").weights, settings.preset(100).weights
    assert (changed.position, changed.bio, changed.scale) == (0.0, 0.5, published.scale)
    inner = Settings(results, tmp_path, "biopose_tiny", losses=("inverse.joints=0",)).preset(100).weights
    assert (inner.inverse.joints, inner.inverse.markers) == (0.0, 2.0)
    flags = ["fit", "--shards", str(results), "--output", str(tmp_path), "--network", "odah_tiny"]
    assert run([*flags, "--loss", "positions=0"]) == 2
    assert "--loss: found positions, expected a weight of its losses; one of angle, bio" in capsys.readouterr().err


def test_a_loss_that_weighs_nothing_adds_nothing(results: Path, tmp_path: Path) -> None:
    told = {"network": "neurik_tiny", "steps": 1, "batch_size": 2, "window": 4, "device": "cpu"}
    (whole,) = fit(Settings(results, tmp_path / "whole", **told))["loss"]
    (less,) = fit(Settings(results, tmp_path / "less", **told, losses=("markers=0",)))["loss"]
    assert less["total"] == pytest.approx(whole["total"] - 2.0 * whole["markers"], rel=1e-4)


@pytest.mark.parametrize("network", ["odah_tiny", "odah_ours_tiny"])
def test_a_size_without_what_a_stage_trains_is_refused(results: Path, tmp_path: Path, network: str) -> None:
    frame = {"odah_tiny": "odah_frame or odah_frame_tiny", "odah_ours_tiny": "odah_ours_frame"}[network]
    told = f"{network}: --shape: found sizes without what the stage sequence trains.*give instead --network {frame}$"
    with pytest.raises(BadInput, match=told):
        fit(Settings(results, tmp_path, network, shape=("temporal=false",), device="cpu"))
