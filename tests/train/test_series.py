"""Curves over time and sizes of bodies, by hand."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from kinesynth_train.body_sizes import measured_lengths_mm
from kinesynth_train.data import Windows
from kinesynth_train.evaluate import read_stretch
from kinesynth_train.series import Clip, Series, quartiles
from kinesynth_train.skeleton import DatasetSkeleton
from kinesynth_train.stretch import Estimate
from kinesynth_train.tally import Tally

TWO = torch.tensor([True, False, True])


def clip(angles_deg: list[list[float]], truth_deg: list[list[float]], markers: torch.Tensor | None = None) -> Clip:
    angles, truth = (torch.deg2rad(torch.tensor(array)) for array in (angles_deg, truth_deg))
    frames = len(angles)
    points = torch.zeros(frames, 1, 3) if markers is None else markers
    valid = torch.ones(frames, 3, dtype=torch.bool)
    return Clip(angles, truth, valid, points, torch.zeros_like(points), torch.ones(frames, dtype=torch.bool), 10.0)


def test_curves_by_hand() -> None:
    series = Series(("knee", "left out", "hip"), TWO)
    # The knee is off by 1, 1, 1 and -3 degrees; the hip follows a truth that does not move.
    truth = [[0.0, 0.0, 5.0], [10.0, 0.0, 5.0], [20.0, 0.0, 5.0], [30.0, 0.0, 5.0]]
    found = [[1.0, 90.0, 5.0], [11.0, -90.0, 5.0], [21.0, 0.0, 5.0], [27.0, 0.0, 5.0]]
    points = torch.tensor([0.0, 0.01, 0.03, 0.03])[:, None, None] * torch.tensor([0.0, 1.0, 0.0])
    series.add(clip(found, truth, points), "walk", "anna")
    told = series.metrics()
    assert told["mv_angle_deg_s"] == pytest.approx(10.0 * (10 + 10 + 6) / 6, rel=1e-4)
    assert told["true_mv_angle_deg_s"] == pytest.approx(10.0 * 30 / 6, rel=1e-4)
    assert told["mv_markers_mm_s"] == pytest.approx(10.0 * (10 + 20 + 0) / 3, rel=1e-4)
    assert told["true_mv_markers_mm_s"] == 0.0
    assert told["sd_angle_deg"] == pytest.approx(math.sqrt((3 * 1 + 9) / 8), rel=1e-4)  # their mean is 0
    knee = told["curves"]["coordinate"]["knee"]
    assert knee["mae"] == pytest.approx([1.5] * 3, rel=1e-4)
    assert knee["rmse"] == pytest.approx([math.sqrt(3.0)] * 3, rel=1e-4)
    expected = float(np.corrcoef([1.0, 11.0, 21.0, 27.0], [0.0, 10.0, 20.0, 30.0])[0, 1])
    assert knee["r"] == pytest.approx([expected] * 3, rel=1e-5)
    assert told["curves"]["coordinate"]["hip"]["r"] == [None] * 3
    assert told["r_median"] == pytest.approx(expected, rel=1e-5)
    assert set(told["curves"]["coordinate"]) == {"knee", "hip"}


def test_curves_are_counted_by_action_and_person() -> None:
    series = Series(("knee", "left out", "hip"), TWO)
    still = [[0.0, 0.0, 0.0]] * 3
    for off, action, subject in ((1.0, "walk", "anna"), (2.0, "jump", "anna"), (4.0, "walk", "ben")):
        series.add(clip([[off, 0.0, off]] * 3, still), action, subject)
    curves = series.metrics()["curves"]
    assert curves["action"]["walk"]["mae"][0] == pytest.approx(2.5, rel=1e-4)
    assert curves["subject"]["anna"]["mae"] == pytest.approx([1.5, 1.0, 2.0], rel=1e-4)
    assert quartiles([1.0, math.nan, 3.0]) == [2.0, 1.5, 2.5]
    assert quartiles([]) == [None] * 3


def test_a_turn_through_half_a_circle_is_small() -> None:
    series = Series(("knee", "left out", "hip"), TWO)
    truth = [[178.0, 0.0, 0.0], [180.0, 0.0, 0.0], [-178.0, 0.0, 0.0], [-176.0, 0.0, 0.0]]
    found = [[179.0, 0.0, 0.0], [-179.0, 0.0, 0.0], [-177.0, 0.0, 0.0], [-175.0, 0.0, 0.0]]
    series.add(clip(found, truth), "turn", "anna")
    told = series.metrics()
    assert told["mv_angle_deg_s"] == pytest.approx(10.0 * 2.0 / 2, rel=1e-3)
    assert told["curves"]["coordinate"]["knee"]["mae"][0] == pytest.approx(1.0, rel=1e-3)
    assert told["curves"]["coordinate"]["knee"]["r"][0] == pytest.approx(1.0, rel=1e-5)


def test_frames_that_are_not_valid_are_left_out() -> None:
    series = Series(("knee", "left out", "hip"), TWO)
    here = clip([[1.0, 0.0, 0.0], [90.0, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 0.0, 0.0]], [[0.0, 0.0, 0.0]] * 4)
    here.valid[1, 0] = False
    series.add(here, "walk", "anna")
    told = series.metrics()
    assert told["curves"]["coordinate"]["knee"]["mae"][0] == pytest.approx(1.0, rel=1e-4)
    assert told["mv_angle_deg_s"] == pytest.approx(0.0, abs=1e-4)


def test_bodies_are_as_long_as_the_generic_skeleton_says(skeleton: DatasetSkeleton) -> None:
    names = skeleton.definition.body_names
    lengths = dict(zip(names, measured_lengths_mm(skeleton), strict=True))
    assert (lengths["pelvis"] > 80).all()
    assert lengths["femur_r"][1] == pytest.approx(410, abs=20)  # from hip to knee, 40 cm of a man of 1.75 m
    assert lengths["femur_r"][[0, 2]].abs().max() == 0
    assert lengths["calcn_l"][0] > 150
    assert lengths["patella_r"].abs().max() == lengths["talus_l"].abs().max() == 0
    assert torch.equal(lengths["tibia_r"], lengths["tibia_l"])


def test_sizes_are_off_in_millimetres(results: Path, skeleton: DatasetSkeleton) -> None:
    stretch = read_stretch(Windows(results, "test", 14, stride=14), 0, "cpu")
    assert (stretch.action, stretch.subject) == ("walk", "carl") or stretch.action == "squat"
    scales = stretch.scales.clone()
    femur = skeleton.definition.body_names.index("femur_r")
    scales[:, femur, 1] += 0.1
    tally = Tally(skeleton, "cpu")
    tally.add(Estimate(stretch.batch["angles"][0], scales), stretch)
    metrics = tally.metrics()
    lengths = measured_lengths_mm(skeleton)
    assert metrics["mae_body_mm"] == pytest.approx(0.1 * float(lengths[femur, 1]) / int((lengths > 0).sum()), rel=1e-4)
    assert metrics["rmse_body"] == pytest.approx(0.1 / math.sqrt(84), rel=1e-4)
    assert metrics["mae_body"] == pytest.approx(0.1 / 84, rel=1e-4)


def test_a_change_counts_with_its_second_frame() -> None:
    series = Series(("knee", "left out", "hip"), TWO)
    here = clip([[0.0, 0.0, 0.0], [6.0, 0.0, 0.0], [8.0, 0.0, 0.0]], [[0.0, 0.0, 0.0]] * 3)
    here.counted[0] = False  # an earlier window holds it too
    series.add(here, "walk", "anna")
    assert series.metrics()["mv_angle_deg_s"] == pytest.approx(10.0 * (6 + 2) / 4, rel=1e-4)
