"""Heads for forces and moments: units, frames, what is not valid, and that they are off unless wanted."""

from pathlib import Path

import pytest
import torch

from kinesynth_train.data import Batch, Windows
from kinesynth_train.dynamics_tally import DynamicsTally
from kinesynth_train.evaluate import read_stretch
from kinesynth_train.networks import make_network, preset_named
from kinesynth_train.networks.biohuman import BioHuman
from kinesynth_train.networks.dynamics_head import (
    GRAVITY,
    Dynamics,
    dynamics_terms,
    in_world,
    learned_moments,
    true_dynamics,
)
from kinesynth_train.networks.views import per_view
from kinesynth_train.settings import Settings
from kinesynth_train.skeleton import CoordinateStats, DatasetSkeleton
from kinesynth_train.stretch import Estimate
from kinesynth_train.train import fit


@pytest.fixture(scope="module")
def network(stats: CoordinateStats, skeleton: DatasetSkeleton) -> BioHuman:
    torch.manual_seed(0)
    made = make_network("biohuman_dynamics_tiny", preset_named("biohuman_dynamics_tiny"), stats, skeleton)
    assert isinstance(made, BioHuman)
    return made


@pytest.fixture(scope="module")
def batch(results: Path, network: BioHuman) -> Batch:
    windows = Windows(results, "train", 14, 64, labels=network.labels, aspect=0.75)
    return {name: torch.stack([windows[0][name], windows[1][name]]) for name in windows[0]}


def test_they_are_off_unless_wanted(network: BioHuman, stats: CoordinateStats, skeleton: DatasetSkeleton) -> None:
    plain = make_network("biohuman_tiny", preset_named("biohuman_tiny"), stats, skeleton)
    more = set(network.state_dict()) - set(plain.state_dict())
    assert more == {f"dynamics.{part}.{kind}" for part in ("forces", "moments") for kind in ("weight", "bias")}
    assert "grf/force" not in plain.labels


def test_units_and_frames(network: BioHuman, batch: Batch, skeleton: DatasetSkeleton) -> None:
    truth = per_view(batch, 2)
    wanted = true_dynamics(truth)
    weight = 75.337 * GRAVITY
    torch.testing.assert_close(wanted.forces[0], batch["force"][0] / weight)
    assert 0.5 < float(wanted.forces[..., 1].sum(dim=-1).mean()) < 1.5
    torch.testing.assert_close(wanted.moments[0], batch["moments"][0] / 75.337)
    seen = wanted._replace(forces=wanted.forces @ truth["rotations"].mT)
    told = learned_moments(skeleton)
    assert int(told.sum()) == 41 - 3
    terms = dynamics_terms(seen, truth, told)
    assert all(float(value) < 1e-5 for value in terms.values())
    off = dynamics_terms(Dynamics(seen.forces + 0.1, seen.moments + 0.5), truth, told)
    assert float(off["force"]) == pytest.approx(0.6, rel=1e-4)
    assert float(off["moment"]) == pytest.approx(0.5, rel=1e-4)
    invalid = {**truth, "force_valid": torch.zeros_like(truth["force_valid"])}
    assert float(dynamics_terms(Dynamics(seen.forces + 0.1, seen.moments), invalid, told)["force"]) == 0.0
    back = in_world(Dynamics(seen.forces[0], seen.moments[0]), truth["rotations"][0])
    torch.testing.assert_close(back.forces, wanted.forces[0], atol=1e-5, rtol=0)


def test_metrics_by_hand(network: BioHuman, results: Path, skeleton: DatasetSkeleton) -> None:
    stretch = read_stretch(Windows(results, "test", 20, 64, labels=network.labels, stride=20, aspect=0.75), 0, "cpu")
    truth = true_dynamics(stretch.batch)
    metrics = []
    for dynamics in (Dynamics(truth.forces[0] + torch.tensor([0.0, 0.1, 0.0]), truth.moments[0] - 0.3), None):
        tally = DynamicsTally(skeleton, "cpu")
        angles, working = stretch.batch["angles"][0], stretch.batch["activations"][0]
        tally.add(Estimate(angles, stretch.scales, activations=working, dynamics=dynamics), stretch)
        metrics.append(tally.metrics())
    assert metrics[0]["force_rmse_bw"] == pytest.approx(0.1, rel=1e-4)
    assert metrics[0]["force_vertical_rmse_bw"] == pytest.approx(0.2, rel=1e-4)
    assert metrics[0]["moment_rmse_nm_kg"] == pytest.approx(0.3, rel=1e-4)
    assert metrics[1]["force_rmse_bw"] is None


def test_a_run_tells_of_forces(results: Path, tmp_path: Path) -> None:
    metrics = fit(Settings(results, tmp_path, "biohuman_dynamics_tiny", steps=4, batch_size=2, window=8, device="cpu"))
    assert metrics["force_vertical_rmse_bw"] > 0
    assert metrics["moment_rmse_nm_kg"] > 0
    assert {"force", "moment"} <= set(metrics["loss"][-1])
