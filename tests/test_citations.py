"""The citation file is whole, of this version, and says of each work whether it was compared with its source."""

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
CITED = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
LISTED = (ROOT / "CITATIONS.md").read_text(encoding="utf-8")


def test_it_is_of_the_package_s_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert (CITED["version"], CITED["license"]) == (project["version"], project["license"])
    assert CITED["cff-version"] == "1.2.0"


def test_every_work_says_whether_it_was_compared() -> None:
    assert len(CITED["references"]) > 10
    for work in CITED["references"]:
        assert re.match(r"Compared with|Not compared", work["notes"])
        assert work["authors"]
        assert all(set(author) == {"family-names", "given-names"} for author in work["authors"])


def test_every_work_is_in_the_long_list_too() -> None:
    plain = re.sub(r"\W+", " ", LISTED).lower()
    for work in CITED["references"]:
        title = " ".join(re.sub(r"\W+", " ", work["title"]).lower().split()[:6])
        names = [author["family-names"].split()[-1].lower() for author in work["authors"][:1]]
        assert title in plain
        assert all(name in plain for name in names)
        if "doi" in work and "doi.org" not in work["doi"] and work["doi"] != "10.1016/0021-9290(95)00178-6":
            assert f"doi:{work['doi']}" in LISTED or work["doi"] == "10.1371/journal.pcbi.1006223"
