"""HSMR's fit to keypoints, and labels that get better by it."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch

from kinesynth.dataset import ShardDataset
from kinesynth_train import train
from kinesynth_train.checkpoint import load_checkpoint
from kinesynth_train.crops import project
from kinesynth_train.data import Batch, Windows
from kinesynth_train.networks import hsmr_refined, make_network, preset_named
from kinesynth_train.networks.hsmr_refined import SKELIFY, HsmrRefined, seen_in, single
from kinesynth_train.networks.pseudo_labels import apart
from kinesynth_train.networks.skelify import REFINER
from kinesynth_train.presets import Augment
from kinesynth_train.settings import Settings
from kinesynth_train.skeleton import CoordinateStats, DatasetSkeleton
from kinesynth_train.train import fit

FLIPPED = Augment(flip=1.0)


def made(results: Path, stats: CoordinateStats, skeleton: DatasetSkeleton, **changes: float) -> HsmrRefined:
    torch.manual_seed(0)
    preset = preset_named("hsmr_refined_tiny")
    shape = dataclasses.replace(preset.shape, **changes)
    network = make_network("hsmr_refined_tiny", dataclasses.replace(preset, shape=shape), stats, skeleton)
    assert isinstance(network, HsmrRefined)
    network.start(ShardDataset(results, "train", 1, ()))
    return network


def batch_of(results: Path, augment: Augment | None = None) -> Batch:
    windows = Windows(results, "train", 3, 64, aspect=0.75, augment=augment)
    batch = {name: torch.stack([windows[0][name], windows[1][name]]) for name in windows[0]}
    joints = batch["keypoints"][:, None].expand(-1, 2, -1, -1, -1)
    return {**batch, "keypoints_2d": project(joints, batch["projections"])}  # as a pinhole sees them


@pytest.mark.parametrize("augment", [None, FLIPPED])
def test_labels_that_are_not_spoiled_are_the_shards(
    results: Path, stats: CoordinateStats, skeleton: DatasetSkeleton, augment: Augment | None
) -> None:
    network = made(results, stats, skeleton, noise_deg=0.0, swapped=0.0)
    pictures = apart(batch_of(results, augment), 2)
    assert pictures["angles"].shape[:2] == (12, 1)
    assert pictures["crops"].shape[:3] == (12, 1, 1)
    assert pictures["mirrored"].all() == (augment is not None)
    truth = network.labelled(pictures)
    torch.testing.assert_close(truth["angles"], pictures["angles"], atol=1e-5, rtol=0)
    torch.testing.assert_close(truth["scales"], pictures["scales"], atol=1e-5, rtol=0)
    torch.testing.assert_close(truth["keypoints"], pictures["keypoints"], atol=1e-4, rtol=0)


def test_spoiled_labels_are_off_by_as_much_as_is_asked(
    results: Path, stats: CoordinateStats, skeleton: DatasetSkeleton
) -> None:
    exact, spoiled = (made(results, stats, skeleton, noise_deg=n, swapped=0.0).pseudo for n in (0.0, 15.0))
    off = torch.rad2deg(spoiled.angles - exact.angles)
    own = off.abs().amax(dim=0) > 0
    assert int(own.sum()) == 41
    assert float(off[:, own].std()) == pytest.approx(15.0, rel=0.1)
    swapped = made(results, stats, skeleton, noise_deg=0.0, swapped=1.0).pseudo
    names = skeleton.definition.coordinate_names
    right, left = names.index("knee_angle_r"), names.index("knee_angle_l")
    torch.testing.assert_close(swapped.angles[:, right], exact.angles[:, left])


def test_the_fit_finds_a_pose_from_one_that_is_off(
    results: Path, stats: CoordinateStats, skeleton: DatasetSkeleton
) -> None:
    network = made(results, stats, skeleton)
    pictures = apart(batch_of(results), 2)
    seen = seen_in(pictures)
    factors = torch.zeros(12, network.stats.factors)
    angles = pictures["angles"][:, 0].clone()
    code = network.pose.code.hinges
    angles[:, code] += 0.2
    angles[:, network.stats.root_place] += torch.tensor([0.1, 0.05, 0.2])
    start = network.variables(angles, factors, seen)
    placed = start._replace(place=network.skelify.placed(start, seen))
    before, between = (seen.errors(network.skelify.keypoints(each, seen)[0]) for each in (start, placed))
    found = network.skelify.fit(start, seen, REFINER)
    after = seen.errors(network.skelify.keypoints(found, seen)[0])
    assert (between < before).all()
    assert (after < between).all()
    assert float(after.mean()) < 0.4 * float(between.mean())


def test_least_squares_find_the_true_place(results: Path, stats: CoordinateStats, skeleton: DatasetSkeleton) -> None:
    network = made(results, stats, skeleton)
    pictures = apart(batch_of(results), 2)
    pictures["visibility"] = torch.full_like(pictures["visibility"], 2)
    seen, angles = seen_in(pictures), pictures["angles"][:, 0]
    units = (pictures["scales"].flatten(1)[:, network.first_of_each] - 1.0) / 0.1
    true = network.variables(angles, units, seen)
    found = network.skelify.placed(true._replace(place=true.place + torch.tensor([0.3, -0.2, 0.5])), seen)
    torch.testing.assert_close(found, true.place, atol=0.02, rtol=0)


@pytest.mark.parametrize("augment", [None, FLIPPED])
def test_better_fits_become_labels(
    results: Path, stats: CoordinateStats, skeleton: DatasetSkeleton, augment: Augment | None
) -> None:
    network = made(results, stats, skeleton, warmup=0, period=1, noise_deg=15.0, swapped=0.0).train()
    batch = batch_of(results, augment)
    pictures = apart(batch, 2)
    before = network.pseudo.angles.clone()
    far = (network.labelled(pictures)["keypoints"] - pictures["keypoints"]).norm(dim=-1).mean()
    network.losses(network(batch, "picture"), batch)
    bettered = int(network.pseudo.bettered)
    assert 6 <= bettered <= 12
    changed = (network.pseudo.angles != before).any(dim=1)
    assert int(changed.sum()) == bettered
    assert set(changed.nonzero()[:, 0].tolist()) <= set(pictures["row"].tolist())
    near = (network.labelled(pictures)["keypoints"] - pictures["keypoints"]).norm(dim=-1).mean()
    assert near < far


def test_a_period_of_0_leaves_labels_alone(results: Path, stats: CoordinateStats, skeleton: DatasetSkeleton) -> None:
    network = made(results, stats, skeleton, warmup=0, period=0).train()
    batch = batch_of(results)
    said = network(batch, "picture")
    assert single(said).angles.shape[:2] == (12, 1)
    assert network.losses(said, batch)["total"] > 0
    assert int(network.pseudo.bettered) == 0


def test_a_killed_run_goes_on_with_its_labels(results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    preset = preset_named("hsmr_refined_tiny")
    quick = dataclasses.replace(preset, shape=dataclasses.replace(preset.shape, warmup=0, period=2))
    monkeypatch.setitem(hsmr_refined.PRESETS, "hsmr_refined_tiny", quick)
    sizes = {"steps": 6, "batch_size": 2, "window": 2, "device": "cpu"}
    whole = fit(Settings(results, tmp_path / "whole", "hsmr_refined_tiny", **sizes))
    killed = Settings(results, tmp_path / "killed", "hsmr_refined_tiny", checkpoint_every=3, resume=True, **sizes)
    save = train.save_checkpoint

    def save_and_die(*args: Any) -> None:
        save(*args)
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(train, "save_checkpoint", save_and_die)
        with pytest.raises(KeyboardInterrupt):
            fit(killed)
    assert fit(killed)["loss"] == whole["loss"]
    both = [load_checkpoint(tmp_path / name / "checkpoint.pt", best=False)[0].network for name in ("whole", "killed")]
    assert int(both[0].pseudo.bettered) == int(both[1].pseudo.bettered) > 0
    assert torch.equal(both[0].pseudo.angles, both[1].pseudo.angles)


def test_a_run_betters_labels_and_measures_the_fit_alone(results: Path, tmp_path: Path) -> None:
    metrics = fit(Settings(results, tmp_path, "hsmr_unrefined_tiny", steps=3, batch_size=2, window=2, device="cpu"))
    assert 0 < metrics["mae_angle_deg"] < 60
    assert metrics["baselines"][SKELIFY]["pck_0.1"] > 0.5
