"""OpenSim's inverse kinematics and the batched engine side by side, by frames per second of one core's time.

    python benchmarks/inverse_kinematics.py MARKERS.h5 MODEL.osim [--repeat 1] [--marker-set NAME]

The markers are a stage file, or a .trc file with its `--marker-set`. All clips of a shard are one batch; with
`--repeat`, the batched engine solves each that many times in one batch (every copy's markers moved at random by a tenth
of a millimetre), as in shards with more clips. Process starts, which load the libraries, are timed for neither.
"""

# ruff: noqa: T201 (a command that prints)

import os

os.environ["OMP_NUM_THREADS"] = "1"

import argparse
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from kinesynth.isolation import Worker
from kinesynth.kinematics.batched_ik import solve_clips
from kinesynth.kinematics.bounded_skeleton import read_bounded_skeleton
from kinesynth.kinematics.inverse_kinematics import motion_weights, read_markers, solve_with_opensim

Solved = dict[str, np.ndarray]

JITTER_M = 1e-4
TIMEOUT_SECONDS = 3600.0


@dataclass(frozen=True)
class Comparison:
    """How the engines compare on the N frames of a shard.

    Attributes:
        tool_rate: frames per second of one core's time, of OpenSim's tool.
        our_rate: of the batched engine.
        cost_ratio: (N,) the batched engine's cost over the tool's.
        apart: (N, R) degrees between their angles.
        rotations: (R,) the coordinates' names.
    """

    tool_rate: float
    our_rate: float
    cost_ratio: np.ndarray
    apart: np.ndarray
    rotations: tuple[str, ...]

    @property
    def speedup(self) -> float:
        """How many times the tool's frames per second."""
        return self.our_rate / self.tool_rate


def compare(
    markers: Path, model: Path, marker_set: Path | None = None, repeat: int = 1, accuracy: float = 1e-5
) -> Comparison:
    """Solve a shard with both engines, ours on one thread."""
    torch.set_num_threads(1)
    stage = read_markers(markers)
    with Worker(Path("benchmark.log")) as worker:
        skeleton = worker.call(read_bounded_skeleton, model.absolute(), timeout_seconds=TIMEOUT_SECONDS)
        names = [name for name in stage.attrs["marker_names"] if name in skeleton.definition.marker_names]
        columns = [list(stage.attrs["marker_names"]).index(name) for name in names]
        weights = motion_weights(names, marker_set)
        rates = {clip.clip_id: float(clip.attrs["fps"]) for clip in stage.clips.values()}
        clips = {clip.clip_id: clip.arrays["markers"][:, columns] for clip in stage.clips.values()}
        timed = {
            name: worker.call(
                opensim_solve, model.absolute(), names, positions, rates[name], weights, accuracy,
                timeout_seconds=TIMEOUT_SECONDS,
            )
            for name, positions in clips.items()
        }  # fmt: skip
    skeleton, scale = skeleton.with_markers(names), np.array(list(weights.values()))
    batch = clips | copies(clips, repeat - 1)
    solve_clips(skeleton, {name: positions[:1] for name, positions in clips.items()}, scale)  # loads the libraries
    start = time.process_time()
    ours = solve_clips(skeleton, batch, scale)
    seconds = time.process_time() - start
    turns = ~skeleton.definition.coordinate_translational
    found = {name: solved for name, (solved, _) in timed.items()}
    apart = [np.abs(ours[name]["angles"] - found[name]["angles"])[:, turns] for name in clips]
    return Comparison(
        tool_rate=sum(map(len, clips.values())) / sum(spent for _, spent in timed.values()),
        our_rate=sum(map(len, batch.values())) / seconds,
        cost_ratio=costs(clips, ours, scale) / costs(clips, found, scale),
        apart=np.rad2deg(np.concatenate(apart)),
        rotations=tuple(np.array(skeleton.definition.coordinate_names)[turns].tolist()),
    )


def opensim_solve(*arguments: Any) -> tuple[Solved, float]:
    """Return what OpenSim's tool finds and the processor's time, s."""
    start = time.process_time()
    return solve_with_opensim(*arguments), time.process_time() - start


def costs(clips: Solved, solved: dict[str, Solved], weights: np.ndarray) -> np.ndarray:
    """Return the weighted sum of squared marker errors of all frames (N,), m^2."""
    squares = [((solved[name]["markers"] - positions) ** 2).sum(axis=-1) for name, positions in clips.items()]
    return np.concatenate([np.nansum(part * weights, axis=1) for part in squares])


def main() -> None:
    """Run both engines and print frames per second, costs and angles."""
    arguments = parse_arguments()
    found = compare(arguments.markers, arguments.model, arguments.marker_set, arguments.repeat, arguments.accuracy)
    print(f"frames           {len(found.cost_ratio)}, batched {arguments.repeat} times over")
    print(f"OpenSim's tool   {found.tool_rate:8.1f} frames/s")
    print(f"batched engine   {found.our_rate:8.1f} frames/s")
    print(f"ratio            {found.speedup:.1f}")
    print(f"cost no higher   {100 * np.mean(found.cost_ratio <= 1):.1f} % of frames; ours/tool's mean "
          f"{found.cost_ratio.mean():.4f}, greatest {found.cost_ratio.max():.4f}")  # fmt: skip
    print(f"angles apart     median {np.median(found.apart):.3f} degrees, "
          f"99th percentile {np.quantile(found.apart, 0.99):.2f}")  # fmt: skip
    most = sorted(zip(np.median(found.apart, axis=0), found.rotations, strict=True))
    print("                 most: " + ", ".join(f"{name} {value:.2f}" for value, name in most[:-5:-1]))


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
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--marker-set", type=Path)
    parser.add_argument("--accuracy", type=float, default=1e-5, help="of OpenSim's tool")
    return parser.parse_args()


if __name__ == "__main__":
    main()
