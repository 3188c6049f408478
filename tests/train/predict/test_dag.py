"""Activations of a network's motion by the labels' own stages."""

from pathlib import Path

import numpy as np
import pytest
import torch

from kinesynth_train.data import KINEMATIC_LABELS, Windows
from kinesynth_train.evaluate import DYNAMICS, evaluate, read_stretch
from kinesynth_train.muscle_tally import MUSCLE_LABELS
from kinesynth_train.predict import dag
from kinesynth_train.predict.dag import dag_estimate
from kinesynth_train.settings import Settings
from kinesynth_train.stretch import Estimate, Stretch
from kinesynth_train.train import fit
from shard_factory import make_results


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_results(tmp_path_factory.getbasetemp())


def true_motion(stretch: Stretch) -> Estimate:
    return Estimate(stretch.batch["angles"][0], stretch.scales)


def stretch_of(results: Path, frames: int) -> Stretch:
    windows = Windows(results, "test", frames, 0, labels=(*KINEMATIC_LABELS, *MUSCLE_LABELS), stride=frames)
    stretches = (read_stretch(windows, index, "cpu") for index in range(len(windows)))
    return next(stretch for stretch in stretches if stretch.frames == frames)


def test_somebody_who_stands_on_both_feet_has_muscles_at_work(results: Path) -> None:
    stretch = stretch_of(results, 20)
    said = dag_estimate(true_motion, stretch)
    assert said.activations is not None
    assert said.activations.shape == (20, 112)
    assert float(said.activations.min()) >= 0.0
    assert float(said.activations.max()) <= 1.0
    assert 0.005 < float(said.activations.mean()) < 0.5
    assert torch.equal(said.angles, stretch.batch["angles"][0])


def test_what_the_stages_refuse_rests_and_is_told(
    results: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = dag_estimate(true_motion, stretch_of(results, 10))
    assert said.activations is not None
    assert float(said.activations.abs().max()) == 0.0
    assert "0.33 s are too short for forces" in capsys.readouterr().err

    def refuse(*_: object) -> np.ndarray:
        raise dag.KinesynthError("ground_reaction: no contact")

    monkeypatch.setattr(dag, "activations_of", refuse)
    dag_estimate(true_motion, stretch_of(results, 20))
    assert "all muscles rest: ground_reaction: no contact" in capsys.readouterr().err


def test_a_table_has_a_column_for_it(results: Path, tmp_path: Path) -> None:
    sizes = {"steps": 2, "batch_size": 2, "window": 4, "device": "cpu"}
    names = ("neurik_tiny", "mqhmr_tiny")
    for name in names:
        fit(Settings(results, tmp_path / name, name, **sizes))

    def rests(method, stretch):  # type: ignore[no-untyped-def]
        return method(stretch)._replace(activations=torch.full((stretch.frames, 112), 0.1))

    checkpoints = [tmp_path / name / "checkpoint.pt" for name in names]
    metrics = evaluate(checkpoints, results, tmp_path / "table.json", "cpu", rests)
    column = metrics["methods"][DYNAMICS.format("neurik_tiny")]
    assert column["muscle_rmse"] > 0
    assert column["mae_angle_deg"] == metrics["methods"]["neurik_tiny"]["mae_angle_deg"]
    assert DYNAMICS.format("mqhmr_tiny") not in metrics["methods"]  # a mesh tells no angles
    assert "muscle_pcc" in metrics["rows"]
