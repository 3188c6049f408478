import json
import re
from pathlib import Path

import pytest

from kinesynth.errors import BadInput
from kinesynth.report.page import report
from kinesynth.report.runtimes import read_runtimes
from kinesynth.skeleton.muscle_groups import group_members

METRICS = {
    "network": "odah_tiny", "split": "test", "windows": 4, "train_windows": 2, "device": "cpu", "parameters": 436637,
    "windows_per_second": 9.8, "mae_angle_deg": 1.88, "baseline_mae_angle_deg": 3.09, "mpjpe_mm": 35.1,
    "baseline_mpjpe_mm": 110.2,
    "loss": [{"step": step, "total": 1.0 / step, "angle": 0.1 / step, "limits": 0.0} for step in (1, 2, 3)],
}  # fmt: skip


@pytest.fixture(scope="module")
def page(results: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("report")
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setattr("kinesynth.report.page.SHOWN_VIDEOS", 1)
    (folder / "metrics.json").write_text(json.dumps(METRICS))
    write_runtime(folder / "runtimes" / "render_views" / "anna_000.tsv", "42.5")
    report(
        shards=sorted((results / "shards").glob("*.h5")),
        index=results / "index.parquet",
        rejected=results / "rejected.tsv",
        train=folder / "metrics.json",
        benchmarks=folder / "runtimes",
        output=folder / "report.html",
    )
    monkeypatch.undo()
    return (folder / "report.html").read_text()


def write_runtime(path: Path, seconds: str, memory: str = "512.0") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"s\th:m:s\tmax_rss\tmean_load\n{seconds}\t0:00:42\t{memory}\t-\n")


def test_the_page_needs_nothing_else(page: str) -> None:
    links = re.findall(r"""(?:src|href)=["']([^"']*)""", page) + re.findall(r"url\(([^)]*)", page)
    assert all(link.startswith(("#", "data:image/", "data:video/")) for link in links)
    assert "@import" not in page
    assert not re.search(r"fetch\(|XMLHttpRequest|import\(", page)
    assert len(page) < 15e6


def test_the_page_shows_everything(page: str) -> None:
    for subject in ("anna", "ben", "carl"):
        assert f"<h3>{subject}_walk</h3>" in page
    assert page.count("<video ") == 1
    assert page.count("<img ") == (6 - 1) * 2 * 8
    assert page.count('class="plot"') == 6 + 3 + 1
    assert "projected keypoints that fall on" in page
    assert "markers too far off" in page
    assert "gluteus maximus R" in page
    assert "1.88" in page
    assert "render_views" in page
    assert "0:00:42 in all" in page


def test_all_clips_and_rejections_can_be_chosen_from(page: str) -> None:
    tables = {
        name: json.loads(found)
        for name, found in re.findall(
            r'id="(all-[a-z]+)">\s*<script type="application/json">(.*?)</script>', page, re.DOTALL
        )
    }
    assert {row[0] for row in tables["all-clips"]["rows"]} == set(re.findall(r"<h3>(\w+_(?:walk|squat))</h3>", page))
    chosen = [column["title"] for column in tables["all-clips"]["columns"] if column["filter"]]
    assert chosen == ["subject", "action", "split", "source"]
    assert [row[1] for row in tables["all-rejected"]["rows"]] == ["anna", "ben", "carl"]
    assert "reason" in [column["title"] for column in tables["all-rejected"]["columns"] if column["filter"]]


def test_the_plot_takes_the_colour_of_the_page(page: str) -> None:
    assert "#123456" not in page
    assert "currentColor" in page


def test_without_training_and_run_times(results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kinesynth.report.page.SHOWN_CLIPS", 1)
    shards = sorted((results / "shards").glob("*.h5"))
    paths = {
        "index": results / "index.parquet", "rejected": results / "rejected.tsv", "train": tmp_path / "no.json",
        "benchmarks": tmp_path / "no", "output": tmp_path / "report.html",
    }  # fmt: skip
    with pytest.raises(BadInput, match="carl_000"):
        report(shards=shards[:2], **paths)
    assert not paths["output"].exists()
    report(shards=shards, **paths)
    page = paths["output"].read_text()
    assert "1 of 6 clips" in page
    assert "No network was trained" in page
    assert "No run times were recorded" in page


def test_muscles_fall_into_groups() -> None:
    members = group_members(
        ("glmax1_r", "soleus_l", "glmax2_r", "deltoid1_l", "bflh_r", "addbrev_r", "platysma_r", "bic_l")
    )
    assert members == {
        ("gluteus maximus", "R"): [0, 2],
        ("adductors", "R"): [5],
        ("hamstrings", "R"): [4],
        ("calf", "L"): [1],
        ("shoulder", "L"): [3],
        ("elbow", "L"): [7],
        ("other", "R"): [6],
    }


def test_run_times_add_up(tmp_path: Path) -> None:
    write_runtime(tmp_path / "fit_body" / "a_000.tsv", "2.0")
    write_runtime(tmp_path / "fit_body" / "b_000.tsv", "3.0", "-")
    write_runtime(tmp_path / "render_views" / "a_000.tsv", "9.0")
    stages = read_runtimes(tmp_path)
    assert [(stage.stage, stage.jobs, stage.seconds) for stage in stages] == [
        ("render_views", 1, 9.0),
        ("fit_body", 2, 5.0),
    ]
    assert stages[1].memory_mb == 512.0
    assert read_runtimes(tmp_path / "none") == []
