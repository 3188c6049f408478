"""Plots of the page as inline SVG, in the page's own text colour, so that they read on light and dark alike."""

import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from textwrap import wrap
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator

from kinesynth.dataset.record import ClipRecord
from kinesynth.dataset.schema import load_schema
from kinesynth.gravity import GRAVITY
from kinesynth.runs import runs
from kinesynth.skeleton.definition import SkeletonDefinition
from kinesynth.skeleton.muscle_groups import group_members

INK = "#123456"  # stands for the page's text colour until the SVG is written
RIGHT, LEFT, BOTH = "#e8702a", "#2a8fd6", "#7a8a99"
STYLE: dict[Any, Any] = {
    "axes.edgecolor": INK, "axes.labelcolor": INK, "text.color": INK, "xtick.color": INK, "ytick.color": INK,
    "axes.spines.top": False, "axes.spines.right": False, "axes.linewidth": 0.6, "axes.grid": True,
    "grid.color": INK, "grid.alpha": 0.12, "grid.linewidth": 0.6, "axes.titlesize": 9, "axes.titleweight": "bold",
    "axes.titlelocation": "left", "axes.labelsize": 8, "xtick.labelsize": 7.5, "ytick.labelsize": 7.5,
    "legend.fontsize": 7.5, "legend.frameon": False, "lines.linewidth": 1.4, "svg.fonttype": "none",
    "figure.constrained_layout.use": True, "axes.unicode_minus": False,
}  # fmt: skip

ANGLES = {"hip": "hip_flexion_{}", "knee": "knee_angle_{}", "ankle": "ankle_angle_{}", "shoulder": "arm_flex_{}",
          "elbow": "elbow_flex_{}"}  # fmt: skip
MOMENTS = {"hip": "hip_flexion_{}", "knee": "knee_angle_{}", "ankle": "ankle_angle_{}"}
MIN_RANGE_DEG = 10.0
SPLIT_COLOURS = {"train": "#2a8fd6", "val": "#9b59b6", "test": "#e8702a"}
MAX_ACTIONS, PLOTS_PER_LINE = 24, 4
SIDES = {"r": RIGHT, "l": LEFT}


def clip_plot(clip: ClipRecord, skeleton: SkeletonDefinition, mass_kg: float, name: str) -> str:
    """Return a clip's angles, vertical forces, moments and activations over time."""
    times = np.arange(clip.n_frames) / clip.fps
    with _plot(name, 11.0, 7.5) as (figure, written):
        rows = figure.add_gridspec(3, 1, height_ratios=[1, 1, 1.9])
        above, middle, below = (figure.add_subfigure(rows[index]) for index in range(3))
        grid = above.subplots(1, len(ANGLES))
        for axes, (joint, pattern) in zip(grid, ANGLES.items(), strict=True):
            _both_sides(axes, times, np.degrees(clip.arrays["angles"]), skeleton.coordinate_names, pattern)
            _widen(axes, MIN_RANGE_DEG)
            axes.set_title(f"{joint} flexion, deg")
        forces, *others = middle.subplots(1, 1 + len(MOMENTS), width_ratios=[2, *[1] * len(MOMENTS)])
        _forces(forces, times, clip, mass_kg)
        for axes, (joint, pattern) in zip(others, MOMENTS.items(), strict=True):
            _both_sides(axes, times, clip.arrays["moments"] / mass_kg, skeleton.coordinate_names, pattern)
            _shade(axes, times, ~clip.arrays["quality/force_valid"])
            axes.set_title(f"{joint} moment, N m/kg")
        _activations(below, below.subplots(), times, clip, skeleton)
    return written[0]


def loss_plot(curve: Sequence[Mapping[str, float]]) -> str:
    """Return the training's loss over steps, in parts and in total."""
    with _plot("loss", 6.2, 2.9) as (figure, written):
        axes = figure.add_subplot()
        steps = [point["step"] for point in curve]
        names = [name for name in curve[0] if name not in {"step", "total"}]
        axes.plot(steps, [point["total"] for point in curve], color=INK, label="total", linewidth=1.8)
        for name, colour in zip(names, ("#e8702a", "#2a8fd6", "#9b59b6", "#27ae60"), strict=False):
            if any(point[name] > 0 for point in curve):
                axes.plot(steps, [point[name] for point in curve], color=colour, label=name)
        axes.set(yscale="log", xlabel="step", title="loss")
        axes.legend(ncols=2)
    return written[0]


