"""The sample that ships with the package: two people, three clips each, to try the loader without making a run."""

from pathlib import Path

from kinesynth.atomic import write_bytes
from kinesynth.dataset.listing import find_shards
from kinesynth.file_names import takes_file_names

FOLDER = Path(__file__).parents[1] / "data" / "sample"


def sample() -> Path:
    """Return the folder with the sample's shards, for `ShardDataset` and all that takes shards.

    `p01` (train) walks, squats and raises the arms, `p02` (test) walks, jumps and kicks: two seconds each, two views of
    256 x 192 pixels, every label of schema 2. People and motions are drawn by the package itself, and the sample is
    under the package's licence.

    Example:
        >>> from kinesynth.dataset import ShardDataset, sample
        >>> ShardDataset(sample(), split="train", window=16, views=())[0]["angles"].shape
        (16, 53)
    """
    return FOLDER


@takes_file_names
def copy_sample(*, output: Path = Path("sample")) -> None:
    """Copy the sample's shards out of the package.

    Args:
        output: the folder to write them into.
    """
    for shard in find_shards(sample()):
        write_bytes(output / shard.name, shard.read_bytes())
        print(output / shard.name)  # noqa: T201
