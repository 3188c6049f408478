"""The papers' ablations: every variant can be trained, has its own folder, and stands beside its paper's value."""

import json
from pathlib import Path

import pytest
from tools.acceptance.ablations import Variant, lines, read_variants, settings
from tools.acceptance.comparison import NETWORKS, train_once
from tools.acceptance.papers import TITLES
from tools.document import fill

VARIANTS = read_variants()
EACH = pytest.mark.parametrize("variant", {row.folder: row for row in VARIANTS}.values(), ids=lambda row: row.folder)
RESULTS = Path(__file__).parents[2] / "docs/results.md"


def test_a_folder_is_of_one_training() -> None:
    trainings = {(row.network, row.sizes_of, row.flags): row.folder for row in VARIANTS}
    assert len(set(trainings.values())) == len(trainings)


@pytest.mark.parametrize("row", VARIANTS, ids=lambda row: f"{row.folder}-{row.metric}")
def test_a_row_is_whole(row: Variant) -> None:
    assert row.metric in TITLES
    assert float(row.paper.partition(" of ")[0]) > 0.0
    assert "table" in row.source


@EACH
def test_a_variant_is_another_network_or_other_settings(variant: Variant, tmp_path: Path) -> None:
    told = settings(variant, tmp_path)
    plain = settings(Variant("", "", variant.sizes_of, variant.sizes_of, "", "", "", ""), tmp_path)
    here, there = told.preset(1000), plain.preset(1000)
    own = NETWORKS.keys() >= {variant.network} and not variant.flags
    differs = (here.shape, here.weights, here.window, told.people, told.network)
    assert (differs == (there.shape, there.weights, there.window, plain.people, plain.network)) == own
    assert here.steps == there.steps


def test_ours_stand_beside_theirs(tmp_path: Path) -> None:
    folder = tmp_path / "ablations/odah_tiny_people_2"
    folder.mkdir(parents=True)
    (folder / "metrics.json").write_text(json.dumps({"mae_aligned_deg": 5.4321}))
    table = list(lines(tmp_path))
    of_2 = "| ODAH, people to learn from | 2 of 8 |"
    assert f"{of_2} MAE_angle, aligned, deg | 5.43 | 6.23 of 10 | Lin et al. 2024, table 2 |" in table
    assert f"{of_2} PA-MPJPE, mm | - | 39.71 of 10 | Lin et al. 2024, table 2 |" in table


def test_the_page_has_a_place_for_them(tmp_path: Path) -> None:
    page = tmp_path / "results.md"
    page.write_text(RESULTS.read_text(encoding="utf-8"), encoding="utf-8")
    fill(page, "ablations", list(lines(tmp_path)))
    assert "| HSMR, target | Euler angles |" in RESULTS.read_text(encoding="utf-8")


def test_a_variant_is_trained_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tools.acceptance import comparison

    calls = []
    monkeypatch.setattr(comparison, "fit", calls.append)
    variant = next(row for row in VARIANTS if row.flags == "--people 4")
    train_once(settings(variant, tmp_path))
    (told,) = calls
    assert (told.people, told.steps, told.resume) == (4, NETWORKS["odah_tiny"]["steps"], True)
    assert told.output == tmp_path / "ablations/odah_tiny_people_4"
