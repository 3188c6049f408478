"""What the networks have in common, and what each is made of: the papers' structure, not their numbers alone."""

from functools import partial
from pathlib import Path

import pytest
import torch

from kinesynth.dataset import ShardDataset
from kinesynth.networks import network_modules
from kinesynth_train.data import KINEMATIC_LABELS, Batch, Windows
from kinesynth_train.evaluate import read_stretch
from kinesynth_train.networks import Network, Prediction, dynamics_head, make_network, network_module, preset_named
from kinesynth_train.networks.frame_estimates import known_of
from kinesynth_train.networks.over_time import LiftingTransformer, StridedBlock, TemporalConvolutions
from kinesynth_train.networks.pose_spaces import BodySpace
from kinesynth_train.networks.resnext import make_backbone
from kinesynth_train.networks.restormer import ChannelAttention, TemporalUNet, folded, unfolded
from kinesynth_train.presets import preset_from_dict
from kinesynth_train.skeleton import CoordinateStats, DatasetSkeleton
from kinesynth_train.stretch import Stretch

TINY = [name for name in network_modules() if name.endswith("_tiny")]
STAGED = [(name, phase.stage) for name in TINY for phase in preset_named(name).phases]
# Stages that tell no angles.
MESHES = {(name, "picture") for name in ("mqhmr_tiny", "biopose_tiny", "mint_tiny")} | {("mint_tiny", "motion")}
ANGLED = [pair for pair in STAGED if pair not in MESHES]
WINDOW = 16


@pytest.fixture(scope="module")
def batch(results: Path) -> Batch:
    labels = (*KINEMATIC_LABELS, "activations", "quality/activation_valid", "smplx/betas", *BodySpace.labels)
    labels = (*labels, *dynamics_head.LABELS)
    windows = Windows(results, "train", WINDOW, 64, labels=labels)
    return {name: torch.stack([item[name] for item in (windows[0], windows[1])]) for name in windows[0]}


def made(name: str, stats: CoordinateStats, skeleton: DatasetSkeleton) -> Network:
    torch.manual_seed(0)
    return make_network(name, preset_named(name), stats, skeleton)


@pytest.mark.parametrize(("name", "stage"), ANGLED)
def test_an_untrained_network_gives_the_mean_pose(
    name: str, stage: str, batch: Batch, stats: CoordinateStats, skeleton: DatasetSkeleton
) -> None:
    prediction = made(name, stats, skeleton).eval()(batch, stage)
    inner = torch.ones(len(stats.mean), dtype=torch.bool)
    inner[torch.cat([stats.root, stats.root_place])] = False
    inner[stats.mean <= stats.limits[:, 0] + 1e-3] = False  # bounded ones start a little inside
    low, high = stats.limits.T
    mean = stats.mean.clamp(low + 1e-3 * (high - low), high - 1e-3 * (high - low)).where(~stats.free, stats.mean)
    torch.testing.assert_close(prediction.angles[..., inner], mean[inner].expand_as(prediction.angles[..., inner]),
                               atol=1e-4, rtol=0)  # fmt: skip
    torch.testing.assert_close(prediction.scales, torch.ones_like(prediction.scales))
    assert prediction.scales.shape[1:] == (prediction.angles.shape[1], int(stats.bodies), 3)


@pytest.mark.parametrize(("name", "stage"), STAGED)
def test_losses_train_what_a_stage_trains(
    name: str, stage: str, batch: Batch, stats: CoordinateStats, skeleton: DatasetSkeleton, results: Path
) -> None:
    network = made(name, stats, skeleton).train()
    network.start(ShardDataset(results, "train", 1, ()))
    if (name, stage) == ("mint_tiny", "motion"):  # which learns from nothing but what was stored
        batch = {**batch, "estimates": torch.randn(2, 2, WINDOW, 263)}
    terms = network.losses(network(network.augmented(batch), stage), batch)
    assert next(iter(terms)) == "total"
    terms["total"].backward()
    trained = set(network.trained_in(stage))
    reached = {parameter for parameter in network.parameters() if parameter.grad is not None}
    assert reached <= trained
    assert len(reached) > 0.8 * len(trained)


