"""MQ-HMR: the paper's structure, deformable attention, its losses and metrics, mirrored bodies, and the refinement."""

import dataclasses
import json
from pathlib import Path

import pytest
import torch
from few_steps import costs_of_steps

from kinesynth_train.cli import run
from kinesynth_train.crops import project
from kinesynth_train.data import Batch, Windows
from kinesynth_train.evaluate import read_stretch
from kinesynth_train.mesh_tally import MESH_LABELS, MeshTally
from kinesynth_train.mirror import mirrored_body, partners
from kinesynth_train.networks import make_network, preset_named
from kinesynth_train.networks.mqhmr import REFINED, MeshPrediction, MqHmr
from kinesynth_train.networks.pose_spaces import body_rotations
from kinesynth_train.networks.query_decoder import DeformableAttention
from kinesynth_train.networks.query_refinement import moved, view_of
from kinesynth_train.networks.views import per_view
from kinesynth_train.settings import Settings
from kinesynth_train.skeleton import CoordinateStats, DatasetSkeleton
from kinesynth_train.stretch import Estimate, Stretch
from kinesynth_train.train import fit

LABELS = MqHmr.labels


@pytest.fixture(scope="module")
def network(stats: CoordinateStats, skeleton: DatasetSkeleton) -> MqHmr:
    torch.manual_seed(0)
    made = make_network("mqhmr_tiny", preset_named("mqhmr_tiny"), stats, skeleton)
    assert isinstance(made, MqHmr)
    for layer in (made.read_pose, made.read_betas, made.read_camera):
        torch.nn.init.normal_(layer.weight, std=0.02)
    return made


@pytest.fixture(scope="module")
def batch(results: Path, network: MqHmr) -> Batch:
    """Two windows, whose bodies bend, and whose points are those of the bodies."""
    windows = Windows(results, "train", 3, 64, labels=LABELS, aspect=0.75)
    both = {name: torch.stack([windows[0][name], windows[1][name]]) for name in windows[0]}
    noise = torch.Generator().manual_seed(1)
    for name in ("global_orient", "body_pose"):
        both[name] = 0.3 * torch.randn(both[name].shape, generator=noise)
    both["betas"] = torch.randn(both["betas"].shape, generator=noise)
    points = network.body.points(body_rotations(both), both["betas"][:, None].expand(-1, 3, -1))
    points = points - points[:, :, :1] + both["keypoints"][:, :, :1]
    both["keypoints"] = points[:, :, : network.joints].repeat(1, 1, 2, 1)
    both["markers"] = points[:, :, network.joints :]
    both["keypoints_2d"] = project(both["keypoints"][:, None], both["projections"])
    return both


def truthful(network: MqHmr, batch: Batch, views: int) -> MeshPrediction:
    seen = per_view(batch, views)
    turned = body_rotations(seen)
    root = seen["rotations"] @ turned[:, :, 0]
    points = torch.cat([seen["keypoints"][:, :, : network.joints], seen["markers"]], dim=2)
    rotations = torch.cat([root[:, :, None], turned[:, :, 1:]], dim=2)
    return MeshPrediction(rotations, seen["betas"][:, None].expand(-1, 3, -1), points)


def test_the_published_sizes(stats: CoordinateStats, skeleton: DatasetSkeleton) -> None:
    with torch.device("meta"):
        network = make_network("mqhmr", preset_named("mqhmr"), stats, skeleton)
        assert isinstance(network, MqHmr)
        maps = network.look(torch.empty(2, 4, 256, 256, dtype=torch.uint8))
        told = network.readout(network.decoder(maps, network.queries_of(maps)))
    assert [tuple(level.shape) for level in maps] == [
        (2, 256, 16 * factor, 12 * factor) for factor in (1, 4, 8, 16)
    ]  # fmt: skip
    assert network.decoder.queries.shape == (96, 256)
    assert len(network.decoder.layers) == 4
    assert told.shape == (2, 22 + 2, 256)
    attention = 4 * 256 * 256 + 4 * 256
    look = 257 * 8 * 4 * 4 * 3 + 2 * 257 * 256
    layer = attention + look + 257 * 1024 + 1025 * 256 + 3 * 512
    assert sum(p.numel() for p in network.decoder.parameters()) == 96 * 256 + 257 * 2 + 4 * layer
    doublings = (0 + 2 + 3 + 4) * (256 * 256 * 4 + 256)
    assert sum(p.numel() for p in network.pyramid.parameters()) == 1281 * 256 + doublings + 4 * 512 + 4 * 256
    phase = preset_named("mqhmr").phases[0]
    assert (phase.steps, phase.window * phase.batch_size * 2, phase.learning_rate) == (100_000, 48, 1e-5)


