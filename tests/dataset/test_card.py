"""The card: front matter as the hub reads it, Croissant as its own library does, whole tables, a picture."""

import inspect
import json
import re
import shutil
from pathlib import Path
from typing import Any

import h5py
import pytest
import yaml
from PIL import Image

from kinesynth.dataset.front_matter import front_matter, size_category
from kinesynth.dataset.index import index_shards, read_index
from kinesynth.dataset.schema import load_schema

FREE = {"motion_license": "Apache-2.0", "body_license": "CC0-1.0", "asset_license": "Apache-2.0"}


def told(text: str) -> dict[str, Any]:
    """Return the front matter as the hub takes it: what stands between two lines of three dashes at the very top."""
    before, matter, _ = text.split("---\n", 2)
    assert before == ""
    found: dict[str, Any] = yaml.safe_load(matter)
    return found


def test_the_hub_reads_the_cards_head(results: Path) -> None:
    card = (results / "README.md").read_text()
    head = told(card)
    assert head["license"] == ["apache-2.0", "cc0-1.0"]
    assert head["size_categories"] == ["n<1K"]
    assert {"keypoint-detection"} <= set(head["task_categories"])
    (config,) = head["configs"]
    assert (results / config["data_files"]).is_file()
    assert card.split("---\n", 2)[2].lstrip().startswith("# Kinesynth dataset")


def test_the_hubs_own_library_reads_the_card(results: Path) -> None:
    """What it cannot read it drops or refuses; the hub itself would check more, and needs a network."""
    hub = pytest.importorskip("huggingface_hub", reason="huggingface_hub, the hub's own library, is not installed")
    head = told((results / "README.md").read_text())
    card = hub.DatasetCard.load(results / "README.md")
    read = card.data.to_dict()
    assert {name: read[name] for name in head} == head
    known = inspect.signature(hub.DatasetCardData).parameters
    assert set(head) - set(known) == {"tags", "configs"}  # which every card may have
    again = hub.DatasetCard(str(card))
    assert again.data.to_dict() == read
    assert again.text.strip() == card.text.strip()


def test_words_are_of_the_hubs_lists(results: Path) -> None:
    hub = pytest.importorskip("huggingface_hub", reason="huggingface_hub, the hub's own library, is not installed")

    def listed(name: str) -> set[str]:
        documented = str(hub.DatasetCardData.__doc__).partition(f"{name} (")[2].partition("Options are:")[2]
        return set(re.findall(r"'([^']+)'", documented.partition("(`")[0]))

    sizes = {size_category(10**power) for power in range(14)}
    assert sizes <= listed("size_categories")
    assert set(told((results / "README.md").read_text())["annotations_creators"]) <= listed("annotations_creators")


def test_one_restricted_clip_makes_the_whole_restricted() -> None:
    rows = [FREE, {**FREE, "motion_license": "LicenseRef-AMASS"}, {**FREE, "motion_license": "NOASSERTION"}]
    head = told(front_matter(rows))
    assert (head["license"], head["license_link"]) == ("other", "README.md#origin-and-licences")
    assert head["license_name"] == "Apache-2.0 AND CC0-1.0 AND LicenseRef-AMASS AND unstated"


@pytest.mark.parametrize(
    ("clips", "category"),
    [(1, "n<1K"), (999, "n<1K"), (1000, "1K<n<10K"), (10**7, "10M<n<100M"), (10**10, "10B<n<100B"), (10**12, "n>1T")],
)
def test_sizes_are_the_hubs(clips: int, category: str) -> None:
    assert size_category(clips) == category


def test_the_picture_shows_a_clip_of_each_action(results: Path) -> None:
    assert "![frames of some clips" in (results / "README.md").read_text()
    with Image.open(results / "card.jpg") as picture:
        assert picture.size == (4 * 288, 6 * 216)  # six clips; two cameras, bare and marked
        assert picture.getextrema()[0][1] > 200


def test_licences_are_counted(results: Path) -> None:
    card = (results / "README.md").read_text()
    assert "| free | 6 |" in card
    row = "| motion | Apache-2.0 | 6 | [Apache License 2.0](https://www.apache.org/licenses/LICENSE-2.0) |"
    assert row in card.splitlines()


def test_croissant_describes_every_field_of_the_schema(results: Path) -> None:
    sets = {each["@id"]: each["field"] for each in json.loads((results / "croissant.json").read_text())["recordSet"]}
    for name, fields in (("clip", load_schema().clip), ("view", load_schema().view)):
        assert [each["@id"] for each in sets[name]] == [f"{name}/{path}" for path in fields]
    shapes = {each["@id"]: each["arrayShape"] for each in sets["clip"]}
    assert (shapes["clip/grf/force"], shapes["clip/smplx/betas"]) == ("-1,2,3", "10")
    with h5py.File(results / "shards/anna_000.h5") as file:
        assert shapes["clip/angles"] == f"-1,{file['clips/anna_walk/angles'].shape[1]}"
    assert [each["@id"] for each in sets["clips"]] == [
        f"clips/{name}" for name in read_index(results / "index.parquet")[0]
    ]


def test_croissants_own_library_validates_and_loads_it(results: Path) -> None:
    mlcroissant = pytest.importorskip("mlcroissant", reason="mlcroissant, Croissant's validator, is not installed")
    dataset = mlcroissant.Dataset(str(results / "croissant.json"))
    issues = dataset.metadata.ctx.issues
    assert not issues.errors, issues.report()
    rows = read_index(results / "index.parquet")
    loaded = list(dataset.records("clips"))
    assert len(loaded) == len(rows)
    for found, row in zip(loaded, rows, strict=True):
        for name in ("clip_id", "license", "source_path"):
            assert found[f"clips/{name}"].decode() == row[name]
        assert found["clips/marker_rms_mm"] == pytest.approx(row["marker_rms_mm"])


def test_a_croissant_that_lies_is_told_by_the_library(results: Path, tmp_path: Path) -> None:
    mlcroissant = pytest.importorskip("mlcroissant", reason="mlcroissant, Croissant's validator, is not installed")
    spoiled = json.loads((results / "croissant.json").read_text())
    spoiled["recordSet"][0]["field"][0]["source"]["fileObject"]["@id"] = "elsewhere"
    path = tmp_path / "croissant.json"
    path.write_text(json.dumps(spoiled))
    with pytest.raises(mlcroissant.ValidationError):
        mlcroissant.Dataset(str(path))


def test_equal_shards_give_equal_cards(results: Path, tmp_path: Path) -> None:
    again = Path(shutil.copytree(results / "shards", tmp_path / "shards")).parent
    shards = sorted((again / "shards").glob("*.h5"))
    index_shards(shards=shards, output=again / "index.parquet", rejected=again / "r.tsv", card=again / "README.md")
    for name in ("README.md", "croissant.json", "card.jpg", "index.parquet"):
        assert (again / name).read_bytes() == (results / name).read_bytes(), name
