"""The YAML at the head of a dataset's card, by which Hugging Face's hub lists, filters and shows it.

Keys and values are those of the hub's dataset cards: licences by its own, lower-case names, tasks and sizes from its
lists, and a configuration per table that `datasets.load_dataset` reads.
"""

from collections.abc import Sequence
from typing import Any

import yaml

from kinesynth.licenses import UNSTATED, licenses

TASKS = ("keypoint-detection", "image-segmentation", "other")
TAGS = ("biomechanics", "opensim", "human-pose-estimation", "motion-capture", "joint-angles", "ground-reaction-forces",
        "joint-moments", "muscle-activations", "smpl-x", "multi-view", "synthetic", "video")  # fmt: skip
LICENSES_HEADING = "origin-and-licences"  # of the card, as a link names it
_LICENSE_COLUMNS = ("motion_license", "body_license", "asset_license")


def front_matter(rows: Sequence[dict[str, Any]]) -> str:
    """Return the YAML, with the lines that fence it.

    Args:
        rows: the index, one row per delivered clip.
    """
    metadata = {
        "pretty_name": "Kinesynth dataset",
        **_license(all_licenses(rows)),
        "task_categories": list(TASKS),
        "tags": list(TAGS),
        "size_categories": [size_category(len(rows))],
        "annotations_creators": ["machine-generated"],
        "configs": [{"config_name": "clips", "default": True, "data_files": "index.parquet"}],
    }
    return f"---\n{yaml.safe_dump(metadata, sort_keys=False, allow_unicode=True)}---\n"


def all_licenses(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Return the identifiers of all licences that some clip is under, sorted."""
    return sorted({str(row[column]) for row in rows for column in _LICENSE_COLUMNS})


def size_category(clips: int) -> str:
    """Return the hub's word for so many rows.

    Example:
        >>> size_category(72), size_category(12_000), size_category(1_000_000)
        ('n<1K', '10K<n<100K', '1M<n<10M')
    """
    steps = ("1K", "10K", "100K", "1M", "10M", "100M", "1B", "10B", "100B", "1T")
    for power, step in enumerate(steps, start=3):
        if clips < 10**power:
            return f"n<{step}" if power == 3 else f"{steps[power - 4]}<n<{step}"
    return "n>1T"


def _license(identifiers: Sequence[str]) -> dict[str, Any]:
    """Return the hub's licence: of free parts each one's, else `other` and where the card tells more."""
    if all(each in licenses() and licenses()[each].free for each in identifiers):
        names = [each.lower() for each in identifiers]
        return {"license": names[0] if len(names) == 1 else names}
    bound = [each for each in identifiers if each != UNSTATED]
    name = " AND ".join(bound) if len(bound) == len(identifiers) else " AND ".join([*bound, "unstated"])
    return {"license": "other", "license_name": name, "license_link": f"README.md#{LICENSES_HEADING}"}
