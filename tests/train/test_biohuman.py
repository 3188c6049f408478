"""BioHuman: gates, tokens by turns, a residual pose, stages, what is frozen, and windows that fade into one another."""

import dataclasses
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from few_steps import costs_of_steps

from kinesynth.dataset import ShardDataset
from kinesynth.errors import BadInput
from kinesynth_train.data import KINEMATIC_LABELS, Batch, Windows
from kinesynth_train.evaluate import read_stretch
from kinesynth_train.networks import make_network, preset_named
from kinesynth_train.networks.biohuman import BioHuman
from kinesynth_train.networks.gated_fusion import GatedFusion
from kinesynth_train.networks.hsmr import Reading
from kinesynth_train.networks.mean_activation import mean_activations
from kinesynth_train.skeleton import CoordinateStats, DatasetSkeleton
from kinesynth_train.windowing import faded, window_starts

LABELS = (*KINEMATIC_LABELS, "activations", "quality/activation_valid")
MUSCLES = 112


@pytest.fixture(scope="module")
def batch(results: Path) -> Batch:
    windows = Windows(results, "train", 16, 64, labels=LABELS, aspect=0.75)
    return {name: torch.stack([windows[0][name], windows[1][name]]) for name in windows[0]}


def made(name: str, stats: CoordinateStats, skeleton: DatasetSkeleton) -> BioHuman:
    torch.manual_seed(0)
    network = make_network(name, preset_named(name), stats, skeleton)
    assert isinstance(network, BioHuman)
    return network


def test_published_sizes(stats: CoordinateStats, skeleton: DatasetSkeleton) -> None:
    with torch.device("meta"):
        network = make_network("biohuman", preset_named("biohuman"), stats, skeleton)
        assert isinstance(network, BioHuman)
        reading = Reading(*(torch.empty(2, 4, size) for size in (1024, 82, stats.factors, 3)))
        code, activations, _ = network.over_time(reading, torch.zeros(2, 4, dtype=torch.bool))
    assert code.shape == (2, 4, 82)
    assert activations.shape == (2, 4, MUSCLES)
    sizes = {name: tuple(parameter.shape) for name, parameter in network.named_parameters()}
    assert sizes["encoder.enter.weight"] == (512, 3 * 82)  # a pose, its change, the change of that
    assert sizes["seen.weight"] == (512, 1024 + stats.factors + 3)
    assert sizes["fusion.kinds"] == (2, 512)
    assert sizes["fusion.input_gate.layers.0.weight"] == (512, 1024)
    assert len(network.fusion.transformer.layers) == 8
    block = 4 * 512**2 + 4 * 512 + 2 * 512 * 2048 + 2048 + 512 + 4 * 512
    assert sum(parameter.numel() for parameter in network.fusion.transformer.parameters()) == 8 * block
    core = preset_named("biohuman").phases[1]
    assert core.window == 32
    assert core.batch_size * 2 * core.accumulate == 64


def test_gates_and_turns_by_hand() -> None:
    fusion = GatedFusion(4, 1, 8, 1, 0.0).eval()
    with torch.no_grad():
        fusion.into_pose.weight.copy_(torch.eye(4))
        fusion.into_pose.bias.zero_()
        for gate, opening in ((fusion.input_gate, 0.0), (fusion.output_gate, 100.0)):
            gate.layers[2].weight.zero_()
            gate.layers[2].bias.fill_(opening)
        for layer in fusion.transformer.layers:  # let tokens through as they are
            for part in (layer.self_attn.out_proj, layer.linear2):
                part.weight.zero_()
                part.bias.zero_()
        fusion.kinds.zero_()
    tokens = []
    fusion.transformer.register_forward_pre_hook(lambda _, inputs: tokens.append(inputs[0]))
    pose, seen = torch.randn(1, 3, 4), torch.randn(1, 3, 4)
    state = fusion(pose, seen, torch.zeros(1, 3, dtype=torch.bool))
    by_turns = tokens[0].unflatten(1, (3, 2))
    torch.testing.assert_close(by_turns[:, :, 0] - by_turns[:, :, 1], pose + 0.5 * seen - seen)  # half open
    whole = by_turns[:, :, 0] + by_turns[:, :, 1]  # wide open
    torch.testing.assert_close(state, torch.nn.functional.layer_norm(whole, (4,)), atol=1e-4, rtol=0)