def test_deformable_attention_by_hand() -> None:
    attention = DeformableAttention(4, 2, 1, 1)
    with torch.no_grad():
        for layer in (attention.value, attention.leave):
            layer.weight.copy_(torch.eye(4))
            layer.bias.zero_()
        attention.offsets.bias.copy_(torch.tensor([0.0, 0.0, 1.0, 0.5]))  # x, y in pixels, of either head
    # Rows count in tens and columns in ones, channel after channel in hundreds.
    positions = 10.0 * torch.arange(4.0)[:, None] + torch.arange(5.0)
    level = positions + 100.0 * torch.arange(4.0)[:, None, None]
    there = torch.tensor([[[1.5 / 5, 2.5 / 4]]])  # the middle of the pixel at row 2, column 1
    found = attention(torch.zeros(1, 1, 4), there, [level[None]])
    torch.testing.assert_close(found[0, 0], torch.tensor([21.0, 121.0, 227.0, 327.0]))


def test_the_truth_costs_nothing_and_errors_what_the_paper_says(network: MqHmr, batch: Batch) -> None:
    truth = truthful(network, batch, 2)
    for name, value in network.losses(truth, batch).items():
        assert float(value) == pytest.approx(0.0, abs=1e-3), name
    off = truth._replace(betas=truth.betas + 0.5)
    assert float(network.losses(off, batch)["shape"]) == pytest.approx(10 * 0.25)
    apart = truth.points.clone()
    apart[:, :, 3] += torch.tensor([0.1, 0.0, 0.0])
    terms = network.losses(truth._replace(points=apart), batch)
    seen = per_view(batch, 2)["rotations"][..., 0].abs().sum(dim=-1).mean()
    assert float(terms["joints"]) == pytest.approx(0.1 * float(seen), rel=1e-3)  # in the frame of the camera
    assert float(terms["markers"]) == pytest.approx(0.0, abs=1e-3)
    hidden = {**batch, "visibility": torch.zeros_like(batch["visibility"])}
    assert float(network.losses(truth._replace(points=apart), hidden)["joints_2d"]) == 0.0


def test_an_untrained_one_stands_in_the_crops_middle(
    stats: CoordinateStats, skeleton: DatasetSkeleton, batch: Batch
) -> None:
    fresh = make_network("mqhmr_tiny", preset_named("mqhmr_tiny"), stats, skeleton).eval()
    said = fresh(batch, "picture")
    pelvis = project(said.points[:, :, :1], batch["projections"][:, 0])
    torch.testing.assert_close(pelvis, torch.zeros_like(pelvis), atol=1e-3, rtol=0)
    upward = batch["rotations"][:, 0].mT @ said.rotations[:, :, 0]
    assert (upward[..., 1, 1] > 0.95).all()
    assert (said.points[:, :, 0] - batch["keypoints"][:, :, 0]).norm(dim=-1).max() < 1.0


def test_a_mirrored_body_is_the_mirror_image(network: MqHmr, batch: Batch, skeleton: DatasetSkeleton) -> None:
    other = {**batch, **mirrored_body(batch["global_orient"], batch["body_pose"])}
    betas = torch.zeros(2, 3, 10)
    here, there = (network.body.points(body_rotations(each), betas) for each in (batch, other))
    definition = skeleton.definition
    bodies = partners(definition.body_names)
    order = torch.cat([bodies, len(bodies) + partners(definition.marker_names)])
    image = (here - here[:, :, :1])[:, :, order] * torch.tensor([1.0, 1.0, -1.0])
    assert (there - there[:, :, :1] - image).norm(dim=-1).mean() < 0.003  # as symmetric as the body is
    twice = mirrored_body(other["global_orient"], other["body_pose"])
    for name, value in twice.items():
        torch.testing.assert_close(value, batch[name], atol=1e-5, rtol=0)


def test_steps_go_down_and_never_up() -> None:
    middle = torch.tensor([[[3.0, -1.0]], [[0.0, 1e3]]])
    steepness = torch.tensor([0.4, 1e4])

    def cost(queries: torch.Tensor) -> torch.Tensor:
        return steepness * (queries - middle).square().sum(dim=(1, 2))

    start = torch.zeros(2, 1, 2)
    costs = [cost(moved(cost, start, steps)) for steps in (0, 1, 10)]
    assert (costs[1] <= costs[0]).all()
    assert float(costs[2][0]) < 1e-3 * float(costs[0][0])
    assert float(costs[2][1]) < float(costs[0][1])  # far too steep for the first length, of which half is taken


def stretch_of(batch: Batch, results: Path) -> Stretch:
    whole = read_stretch(Windows(results, "test", 14, 64, stride=14, labels=LABELS, aspect=0.75), 0, "cpu")
    given = {name: value[:1] for name, value in batch.items()}
    return Stretch({**given, "counted": torch.ones(1, 3, dtype=torch.bool)}, whole.layer, 0)


