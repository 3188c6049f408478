"""The dataset's README, made from what its shards say."""

import json
from collections import Counter
from collections.abc import Sequence
from statistics import median
from typing import Any

import numpy as np

from kinesynth.dataset.front_matter import front_matter
from kinesynth.dataset.schema import SCHEMA_VERSION, load_schema
from kinesynth.licenses import licenses
from kinesynth.sources import sources

BLOCKS = "▁▂▃▄▅▆▇█"
MAX_BODIES = 60
_CARD = """{front_matter}
# Kinesynth dataset

{clips} clips, {frames} frames ({minutes:.1f} min per view) of {subjects} subjects in {shards} shards, schema {schema}.
Synthetic video from several views with OpenSim joint angles, body scales, joint centres, ground reaction forces, joint
moments and muscle activations for every frame.
{picture}
```python
from kinesynth.dataset import ShardDataset

dataset = ShardDataset("results", split="train", window=64)
item = dataset[0]  # nested dictionaries of arrays
```

Every array is described in `docs/dataset.md` of Kinesynth; `index.parquet` lists the clips,
`croissant.json` describes both for machines. `index.parquet`'s column `license` is `free` where motion, body and assets
each allow every use.

## Splits

{splits}

## Actions

{actions}

## Bodies

{bodies}

## Sources of motion

{sources}

## Quality

Over the clips; each bar of a histogram is an eighth of the range from minimum to maximum.

{quality}

## Rejected

{n_rejected} clips are not delivered; `rejected.tsv` tells which and why.

{reasons}

## Origin and licences

{origin}

{standing}

{licences}

{terms}

## Configuration

What the content of the shards depends on, besides the motions and the version:

```json
{config}
```

## Citation

If you use this dataset, cite Kinesynth (its CITATIONS.md tells which works it builds on) and the motions' sources.
"""


def dataset_card(
    rows: Sequence[dict[str, Any]],
    rejected: Sequence[dict[str, Any]],
    files: Sequence[dict[str, Any]],
    config: str = "{}",
    picture: str = "",
) -> str:
    """Return the card.

    Args:
        rows: the index, one row per delivered clip.
        rejected: one row per clip that is not delivered.
        files: the attributes of each shard.
        config: what shaped the shards, as JSON.
        picture: the name of the card's picture, empty where there is none.
    """
    return _CARD.format(
        front_matter=front_matter(rows),
        picture=f"\n![frames of some clips, bare and with the joints that the camera sees]({picture})\n"
        if picture
        else "",
        clips=len(rows),
        frames=sum(row["frames"] for row in rows),
        minutes=sum(row["frames"] / row["fps"] for row in rows) / 60,
        subjects=len({row["subject"] for row in rows}),
        shards=len(files),
        schema=SCHEMA_VERSION,
        splits=_splits(rows),
        actions=_counts("action", rows),
        sources=_counts("source", rows),
        quality=_quality(rows),
        n_rejected=len(rejected),
        reasons=_counts("reason", rejected),
        origin=_origin(files),
        bodies=_bodies(files),
        standing=_counts("license", rows),
        licences=_licenses(rows),
        terms="\n".join(f"- {source}: {sources()[source].terms}" for source in sorted({row["source"] for row in rows})),
        config=json.dumps(json.loads(config), indent=1),
    )


def _splits(rows: Sequence[dict[str, Any]]) -> str:
    lines = ["| split | subjects | clips | frames |", "|---|---:|---:|---:|"]
    for split in ("train", "val", "test"):
        chosen = [row for row in rows if row["split"] == split]
        subjects = len({row["subject"] for row in chosen})
        lines.append(f"| {split} | {subjects} | {len(chosen)} | {sum(row['frames'] for row in chosen)} |")
    return "\n".join(lines)


def _counts(column: str, rows: Sequence[dict[str, Any]]) -> str:
    if not rows:
        return ""
    counts = Counter(str(row[column]) for row in rows)
    return "\n".join([f"| {column} | clips |", "|---|---:|", *(f"| {k} | {n} |" for k, n in sorted(counts.items()))])


def _quality(rows: Sequence[dict[str, Any]]) -> str:
    if not rows:
        return ""
    lines = ["| measure | unit | minimum | median | maximum | histogram |", "|---|---|---:|---:|---:|---|"]
    for column, measure in load_schema().clip_quality.items():
        values = [row[column] for row in rows]
        lines.append(
            f"| {measure.description} | {measure.unit} | {min(values):.3g} | {median(values):.3g} | {max(values):.3g} |"
            f" {_bars(values)} |"
        )
    return "\n".join(lines)


def _bars(values: Sequence[float]) -> str:
    """Return a histogram as a word of blocks."""
    counts, _ = np.histogram(values, bins=8)
    return "".join(BLOCKS[round(count / counts.max() * (len(BLOCKS) - 1))] for count in counts.tolist())


def _bodies(files: Sequence[dict[str, Any]]) -> str:
    people = {str(attrs["subject"]): attrs for attrs in files}
    lines = ["| subject | split | sex | height, m | mass, kg | shape |", "|---|---|---|---:|---:|---|"]
    for subject, attrs in sorted(people.items())[:MAX_BODIES]:
        measures = f"{attrs['height_m']:.2f} | {attrs['mass_kg']:.1f}"
        lines.append(f"| {subject} | {attrs['split']} | {attrs['sex']} | {measures} | {attrs['shape_source']} |")
    rest = len(people) - MAX_BODIES
    return "\n".join([*lines, f"\nand {rest} more, whom `index.parquet` lists"] if rest > 0 else lines)


def _licenses(rows: Sequence[dict[str, Any]]) -> str:
    """Return a table of the licences that clips are under, and of what part of them."""
    counts = Counter((part, str(row[f"{part}_license"])) for row in rows for part in ("motion", "body", "asset"))
    lines = ["| of | licence | clips | |", "|---|---|---:|---|"]
    for (part, name), count in sorted(counts.items()):
        known = licenses().get(name)
        lines.append(f"| {part} | {name} | {count} | {f'[{known.name}]({known.url})' if known else ''} |")
    return "\n".join(lines)


def _origin(files: Sequence[dict[str, Any]]) -> str:
    lines = []
    for title, name in (
        ("Body", "body_model"),
        ("Kinesynth", "kinesynth_version"),
        ("SHA-256 of the configuration", "config_sha256"),
        ("Created", "created"),
    ):
        values = sorted({str(attrs[name]) for attrs in files})
        lines.append(f"- {title}: {', '.join(values)}")
    return "\n".join(lines)
