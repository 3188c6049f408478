from pathlib import Path

import pytest
import torch

from kinesynth_train.data import Batch, Windows
from kinesynth_train.networks import D3keShape, NeurikShape, OdahShape, make_network
from kinesynth_train.networks.d3ke import TemporalConvolutions, make_backbone
from kinesynth_train.networks.temporal_unet import TemporalUNet
from kinesynth_train.presets import PRESETS, preset_from_dict, preset_to_dict
from kinesynth_train.skeleton import Anatomy, DatasetSkeleton

TINY = ("odah_tiny", "d3ke_tiny", "neurik_tiny")


@pytest.fixture(scope="module")
def batch(results: Path) -> Batch:
    windows = Windows(results, "train", 8, 64)
    return {name: torch.stack([item[name] for item in (windows[0], windows[1])]) for name in windows[0]}


@pytest.mark.parametrize("stage", ["frame", "sequence"])
@pytest.mark.parametrize("name", TINY)
def test_an_untrained_network_gives_the_mean_pose(
    name: str, stage: str, batch: Batch, anatomy: Anatomy, skeleton: DatasetSkeleton
) -> None:
    torch.manual_seed(0)
    network = make_network(PRESETS[name].shape, anatomy, skeleton).eval()
    prediction = network(batch, stage)  # type: ignore[arg-type]
    inner = torch.ones(len(anatomy.mean), dtype=torch.bool)
    inner[torch.cat([anatomy.root, anatomy.root_place])] = False
    torch.testing.assert_close(prediction.angles[..., inner], anatomy.mean[inner].expand(2, 8, -1))
    torch.testing.assert_close(prediction.scales, torch.ones(2, int(anatomy.bodies), 3))
    assert prediction.circle.shape == (2, 8, int(anatomy.free.sum()), 2)
    if name != "d3ke_tiny":  # where the pelvis is, roughly: the middle of what is seen
        pelvis = prediction.angles[..., anatomy.root_place]
        assert (pelvis - batch["keypoints"][:, :, 0]).norm(dim=-1).max() < 0.35


@pytest.mark.parametrize("name", TINY)
def test_a_network_in_use_repeats_itself(name: str, batch: Batch, anatomy: Anatomy, skeleton: DatasetSkeleton) -> None:
    network = make_network(PRESETS[name].shape, anatomy, skeleton).eval()
    first, second = (network(batch, "sequence") for _ in range(2))
    assert torch.equal(first.angles, second.angles)


def test_sizes_of_odah_are_those_of_the_paper(anatomy: Anatomy, skeleton: DatasetSkeleton) -> None:
    network = make_network(OdahShape(), anatomy, skeleton)
    sizes = {name: tuple(parameter.shape) for name, parameter in network.named_parameters()}
    assert sizes["point.0.weight"][1] == 1027
    assert sizes["point.2.weight"][0] == 32
    assert sizes["unet.enter.weight"] == (48, 102)
    assert [len(level) for level in network.unet.down] == [2, 4, 6]
    frames, window = network.unet(torch.zeros(1, 64, 102))
    assert frames.shape == (1, 64, 48)
    assert window.shape == (1, 384)


def test_the_unet_sees_the_whole_window() -> None:
    torch.manual_seed(0)
    unet = TemporalUNet(3, (8, 8), (1, 1), (1, 1), (2,)).eval()
    still, moved = torch.zeros(2, 1, 8, 3)
    moved[0, 7] = 1.0
    assert (unet(still)[0] - unet(moved)[0]).abs().amax(dim=-1).min() > 0


def test_frame_only_odah_sees_one_frame(batch: Batch, anatomy: Anatomy, skeleton: DatasetSkeleton) -> None:
    torch.manual_seed(0)
    shape = PRESETS["odah_tiny"].shape
    network = make_network(shape, anatomy, skeleton).eval()
    torch.nn.init.normal_(network.frame_head.angles.weight)
    changed = {**batch, "crops": batch["crops"].clone()}
    changed["crops"][:, :, 5] = changed["crops"][:, :, 5].flip(-1)
    with torch.no_grad():
        apart = (network(batch, "frame").angles - network(changed, "frame").angles).abs().amax(dim=-1)
    # Points are drawn per frame in turn, but each frame's draws are its own.
    assert (apart[:, [0, 1, 2, 3, 4, 6, 7]] < 1e-4).all()
    assert (apart[:, 5] > 1e-4).all()


