"""BioPose's chain: markers of meshes, with their errors, to angles and scales."""

from pathlib import Path

import pytest
import torch

from kinesynth_train.data import Batch, Windows
from kinesynth_train.evaluate import read_stretch
from kinesynth_train.networks import make_network, preset_named
from kinesynth_train.networks.biopose import UNREFINED, BioPose, of_meshes
from kinesynth_train.networks.marker_windows import about_mean
from kinesynth_train.networks.query_refinement import view_of
from kinesynth_train.settings import Settings
from kinesynth_train.skeleton import CoordinateStats, DatasetSkeleton
from kinesynth_train.train import fit
from kinesynth_train.virtual_markers import MarkerDraw


@pytest.fixture(scope="module")
def network(stats: CoordinateStats, skeleton: DatasetSkeleton) -> BioPose:
    torch.manual_seed(0)
    made = make_network("biopose_tiny", preset_named("biopose_tiny"), stats, skeleton)
    assert isinstance(made, BioPose)
    for layer in (made.front.read_pose, made.front.read_betas, made.front.read_camera):
        torch.nn.init.normal_(layer.weight, std=0.02)  # else nothing could be refined
    return made.eval()


@pytest.fixture(scope="module")
def batch(results: Path) -> Batch:
    windows = Windows(results, "train", 14, 64, labels=BioPose.labels, aspect=0.75)
    return {name: torch.stack([windows[0][name], windows[1][name]]) for name in windows[0]}


@pytest.fixture(scope="module")
def stored(network: BioPose, batch: Batch) -> Batch:
    """The windows with what was made of their pictures."""
    windows = [{name: value[n : n + 1] for name, value in batch.items()} for n in range(2)]
    with torch.no_grad():
        estimates = torch.stack([network.stored(window) for window in windows])
    return {**{name: value for name, value in batch.items() if name != "crops"}, "estimates": estimates}


def test_the_published_parts(stats: CoordinateStats, skeleton: DatasetSkeleton) -> None:
    preset = preset_named("biopose")
    with torch.device("meta"):
        network = make_network("biopose", preset, stats, skeleton)
    alone = {}
    for name in ("mqhmr", "neurik"):
        with torch.device("meta"):
            alone[name] = make_network(name, preset_named(name), stats, skeleton)
    sizes = {name: sum(p.numel() for p in each.parameters()) for name, each in alone.items()}
    assert sum(p.numel() for p in network.parameters()) == sizes["mqhmr"] + sizes["neurik"]
    assert preset.phases[1].batch_size * 2 == 128
    assert (preset.phases[1].learning_rate, preset.window) == (1e-3, 64)


def test_meshes_are_stored_as_markers_of_each_view(network: BioPose, batch: Batch, stored: Batch) -> None:
    assert stored["estimates"].shape == (2, 2, 14, 3 * 103)
    with torch.no_grad():
        refined = network.front.bodies(view_of(batch, 1, detected=False), 10).points[:, 28:]
        plain = network.front(batch, "picture").points[:, :, 28:]
    apart = of_meshes(stored)["markers"].unflatten(0, (2, 2))
    torch.testing.assert_close(apart[0, 1], refined)
    assert 0 < float((apart[:, 0] - plain).norm(dim=-1).mean()) < 0.3
    assert network.stores("markers")
    assert not network.stores("picture")


def test_windows_that_are_not_drawn_are_the_meshes_markers(
    network: BioPose, stored: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network.inverse.virtual, "draw", MarkerDraw(share=0.0, noise_m=0.0, missing=0.0))
    drawn = network.augmented(stored)
    assert drawn["markers"].shape == (4, 14, 103, 3)
    found = of_meshes(stored)["markers"]
    torch.testing.assert_close(about_mean(drawn["markers"])[0], about_mean(found)[0], atol=1e-4, rtol=0)
    assert torch.equal(drawn["angles"], stored["angles"].repeat_interleave(2, 0))


def test_drawn_windows_have_the_meshes_errors_on_top(network: BioPose, stored: Batch) -> None:
    plain = {name: value.repeat_interleave(2, 0) for name, value in stored.items() if name != "estimates"}
    off = torch.zeros(2, 2, 14, 103, 3)
    off[:, :, :, 7, 1], off[:, :, :, 8, 1] = 0.03, -0.03  # which moves no mean
    true = stored["markers"][:, None].expand_as(off)
    torch.manual_seed(3)
    found = network.augmented({**stored, "estimates": (true + off).flatten(3)})
    torch.manual_seed(3)
    wanted = network.inverse.augmented(plain)
    assert torch.equal(found["angles"], wanted["angles"])
    assert not torch.equal(found["angles"], plain["angles"])
    torch.testing.assert_close(
        found["markers"], wanted["markers"] + off.flatten(0, 1), atol=1e-5, rtol=0, equal_nan=True
    )


def test_either_stage_trains_its_network(network: BioPose, batch: Batch, stored: Batch) -> None:
    network.train()
    for stage, given, part in (("picture", batch, "front."), ("markers", network.augmented(stored), "inverse.")):
        network.zero_grad()
        network.losses(network(given, stage), given)["total"].backward()
        reached = {name for name, parameter in network.named_parameters() if parameter.grad is not None}
        assert reached
        assert all(name.startswith(part) for name in reached)
        assert len(network.trained_in(stage)) == len([n for n, _ in network.named_parameters() if n.startswith(part)])
    network.eval()


def test_it_tells_angles_and_one_set_of_scales(network: BioPose, results: Path) -> None:
    stretch = read_stretch(Windows(results, "test", 14, 64, stride=14, labels=BioPose.labels, aspect=0.75), 0, "cpu")
    with torch.no_grad():
        said = network.estimate(stretch, "markers", 16)
        without = network.baselines()[UNREFINED](stretch)
    assert said.angles.shape == stretch.batch["angles"][0].shape
    assert said.angles.isfinite().all()
    assert torch.equal(said.scales[0], said.scales[-1])
    assert not torch.equal(said.angles, without.angles)


def test_a_run_measures_both_chains(results: Path, tmp_path: Path) -> None:
    metrics = fit(Settings(results, tmp_path, "biopose_tiny", steps=3, batch_size=2, device="cpu"))
    assert 0 < metrics["mae_angle_deg"] < 30
    assert metrics["baselines"][UNREFINED]["mae_angle_deg"] > 0
    assert {"pose", "joints_2d"} <= set(metrics["loss"][0])
    assert {"angles", "scales"} <= set(metrics["loss"][-1])
