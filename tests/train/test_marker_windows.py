from dataclasses import replace
from pathlib import Path

import pytest
import torch

from kinesynth.dataset import ShardDataset
from kinesynth_train.data import Batch, Windows
from kinesynth_train.evaluate import read_stretch
from kinesynth_train.laboratory_sets import laboratory_sets
from kinesynth_train.networks import Network, make_network, preset_named
from kinesynth_train.networks.marker_windows import counterparts, facing
from kinesynth_train.rotations import root_to_rotation
from kinesynth_train.skeleton import CoordinateStats, DatasetSkeleton
from kinesynth_train.virtual_markers import MarkerDraw, VirtualMarkers
from kinesynth_train.windowing import windows_of


@pytest.fixture(scope="module")
def batch(results: Path) -> Batch:
    windows = Windows(results, "test", 6, 32)
    return {name: torch.stack([item[name] for item in (windows[0], windows[1])]) for name in windows[0]}


def drawn(batch: Batch, stats: CoordinateStats, skeleton: DatasetSkeleton, **draw: float) -> Batch:
    torch.manual_seed(0)
    quiet = {"share": 1.0, "placement_m": 0.0, "noise_m": 0.0, "missing": 0.0}
    return VirtualMarkers(MarkerDraw(**{**quiet, **draw}), stats, skeleton)(batch)


def test_drawn_markers_belong_to_the_drawn_body(
    batch: Batch, stats: CoordinateStats, skeleton: DatasetSkeleton
) -> None:
    new = drawn(batch, stats, skeleton)
    pose = skeleton(new["angles"], new["scales"])
    torch.testing.assert_close(pose.markers, new["markers"])
    torch.testing.assert_close(pose.keypoints, new["keypoints"])
    assert not torch.equal(new["scales"], batch["scales"])
    low, high = stats.limits.T
    allowed = (low - 1e-6).minimum(batch["angles"]), (high + 1e-6).maximum(batch["angles"])
    inner = ~stats.translational
    inner[stats.root] = False
    assert ((new["angles"] >= allowed[0]) & (new["angles"] <= allowed[1]))[..., inner].all()


def test_drawn_bodies_are_such_as_a_head_can_predict(
    batch: Batch, stats: CoordinateStats, skeleton: DatasetSkeleton
) -> None:
    ties = torch.arange(len(stats.ties)) % 13
    new = drawn(batch, replace(stats, ties=ties), skeleton)
    ratio = (new["scales"] / batch["scales"]).flatten(1)
    torch.testing.assert_close(ratio, ratio[:, :13][:, ties])
    assert ratio[:, :13].std(dim=1).min() > 0.01


def test_another_heading_turns_everything(batch: Batch, stats: CoordinateStats, skeleton: DatasetSkeleton) -> None:
    still = {"size": 0.0, "proportion": 0.0, "pose": 0.0, "sway": 0.0}
    new = drawn(batch, stats, skeleton, **still, turn=3.0)
    old_pelvis, new_pelvis = batch["keypoints"][:, :, :1], new["keypoints"][:, :, :1]
    old, turned = batch["keypoints"] - old_pelvis, new["keypoints"] - new_pelvis
    torch.testing.assert_close(old[..., 1], turned[..., 1], atol=1e-4, rtol=0)
    torch.testing.assert_close(old.norm(dim=-1), turned.norm(dim=-1), atol=1e-4, rtol=0)
    assert (old - turned).abs().max() > 0.1


def test_each_window_may_lack_its_own_share(batch: Batch, stats: CoordinateStats, skeleton: DatasetSkeleton) -> None:
    many = {name: value.repeat_interleave(40, dim=0) for name, value in batch.items()}
    new = drawn(many, stats, skeleton, share=0.0, missing=0.1, most_missing=0.9)
    fractions = new["markers"][:, 0].isnan().any(dim=-1).float().mean(dim=1)
    assert fractions.min() < 0.3
    assert fractions.max() > 0.7
    assert 0.35 < fractions.mean() < 0.65


def test_markers_go_missing_and_others_stay_recorded(
    batch: Batch, stats: CoordinateStats, skeleton: DatasetSkeleton
) -> None:
    new = drawn(batch, stats, skeleton, share=0.0, missing=0.3)
    lost = new["markers"].isnan().any(dim=-1)
    assert 0.1 < lost.float().mean() < 0.5
    assert torch.equal(lost[:, :1].expand_as(lost), lost)
    torch.testing.assert_close(new["markers"][~lost], batch["markers"][~lost])
    assert torch.equal(new["angles"], batch["angles"])