def test_padded_frames_change_nothing(stats: CoordinateStats, skeleton: DatasetSkeleton, batch: Batch) -> None:
    network = made("biohuman_tiny", stats, skeleton).eval()
    torch.nn.init.normal_(network.correction[2].weight, std=0.1)
    with torch.no_grad():
        reading = network.read(network.tokens(batch["crops"][:, 0]))
        noisy = reading._replace(**{
            name: value.clone().index_add_(1, torch.arange(10, 16), torch.randn(2, 6, value.shape[-1]))
            for name, value in reading._asdict().items()
        })  # fmt: skip
        padded = torch.zeros(2, 16, dtype=torch.bool)
        padded[:, 10:] = True
        (one, working, _), (other, too, _) = (network.over_time(said, padded) for said in (reading, noisy))
    torch.testing.assert_close(one[:, :10], other[:, :10], atol=1e-5, rtol=0)
    torch.testing.assert_close(working[:, :10], too[:, :10], atol=1e-5, rtol=0)


def test_an_untrained_one_keeps_the_front_ends_pose_and_rests(
    stats: CoordinateStats, skeleton: DatasetSkeleton, batch: Batch
) -> None:
    network = made("biohuman_tiny", stats, skeleton).eval()
    torch.nn.init.normal_(network.front.read_code.weight, std=0.02)
    first, both = network(batch, "picture"), network(batch, "final")
    torch.testing.assert_close(both.angles, first.angles, atol=1e-3, rtol=0)
    assert both.activations is not None
    assert both.activations.shape == (2, 16, MUSCLES)
    assert float(both.activations.detach().mean()) == pytest.approx(0.05, abs=0.02)


@pytest.mark.parametrize(("name", "trained"), [("biohuman_tiny", True), ("biohuman_two_stage_tiny", False)])
def test_the_encoder_is_frozen_and_of_two_stages_the_whole_front_end(
    name: str, trained: bool, stats: CoordinateStats, skeleton: DatasetSkeleton, batch: Batch
) -> None:
    network = made(name, stats, skeleton).train()
    network.losses(network(batch, "final"), batch)["total"].backward()
    assert all(parameter.grad is None for parameter in network.front.vit.parameters())
    head = network.front.read_code.weight.grad
    assert (head is not None and bool(head.abs().max() > 0)) == trained
    groups = network.rates("final")
    assert [factor for factor, _ in groups] == ([0.3, 1.0] if trained else [1.0])
    chosen = [parameter for _, group in groups for parameter in group]
    assert len({id(parameter) for parameter in chosen}) == len(chosen) == len(network.trained_in("final"))


def test_terms_of_the_stages(stats: CoordinateStats, skeleton: DatasetSkeleton, batch: Batch) -> None:
    network = made("biohuman_tiny", stats, skeleton).train()
    names = {stage: set(network.losses(network(batch, stage), batch)) for stage in ("picture", "core", "final")}
    assert "keypoints_2d" in names["picture"]
    assert names["final"] - names["core"] == {"active", "peak", "spread"}
    assert {"pose", "pose_change", "activation", "activation_change", "correlation", "front"} < names["core"]


def test_activations_that_are_not_valid_cost_nothing(
    stats: CoordinateStats, skeleton: DatasetSkeleton, batch: Batch
) -> None:
    network = made("biohuman_tiny", stats, skeleton).eval()
    assert not batch["activation_valid"].all()
    wrong = batch["activations"].masked_fill(~batch["activation_valid"][..., None], 7.0)
    with torch.no_grad():
        said = network(batch, "final")
        one, other = (network.losses(said, {**batch, "activations": truth}) for truth in (batch["activations"], wrong))
    assert one == other


