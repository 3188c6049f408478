"""The sample that ships: of the schema as it is now, small, and what the README's lines run on."""

import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from kinesynth import cli
from kinesynth.dataset import ShardDataset, sample
from kinesynth.dataset.listing import find_shards
from kinesynth.dataset.schema import SCHEMA_VERSION, load_schema
from kinesynth.dataset.verify import shard_faults, shard_values

ROOT = Path(__file__).parents[2]
MAX_BYTES = 5_000_000
FIX = "the sample is of an older schema: run python -m tools.shipped.sample --repack"


@pytest.mark.parametrize("shard", find_shards(sample()), ids=lambda shard: shard.stem)
def test_it_is_of_the_schema_as_it_is_now(shard: Path) -> None:
    schema = load_schema()
    with h5py.File(shard) as file:
        assert file.attrs["schema"] == SCHEMA_VERSION, FIX
        assert set(schema.file_attributes) <= set(file.attrs), FIX
        assert file.attrs["body_model"] == "free"
        for clip in file["clips"].values():
            assert set(schema.clip_attributes) | set(schema.clip_quality) <= set(clip.attrs), FIX
            assert clip.attrs["source"] == "procedural"
            assert all(name in clip for name in schema.clip), FIX
            for view in clip["views"].values():
                assert all(name in view for name, field in schema.view.items() if not field.optional), FIX
                assert "parts" in view
    assert list(shard_faults(shard)) == [], FIX
    assert shard_values(shard)[1] == [], FIX


def test_it_is_small() -> None:
    assert sum(shard.stat().st_size for shard in find_shards(sample())) < MAX_BYTES


def test_it_has_something_to_train_on_and_somebody_to_test_on() -> None:
    with ShardDataset(sample(), window=16, views=()) as dataset:
        assert {(clip.subject, clip.split) for clip in dataset.clips} == {("p01", "train"), ("p02", "test")}
        assert len({clip.action for clip in dataset.clips}) == 5
        assert min(clip.quality["angle_valid"] for clip in dataset.clips) > 0.9


def test_the_readme_s_lines_run_on_it() -> None:
    code = (ROOT / "README.md").read_text().partition("## Read it in ten lines")[2].split("```python\n")[1]
    lines = code.partition("```")[0]
    assert "sample()" in lines
    assert len(lines.strip().splitlines()) <= 10
    told: dict[str, np.ndarray] = {}
    exec(lines, told)  # what a stranger pastes
    assert told["frames"].shape == (16, 192, 256, 3)
    assert told["angles"].shape == (16, 53)
    assert told["centres"].shape == (16, 56, 3)
    assert told["forces"].shape == (16, 2, 3)
    assert told["valid"].shape == (16,)
    bare = "import sys\nsys.modules.update(dict.fromkeys(('torch', 'scipy', 'PIL', 'pandas', 'pyarrow')))\n"
    subprocess.run([sys.executable, "-c", bare + lines], check=True)  # where `pip install .` brought none of these


def test_it_is_copied_out_of_the_package(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["sample", "--output", str(tmp_path / "sample")]) == 0
    copies = [Path(line) for line in capsys.readouterr().out.split()]
    assert [copy.read_bytes() for copy in copies] == [shard.read_bytes() for shard in find_shards(sample())]
    assert ShardDataset(tmp_path / "sample", window=16, views=()).names == ShardDataset(sample(), views=()).names
