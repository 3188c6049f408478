"""The real workflow on a tiny table: Snakemake, OpenSim, smplx, EEVEE, H.264, HDF5, torch.

One good clip of each of two subjects, and one clip whose file is broken.
"""

import json
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
import yaml

from kinesynth.dataset import ShardDataset
from kinesynth.dataset.checks import keypoints_on_mask
from kinesynth.dataset.record import read_clip
from kinesynth.layout import FILES, LABEL_FILES

ROOT = Path(__file__).parents[2]
SNAKEMAKE = [str(Path(sys.executable).parent / "snakemake"), "--snakefile", str(ROOT / "Snakefile")]
HEADER = ["clip_id", "subject", "action", "split", "source", "path", "start", "end"]
CLIPS = [
    ["a_squat", "a", "squat", "train", "procedural", "", "0.2", "0.8"],
    ["a_broken", "a", "walking", "train", "amass", "broken.npz", "", ""],
    ["b_wave", "b", "waving", "test", "procedural", "", "0", "0.6"],
]
CONFIG = {
    "clips": "clips.tsv",
    "motion": {"fps": 20, "max_clip_seconds": 0.6},
    "so": {"rate": 5},
    "render": {"width": 160, "height": 120},
    "train": {"steps": 2, "batch_size": 1, "window": 4},
}
SHARDS = ["a_000", "b_000"]


def snakemake(folder: Path, *arguments: str, config: dict[str, object] = CONFIG) -> subprocess.CompletedProcess[str]:
    if not folder.exists():
        folder.mkdir(parents=True)
        (folder / "clips.tsv").write_text("\n".join("\t".join(row) for row in [HEADER, *CLIPS]) + "\n")
        (folder / "broken.npz").write_bytes(b"PK\x03\x04 cut off")
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    return subprocess.run(
        [
            *SNAKEMAKE,
            "--directory",
            str(folder),
            "--configfile",
            str(folder / "config.yaml"),
            "--cores",
            "2",
            *arguments,
        ],
        capture_output=True,
        text=True,
        check=False,
    )


def label_targets() -> list[str]:
    return [file.format(shard=shard) for file in LABEL_FILES.values() for shard in SHARDS]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of one whole run."""
    folder = tmp_path_factory.mktemp("workflow") / "run"
    done = snakemake(folder)
    assert done.returncode == 0, done.stderr[-8000:]
    return folder


def test_everything_is_delivered(run: Path) -> None:
    results = run / "results"
    assert sorted(path.name for path in (results / "shards").iterdir()) == [f"{shard}.h5" for shard in SHARDS]
    for name in ("index.parquet", "rejected.tsv", "report.html", "train/checkpoint.pt", "train/metrics.json"):
        assert (results / name).stat().st_size > 0
    suffixes = {path.suffix for path in (results / "opensim" / "b").iterdir()}
    assert {".osim", ".trc", ".mot", ".sto"} <= suffixes
    assert not list(run.rglob(".partial-*"))


def test_the_broken_clip_is_rejected_and_the_others_are_delivered(run: Path) -> None:
    lines = (run / "results" / "rejected.tsv").read_text().splitlines()
    assert [line.split("\t")[:2] for line in lines[1:]] == [["a_broken", "load_motion"]]
    assert "broken.npz" in lines[1]
    with h5py.File(run / "results/shards/a_000.h5") as shard:
        assert list(shard["clips"]) == ["a_squat"]


def test_loader_gives_windows_of_frames_and_labels(run: Path) -> None:
    dataset = ShardDataset(run / "results", split="test", window=4, views=["frontal", "sagittal"])
    window = dataset[0]
    assert window["angles"].shape == (4, 53)
    assert window["keypoints"].shape == (4, 56, 3)
    assert window["grf"]["force"].shape == (4, 2, 3)
    assert window["views"]["frontal"]["frames"].shape == (4, 120, 160, 3)
    assert window["views"]["frontal"]["frames"].std() > 10


@pytest.mark.parametrize("shard", SHARDS)
def test_labels_are_finite_and_human(run: Path, shard: str) -> None:
    with h5py.File(run / f"results/shards/{shard}.h5") as file:
        for clip in file["clips"].values():
            assert np.isfinite(clip["angles"]).all()
            assert np.max(clip["quality/marker_error_rms"]) < 0.03
            weight = file.attrs["mass_kg"] * 9.81
            assert 0.7 * weight < np.mean(np.sum(clip["grf/force"], axis=1)[:, 1]) < 1.4 * weight
            assert 0 <= np.min(clip["activations"]) <= np.max(clip["activations"]) <= 1
            np.testing.assert_allclose(
                np.linalg.norm(np.diff(clip["keypoints"][:, 0], axis=0), axis=1).max(), 0, atol=0.2
            )


@pytest.mark.parametrize("shard", SHARDS)
def test_keypoints_fall_on_the_mask_of_their_own_frame(run: Path, shard: str) -> None:
    with h5py.File(run / f"results/shards/{shard}.h5") as file:
        for clip in file["clips"].values():
            assert keypoints_on_mask(read_clip(clip)) >= 0.97


def test_rerun_has_nothing_to_do(run: Path) -> None:
    again = snakemake(run, "--dry-run")
    assert "Nothing to be done" in again.stdout + again.stderr


def test_same_seed_same_label_bytes_other_seed_others(run: Path, tmp_path: Path) -> None:
    again = snakemake(tmp_path / "again", *label_targets())
    assert again.returncode == 0, again.stderr[-4000:]
    for target in label_targets():
        assert (tmp_path / "again" / target).read_bytes() == (run / target).read_bytes(), target
    targets = [FILES["load_motion"].format(shard=shard) for shard in SHARDS]
    other = snakemake(tmp_path / "other", *targets, config={**CONFIG, "seed": 2})
    assert other.returncode == 0, other.stderr[-4000:]
    for target in targets:
        assert (tmp_path / "other" / target).read_bytes() != (run / target).read_bytes()


def test_metrics_are_numbers(run: Path) -> None:
    metrics = json.loads((run / "results/train/metrics.json").read_text())
    assert [step["step"] for step in metrics["loss"]] == [1, 2]
    assert all(np.isfinite(list(step.values())).all() for step in metrics["loss"])


@pytest.mark.parametrize(
    ("config", "names"),
    [({"sed": 3}, "sed"), ({"clips": "nowhere.tsv"}, "nowhere.tsv"), ({"motion": {"fps": "fast"}}, "motion.fps")],
)
def test_bad_configuration_is_one_line_and_exit_code_2(tmp_path: Path, config: dict[str, object], names: str) -> None:
    done = snakemake(tmp_path / "run", "--dry-run", config={**CONFIG, **config})
    assert done.returncode == 2
    lines = [line for line in done.stderr.splitlines() if line.startswith("kinesynth: ")]
    assert len(lines) == 1
    assert names in lines[0]
    assert "Traceback" not in done.stderr
