"""Make the sample that ships with the package: a run of configs/sample, whose shards are copied into the package.

    python -m tools.shipped.sample [--folder build/sample] [--cores 1] [--repack]

Ten minutes of two cores the first time; what stands in the folder is taken over. Run it again with --repack whenever
the schema changes: it packs the stages' files anew, which takes seconds. The people are drawn, the motions are the
procedural library's and the body is the free one, so that nobody else has rights in the sample.
"""

import argparse
import subprocess
from pathlib import Path

import h5py

from kinesynth.atomic import write_bytes
from kinesynth.dataset.listing import find_shards
from kinesynth.dataset.shipped_sample import sample
from kinesynth.dataset.verify import verify
from kinesynth.dataset.writer import StagePaths, pack_shard
from kinesynth.errors import BadInput
from kinesynth.layout import FILES, SCALE_REPORT

ROOT = Path(__file__).parents[2]
MAX_BYTES = 5_000_000
STAGES = {
    "ik": "inverse_kinematics",
    "markers": "virtual_markers",
    "fit": "fit_body",
    "grf": "ground_reaction",
    "id": "inverse_dynamics",
    "so": "static_optimization",
    "quality": "quality_filter",
    "render": "render_views",
}


def run(folder: Path, cores: int) -> list[Path]:
    """Run the workflow as far as the shards and return them."""
    table = ROOT / "configs/sample/clips.tsv"
    command: list[str | Path] = ["snakemake", "--snakefile", ROOT / "Snakefile", "--directory", folder]
    command += ["--workflow-profile", ROOT / "profiles/default", "--cores", str(cores)]
    command += ["--configfile", table.with_name("config.yaml"), "--config", f"clips={table}"]
    command += ["--until", "pack_shard"]
    subprocess.run(command, check=True)
    return find_shards((folder / FILES["pack_shard"]).parent)


def repack(folder: Path) -> list[Path]:
    """Pack the shards anew from what the stages made, and return them."""
    shards = find_shards((folder / FILES["pack_shard"]).parent)
    for shard in shards:
        names = {"shard": shard.stem, "subject": shard.stem.partition("_")[0]}
        of = {rule: folder / path.format(**names) for rule, path in FILES.items()}
        with h5py.File(shard) as old:
            digest = str(old.attrs["config_sha256"])
        pack_shard(
            body=of["build_body"],
            subject=of["subject_shape"],
            model=of["scale_model"],
            scale_report=folder / SCALE_REPORT.format(**names),
            stages=StagePaths(**{name: of[rule] for name, rule in STAGES.items()}),
            output=shard,
            config_sha256=digest,
        )
    return shards


def ship(shards: list[Path]) -> None:
    """Check shards and copy them into the package.

    Raises:
        KinesynthError: a shard has faults.
        BadInput: they are too large to ship.
    """
    verify(shards)
    if (size := sum(shard.stat().st_size for shard in shards)) > MAX_BYTES:
        raise BadInput(shards[0].parent, "size", f"{size} bytes", f"{MAX_BYTES} at most", "make fewer or shorter clips")
    for old in sample().glob("*.h5"):
        old.unlink()
    for shard in shards:
        write_bytes(sample() / shard.name, shard.read_bytes())


def main() -> None:
    """Run and ship."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=ROOT / "build/sample", help="where the run is made")
    parser.add_argument("--cores", type=int, default=1)
    parser.add_argument("--repack", action="store_true", help="pack again what is there")
    options = parser.parse_args()
    ship(repack(options.folder) if options.repack else run(options.folder, options.cores))


if __name__ == "__main__":
    main()
