"""The vision transformer: ViTPose's parameters by number and name, and a user's file of them."""

from pathlib import Path

import pytest
import torch

from kinesynth.errors import BadInput
from kinesynth_train.cli import run
from kinesynth_train.networks.pretrained import load_weights
from kinesynth_train.networks.vit import SIZES, Vit, middle_columns


def parameters(width: int, layers: int) -> int:
    """By hand: 193 places, patches of 3 x 16 x 16, and per layer 12 w^2 of matrices, 13 w of biases and norms."""
    return 193 * width + (3 * 256 + 1) * width + layers * (12 * width**2 + 13 * width) + 2 * width


@pytest.mark.parametrize(("name", "width", "layers"), [("vit_h", 1280, 32), ("vit_b", 768, 12)])
def test_published_sizes(name: str, width: int, layers: int) -> None:
    with torch.device("meta"):
        network = Vit(SIZES[name])
        tokens = network(torch.empty(2, 3, 256, 192))
    assert tokens.shape == (2, 192, width)
    assert sum(parameter.numel() for parameter in network.parameters()) == parameters(width, layers)
    assert network.blocks[-1].drop.p == pytest.approx({"vit_h": 0.55, "vit_b": 0.3}[name])
    assert network.blocks[0].drop.p == 0.0


def test_the_tiny_one_sees_pictures_of_64() -> None:
    crops = torch.rand(2, 3, 64, 64)
    assert middle_columns(crops).shape == (2, 3, 64, 48)
    assert torch.equal(middle_columns(crops), crops[..., 8:56])
    assert Vit(SIZES["vit_tiny"])(middle_columns(crops)).shape == (2, 48, 96)


def test_layers_are_left_out_in_training_alone() -> None:
    torch.manual_seed(0)
    network = Vit(SIZES["vit_tiny"]._replace(drop=0.9))
    picture = torch.rand(1, 3, 64, 48).expand(8, -1, -1, -1)
    assert network.train()(picture).std(dim=0).max() > 1e-3
    assert network.eval()(picture).std(dim=0).max() < 1e-5


def test_weights_of_a_release_are_read_by_name(tmp_path: Path) -> None:
    torch.manual_seed(0)
    source, target = Vit(SIZES["vit_tiny"]), Vit(SIZES["vit_tiny"])
    named = {f"backbone.{name}": value for name, value in source.state_dict().items()}
    torch.save({"state_dict": {**named, "keypoint_head.final.weight": torch.zeros(3)}}, tmp_path / "vitpose.pth")
    load_weights(target, str(tmp_path / "vitpose.pth"), "ViTPose")
    assert all(torch.equal(a, b) for a, b in zip(source.parameters(), target.parameters(), strict=True))


def test_a_file_of_another_size_is_refused(tmp_path: Path) -> None:
    network = Vit(SIZES["vit_tiny"])
    state = network.state_dict()
    torch.save({**state, "pos_embed": torch.zeros(1, 193, 96)}, tmp_path / "large.pth")
    with pytest.raises(BadInput, match=r"pos_embed: found shape \(1, 193, 96\), expected shape \(1, 49, 96\)"):
        load_weights(network, str(tmp_path / "large.pth"), "ViTPose")
    state.pop("last_norm.weight")
    torch.save(state, tmp_path / "less.pth")
    with pytest.raises(BadInput, match=r"last_norm\.weight: found none"):
        load_weights(network, str(tmp_path / "less.pth"), "ViTPose")
    (tmp_path / "text.pth").write_text("weights")
    with pytest.raises(BadInput, match="a state_dict saved by torch"):
        load_weights(network, str(tmp_path / "text.pth"), "ViTPose")
    with pytest.raises(BadInput, match="no file"):
        load_weights(network, str(tmp_path / "none.pth"), "ViTPose")


def test_weights_for_a_network_that_reads_none(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fitting = ["fit", "--shards", str(results), "--output", str(tmp_path), "--network", "neurik_tiny"]
    assert run([*fitting, "--weights", "some.pth"]) == 2
    assert "this network starts from no file" in capsys.readouterr().err
    assert run([*fitting[:-1], "d3ke_tiny", "--weights", "some.pth"]) == 2
    assert "some.pth: weights: found no file" in capsys.readouterr().err


def test_a_file_from_before_batches_were_counted_is_read(tmp_path: Path) -> None:
    source, target = (torch.nn.Sequential(torch.nn.BatchNorm2d(3)) for _ in range(2))
    torch.nn.init.constant_(source[0].running_mean, 2.0)
    state = {name: value for name, value in source.state_dict().items() if "num_batches" not in name}
    torch.save(state, tmp_path / "old.pth")
    load_weights(target, str(tmp_path / "old.pth"), "batch normalisation")
    assert torch.equal(target[0].running_mean, torch.full((3,), 2.0))
