from dataclasses import replace
from pathlib import Path

import pytest
import torch

from kinesynth_train.data import Batch, Windows
from kinesynth_train.skeleton import Anatomy, DatasetSkeleton
from kinesynth_train.virtual_markers import MarkerDraw, VirtualMarkers


@pytest.fixture(scope="module")
def batch(results: Path) -> Batch:
    windows = Windows(results, "test", 6, 32)
    return {name: torch.stack([item[name] for item in (windows[0], windows[1])]) for name in windows[0]}


def drawn(batch: Batch, anatomy: Anatomy, skeleton: DatasetSkeleton, **draw: float) -> Batch:
    torch.manual_seed(0)
    quiet = {"share": 1.0, "placement_m": 0.0, "noise_m": 0.0, "missing": 0.0}
    return VirtualMarkers(MarkerDraw(**{**quiet, **draw}), anatomy, skeleton)(batch)


def test_drawn_markers_belong_to_the_drawn_body(batch: Batch, anatomy: Anatomy, skeleton: DatasetSkeleton) -> None:
    new = drawn(batch, anatomy, skeleton)
    pose = skeleton(new["angles"], new["scales"])
    torch.testing.assert_close(pose.markers, new["markers"])
    torch.testing.assert_close(pose.keypoints, new["keypoints"])
    assert not torch.equal(new["scales"], batch["scales"])
    low, high = anatomy.limits.T
    allowed = (low - 1e-6).minimum(batch["angles"]), (high + 1e-6).maximum(batch["angles"])
    inner = ~anatomy.translational
    inner[anatomy.root] = False
    assert ((new["angles"] >= allowed[0]) & (new["angles"] <= allowed[1]))[..., inner].all()


def test_drawn_bodies_are_such_as_a_head_can_predict(batch: Batch, anatomy: Anatomy, skeleton: DatasetSkeleton) -> None:
    ties = torch.arange(len(anatomy.ties)) % 13
    new = drawn(batch, replace(anatomy, ties=ties), skeleton)
    ratio = (new["scales"] / batch["scales"]).flatten(1)
    torch.testing.assert_close(ratio, ratio[:, :13][:, ties])
    assert ratio[:, :13].std(dim=1).min() > 0.01


def test_another_heading_turns_everything(batch: Batch, anatomy: Anatomy, skeleton: DatasetSkeleton) -> None:
    still = {"size": 0.0, "proportion": 0.0, "pose": 0.0, "sway": 0.0}
    new = drawn(batch, anatomy, skeleton, **still, turn=3.0)
    old_pelvis, new_pelvis = batch["keypoints"][:, :, :1], new["keypoints"][:, :, :1]
    old, turned = batch["keypoints"] - old_pelvis, new["keypoints"] - new_pelvis
    torch.testing.assert_close(old[..., 1], turned[..., 1], atol=1e-4, rtol=0)
    torch.testing.assert_close(old.norm(dim=-1), turned.norm(dim=-1), atol=1e-4, rtol=0)
    assert (old - turned).abs().max() > 0.1


def test_each_window_may_lack_its_own_share(batch: Batch, anatomy: Anatomy, skeleton: DatasetSkeleton) -> None:
    many = {name: value.repeat_interleave(40, dim=0) for name, value in batch.items()}
    new = drawn(many, anatomy, skeleton, share=0.0, missing=0.1, most_missing=0.9)
    shares = new["markers"][:, 0].isnan().any(dim=-1).float().mean(dim=1)
    assert shares.min() < 0.3
    assert shares.max() > 0.7
    assert 0.35 < shares.mean() < 0.65


def test_markers_go_missing_and_others_stay_recorded(batch: Batch, anatomy: Anatomy, skeleton: DatasetSkeleton) -> None:
    new = drawn(batch, anatomy, skeleton, share=0.0, missing=0.3)
    lost = new["markers"].isnan().any(dim=-1)
    assert 0.1 < lost.float().mean() < 0.5
    assert torch.equal(lost[:, :1].expand_as(lost), lost)
    torch.testing.assert_close(new["markers"][~lost], batch["markers"][~lost])
    assert torch.equal(new["angles"], batch["angles"])
