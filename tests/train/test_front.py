from dataclasses import replace
from pathlib import Path

import pytest
import torch

from kinesynth.errors import BadInput
from kinesynth_train.checkpoint import load_checkpoint
from kinesynth_train.front import take_front
from kinesynth_train.settings import Settings
from kinesynth_train.train import fit

SMALL = {"steps": 2, "batch_size": 2, "device": "cpu"}


@pytest.fixture(scope="module")
def front(results: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("front")
    fit(Settings(results, folder, "mqhmr_tiny", window=4, **SMALL))  # type: ignore[arg-type]
    return folder / "checkpoint.pt"


def test_a_front_that_was_trained_before_is_taken_as_it_is(results: Path, front: Path, tmp_path: Path) -> None:
    metrics = fit(Settings(results, tmp_path, "mint_tiny", front=str(front), **SMALL))  # type: ignore[arg-type]
    model, _ = load_checkpoint(tmp_path / "checkpoint.pt")
    assert [phase.stage for phase in model.preset.phases] == ["motion"]
    assert model.preset.steps == 2
    trained, _ = load_checkpoint(front)
    for name, value in trained.network.state_dict().items():
        assert torch.equal(model.network.front.state_dict()[name], value)
    assert metrics["settings"]["front"] == str(front)


def test_biohuman_takes_hsmr(results: Path, tmp_path: Path) -> None:
    fit(Settings(results, tmp_path / "hsmr", "hsmr_tiny", window=4, **SMALL))  # type: ignore[arg-type]
    front = tmp_path / "hsmr/checkpoint.pt"
    whole = tmp_path / "biohuman"
    fit(Settings(results, whole, "biohuman_tiny", window=8, front=str(front), **SMALL))  # type: ignore[arg-type]
    trained, found = (load_checkpoint(path)[0].network for path in (front, whole / "checkpoint.pt"))
    for name, value in trained.vit.state_dict().items():
        assert torch.equal(found.front.vit.state_dict()[name], value)


@pytest.mark.parametrize(
    ("network", "changes", "message"),
    [
        ("neurik_tiny", {}, "this network has none"),
        ("biohuman_tiny", {}, "expected Hsmr of the sizes that biohuman_tiny begins with"),
        ("mint_tiny", {"weights": "vit.pth"}, "give one of the two"),
        ("mint_tiny", {"front": "missing.pt"}, "no file"),
    ],
)
def test_a_front_that_does_not_fit_is_refused(
    results: Path, front: Path, tmp_path: Path, network: str, changes: dict[str, str], message: str
) -> None:
    settings = Settings(results, tmp_path, network, front=str(front), **SMALL)  # type: ignore[arg-type]
    with pytest.raises(BadInput, match=message):
        fit(replace(settings, **changes))  # type: ignore[arg-type]


def test_a_front_of_other_shards_is_refused(results: Path, front: Path, tmp_path: Path) -> None:
    fit(Settings(results, tmp_path, "mint_tiny", front=str(front), **SMALL))  # type: ignore[arg-type]
    model, _ = load_checkpoint(tmp_path / "checkpoint.pt")
    elsewhere = replace(model, stats=replace(model.stats, mean=model.stats.mean + 0.1))
    with pytest.raises(BadInput, match="train the front on the same shards"):
        take_front(elsewhere, front)
