"""Make the sample that ships with the package: a run of configs/sample, whose shards are copied into the package.

    python -m tools.shipped.sample [--folder build/sample] [--cores 1] [--repack]

Ten minutes of two cores the first time; what stands in the folder is taken over. Run it again with --repack whenever
the schema changes, which takes seconds. The people are drawn, the motions are the procedural library's and the body is
the free one, so that nobody else has rights in the sample.
"""

import argparse
import subprocess
from pathlib import Path

from kinesynth.atomic import write_bytes
from kinesynth.dataset.listing import find_shards
from kinesynth.dataset.shipped_sample import sample
from kinesynth.dataset.verify import verify
from kinesynth.errors import BadInput
from kinesynth.layout import FILES

ROOT = Path(__file__).parents[2]
MOST_BYTES = 5_000_000


def run(folder: Path, cores: int, repack: bool) -> list[Path]:
    """Run the workflow as far as the shards and return them."""
    table = ROOT / "configs/sample/clips.tsv"
    command: list[str | Path] = ["snakemake", "--snakefile", ROOT / "Snakefile", "--directory", folder]
    command += ["--workflow-profile", ROOT / "profiles/default", "--cores", str(cores)]
    command += ["--configfile", table.with_name("config.yaml"), "--config", f"clips={table}"]
    command += ["--until", "pack_shard", *(["--forcerun", "pack_shard"] if repack else [])]
    subprocess.run(command, check=True)
    return find_shards((folder / FILES["pack_shard"]).parent)


def ship(shards: list[Path]) -> None:
    """Check shards and copy them into the package.

    Raises:
        KinesynthError: a shard has faults.
        BadInput: they are too large to ship.
    """
    verify(shards)
    if (size := sum(shard.stat().st_size for shard in shards)) > MOST_BYTES:
        raise BadInput(
            shards[0].parent, "size", f"{size} bytes", f"{MOST_BYTES} at most", "make fewer or shorter clips"
        )
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
    ship(run(options.folder, options.cores, options.repack))


if __name__ == "__main__":
    main()
