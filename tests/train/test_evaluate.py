"""Every frame counts once, whatever a network's window; baselines solve the problem that they say they solve."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from kinesynth_train.baselines import low_passed, marker_ik, mean_pose, triangulated
from kinesynth_train.data import Windows
from kinesynth_train.evaluate import held_out, measure, read_stretch
from kinesynth_train.inverse_kinematics import Search, inverse_kinematics, search_limits
from kinesynth_train.metrics import angle_errors_deg, counted_angles
from kinesynth_train.skeleton import CoordinateStats, DatasetSkeleton
from kinesynth_train.stretch import Estimate, Stretch
from kinesynth_train.windowing import joined, window_about_each, window_starts, windows_of


@pytest.fixture(scope="module")
def stretch(results: Path) -> Stretch:
    return read_stretch(Windows(results, "test", 14, 32, stride=14), 0, "cpu")


@pytest.mark.parametrize(("window", "stride"), [(7, 7), (8, 8), (8, 4), (9, 2), (40, 40)])
def test_every_frame_counts_once(results: Path, window: int, stride: int) -> None:
    windows = Windows(results, "test", window, stride=stride)
    counted = sum(int(windows[index]["counted"].sum()) for index in range(len(windows)))
    assert counted == 20 + 14


def test_frames_count_once_whatever_the_stretch(
    results: Path, skeleton: DatasetSkeleton, stats: CoordinateStats
) -> None:
    tables = []
    for window in (8, 20):
        windows = Windows(results, "test", window, stride=window)
        tables.append(measure({"mean": partial(mean_pose, stats=stats)}, skeleton, windows, "cpu")["mean"])
    for name in ("mae_angle_deg", "mpjpe_mm", "mpblpe_mm", "mae_moving_deg", "frames"):
        assert tables[0][name] == pytest.approx(tables[1][name], rel=1e-5)
    # Between stretches no velocity is lost: the last frame that an earlier one saw is there again.
    assert tables[0]["mpjve_mm_s"] == pytest.approx(tables[1]["mpjve_mm_s"], rel=0.2)


def test_stretches_are_whole_clips(results: Path) -> None:
    split, windows = held_out(results, 0)
    assert split == "test"
    assert sorted(read_stretch(windows, index, "cpu").frames for index in range(len(windows))) == [14, 20]


def test_frames_come_from_the_first_window_that_holds_them() -> None:
    starts = window_starts(7, 3)
    assert starts.tolist() == [0, 3, 4]
    batch = {"angles": torch.arange(7.0)[None, :, None], "scales": torch.ones(1, 2, 3)}
    windows = windows_of(batch, starts, 3)
    assert windows["angles"][:, :, 0].tolist() == [[0, 1, 2], [3, 4, 5], [4, 5, 6]]
    assert windows["scales"].shape == (3, 2, 3)
    marked = windows["angles"] + 10.0 * torch.arange(3)[:, None, None]
    assert joined(marked, starts, 7)[:, 0].tolist() == [0, 1, 2, 13, 14, 15, 26]
    short = windows_of({"angles": torch.arange(2.0)[None, :, None]}, window_starts(2, 4), 4)
    assert short["angles"][0, :, 0].tolist() == [0, 1, 1, 1]
    assert joined(short["angles"], window_starts(2, 4), 2)[:, 0].tolist() == [0, 1]


def test_a_window_about_each_frame_repeats_the_ends() -> None:
    frames = torch.arange(5.0)
    assert window_about_each(frames, 4, 3).tolist() == [
        [0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 2], [0, 1, 2, 3], [1, 2, 3, 4],
    ]  # fmt: skip
    assert window_about_each(frames, 3, 1)[0].tolist() == [0, 0, 1]
    assert window_about_each(frames, 3, 1)[4].tolist() == [3, 4, 4]


def test_landmarks_are_held_against_the_subjects_own(skeleton: DatasetSkeleton, stretch: Stretch) -> None:
    from kinesynth_train.tally import Tally

    aside = {**stretch.batch, "markers": stretch.batch["markers"] + torch.tensor([0.0, 0.03, 0.0])}
    truth = Estimate(stretch.batch["angles"][0], stretch.scales)
    tally = Tally(skeleton, "cpu")
    tally.add(truth, Stretch(aside, stretch.layer, 0))
    metrics = tally.metrics()
    assert metrics["mpblpe_mm"] == pytest.approx(30.0, abs=0.1)
    assert metrics["mpblpe_bony_mm"] == pytest.approx(30.0, abs=0.1)
    assert metrics["mpjpe_mm"] == pytest.approx(0.0, abs=0.05)


def test_soft_landmarks_are_no_bony_ones(skeleton: DatasetSkeleton, stretch: Stretch) -> None:
    from kinesynth_train.tally import Tally

    names = skeleton.definition.marker_names
    moved = stretch.batch["markers"].clone()
    moved[:, :, [names.index(name) for name in ("RTH2", "RGTR", "LUA1")]] += 1.0
    tally = Tally(skeleton, "cpu")
    truth = Estimate(stretch.batch["angles"][0], stretch.scales)
    tally.add(truth, Stretch({**stretch.batch, "markers": moved}, stretch.layer, 0))
    metrics = tally.metrics()
    assert metrics["mpblpe_mm"] == pytest.approx(3 * 1000 * 3**0.5 / len(names), rel=1e-3)
    assert metrics["mpblpe_bony_mm"] == pytest.approx(0.0, abs=0.1)


def test_a_heading_costs_nothing_once_it_is_aligned(
    skeleton: DatasetSkeleton, stats: CoordinateStats, stretch: Stretch
) -> None:
    from kinesynth_train.tally import Tally

    angles = stretch.batch["angles"][0].clone()
    turn = skeleton.definition.coordinate_names.index("pelvis_rotation")
    angles[:, turn] += torch.linspace(0.2, 0.6, len(angles))
    tally = Tally(skeleton, "cpu")
    tally.add(Estimate(angles, stretch.scales), stretch)
    metrics = tally.metrics()
    assert metrics["mae_angle_deg"] == pytest.approx(np.degrees(0.4) / 41, rel=1e-3)
    assert metrics["mae_aligned_deg"] == pytest.approx(0.0, abs=2e-3)
    assert metrics["pa_mpjve_mm_s"] < 1.0 < metrics["mpjve_mm_s"]


def test_limits_are_counted_in_frames(skeleton: DatasetSkeleton, stretch: Stretch) -> None:
    from kinesynth_train.tally import Tally

    definition = skeleton.definition
    angles = stretch.batch["angles"][0].clone()
    knee, wrist = (definition.coordinate_names.index(name) for name in ("knee_angle_l", "wrist_flex_r"))
    angles[:5, knee] = float(definition.coordinate_ranges[knee, 1]) + np.radians(15.0)
    angles[:, wrist] = 3.0  # no hinge that counts
    tally = Tally(skeleton, "cpu")
    tally.add(Estimate(angles, stretch.scales), stretch)
    metrics = tally.metrics()
    assert metrics["beyond_limits_10_percent"] == pytest.approx(100.0 * 5 / len(angles))
    assert metrics["beyond_limits_20_percent"] == 0.0
    turned = Tally(skeleton, "cpu")
    turned.add(Estimate(angles + 2.0 * np.pi, stretch.scales), stretch)  # the same pose
    assert turned.metrics()["beyond_limits_10_percent"] == pytest.approx(metrics["beyond_limits_10_percent"])


def test_inverse_kinematics_finds_the_pose_again(stretch: Stretch, stats: CoordinateStats) -> None:
    definition = stretch.layer.definition
    angles = inverse_kinematics(stretch.batch["markers"][0], stretch.layer, stats)
    errors = angle_errors_deg(angles, stretch.batch["angles"][0].double())[:, counted_angles(definition)]
    assert errors.max() < 0.01
    low, high = search_limits(definition).T
    assert ((angles >= low) & (angles <= high)).all()


def test_the_search_starts_from_any_heading(stretch: Stretch, stats: CoordinateStats) -> None:
    turned = stretch.batch["angles"][0].double().clone()
    turned[:, stats.root] += torch.tensor([0.0, 0.0, 2.5]).double()
    markers = stretch.layer(turned).markers
    angles = inverse_kinematics(markers, stretch.layer, stats)
    assert (stretch.layer(angles).markers - markers).norm(dim=-1).max() < 1e-4


def test_a_marker_without_weight_pulls_nothing(stretch: Stretch, stats: CoordinateStats) -> None:
    name = (
        stretch.layer.definition.marker_names.index("RSCA")
        if "RSCA" in stretch.layer.definition.marker_names
        else (stretch.layer.definition.marker_names.index("RACR"))
    )
    moved = stretch.batch["markers"][0].clone()
    moved[:, name] += 0.1
    one, other = (inverse_kinematics(points, stretch.layer, stats) for points in (stretch.batch["markers"][0], moved))
    torch.testing.assert_close(one, other, atol=1e-6, rtol=0)


def test_slopes_are_the_markers_derivatives(stretch: Stretch, stats: CoordinateStats) -> None:
    search = Search(stretch.batch["markers"][0, :1].double(), stretch.layer)
    angles = search.upright(stats)
    residual = search._residual(angles)
    slope = search._slopes(angles, residual)[0, 7]
    unknown = int(search._unknown[7])
    step = torch.zeros_like(angles)
    step[:, unknown] = 1e-3
    change = (search._residual(angles) - search._residual(angles + step))[0] / 1e-3
    torch.testing.assert_close(slope, change, atol=1e-3, rtol=1e-2)


def test_noise_in_the_pictures_costs_degrees(stretch: Stretch, stats: CoordinateStats) -> None:
    markers = stretch.batch["markers"][0]
    off = (triangulated(stretch, low_pass=False) - markers).norm(dim=-1)
    assert 0.001 < off.mean() < 0.03
    assert (triangulated(stretch, low_pass=True) - markers).norm(dim=-1).mean() < off.mean()
    estimate = marker_ik(stretch, stats, noise=True)
    assert torch.equal(estimate.scales[3], stretch.batch["scales"][0])
    wrong = angle_errors_deg(estimate.angles, stretch.batch["angles"][0])[:, counted_angles(stretch.layer.definition)]
    assert 0.2 < wrong.mean() < 6


def test_the_filter_by_hand() -> None:
    times = torch.arange(400) / 100.0
    slow, fast = torch.sin(2 * torch.pi * 1.0 * times), torch.sin(2 * torch.pi * 30.0 * times)
    passed = low_passed((slow + fast)[:, None], 100.0)[:, 0]
    # Forward and back, a Butterworth filter of order 2 keeps 1 / (1 + (f / 6 Hz)^4) of an amplitude: 0.9992 and 0.0016.
    assert (passed - slow)[50:-50].abs().max() < 0.005
    at_cutoff = low_passed(torch.sin(2 * torch.pi * 6.0 * times)[:, None], 100.0)[100:-100, 0]
    assert float(at_cutoff.abs().max()) == pytest.approx(0.5, abs=0.01)
    assert torch.equal(low_passed(fast[:, None], 12.0), fast[:, None])  # nothing above 6 Hz in 12 frames a second
    assert np.isfinite(low_passed(torch.ones(3, 2), 100.0).numpy()).all()