@pytest.mark.parametrize("name", [name for name in TINY if (name, preset_named(name).phases[-1].stage) not in MESHES])
def test_a_network_in_use_says_something_of_every_frame_and_repeats_itself(
    name: str, results: Path, stats: CoordinateStats, skeleton: DatasetSkeleton
) -> None:
    network, preset = made(name, stats, skeleton).eval(), preset_named(name)
    stretch = read_stretch(Windows(results, "test", 20, preset.crop or 32, stride=20), 0, "cpu")
    with torch.no_grad():
        first, second = (network.estimate(stretch, preset.phases[-1].stage, preset.window) for _ in range(2))
    assert first.angles.shape == stretch.batch["angles"][0].shape
    assert first.scales.shape == stretch.scales.shape
    assert first.angles.isfinite().all()
    assert torch.equal(first.angles, second.angles)


@pytest.mark.parametrize("name", ["hsmr_tiny", "biohuman_tiny", "biohuman_smplx_tiny"])
def test_pictures_and_cameras_are_all_that_use_takes(
    name: str, results: Path, stats: CoordinateStats, skeleton: DatasetSkeleton
) -> None:
    network, preset = made(name, stats, skeleton).eval(), preset_named(name)
    whole = read_stretch(Windows(results, "test", 20, preset.crop, stride=20, aspect=preset.aspect), 0, "cpu")
    given = {name: whole.batch[name] for name in ("crops", "rotations", "projections")}
    with torch.no_grad():
        said = network.estimate(Stretch(given, whole.layer, 0), preset.phases[-1].stage, preset.window)
        again = network.estimate(whole, preset.phases[-1].stage, preset.window)
    assert torch.equal(said.angles, again.angles)
    assert said.angles.shape == whole.batch["angles"][0].shape


@pytest.mark.parametrize("name", network_modules())
def test_every_row_of_the_table_is_a_preset_that_a_checkpoint_can_hold(name: str) -> None:
    import dataclasses

    preset, module = preset_named(name), network_module(name)
    assert preset_from_dict(dataclasses.asdict(preset), module.Shape, module.Weights) == preset
    assert preset.with_frames(10_000).with_steps(7).steps == 7
    assert {other for other, row in network_modules().items() if row == network_modules()[name]} == set(module.PRESETS)


