"""Draw the validation on the measured gait trial, and print its table.

    python -m tools.pictures.gait [--output docs/images] [--work DIR]

`--work` keeps the stage files; where they are there already, they are drawn as they are.

Needs the trial: set KINESYNTH_SHARED to the folder of the recordings.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kinesynth.atomic import atomic_path
from kinesynth.gravity import GRAVITY
from tools.acceptance.dynamics import WALKING, gait_metrics
from tools.acceptance.gait_trial import BOTH_ON_PLATES, CHANNELS, RIGHT_MEASURED, GaitTrial, process_trial, read_trial
from tools.acceptance.metrics import ROOT, print_table

RIGHT, LEFT, ENVELOPE = "#d1572a", "#2a7fb8", "#555555"
SHOWN = ("hip_flexion", "knee_angle", "ankle_angle")
DELAY_SECONDS = 0.05  # about what lies between excitation and force; told, not used
AXES = ("fore-aft", "vertical", "lateral")
STYLE: dict[Any, Any] = {
    "axes.spines.top": False, "axes.spines.right": False, "axes.titlesize": 9, "axes.titlelocation": "left",
    "font.size": 8, "legend.frameon": False, "lines.linewidth": 1.4, "figure.constrained_layout.use": True,
}  # fmt: skip


def main() -> None:
    """Process the trial, print its metrics and write the plots."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=ROOT / "docs/images")
    parser.add_argument("--work", type=Path)
    arguments = parser.parse_args()
    with TemporaryDirectory() as temporary:
        work = arguments.work or Path(temporary)
        trial = read_trial(WALKING, work) if (work / "so.h5").exists() else process_trial(WALKING, work)
    print_table(list(gait_metrics(trial)))
    delayed = ", ".join(f"{channel} {trial.timing(channel, DELAY_SECONDS):.2f}" for channel in CHANNELS)
    print(f"envelopes {DELAY_SECONDS:g} s later: {delayed}")  # noqa: T201
    with mpl.rc_context(STYLE):
        for name, figure in (("validation_forces", forces(trial)), ("validation_emg", muscles(trial))):
            with atomic_path(arguments.output / f"{name}.png") as path:
                figure.savefig(path, format="png", dpi=110, metadata={"Software": None})


def forces(trial: GaitTrial) -> Figure:
    """Draw forces, centres of pressure and moments, estimated (solid) and measured (dashed)."""
    figure = Figure(figsize=(10.5, 6.4))
    grid = figure.subplots(2, 4)
    weight = trial.mass_kg * GRAVITY
    for axis, (axes, name) in enumerate(zip(grid[0], AXES, strict=False)):
        _pair(axes, trial, *(source["force"][:, :, axis] / weight for source in trial.sources))
        axes.set_title(f"{name} force, BW")
    forward = (np.where(source["force"][..., 1] > 20.0, source["cop"][..., 0], np.nan) for source in trial.sources)
    _pair(grid[0, 3], trial, *forward)
    grid[0, 3].set_title("centre of pressure, forward, m")
    for axes, joint in zip(grid[1], SHOWN, strict=False):
        _pair(axes, trial, *(trial.moment(source, joint) for source in trial.sources))
        axes.set_title(f"{joint.replace('_', ' ')} moment, N m/kg")
        axes.set_xlabel("time, s")
    legend = grid[1, 3]
    legend.axis("off")
    for colour, style, label in (
        (RIGHT, "-", "right, from motion alone"), (RIGHT, "--", "right, measured"),
        (LEFT, "-", "left, from motion alone"), (LEFT, "--", "left, measured"),
    ):  # fmt: skip
        legend.plot([], [], color=colour, linestyle=style, label=label)
    legend.legend(loc="upper left", title="grey: both feet on plates, where errors are taken")
    return figure


def muscles(trial: GaitTrial) -> Figure:
    """Draw the right leg's activations with measured forces, and the envelopes of its electromyograms."""
    figure = Figure(figsize=(10.5, 4.6))
    grid = figure.subplots(2, 5, sharex=True)
    rows = trial.right_measured
    for axes, channel in zip(grid.ravel(), CHANNELS, strict=True):
        activation, envelope = trial.activation(channel)[rows], trial.envelopes[channel][rows]
        axes.fill_between(trial.times[rows], envelope, color=ENVELOPE, alpha=0.25, linewidth=0, label="EMG envelope")
        axes.plot(trial.times[rows], activation, color=RIGHT, label="activation")
        axes.set(ylim=(0, 1), xlim=RIGHT_MEASURED)
        axes.set_title(f"{channel.replace('_', ' ')}, r = {trial.timing(channel):.2f}")
    grid[0, 0].legend(loc="upper left", fontsize=7)
    for axes in grid[1]:
        axes.set_xlabel("time, s")
    return figure


def _pair(axes: Axes, trial: GaitTrial, estimated: np.ndarray, measured: np.ndarray) -> None:
    axes.axvspan(*BOTH_ON_PLATES, color="#000000", alpha=0.06, linewidth=0)
    for values, style in ((estimated, "-"), (measured, "--")):
        for curve, colour in zip(values.T, (RIGHT, LEFT), strict=True):
            axes.plot(trial.times, curve, color=colour, linestyle=style)
    axes.margins(x=0)


if __name__ == "__main__":
    main()
