"""What a job took, of which Snakemake does not see the end."""

from pathlib import Path

import pytest

from kinesynth.report.runtimes import read_jobs


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("12.0\t9.0", 9.0),  # was looked at until it ended
        ("44.0\t5.0", 5.0 * 44.0 / 15.0),  # for 15 seconds
        ("46.0\t40.0", 40.0 * 46.0 / 45.0),
        ("380.0\t190.0", 190.0 * 380.0 / 375.0),
        ("3.0\tNA", 3.0),
    ],
)
def test_what_was_not_looked_at_goes_on_as_before(tmp_path: Path, row: str, expected: float) -> None:
    (tmp_path / "fit_body").mkdir()
    (tmp_path / "fit_body/a_000.tsv").write_text(f"s\tcpu_time\n{row}\n")
    (job,) = read_jobs(tmp_path)
    assert job.cpu_seconds == pytest.approx(expected)
    assert job.seconds == float(row.partition("\t")[0])
