"""NeurIK and our variant of it: markers that are missing, which frame a window gives, and where the pelvis is."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from kinesynth_train.data import Batch, Windows
from kinesynth_train.evaluate import read_stretch
from kinesynth_train.networks import Network, make_network, preset_named
from kinesynth_train.skeleton import CoordinateStats, DatasetSkeleton

WINDOW = 16


@pytest.fixture(scope="module")
def batch(results: Path) -> Batch:
    windows = Windows(results, "train", WINDOW)
    return {name: torch.stack([item[name] for item in (windows[0], windows[1])]) for name in windows[0]}


def made(name: str, stats: CoordinateStats, skeleton: DatasetSkeleton) -> Network:
    torch.manual_seed(0)
    return make_network(name, preset_named(name), stats, skeleton)


@pytest.mark.parametrize("name", ["neurik_tiny", "neurik_ours_tiny"])
def test_neurik_stands_missing_markers(
    name: str, batch: Batch, stats: CoordinateStats, skeleton: DatasetSkeleton
) -> None:
    network = made(name, stats, skeleton).eval()
    for parameter in network.head.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    holes = {**batch, "markers": batch["markers"].clone()}
    holes["markers"][:, :, 3] = torch.nan
    angles = network(holes, "sequence").angles
    assert angles.isfinite().all()
    assert not torch.equal(angles, network(batch, "sequence").angles)


def test_neurik_gives_the_last_frame_and_keeps_every_marker(
    results: Path, batch: Batch, stats: CoordinateStats, skeleton: DatasetSkeleton
) -> None:
    network = made("neurik_tiny", stats, skeleton).eval()
    torch.nn.init.normal_(network.head.angles.weight, std=0.1)
    prediction = network(batch, "sequence")
    assert prediction.frame == WINDOW - 1
    assert prediction.angles.shape[:2] == (2, 1)
    markers = int(stats.markers)
    assert network.spatial_features(batch["markers"]).shape == (2, WINDOW, 2 * markers)
    assert network.place.shape == (WINDOW, 2 * markers)
    assert network.place.requires_grad
    stretch = read_stretch(Windows(results, "test", 20, stride=20), 0, "cpu")
    with torch.no_grad():
        said = network.estimate(stretch, "sequence", WINDOW)
        window = {"markers": stretch.batch["markers"][:, 20 - WINDOW :]}
        torch.testing.assert_close(said.angles[-1], network(window, "sequence").angles[0, 0], atol=1e-5, rtol=0)
        first = {"markers": stretch.batch["markers"][:, :1].expand(-1, WINDOW, -1, -1)}
        torch.testing.assert_close(said.angles[0], network(first, "sequence").angles[0, 0], atol=1e-5, rtol=0)


def test_neurik_lays_the_pelvis_on_the_markers(batch: Batch, stats: CoordinateStats, skeleton: DatasetSkeleton) -> None:
    network = made("neurik_tiny", stats, skeleton).eval()
    prediction = network(batch, "sequence")
    found = skeleton(prediction.angles, prediction.scales).markers.mean(dim=2)
    torch.testing.assert_close(found[:, 0], batch["markers"][:, -1].mean(dim=1), atol=1e-4, rtol=0)


def test_neuriks_training_sees_windows_that_begin_with_a_clip(
    batch: Batch, stats: CoordinateStats, skeleton: DatasetSkeleton
) -> None:
    network = made("neurik_tiny", stats, skeleton).train()
    ends = {network(batch, "sequence").frame for _ in range(40)}
    assert WINDOW - 1 in ends
    assert len(ends) > 5


@pytest.mark.parametrize("name", ["neurik_tiny", "d3ke_tiny"])
def test_no_batch_is_about_what_comes_after_the_clips_end(
    name: str, results: Path, stats: CoordinateStats, skeleton: DatasetSkeleton
) -> None:
    network = made(name, stats, skeleton).train()
    crop = 64 if network.pictures else 0
    item = Windows(results, "train", WINDOW, crop)[0]
    short = {n: value[None] for n, value in item.items()}
    short["frame_valid"] = torch.arange(WINDOW)[None] < 5
    frames = {network(short, "sequence").frame for _ in range(20)}
    assert max(frames) < 5
    assert len(frames) > 2


def test_neuriks_middle_frame(batch: Batch, stats: CoordinateStats, skeleton: DatasetSkeleton) -> None:
    preset = preset_named("neurik_ours_tiny")
    network = make_network(
        "neurik_ours_tiny", replace(preset, shape=replace(preset.shape, output="centre")), stats, skeleton
    )
    prediction = network(batch, "sequence")
    assert prediction.frame == WINDOW // 2
    assert prediction.angles.shape[1] == 1
