"""OpenSim's inverse kinematics and the batched engine side by side, by frames per second of one core's time.

    python benchmarks/inverse_kinematics.py MARKERS.h5 MODEL.osim [--repeat 12]

The batched engine solves the shard `--repeat` times over in one batch (each copy's markers moved at random by a tenth
of a millimetre), since the shards of a real run hold more clips than the demo's. Process starts are timed for neither.
"""

# ruff: noqa: T201 (a command that prints)

import os

os.environ["OMP_NUM_THREADS"] = "1"

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from kinesynth.isolation import Worker
from kinesynth.kinematics.batched import solve_clips
from kinesynth.kinematics.bounded_skeleton import read_bounded_skeleton
from kinesynth.kinematics.inverse_kinematics import solve_with_opensim
from kinesynth.kinematics.protocol import marker_weights
from kinesynth.skeleton.definition import SkeletonDefinition
from kinesynth.stage_file import read_stage

Solved = dict[str, np.ndarray]

JITTER_M = 1e-4
TIMEOUT_SECONDS = 3600.0


def opensim_solve(*arguments: Any) -> tuple[Solved, float]:
    """Return what OpenSim's tool finds and the processor's time, s."""
    start = time.process_time()
    return solve_with_opensim(*arguments), time.process_time() - start


def main() -> None:
    """Run both engines and print frames per second, costs and angles."""
    arguments = parse_arguments()
    torch.set_num_threads(1)
    stage = read_stage(arguments.markers)
    with Worker(Path("benchmark.log")) as worker:
        model = arguments.model.absolute()
        skeleton = worker.call(read_bounded_skeleton, model, timeout_seconds=TIMEOUT_SECONDS)
        names = [name for name in stage.attrs["marker_names"] if name in skeleton.definition.marker_names]
        columns = [list(stage.attrs["marker_names"]).index(name) for name in names]
        weights = marker_weights(names, "motion")
        rates = {clip.clip_id: float(clip.attrs["fps"]) for clip in stage.clips.values()}
        clips = {clip.clip_id: clip.arrays["markers"][:, columns] for clip in stage.clips.values()}
        timed = {
            name: worker.call(
                opensim_solve, model, names, positions, rates[name], weights, arguments.accuracy,
                timeout_seconds=TIMEOUT_SECONDS,
            )
            for name, positions in clips.items()
        }  # fmt: skip
    tools, tool_seconds = {name: found for name, (found, _) in timed.items()}, sum(cpu for _, cpu in timed.values())
    skeleton = skeleton.with_markers(names)
    scale = np.array([weights[name] for name in names])
    batch = clips | copies(clips, arguments.repeat - 1)
    start = time.process_time()
    ours = solve_clips(skeleton, batch, scale)
    our_seconds = time.process_time() - start

    frames, batched_frames = (sum(map(len, part.values())) for part in (clips, batch))
    tool_rate, our_rate = frames / tool_seconds, batched_frames / our_seconds
    print(f"OpenSim's tool   {frames:6d} frames  {tool_rate:8.1f} frames/s")
    print(f"batched engine   {batched_frames:6d} frames  {our_rate:8.1f} frames/s")
    print(f"ratio            {our_rate / tool_rate:.1f}")
    report_agreement(skeleton.definition, clips, scale, tools, ours)


def report_agreement(
    definition: SkeletonDefinition,
    clips: dict[str, np.ndarray],
    weights: np.ndarray,
    tools: dict[str, Solved],
    ours: dict[str, Solved],
) -> None:
    """Print how costs and angles compare, over all frames."""

    def costs(solved: dict[str, Solved]) -> np.ndarray:
        return np.concatenate(
            [
                np.nansum(((solved[name]["markers"] - positions) ** 2).sum(axis=-1) * weights, axis=1)
                for name, positions in clips.items()
            ]
        )

    turns = ~definition.coordinate_translational
    apart = np.rad2deg(
        np.concatenate([np.abs(ours[name]["angles"] - tools[name]["angles"])[:, turns] for name in clips])
    )
    ratio = costs(ours) / costs(tools)
    print(f"cost no higher   {100 * np.mean(ratio <= 1):.1f} % of frames; ours/tool's mean {ratio.mean():.4f}, "
          f"greatest {ratio.max():.4f}")  # fmt: skip
    print(f"angles apart     median {np.median(apart):.3f} degrees, 99th percentile {np.quantile(apart, 0.99):.2f}")
    by_coordinate = sorted(zip(np.median(apart, axis=0), np.array(definition.coordinate_names)[turns], strict=True))
    print("                 most: " + ", ".join(f"{name} {value:.2f}" for value, name in by_coordinate[:-5:-1]))


def copies(clips: dict[str, np.ndarray], count: int) -> dict[str, np.ndarray]:
    """Return `count` copies of the clips, each jittered."""
    rng = np.random.default_rng(0)
    return {
        f"{name} {copy}": positions + JITTER_M * rng.normal(size=positions.shape)
        for copy in range(count)
        for name, positions in clips.items()
    }


def parse_arguments() -> argparse.Namespace:
    """Return the command's arguments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("markers", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--repeat", type=int, default=12)
    parser.add_argument("--accuracy", type=float, default=1e-5, help="of OpenSim's tool")
    return parser.parse_args()


if __name__ == "__main__":
    main()