def test_some_windows_wear_a_laboratorys_set(batch: Batch, stats: CoordinateStats, skeleton: DatasetSkeleton) -> None:
    """Or two at once; none has a marker that no set has, and markers sit about their landmarks."""
    many = {name: value.repeat_interleave(20, dim=0) for name, value in batch.items()}
    still = {"size": 0.0, "proportion": 0.0, "pose": 0.0, "sway": 0.0, "turn": 0.0}
    new = drawn(many, stats, skeleton, **still, laboratory=1.0, most_dropped=0.0)
    sets = laboratory_sets(skeleton.definition.marker_names)
    seen = new["markers"].isfinite().all(dim=-1)[:, 0]
    worn = torch.tensor(sets.worn)
    assert all(bool((worn & ~one == 0).all(dim=1).any()) for one in seen)
    knee = skeleton.definition.marker_names.index("RLFC")
    away = (new["markers"] - skeleton(many["angles"], many["scales"]).markers)[:, 0, knee].norm(dim=-1)
    assert 0.005 < float(away[seen[:, knee]].median()) < 0.05


def test_markers_may_be_hidden_for_a_while(batch: Batch, stats: CoordinateStats, skeleton: DatasetSkeleton) -> None:
    hidden = drawn(batch, stats, skeleton, share=0.0, hidden=1.0)["markers"].isnan().any(dim=-1)
    assert 0.1 < hidden.float().mean() < 0.6
    assert bool((hidden.any(dim=1) & ~hidden.all(dim=1)).any())


def test_who_turns_faces_another_way_and_is_seen_the_same(batch: Batch, skeleton: DatasetSkeleton) -> None:
    turn = torch.tensor([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]])  # a quarter about y
    pairs = counterparts(skeleton.definition.marker_names)
    markers = batch["markers"].clone()
    markers[:, :, 0] = torch.nan
    here, there = facing(markers, pairs), facing(markers @ turn.T, pairs)
    torch.testing.assert_close(there, turn @ here, atol=1e-5, rtol=0)
    across = (markers @ here)[:, :, pairs[:, 0]] - (markers @ here)[:, :, pairs[:, 1]]
    assert (across.nansum(dim=2)[..., 2] > 0.5).all()
    nobody = facing(torch.full_like(markers, torch.nan), pairs)
    torch.testing.assert_close(nobody, torch.eye(3).expand_as(nobody))


@pytest.fixture
def network(results: Path, stats: CoordinateStats, skeleton: DatasetSkeleton) -> Network:
    """Return one that ships, untrained, whose heads do not begin with zeros."""
    torch.manual_seed(0)
    network = make_network("neurik_any", preset_named("neurik_any"), stats, skeleton).eval()
    network.start(ShardDataset(results, "train", 1, ()))
    for parameter in network.head.parameters():
        torch.nn.init.normal_(parameter, std=0.05)
    return network


def test_a_network_that_sees_how_one_faces_turns_with_the_person(
    network: Network, batch: Batch, stats: CoordinateStats
) -> None:
    turn = torch.tensor([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]])
    one = network(batch, "sequence")
    other = network({**batch, "markers": batch["markers"] @ turn.T}, "sequence")
    torch.testing.assert_close(other.rotation, turn @ one.rotation, atol=1e-3, rtol=0)
    place = stats.root_place
    torch.testing.assert_close(other.angles[..., place], one.angles[..., place] @ turn.T, atol=1e-3, rtol=0)
    inner = ~stats.translational
    inner[stats.root] = False
    torch.testing.assert_close(other.angles[..., inner], one.angles[..., inner], atol=1e-3, rtol=0)
    assert one.angles[..., inner].std(dim=1).max() > 1e-4  # it does look at the markers
    rotation = root_to_rotation(one.angles[..., stats.root], stats.root_axes)
    torch.testing.assert_close(rotation, one.rotation, atol=1e-5, rtol=0)


def test_windows_that_overlap_fade_into_each_other(network: Network, results: Path) -> None:
    """In a clip of one window they are that window; over several no frame leaps where one begins."""
    stretch = read_stretch(Windows(results, "test", 20, stride=20), 0, "cpu")
    with torch.no_grad():
        whole = network.estimate(stretch, "sequence", 20)
        torch.testing.assert_close(whole.angles, network(stretch.batch, "sequence").angles[0], atol=1e-5, rtol=0)
        parts = network.estimate(stretch, "sequence", 8)
    assert parts.angles.shape == whole.angles.shape
    assert parts.scales.shape == whole.scales.shape
    first = network(windows_of(stretch.batch, torch.tensor([0]), 8), "sequence").angles[0, :4]
    torch.testing.assert_close(parts.angles[:4], first, atol=1e-5, rtol=0)
