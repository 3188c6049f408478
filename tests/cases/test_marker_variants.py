"""Generated cases of marker files, each held against what should become of it."""

from pathlib import Path

import pytest
from marker_variants import READ, WORN
from tools.cases.verdicts import RIGHT
from variant import Lab, Variant, read_only, run_alone


@pytest.mark.parametrize("variant", READ, ids=lambda variant: variant.name)
def test_read(variant: Variant, lab: Lab, tmp_path: Path) -> None:
    verdict = read_only(variant, lab, tmp_path)
    assert verdict.verdict == RIGHT, f"{verdict.verdict}: {verdict.happened}"


@pytest.mark.parametrize("variant", WORN, ids=lambda variant: variant.name)
def test_worn(variant: Variant, lab: Lab, tmp_path: Path) -> None:
    verdict = run_alone(variant, lab, tmp_path)
    assert verdict.verdict == RIGHT, f"{verdict.verdict}: {verdict.happened}"
