"""Generated cases in one table, as clips of one subject: each becomes what it should, whatever stands beside it."""

import pytest
from amass_variants import VARIANTS
from tools.cases.verdicts import RIGHT, Verdict
from variant import Lab, Variant, run_together


@pytest.fixture(scope="module")
def verdicts(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Verdict]:
    return run_together(VARIANTS, lab, tmp_path_factory.mktemp("amass"))


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_variant(variant: Variant, verdicts: dict[str, Verdict]) -> None:
    verdict = verdicts[variant.name]
    assert verdict.verdict == RIGHT, f"{verdict.verdict}: {verdict.happened}"