def test_refined_joints_lie_nearer_to_what_was_seen(network: MqHmr, batch: Batch, results: Path) -> None:
    network.eval()
    stretch = dataclasses.replace(stretch_of(batch, results), detected=True)
    seen = stretch.batch["keypoints_2d"][0, 0][:, : network.joints]
    before = {name: parameter.clone() for name, parameter in network.named_parameters()}
    off = []
    with torch.no_grad():
        for steps in (0, 1, 10):
            joints = network.refined(stretch, steps).joints
            assert joints is not None
            off.append(float((project(joints, stretch.batch["projections"][0, 0]) - seen).square().sum(dim=-1).mean()))
    assert off[2] < off[1] < off[0]
    assert all(torch.equal(before[name], parameter) for name, parameter in network.named_parameters())


def test_labels_are_seen_with_noise_and_detections_as_they_are(batch: Batch) -> None:
    first, second = (view_of(batch, 1, detected=False) for _ in range(2))
    assert torch.equal(first["keypoints_2d"], second["keypoints_2d"])
    labels = batch["keypoints_2d"][0, 1][:, :28]
    assert float((first["keypoints_2d"] - labels).std()) == pytest.approx(0.01, rel=0.3)  # half a percent of the side
    assert torch.equal(view_of(batch, 1, detected=True)["keypoints_2d"], labels)
    assert torch.equal(first["rotations"], batch["rotations"][0, 1])


def test_metrics_of_the_mesh_by_hand(network: MqHmr, batch: Batch, results: Path, skeleton: DatasetSkeleton) -> None:
    stretch = stretch_of(batch, results)
    turned = body_rotations({name: stretch.batch[name][0] for name in ("global_orient", "body_pose")})
    quarter = torch.tensor([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]])
    metrics = []
    for turn in (torch.eye(3), quarter):
        root = torch.cat([(turn @ turned[:, 0])[:, None], turned[:, 1:]], dim=1)
        joints, markers = (stretch.batch[name][0] for name in ("keypoints", "markers"))
        said = Estimate(torch.zeros(3, 53), torch.ones(3, 28, 3), markers, body=root, joints=joints[:, :28],
                        betas=stretch.batch["betas"].expand(3, -1))  # fmt: skip
        tally = MeshTally(skeleton, "cpu", network.body)
        tally.add(said, stretch)
        metrics.append(tally.metrics())
    assert metrics[0]["mve_mm"] == pytest.approx(0.0, abs=1e-3)
    assert metrics[0]["mpjpe_mm"] == metrics[0]["mpblpe_mm"] == 0.0
    assert metrics[0]["pck_0.05"] == 1.0
    assert metrics[1]["mve_mm"] > 100.0
    assert metrics[1]["pa_mve_mm"] == pytest.approx(0.0, abs=0.1)
    assert "mae_angle_deg" not in metrics[0]


def test_a_cut_down_size_takes_a_step(batch: Batch, stats: CoordinateStats, skeleton: DatasetSkeleton) -> None:
    preset = preset_named("mqhmr_tiny")
    shape = dataclasses.replace(preset.shape, layers=1, factors=(1, 2), queries=4)
    network = make_network("mqhmr_tiny", dataclasses.replace(preset, shape=shape), stats, skeleton).train()
    costs = costs_of_steps(network, batch, network.parameters(), "picture")
    assert costs[-1] < costs[0]


def test_it_is_trained_and_measured_beside_networks_of_angles(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = {"steps": 2, "batch_size": 2, "window": 2, "device": "cpu"}
    made = {name: fit(Settings(results, tmp_path / name, name, **sizes)) for name in ("mqhmr_tiny", "hsmr_tiny")}
    assert 0 < made["mqhmr_tiny"]["mpjpe_mm"] < 2000
    assert made["mqhmr_tiny"]["baseline_mae_angle_deg"] > 0
    assert REFINED.format(10) in made["mqhmr_tiny"]["baselines"]
    checkpoints = [str(tmp_path / name / "checkpoint.pt") for name in made]
    arguments = ["--shards", str(results), "--output", str(tmp_path / "table.json"), "--device", "cpu"]
    assert run(["evaluate", "--checkpoint", *checkpoints, *arguments]) == 0
    methods = json.loads((tmp_path / "table.json").read_text())["methods"]
    assert methods["mqhmr_tiny"]["mpjpe_mm"] == pytest.approx(made["mqhmr_tiny"]["mpjpe_mm"], rel=1e-4)
    rows = {line.split("  ")[0]: line.split() for line in capsys.readouterr().out.splitlines() if ", " in line}
    assert rows["MVE, mm"][-1] == "-"  # of hsmr
    assert rows["MAE_angle, deg"][-1] != "-"


def test_bodies_are_for_networks_of_meshes(results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fitting = ["fit", "--shards", str(results), "--output", str(tmp_path), "--body", str(tmp_path / "none.npz")]
    assert run([*fitting, "--network", "neurik_tiny"]) == 2
    assert run([*fitting, "--network", "mqhmr_tiny"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert "predicts no mesh" in lines[0]
    assert "found no file" in lines[1]
    assert set(MESH_LABELS) <= set(LABELS)
