"""Generated cases of marker files, each held against what should become of it."""

from pathlib import Path

import pytest
from point_variants import VARIANTS
from tools.cases.verdicts import RIGHT
from variant import Lab, Variant, run_alone


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_variant(variant: Variant, lab: Lab, tmp_path: Path) -> None:
    verdict = run_alone(variant, lab, tmp_path)
    assert verdict.verdict == RIGHT, f"{verdict.verdict}: {verdict.happened}"
