"""The cascade to muscles: motion's 263 numbers, and the transformer that sees nothing else."""

from pathlib import Path

import pytest
import torch

from kinesynth_train.data import Batch, Windows
from kinesynth_train.evaluate import read_stretch
from kinesynth_train.motion_descriptors import NUMBERS, descriptors, headings
from kinesynth_train.networks import make_network, preset_named
from kinesynth_train.networks.mint import Activations, Mint
from kinesynth_train.rotations import vector_to_rotation
from kinesynth_train.settings import Settings
from kinesynth_train.skeleton import CoordinateStats, DatasetSkeleton
from kinesynth_train.surface_body import SHIPPED, SurfaceBody, read_surface
from kinesynth_train.train import fit


@pytest.fixture(scope="module")
def body(skeleton: DatasetSkeleton) -> SurfaceBody:
    return read_surface(SHIPPED, skeleton.definition)


@pytest.fixture(scope="module")
def network(stats: CoordinateStats, skeleton: DatasetSkeleton) -> Mint:
    torch.manual_seed(0)
    made = make_network("mint_tiny", preset_named("mint_tiny"), stats, skeleton)
    assert isinstance(made, Mint)
    return made.eval()


@pytest.fixture(scope="module")
def batch(results: Path) -> Batch:
    windows = Windows(results, "train", 14, 64, labels=Mint.labels, aspect=0.75)
    return {name: torch.stack([windows[0][name], windows[1][name]]) for name in windows[0]}


def walk(body: SurfaceBody, heading: float, fps: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Somebody stiff who slides ahead by a metre a second for six frames, and swings the head."""
    rotations = torch.eye(3).repeat(6, 22, 1, 1)
    rotations[:, 15] = vector_to_rotation(torch.linspace(0, 0.5, 6)[:, None] * torch.tensor([1.0, 0.0, 0.0]))
    rotations[:, 0] = vector_to_rotation(torch.tensor([0.0, heading, 0.0]))
    ahead = torch.tensor([0.0, 0.0, 1.0]) @ rotations[0, 0].T
    joints = body.joints(rotations, torch.zeros(6, 10)) + torch.arange(6)[:, None, None] / fps * ahead
    return rotations, joints + torch.tensor([3.0, 0.7, -2.0])


@pytest.mark.parametrize("fps", [20.0, 30.0])
@pytest.mark.parametrize("heading", [0.0, 2.0])
def test_numbers_of_somebody_who_slides_ahead(body: SurfaceBody, heading: float, fps: float) -> None:
    rotations, joints = walk(body, heading, fps)
    torch.testing.assert_close(headings(joints), torch.full((6,), heading), atol=0.02, rtol=0)
    numbers = descriptors(rotations, joints, fps)
    assert numbers.shape == (6, NUMBERS)
    assert numbers[:, 0].abs().max() < 1e-4
    torch.testing.assert_close(numbers[:, 1:3], torch.tensor([0.0, 1.0 / 20.0]).expand(6, 2), atol=2e-3, rtol=0)
    height = joints[0, 0, 1] - joints[..., 1].min()
    torch.testing.assert_close(numbers[:, 3], height.expand(6))
    positions = numbers[:, 4:67].unflatten(1, (21, 3))
    assert (positions[:, 0, 0] > 0.03).all()  # the left hip is to the left, which is +x of somebody who looks along z
    torch.testing.assert_close(positions[0], positions[-1], atol=1e-4, rtol=0)
    sixes = numbers[:, 67:193].unflatten(1, (21, 6))
    torch.testing.assert_close(sixes[-1, 14, :3], torch.tensor([1.0, 0.0, 0.0]))
    assert float(sixes[-1, 14, 5]) == pytest.approx(torch.tensor(0.5).sin())
    torch.testing.assert_close(numbers[:, 193:196], torch.tensor([0.0, 0.0, 0.05]).expand(6, 3), atol=2e-3, rtol=0)
    assert (numbers[:, 259:] == 0).all()  # 0.05 m a frame is no standing
    assert (descriptors(rotations, joints[:1].expand(6, -1, -1), fps)[:, 259:] == 1).all()


def test_a_turn_is_told_per_frame_of_that_rate(body: SurfaceBody) -> None:
    rotations = torch.eye(3).repeat(4, 22, 1, 1)
    rotations[:, 0] = vector_to_rotation(torch.linspace(3.0, 3.3, 4)[:, None] * torch.tensor([0.0, 1.0, 0.0]))
    numbers = descriptors(rotations, body.joints(rotations, torch.zeros(4, 10)), 40.0)
    torch.testing.assert_close(numbers[:, 0], torch.full((4,), 0.2), atol=1e-3, rtol=0)


def test_the_published_transformer(stats: CoordinateStats, skeleton: DatasetSkeleton) -> None:
    with torch.device("meta"):
        network = make_network("mint", preset_named("mint"), stats, skeleton)
        assert isinstance(network, Mint)
        working = network.muscles(torch.empty(2, 28, NUMBERS), torch.zeros(2, 28, dtype=torch.bool))
    assert working.shape == (2, 28, 112)
    layer = 4 * 256 * 256 + 4 * 256 + 2 * 256 * 1024 + 1024 + 256 + 4 * 256
    assert sum(p.numel() for p in network.transformer.parameters()) == 16 * layer + 2 * 256
    phases = preset_named("mint").phases[1:]
    assert [(p.steps, p.batch_size * 2, p.learning_rate) for p in phases] == [
        (200_000, 128, 2e-4),
        (100_000, 128, 2e-5),
    ]


def test_stored_motion_is_that_of_use(network: Mint, batch: Batch, results: Path) -> None:
    stretch = read_stretch(Windows(results, "test", 20, 64, stride=20, labels=Mint.labels, aspect=0.75), 0, "cpu")
    with torch.no_grad():
        stored = network.stored(stretch.batch)
        said = network.estimate(stretch, "motion", 16)
    assert stored.shape == (2, stretch.frames, NUMBERS)
    assert said.activations is not None
    assert said.activations.shape == (stretch.frames, 112)
    with torch.no_grad():
        first = network.muscles(stored[:1, :16], torch.zeros(1, 16, dtype=torch.bool))
    torch.testing.assert_close(said.activations[:16], first[0], atol=1e-5, rtol=0)
    assert float(said.activations.mean()) == pytest.approx(0.05, abs=0.03)


def test_terms_by_hand_and_what_is_not_valid(network: Mint, batch: Batch) -> None:
    truth = batch["activations"].repeat_interleave(2, 0)
    exact = network.losses(Activations(truth), batch)
    assert all(float(value) == 0.0 for value in exact.values())
    off = network.losses(Activations(truth + 0.2), batch)
    assert float(off["activation"]) == pytest.approx(0.5 * 0.2**2, rel=1e-4)
    assert float(off["activation_change"]) == pytest.approx(0.0, abs=1e-9)
    invalid = {**batch, "activation_valid": torch.zeros_like(batch["activation_valid"])}
    assert float(network.losses(Activations(truth + 0.2), invalid)["total"]) == 0.0


def test_a_run_tells_of_mesh_and_muscles(results: Path, tmp_path: Path) -> None:
    metrics = fit(Settings(results, tmp_path, "mint_tiny", steps=4, batch_size=2, device="cpu"))
    assert 0 < metrics["muscle_rmse"] < 1
    assert 0 < metrics["mve_mm"] < 2000
    assert "mae_angle_deg" not in metrics
    assert {"activation", "activation_change"} <= set(metrics["loss"][-1])