def actions_plot(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the number of clips of each action, by split."""
    actions = [action for action, _ in Counter(row["action"] for row in rows).most_common(MAX_ACTIONS)][::-1]
    with _plot("actions", 6.4, 0.9 + 0.24 * len(actions)) as (figure, written):
        axes = figure.add_subplot()
        left = np.zeros(len(actions))
        for split, colour in SPLIT_COLOURS.items():
            counts = Counter(row["action"] for row in rows if row["split"] == split)
            width = np.array([counts[action] for action in actions], dtype=float)
            if width.any():
                axes.barh(actions, width, left=left, color=colour, label=split, height=0.7)
            left += width
        axes.set(title="clips of each action")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(visible=False, axis="y")
        axes.legend(loc="lower right")
    return written[0]


def lengths_plot(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return how long the clips are, and the maximum force under the feet in them."""
    with _plot("lengths", 4.2, 2.6) as (figure, written):
        above, below = figure.subplots(2, 1)
        _histogram(above, [row["frames"] / row["fps"] for row in rows], "length of a clip, s")
        _histogram(below, [row["peak_vertical_force_bw"] for row in rows], "peak vertical force, body weights")
    return written[0]


def quality_plot(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return a histogram of each measure of quality, over all clips."""
    measures = load_schema().clip_quality
    lines = -(-len(measures) // PLOTS_PER_LINE)
    with _plot("quality", 11.0, 1.75 * lines) as (figure, written):
        grid = figure.subplots(lines, PLOTS_PER_LINE, squeeze=False).ravel()
        for axes, (name, attribute) in zip(grid, measures.items(), strict=False):
            title = "\n".join(wrap(f"{attribute.description}, {attribute.unit}", 32))
            _histogram(axes, [row[name] for row in rows], title)
        for axes in grid[len(measures) :]:
            axes.set_axis_off()
    return written[0]


def _histogram(axes: Axes, values: Sequence[float], title: str) -> None:
    axes.hist(values, bins=min(30, max(8, round(len(values) ** 0.5))), color=BOTH)
    axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.set_title(title, fontsize=8)


@contextmanager
def _plot(name: str, width: float, height: float) -> Iterator[tuple[Figure, list[str]]]:
    """Give a figure to draw on; its SVG text is in the list when the block has ended."""
    written: list[str] = []
    with mpl.rc_context({**STYLE, "svg.hashsalt": name}):
        figure = Figure(figsize=(width, height))
        yield figure, written
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :].replace(INK, "currentColor")
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    written.append(re.sub(r'^<svg [^>]*?viewBox="([^"]*)"[^>]*>', r'<svg class="plot" viewBox="\1">', svg))


def _both_sides(axes: Axes, times: np.ndarray, values: np.ndarray, names: Sequence[str], pattern: str) -> None:
    for side, colour in SIDES.items():
        if pattern.format(side) in names:
            axes.plot(times, values[:, names.index(pattern.format(side))], color=colour)
    axes.margins(x=0)


def _forces(axes: Axes, times: np.ndarray, clip: ClipRecord, mass_kg: float) -> None:
    vertical = clip.arrays["grf/force"][..., 1] / (mass_kg * GRAVITY)
    axes.plot(times, vertical.sum(axis=1), color=BOTH, linestyle=(0, (3, 2)))
    for foot, colour in enumerate(SIDES.values()):
        axes.plot(times, vertical[:, foot], color=colour)
    _shade(axes, times, ~clip.arrays["quality/force_valid"])
    axes.set_title("vertical ground reaction, BW (dashed: sum)")
    axes.set_ylim(bottom=min(0.0, float(vertical.min())))
    axes.margins(x=0)


def _activations(
    figure: SubFigure, axes: Axes, times: np.ndarray, clip: ClipRecord, skeleton: SkeletonDefinition
) -> None:
    members = group_members(skeleton.muscle_names)
    means = np.stack([clip.arrays["activations"][:, indices].mean(axis=1) for indices in members.values()])
    half = 0.5 / clip.fps
    extent = (times[0] - half, times[-1] + half, len(members) - 0.5, -0.5)
    image = axes.imshow(means, aspect="auto", cmap="magma", vmin=0.0, vmax=1.0, extent=extent, interpolation="nearest")
    labels = [f"{group} {side}".strip() for group, side in members]
    axes.set_yticks(range(len(members)), labels, fontsize=7)
    axes.grid(visible=False)
    axes.set(xlabel="time, s", title="muscle activation, mean of each group")
    figure.colorbar(image, ax=axes, fraction=0.03, pad=0.01)


def _widen(axes: Axes, min_span: float) -> None:
    """Keep noise from filling a plot whose values hardly change."""
    low, high = axes.get_ylim()
    if high - low < min_span:
        axes.set_ylim((low + high - min_span) / 2, (low + high + min_span) / 2)


def _shade(axes: Axes, times: np.ndarray, masked: np.ndarray) -> None:
    """Grey the frames whose values are not valid."""
    half = 0.5 * (times[1] - times[0]) if len(times) > 1 else 0.5
    for first, last in runs(masked):
        axes.axvspan(times[first] - half, times[last - 1] + half, color=INK, alpha=0.1, linewidth=0)
