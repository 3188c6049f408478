"""What the report of a large run weighs, and how long it takes: ten thousand clips, made of those of a small run.

    python benchmarks/report.py RESULTS --folder FOLDER [--clips 10000]

Writes FOLDER/shards, shards that share the arrays of those in RESULTS, whose clips have names, subjects, actions and
measures of quality of their own (drawn around the true ones), one clip in ten rejected; then runs `index-shards` and
`report` on them. FOLDER/report.html is for looking at in a browser. Takes 1.5 GB, which --clean removes again.
"""

# ruff: noqa: T201 (a command that prints)

import argparse
import json
import shutil
import time
from pathlib import Path

import h5py
import numpy as np

from kinesynth.dataset.index import index_shards
from kinesynth.dataset.listing import find_shards
from kinesynth.dataset.schema import load_schema
from kinesynth.dataset.writer import HDF5_FORMAT
from kinesynth.report.page import report
from kinesynth.seeds import generator

CLIPS_PER_SHARD, SHARDS_PER_SUBJECT = 8, 3
ACTIONS = ("walking", "running", "squat", "vertical_jump", "kicking", "arm_raise", "sit_down", "throwing", "turning",
           "climbing_stairs", "lunge", "reaching", "waving", "crawling", "side_step")  # fmt: skip
REASONS = (
    ("load_motion", "feet do not carry the body", 0.31),
    ("load_motion", "frame rate is not what the motion shows", 2.0),
    ("inverse_kinematics", "markers too far off", 0.14),
    ("fit_body", "mesh too far from the skeleton", 0.071),
    ("quality_filter", "too few valid angles", 0.22),
    ("render_views", "the person leaves the picture", 0.4),
)


def main() -> None:
    """Write, report, and print what came out."""
    arguments = parse_arguments()
    folder = arguments.folder
    shards = write_shards(folder / "shards", find_shards(arguments.results), arguments.clips)
    paths = {"index": folder / "index.parquet", "rejected": folder / "rejected.tsv"}
    index_shards(shards=shards, output=paths["index"], rejected=paths["rejected"], card=folder / "README.md")
    start = time.process_time()
    report(shards=shards, **paths, train=folder / "none", benchmarks=folder / "none", output=folder / "report.html")
    numbers = {
        "report_mb": (folder / "report.html").stat().st_size / 1e6,
        "report_seconds": time.process_time() - start,
        "clips": float(arguments.clips),
    }
    if arguments.clean:
        shutil.rmtree(folder / "shards")
    for name, value in numbers.items():
        print(f"{name:24} {value:10.4g}")
    if arguments.json:
        arguments.json.write_text(json.dumps(numbers))


def write_shards(folder: Path, sources: list[Path], clips: int) -> list[Path]:
    """Write shards with so many clips, delivered and rejected."""
    folder.mkdir(parents=True)
    rng = generator(1, "report")
    names = [f"c{place:05d}" for place in range(clips)]
    return [
        write_shard(folder, sources[number % len(sources)], number, names[first : first + CLIPS_PER_SHARD], rng)
        for number, first in enumerate(range(0, clips, CLIPS_PER_SHARD))
    ]


def write_shard(folder: Path, source: Path, number: int, names: list[str], rng: np.random.Generator) -> Path:
    """Write a shard whose clips are those of another under new names."""
    subject = f"s{number // SHARDS_PER_SUBJECT:03d}"
    path = folder / f"{subject}_{number % SHARDS_PER_SUBJECT:03d}.h5"
    with h5py.File(source) as old, h5py.File(path, "w", track_order=True, libver=HDF5_FORMAT) as new:
        new.attrs.update({**old.attrs, "subject": subject, "split": str(rng.choice(["train", "train", "val", "test"]))})
        for name in ("skeleton", "model"):
            old.copy(name, new)
        clips, rejected = (new.create_group(name, track_order=True) for name in ("clips", "rejected"))
        first: dict[str, h5py.Group] = {}
        for name in names:
            action = str(rng.choice(ACTIONS))
            if rng.uniform() < 0.1:
                stage, reason, value = REASONS[int(rng.integers(len(REASONS)))]
                rejected.create_group(f"{subject}_{action}_{name}").attrs.update(
                    stage=stage,
                    reason=reason,
                    value=value * rng.uniform(1.0, 2.0),
                    detail=f"frame {rng.integers(60)}",
                )
                continue
            model = str(rng.choice(list(old["clips"])))
            add_clip(old["clips"], clips.create_group(f"{subject}_{action}_{name}", track_order=True), model, first)
            clips[f"{subject}_{action}_{name}"].attrs.update(
                {**old["clips"][model].attrs, **measures_near(old["clips"][model], rng), "action": action}
            )
    return path


def add_clip(source: h5py.Group, target: h5py.Group, model: str, first: dict[str, h5py.Group]) -> None:
    """Copy a clip's arrays, or link to the copy that the shard has."""
    for name in source[model]:
        if model in first:
            target[name] = first[model][name]
        else:
            source.copy(f"{model}/{name}", target, name)
    first.setdefault(model, target)


def measures_near(clip: h5py.Group, rng: np.random.Generator) -> dict[str, float]:
    """Return measures of quality that spread about a clip's own as those of real runs do, a few far off."""
    spread = 0.25 if rng.uniform() > 0.02 else 1.0
    return {
        name: float(1.0 - min(1.0, (1.02 - clip.attrs[name]) * rng.lognormal(0.0, spread)))
        if measure.unit == "fraction"
        else float(clip.attrs[name] * rng.lognormal(0.0, spread))
        for name, measure in load_schema().clip_quality.items()
    }


def parse_arguments() -> argparse.Namespace:
    """Return the command's arguments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, help="a finished run's results, or its shards")
    parser.add_argument("--folder", type=Path, required=True, help="a new folder for shards, index and page")
    parser.add_argument("--clips", type=int, default=10_000)
    parser.add_argument("--clean", action="store_true", help="remove the shards at the end")
    parser.add_argument("--json", type=Path, help="write the numbers there too")
    return parser.parse_args()


if __name__ == "__main__":
    main()
