"""Generated cases, held against what should become of them."""

from pathlib import Path

import pytest
from marker_variants import VARIANTS
from tools.case_verdicts import RIGHT
from variant import Lab, Variant


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_variant(variant: Variant, lab: Lab, tmp_path: Path) -> None:
    verdict = variant.run(lab, tmp_path)
    assert verdict.verdict == RIGHT, f"{verdict.verdict}: {verdict.happened}"
