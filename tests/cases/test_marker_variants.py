"""Generated cases of marker files, each held against what should become of it."""

from pathlib import Path

import pytest
from marker_variants import VARIANTS
from tools.case_verdicts import RIGHT
from variant import Lab, Variant, read_only


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_variant(variant: Variant, lab: Lab, tmp_path: Path) -> None:
    verdict = read_only(variant, lab, tmp_path)
    assert verdict.verdict == RIGHT, f"{verdict.verdict}: {verdict.happened}"