def test_stored_tokens_are_those_of_the_pictures(
    stats: CoordinateStats, skeleton: DatasetSkeleton, batch: Batch
) -> None:
    network = made("biohuman_tiny", stats, skeleton).eval()
    torch.nn.init.normal_(network.correction[2].weight, std=0.1)
    assert network.stores("core")
    assert not network.stores("picture")
    with torch.no_grad():
        stored = network.stored({name: value[:1] for name, value in batch.items()})
        kept = {name: value[:1] for name, value in batch.items() if name != "crops"}
        there, here = network({**kept, "estimates": stored[None]}, "core"), network(batch, "core")
    torch.testing.assert_close(there.angles, here.angles[:1], atol=1e-4, rtol=0)


def test_windows_fade_into_one_another(stats: CoordinateStats, skeleton: DatasetSkeleton, results: Path) -> None:
    starts = window_starts(10, 4, 1).tolist()
    assert starts == [0, 3, 6]
    whole = torch.arange(10.0)[:, None]
    torch.testing.assert_close(faded([whole[start : start + 4] for start in starts], starts, 10, 1), whole)
    steps = faded([torch.zeros(4, 1), torch.ones(4, 1)], [0, 2], 6, 2)[:, 0]
    torch.testing.assert_close(steps, torch.tensor([0, 0, 1 / 3, 2 / 3, 1, 1]))
    network = made("biohuman_tiny", stats, skeleton).eval()
    torch.nn.init.normal_(network.correction[2].weight, std=0.1)
    stretch = read_stretch(Windows(results, "test", 14, 64, stride=14, labels=LABELS, aspect=0.75), 0, "cpu")
    with torch.no_grad():
        said = network.estimate(stretch, "final", 16)  # a clip that is shorter than a window
        alone = network(stretch.batch, "final")
    torch.testing.assert_close(said.angles, alone.angles[0], atol=1e-3, rtol=0)
    assert said.activations is not None
    torch.testing.assert_close(said.activations, alone.activations[0], atol=1e-5, rtol=0)


def test_the_mean_of_valid_activations_is_the_baseline(
    results: Path, stats: CoordinateStats, skeleton: DatasetSkeleton, tmp_path: Path
) -> None:
    labels = ShardDataset(results, "train", 1, ())
    frames = []
    for place in labels.clips:
        with h5py.File(place.shard) as file:
            clip = file["clips"][place.clip_id]
            frames.append(clip["activations"][()][clip["quality/activation_valid"][()]])
    network = made("biohuman_tiny", stats, skeleton)
    network.start(labels)
    np.testing.assert_allclose(network.mean_activation, np.concatenate(frames).mean(axis=0), atol=1e-6)
    stretch = read_stretch(Windows(results, "test", 14, stride=14, labels=LABELS), 0, "cpu")
    said = network.baselines()["mean activation"](stretch)
    assert said.activations is not None
    assert torch.equal(said.activations[3], network.mean_activation)
    blank = tmp_path / "shards" / "anna_000.h5"
    blank.parent.mkdir()
    blank.write_bytes((results / "shards" / "anna_000.h5").read_bytes())
    with h5py.File(blank, "r+") as file:
        for clip in file["clips"].values():
            clip["quality/activation_valid"][...] = False
    with pytest.raises(BadInput, match="no valid frame to train on"):
        mean_activations(ShardDataset(blank, "train", 1, ()))


def test_a_cut_down_size_takes_a_step(batch: Batch, stats: CoordinateStats, skeleton: DatasetSkeleton) -> None:
    preset = preset_named("biohuman_tiny")
    shape = dataclasses.replace(preset.shape, layers=1, encoder_layers=1)
    network = make_network("biohuman_tiny", dataclasses.replace(preset, shape=shape), stats, skeleton).train()
    parameters = [parameter for _, group in network.rates("core") for parameter in group]
    costs = costs_of_steps(network, batch, parameters, "core")
    assert costs[-1] < costs[0]
