"""Metrics and losses of activations by hand; labels that are not valid count for nothing."""

import math
from pathlib import Path

import pytest
import torch

from kinesynth_train.data import KINEMATIC_LABELS, Windows
from kinesynth_train.evaluate import read_stretch
from kinesynth_train.muscle_tally import ActivationErrors, MuscleTally
from kinesynth_train.networks.muscle_losses import amplitude_terms, core_terms, correlation, peaks
from kinesynth_train.skeleton import DatasetSkeleton
from kinesynth_train.stretch import Estimate

TRUTH = torch.tensor([[0.0, 0.2], [0.1, 0.4], [0.3, 0.0]])
FOUND = torch.tensor([[0.1, 0.2], [0.1, 0.2], [0.2, 0.1]])
ALL = torch.ones(3, dtype=torch.bool)


def errors(found: torch.Tensor, truth: torch.Tensor, valid: torch.Tensor = ALL) -> ActivationErrors:
    errors = ActivationErrors()
    errors.add(found, truth, valid, ALL)
    return errors


def test_metrics_by_hand() -> None:
    found = errors(FOUND, TRUTH).metrics()
    # Six entries: truth 0, .2, .1, .4, .3, 0 (mean 1/6), found .1, .2, .1, .2, .2, .1 (mean .15).
    assert found["rmse"] == pytest.approx(math.sqrt((0.01 + 0 + 0 + 0.04 + 0.01 + 0.01) / 6))
    assert found["mae"] == pytest.approx(0.5 / 6)
    assert found["nrmse"] == pytest.approx(found["rmse"] / math.sqrt(0.30 / 6 - 1 / 36))
    assert found["active_mae"] == pytest.approx((0 + 0.2 + 0.1) / 3)  # 0.1 itself is not above 0.10
    # Changes of the truth: .1, .2 and .2, -.4; of what was found: 0, 0 and .1, -.1.
    assert found["diff_l1"] == pytest.approx((0.1 + 0.2 + 0.1 + 0.3) / 4)
    shared = (0.2 * 0.2 + 0.1 * 0.1 + 0.4 * 0.2 + 0.3 * 0.2) / 6 - 0.15 / 6
    assert found["pcc"] == pytest.approx(shared / math.sqrt((0.30 / 6 - 1 / 36) * (0.15 / 6 - 0.15**2)))


def test_metrics_of_one_muscle() -> None:
    found = errors(FOUND, TRUTH).metrics([1])
    assert found["mae"] == pytest.approx(0.1)
    assert found["pcc"] == pytest.approx(float(torch.corrcoef(torch.stack([FOUND[:, 1], TRUTH[:, 1]]))[0, 1]))


def test_parts_make_the_whole_and_what_is_not_valid_is_left_out() -> None:
    generator = torch.Generator().manual_seed(0)
    found, truth = torch.rand(20, 5, generator=generator), torch.rand(20, 5, generator=generator)
    valid = torch.rand(20, generator=generator) < 0.6
    holes = truth.masked_fill(~valid[:, None], 1.0)
    counted = torch.ones(20, dtype=torch.bool)
    whole, parts = ActivationErrors(), ActivationErrors()
    whole.add(found, holes, valid, counted)
    parts.add(found[:9], truth[:9], valid[:9], counted[:9])
    later = torch.arange(12) > 0  # an overlap of one frame, which has been counted
    parts.add(found[8:], truth[8:], valid[8:], later)
    assert whole.metrics() == pytest.approx(parts.metrics())
    here = torch.stack([found[valid].flatten(), truth[valid].flatten()])
    assert whole.metrics()["pcc"] == pytest.approx(float(torch.corrcoef(here)[0, 1]), abs=1e-6)


def test_a_bound_that_every_row_must_keep() -> None:
    generator = torch.Generator().manual_seed(1)
    for fraction in (0.0, 0.5, 1.0):
        truth = torch.rand(50, 4, generator=generator)
        found = fraction * truth + (1.0 - fraction) * torch.rand(50, 4, generator=generator)
        every = torch.ones(50, dtype=torch.bool)
        errors = ActivationErrors()
        errors.add(found, truth, every, every)
        told = errors.metrics()
        assert told["nrmse"] >= math.sqrt(max(1.0 - told["pcc"] ** 2, 0.0)) - 1e-6