def test_temporal_convolutions_reach_over_243_frames() -> None:
    torch.manual_seed(0)
    network = TemporalConvolutions(1, 4, D3keShape().dilations)
    frames = torch.zeros(1, 401, 1, requires_grad=True)
    network(frames)[0, 200].sum().backward()
    seen = frames.grad[0, :, 0].nonzero()[:, 0]  # type: ignore[index]
    assert int(seen.min()) >= 200 - 121
    assert int(seen.max()) <= 200 + 121
    assert TemporalConvolutions(1, 4, (1,))(frames).shape == (1, 401, 4)


@pytest.mark.parametrize("sequence", ["lstm", "tcn", "transformer"])
def test_d3ke_runs_over_time_in_three_ways(
    sequence: str, batch: Batch, anatomy: Anatomy, skeleton: DatasetSkeleton
) -> None:
    shape = D3keShape(backbone="small", sequence=sequence, width=16, layers=1, heads=2)  # type: ignore[arg-type]
    network = make_network(shape, anatomy, skeleton)
    prediction = network(batch, "sequence")
    prediction.angles.sum().backward()
    assert all(parameter.grad is None for parameter in network.backbone.parameters())
    assert prediction.rotation.shape == (2, 8, 3, 3)


def test_d3ke_starts_from_somebody_who_stands(batch: Batch, anatomy: Anatomy, skeleton: DatasetSkeleton) -> None:
    torch.manual_seed(0)
    network = make_network(PRESETS["d3ke_tiny"].shape, anatomy, skeleton).eval()
    upright = network(batch, "frame").rotation[..., 1, 1]
    assert (upright > 0.98).all()


def test_the_backbone_is_resnext50() -> None:
    network, features = make_backbone(D3keShape())
    assert features == 2048
    assert sum(parameter.numel() for parameter in network.parameters()) == 25_028_904 - 2048 * 1000 - 1000


def test_neurik_stands_missing_markers(batch: Batch, anatomy: Anatomy, skeleton: DatasetSkeleton) -> None:
    network = make_network(NeurikShape((8,), 16, 1, 2), anatomy, skeleton).eval()
    torch.nn.init.normal_(network.head.angles.weight)
    holes = {**batch, "markers": batch["markers"].clone()}
    holes["markers"][:, :, 3] = torch.nan
    angles = network(holes, "sequence").angles
    assert angles.isfinite().all()
    assert not torch.equal(angles, network(batch, "sequence").angles)


def test_neuriks_middle_frame(batch: Batch, anatomy: Anatomy, skeleton: DatasetSkeleton) -> None:
    torch.manual_seed(0)
    network = make_network(NeurikShape((8,), 16, 1, 2, window=5, output="centre"), anatomy, skeleton)
    torch.nn.init.normal_(network.head.angles.weight)
    window = {**batch, "markers": batch["markers"][:, 1:6]}
    middle = network.train()(window, "sequence")
    assert middle.only_centre
    assert middle.angles.shape[1] == 1
    in_use = network.eval()(batch, "sequence")
    assert not in_use.only_centre
    torch.testing.assert_close(in_use.angles[:, 3], middle.angles[:, 0], atol=1e-4, rtol=0)


@pytest.mark.parametrize("name", PRESETS)
def test_a_checkpoint_can_hold_every_preset(name: str) -> None:
    preset = PRESETS[name]
    assert preset_from_dict(preset_to_dict(preset)) == preset
    assert preset.with_steps(7).steps == 7


def test_the_configuration_knows_every_preset() -> None:
    from kinesynth.config import config_schema

    assert set(config_schema()["properties"]["train"]["properties"]["network"]["enum"]) == set(PRESETS)