def count(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def on_meta(name: str, stats: CoordinateStats, skeleton: DatasetSkeleton) -> Network:
    preset = preset_named(name)
    with torch.device("meta"):
        network = make_network(name, preset, stats, skeleton)
    assert all(parameter.is_meta for parameter in network.parameters())
    return network


def restormer_block(channels: int, heads: int) -> int:
    hidden = int(2.66 * channels)
    attention = heads + 3 * channels * channels + 9 * 3 * channels + channels * channels
    return 2 * channels + attention + channels * 2 * hidden + 9 * 2 * hidden + hidden * channels


def test_parameters_of_the_published_odah(stats: CoordinateStats, skeleton: DatasetSkeleton) -> None:
    network = on_meta("odah", stats, skeleton)
    blocks = 4 * restormer_block(48, 1) + 8 * restormer_block(96, 2) + 6 * restormer_block(384, 4)
    steps = 9 * (48 + 48 * 48 + 96 * 96 + 96 * 96 + 384 * 384) + 2 * 48 * 48 + 2 * 96 * 96
    assert count(network.unet) == blocks + steps
    assert count(network.point) == 1027 * 64 + 64 + 64 * 32 + 32
    assert count(network.frame) == 16_000 * 512 + 512 + 512 * 102 + 102


def test_parameters_of_the_published_d3ke(stats: CoordinateStats, skeleton: DatasetSkeleton) -> None:
    inputs = 9 + 3 * (28 + 103) + stats.factors + 53
    attention, norms = 4 * 256 * 256 + 4 * 256, 4 * 256
    plain = attention + norms + 256 * 512 + 512 + 512 * 256 + 256
    strided = attention + norms + 256 * 512 + 512 + 3 * 512 * 256 + 256
    positions = (243 + 243 + 81 + 9) * 256
    network = on_meta("d3ke", stats, skeleton)
    assert count(network.sequence) == inputs * 256 + 256 + 3 * plain + 3 * strided + positions
    gates = [4 * 128 * (size + 128 + 2) for size in (inputs, 256, 256)]
    assert count(on_meta("d3ke_lstm", stats, skeleton).sequence) == 2 * sum(gates)
    layers = 3 * inputs * 1024 + 4 * (3 * 1024 * 1024 + 1024 * 1024) + 9 * 2 * 1024
    assert count(on_meta("d3ke_tcn", stats, skeleton).sequence) == layers


def test_parameters_of_the_published_neurik(stats: CoordinateStats, skeleton: DatasetSkeleton) -> None:
    network = on_meta("neurik", stats, skeleton)
    width = 103 * 8
    layer = 4 * width * width + 4 * width + 2 * width * 2048 + 2048 + width + 4 * width
    assert count(network.temporal) == 4 * layer + 2 * width
    assert network.temporal.layers[0].self_attn.num_heads == 8
    assert network.place.shape == (64, width)


def test_odah_is_what_section_three_says(stats: CoordinateStats, skeleton: DatasetSkeleton) -> None:
    network = on_meta("odah", stats, skeleton)
    sizes = {name: tuple(parameter.shape) for name, parameter in network.named_parameters()}
    assert sizes["hourglass.stem.0.weight"][1] == 3  # colours, no mask
    assert sizes["point.0.weight"][1] == 1027
    assert sizes["point.2.weight"][0] == 32
    assert sizes["frame.0.weight"][1] == 500 * 32  # one after another, not pooled
    assert sizes["frame.2.weight"][0] == 102
    free = [name for name, on in zip(skeleton.definition.coordinate_names, network.circled, strict=True) if on]
    assert [name.rsplit("_", 1)[0] for name in free] == ["pelvis"] * 3 + ["arm_flex", "arm_add", "arm_rot"] * 2
    assert [len(level) for level in network.unet.down] == [2, 4, 6]
    assert [len(level) for level in network.unet.up] == [2, 4]
    assert [level[0].attention.heads for level in network.unet.down] == [1, 2, 4]
    assert sizes["unet.down.2.0.attention.enter.0.weight"] == (3 * 384, 384, 1, 1)
    assert sizes["unet.down.0.0.attention.enter.1.weight"] == (3 * 48, 1, 3, 3)  # depth-wise
    assert sizes["unet.down.0.0.perceptron.enter.0.weight"] == (2 * int(2.66 * 48), 48, 1, 1)
    assert sizes["angles.angles.weight"] == (53, 48 * 102)
    assert sizes["scales.factors.weight"] == (stats.factors, 384)


def test_the_unets_levels_have_the_papers_shapes() -> None:
    torch.manual_seed(0)
    unet = TemporalUNet((4, 8, 32), (1, 1, 1), (1, 2, 4), (2, 4)).eval()
    shapes: list[tuple[int, ...]] = []
    for level in unet.down:
        level.register_forward_hook(lambda _, __, output: shapes.append(tuple(output.shape)))
    frames, window = unet(torch.randn(2, 16, 10))
    assert shapes == [(2, 4, 10, 16), (2, 8, 10, 8), (2, 32, 10, 2)]
    assert frames.shape == (2, 16, 4 * 10)
    assert window.shape == (2, 32)


def test_folding_frames_into_channels_comes_undone() -> None:
    level_map = torch.randn(2, 3, 5, 8)
    assert folded(level_map, 4).shape == (2, 12, 5, 2)
    assert torch.equal(folded(level_map, 4)[0, :4, 0, 0], level_map[0, 0, 0, :4])
    assert torch.equal(unfolded(folded(level_map, 4), 4), level_map)


def test_channel_attention_by_hand() -> None:
    attention = ChannelAttention(2, 1)
    with torch.no_grad():
        attention.enter[0].weight.copy_(torch.eye(2).repeat(3, 1)[..., None, None])
        attention.enter[1].weight.zero_()[:, 0, 1, 1] = 1.0  # neighbours do not count
        attention.leave.weight.copy_(torch.eye(2)[..., None, None])
    level_map = torch.tensor([[[[3.0, 0.0]], [[0.0, 4.0]]]])  # two channels that have nothing in common
    mixed = attention(level_map)
    e = torch.e
    torch.testing.assert_close(mixed[0, 0, 0], torch.tensor([3.0 * e, 4.0]) / (e + 1.0))


@pytest.mark.parametrize("name", ["odah_tiny", "odah_ours_tiny"])
def test_odah_without_time_sees_one_frame(
    name: str, batch: Batch, stats: CoordinateStats, skeleton: DatasetSkeleton
) -> None:
    network = made(name, stats, skeleton).eval()
    for parameter in network.parameters():
        if parameter.abs().max() == 0:
            torch.nn.init.normal_(parameter, std=0.1)
    changed = {**batch, "crops": batch["crops"].clone()}
    changed["crops"][:, :, 5] = changed["crops"][:, :, 5].flip(-1)
    with torch.no_grad():
        one, other = network(batch, "frame"), network(changed, "frame")
    apart = (one.angles - other.angles).abs().amax(dim=-1)
    # Points are drawn per frame in turn, but each frame's draws are its own.
    assert (apart[:, [0, 1, 2, 3, 4, 6, 7]] < 1e-4).all()
    assert (apart[:, 5] > 1e-4).all()
    if name == "odah_tiny":  # as published, scales are of the frame too
        scales = (one.scales - other.scales).abs().amax(dim=(-2, -1))
        assert scales[:, 4].max() < 1e-5 < scales[:, 5].min()


@pytest.mark.parametrize("name", ["odah_tiny", "odah_ours_tiny"])
def test_odah_sees_the_whole_window(name: str, batch: Batch, stats: CoordinateStats, skeleton: DatasetSkeleton) -> None:
    network = made(name, stats, skeleton).eval()
    for parameter in network.parameters():
        if parameter.abs().max() == 0:
            torch.nn.init.normal_(parameter, std=0.1)
    changed = {**batch, "crops": batch["crops"].clone()}
    changed["crops"][:, :, 15] = changed["crops"][:, :, 15].flip(-1)
    with torch.no_grad():
        apart = (network(batch, "sequence").scales - network(changed, "sequence").scales).abs()
    assert apart.max() > 0


def test_temporal_convolutions_reach_over_243_frames() -> None:
    torch.manual_seed(0)
    network = TemporalConvolutions(1, 4, (1, 3, 9, 27, 81), 0.0).eval()
    frames = torch.randn(1, 401, 1, requires_grad=True)
    network(frames)[0][0][0, 200].sum().backward()
    seen = frames.grad[0, :, 0].nonzero()[:, 0]  # type: ignore[index]
    assert int(seen.min()) >= 200 - 121
    assert int(seen.max()) <= 200 + 121


def test_momentum_of_the_temporal_convolutions_falls(stats: CoordinateStats, skeleton: DatasetSkeleton) -> None:
    network = on_meta("d3ke_tcn", stats, skeleton)
    momenta = []
    for fraction in (0.0, 0.5, 1.0):
        network.advance(fraction)
        momenta.append(network.sequence.first[1].momentum)
    assert momenta == pytest.approx([0.1, 0.01, 0.001])


def test_the_lifting_transformer_strides_to_the_middle_frame() -> None:
    torch.manual_seed(0)
    network = LiftingTransformer(5, 16, 32, 4, 1, (3, 3), 0.0).eval()
    (every, none), (one, middle) = network(torch.randn(2, 9, 5))
    assert every.shape == (2, 9, 16)
    assert none is None
    assert one.shape == (2, 1, 16)
    assert middle == 4
    assert StridedBlock(16, 32, 4, 9, 0.0)(torch.randn(1, 81, 16)).shape == (1, 9, 16)
    with pytest.raises(ValueError, match="expected 9"):
        network(torch.randn(2, 8, 5))


def test_published_d3ke_strides_by_3_9_9(stats: CoordinateStats, skeleton: DatasetSkeleton) -> None:
    network = on_meta("d3ke", stats, skeleton)
    assert [block.stride for block in network.sequence.strided] == [3, 9, 9]
    assert len(network.sequence.vanilla) == 3
    assert network.sequence.window == 243 == preset_named("d3ke").window
    assert network.sequence.vanilla[0].convolutions[0].weight.shape == (512, 256, 1)


def test_d3ke_takes_each_view_for_a_window_and_supervises_both_ends(
    batch: Batch, stats: CoordinateStats, skeleton: DatasetSkeleton
) -> None:
    network = made("d3ke_tiny", stats, skeleton).train()
    said = [network(batch, "sequence") for _ in range(12)]
    assert all(prediction.angles.shape[:2] == (4, 1) for prediction in said)
    assert len({prediction.frame for prediction in said}) > 3  # windows about a clip's first and last frames too
    for prediction in said:  # the inner part's middle frame is the one that the strides end in
        assert int(prediction.earlier[0].frame[WINDOW // 2]) == prediction.frame
    prediction = said[0]
    assert prediction.earlier[0].angles.shape[:2] == (4, WINDOW)
    low, high = stats.limits.T
    bounded = (~stats.translational).index_fill(0, stats.root, False)
    angles = prediction.earlier[0].angles[..., bounded]
    assert ((angles >= low[bounded]) & (angles <= high[bounded])).all()


def test_d3kes_stored_estimates_are_those_of_its_pictures(
    results: Path, batch: Batch, stats: CoordinateStats, skeleton: DatasetSkeleton
) -> None:
    network = made("d3ke_tiny", stats, skeleton).eval()
    with torch.no_grad():
        stored = network.stored({name: value[:1] for name, value in batch.items()})
        assert stored is not None
        there = network({"estimates": stored[None], "rotations": batch["rotations"][:1]}, "sequence")
        here = network({name: value[:1] for name, value in batch.items()}, "sequence")
    torch.testing.assert_close(there.angles, here.angles, atol=1e-5, rtol=0)
    assert not network.stores("frame")


@pytest.mark.parametrize("name", ["d3ke_tiny", "d3ke_ours_tiny"])
def test_d3ke_starts_from_somebody_who_stands(
    name: str, batch: Batch, stats: CoordinateStats, skeleton: DatasetSkeleton
) -> None:
    rotation = made(name, stats, skeleton).eval()(batch, "frame").rotation
    assert rotation is not None
    assert (rotation[..., 1, 1] > 0.95).all()


@pytest.mark.parametrize("name", ["d3ke_tiny", "d3ke_ours_tiny", "hsmr_tiny"])
def test_rotations_stay_whole_in_half_precision(
    name: str, batch: Batch, stats: CoordinateStats, skeleton: DatasetSkeleton
) -> None:
    network = made(name, stats, skeleton).eval()
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        rotation = network(batch, preset_named(name).phases[0].stage).rotation
    assert rotation is not None
    torch.testing.assert_close(rotation @ rotation.mT, torch.eye(3).expand_as(rotation), atol=1e-5, rtol=0)


def test_estimates_stay_whole_in_half_precision(batch: Batch, skeleton: DatasetSkeleton) -> None:
    cameras = batch["rotations"][:, 0]
    rotation = skeleton(batch["angles"], batch["scales"]).transforms[:, :, 0, :3, :3]
    scales = batch["scales"][:, None].expand(-1, WINDOW, -1, -1)
    said = Prediction(batch["angles"], scales, rotation=rotation)
    known = partial(known_of, said, scales.flatten(2), cameras, skeleton)
    with torch.autocast("cpu", torch.bfloat16):
        half = known()
    torch.testing.assert_close(half, known(), atol=1e-5, rtol=0)


def test_the_backbone_is_resnext50() -> None:
    with torch.device("meta"):
        network, features = make_backbone("resnext50")
    assert features == 2048
    assert sum(parameter.numel() for parameter in network.parameters()) == 25_028_904 - 2048 * 1000 - 1000


def test_the_configuration_knows_every_preset() -> None:
    from kinesynth.config_file import config_schema

    offered = config_schema()["properties"]["train"]["properties"]["network"]["enum"]
    assert offered == list(network_modules())


def test_a_fifth_network_is_one_file_and_its_rows(
    monkeypatch: pytest.MonkeyPatch, stats: CoordinateStats, skeleton: DatasetSkeleton
) -> None:
    import sys

    from kinesynth_train import networks

    module = network_module("neurik_tiny")
    monkeypatch.setitem(sys.modules, "kinesynth_train.networks.newcomer", module)
    monkeypatch.setattr(networks, "network_modules", lambda: {"neurik_tiny": "newcomer"})
    assert isinstance(partial(make_network, "neurik_tiny")(preset_named("neurik_tiny"), stats, skeleton), Network)