def test_nothing_valid_is_no_metric() -> None:
    assert all(math.isnan(value) for value in errors(FOUND, TRUTH, ~ALL).metrics().values())
    assert math.isnan(ActivationErrors().metrics()["pcc"])
    constant = errors(torch.full_like(TRUTH, 0.2), TRUTH).metrics()
    assert math.isnan(constant["pcc"])


def test_the_tally_groups_muscles(results: Path, skeleton: DatasetSkeleton) -> None:
    labels = (*KINEMATIC_LABELS, "activations", "quality/activation_valid")
    stretch = read_stretch(Windows(results, "test", 14, stride=14, labels=labels), 0, "cpu")
    names = skeleton.definition.muscle_names
    calf = torch.tensor([name.startswith(("gas", "soleus")) for name in names])
    activations = stretch.batch["activations"][0] + 0.1 * calf
    tally = MuscleTally(skeleton, "cpu")
    tally.add(Estimate(stretch.batch["angles"][0], stretch.scales, activations=activations), stretch)
    metrics = tally.metrics()
    assert metrics["muscles_by_group"]["calf"]["mae"] == pytest.approx(0.1, abs=1e-6)
    assert metrics["muscles_by_group"]["shin"]["mae"] == 0.0
    assert metrics["muscle_mae"] == pytest.approx(0.1 * float(calf.float().mean()), abs=1e-6)
    assert metrics["muscle_diff_l1"] == pytest.approx(0.0, abs=1e-6)
    assert set(tally.rows) <= set(metrics)
    assert metrics["muscles_by_action"][stretch.action]["mae"] == pytest.approx(metrics["muscle_mae"])


def test_core_terms_by_hand() -> None:
    terms = core_terms(FOUND[None], TRUTH[None], ALL[None])
    assert float(terms["activation"]) == pytest.approx(0.5 / 6)
    assert float(terms["activation_change"]) == pytest.approx(0.7 / 4)
    assert float(terms["correlation"]) == pytest.approx(1.0 - errors(FOUND, TRUTH).metrics()["pcc"], abs=1e-5)
    part = core_terms(FOUND[None], TRUTH[None], torch.tensor([[True, False, True]]))
    assert float(part["activation"]) == pytest.approx((0.1 + 0.0 + 0.1 + 0.1) / 4)
    assert float(part["activation_change"]) == 0.0  # no two frames in a row are valid


def test_amplitude_terms_by_hand() -> None:
    terms = amplitude_terms(FOUND[None], TRUTH[None], ALL[None])
    assert float(terms["active"]) == pytest.approx(0.1, abs=1e-6)  # 0.2, 0.4 and 0.3 are off by 0, 0.2 and 0.1
    assert float(terms["peak"]) == pytest.approx(0.2, abs=1e-6)  # a twentieth of six is one: the 0.4
    spreads = [float(array.flatten().std(correction=0)) for array in (FOUND, TRUTH)]
    assert float(terms["spread"]) == pytest.approx(spreads[1] - spreads[0], abs=1e-5)


def test_peaks_are_of_each_window_and_of_valid_frames() -> None:
    truth = torch.tensor([[[0.9], [0.2], [0.1]], [[0.0], [0.3], [0.2]]])
    valid = torch.tensor([[False, True, True], [True, True, True]])[..., None]
    assert peaks(truth, valid)[..., 0].tolist() == [[False, True, False], [False, True, False]]
    assert not peaks(truth, torch.zeros_like(valid)).any()


def test_what_is_not_valid_has_no_gradient() -> None:
    found = FOUND[None].clone().requires_grad_()
    valid = torch.tensor([[False, True, True]])
    terms = {**core_terms(found, TRUTH[None], valid), **amplitude_terms(found, TRUTH[None], valid)}
    torch.stack(list(terms.values())).sum().backward()
    assert found.grad is not None
    assert found.grad[0, 0].abs().max() == 0
    assert found.grad[0, 1:].abs().min() > 0
    constant = torch.full_like(TRUTH, 0.05)[None].requires_grad_()
    (1.0 - correlation(constant, TRUTH[None], ALL[None])).backward()
    assert constant.grad is not None
    assert constant.grad.isfinite().all()
