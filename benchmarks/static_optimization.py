"""OpenSim's static optimization and the batched engine side by side: processor time of a frame, and activations.

    python benchmarks/static_optimization.py STAGES SHARD CLIP [--frames 8]

STAGES is the folder of a run's stages (stages/). Loading models and fitting paths, once per shard, are timed for
neither.
"""

# ruff: noqa: T201 (a command that prints)

import os

os.environ["OMP_NUM_THREADS"] = "1"

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tools.acceptance.static_optimization_peers import compare

from kinesynth.stage_file import read_stage


def main() -> None:
    """Run both engines on a clip and print what they cost and how they differ."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stages", type=Path)
    parser.add_argument("shard")
    parser.add_argument("clip")
    parser.add_argument("--frames", type=int, default=8, help="that OpenSim solves")
    parser.add_argument("--log", type=Path, default=Path("benchmark.log"))
    arguments = parser.parse_args()
    subject = arguments.shard.rpartition("_")[0]
    ground = read_stage(arguments.stages / f"grf/{arguments.shard}.h5")
    found = compare(
        arguments.stages / f"scale/{subject}.osim",
        arguments.stages / f"paths/{arguments.shard}.npz",
        list(ground.attrs["coordinate_names"]),
        ground.clips[arguments.clip],
        read_stage(arguments.stages / f"id/{arguments.shard}.h5").clips[arguments.clip],
        arguments.frames,
        arguments.log,
    )
    print(f"{arguments.clip}: {found.muscles} muscles, {found.frames} frames compared")
    print(f"OpenSim's tool   {1e3 * found.tool_seconds:10.3f} ms a frame")
    print(f"batched engine   {1e3 * found.batched_seconds:10.3f} ms a frame")
    print(f"ratio            {found.speedup:10.0f}")
    for name, agreement in (("fitted", found.fitted), ("exact", found.exact)):
        print(
            f"{name:7} paths    RMSE {agreement.rmse:.4f}, greatest {agreement.greatest:.3f}, r {agreement.pearson:.4f}"
        )


if __name__ == "__main__":
    main()
