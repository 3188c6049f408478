"""Draw estimated ground forces over those of plates, trial by trial, and write their tables into docs/validation.md.

    python -m tools.pictures.measured_forces [--document docs/validation.md] [--output IMAGE]

Needs the trials: set KINESYNTH_SHARED to the folder of the recordings.
"""

import argparse
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kinesynth.atomic import atomic_path
from tools.acceptance import force_doubts
from tools.acceptance.measured_forces import Found, measure, metrics_of
from tools.acceptance.metrics import ROOT, print_table
from tools.document import fill
from tools.pictures.gait import LEFT, RIGHT, STYLE

MARK, DOUBT_MARK = "measured_forces", "force_doubt"
HEADER = (
    "| trial | vertical per foot, worse / total, BW | r | fore-aft, BW | stance, points | contact, lift-off, ms "
    "| mean / plates', BW | peak, of plates' | valid | of these <= 0.15 BW "
    "| mass stated: valid | of these <= 0.15 BW | hip / knee / ankle, N m/kg |"
)
COLUMNS = 3


def main() -> None:
    """Measure, print, write the table and the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--document", type=Path, default=ROOT / "docs/validation.md")
    parser.add_argument("--output", type=Path, default=ROOT / "docs/images/validation_plates.png")
    arguments = parser.parse_args()
    found = measure()
    print_table(list(metrics_of(found)))
    fill(arguments.document, MARK, ["", HEADER, "|---|" + "---:|" * 12, *(line(each) for each in found), ""])
    fill(arguments.document, DOUBT_MARK, ["", *doubt_table(found), ""])
    with mpl.rc_context(STYLE), atomic_path(arguments.output) as path:
        drawn(found).savefig(path, format="png", dpi=100, metadata={"Software": None})


def doubt_table(found: list[Found]) -> list[str]:
    """Return errors by doubt as a table of the page."""
    trials = [(each.row["clip"], each.forces) for each in found if each.forces is not None]
    return [force_doubts.HEADER, "|---|" + "---:|" * 8, *force_doubts.rows(trials)]


def line(each: Found) -> str:
    """Return a trial's row of the table."""
    name = f"{each.row['clip']}{' (tuned on)' if each.row['tuned'] else ''}"
    if each.errors is None:
        return f"| {name} | {each.reason} |{' |' * 11}"
    e = each.errors
    cells = [
        f"{e['vertical']:.3f} / {e['total']:.3f}", f"{e['pearson']:.3f}", f"{e['fore_aft']:.3f}",
        f"{e['stance_off']:.1f}", f"{e['event_off']:.0f}", f"{e['mean']:.2f} / {e['mean_measured']:.2f}",
        f"{e['peak_ratio']:.2f}", f"{e['valid']:.0%}", f"{e['valid_within']:.0%}" if e["valid"] else "-",
        f"{e['stated_valid']:.0%}", f"{e['stated_valid_within']:.0%}" if e["stated_valid"] else "-",
        " / ".join(f"{e[f'{joint}_moment']:.2f}" for joint in ("hip", "knee", "ankle")),
    ]  # fmt: skip
    return f"| {name} | {' | '.join(cells)} |"


def drawn(found: list[Found]) -> Figure:
    """Return the picture: vertical forces, estimated solid, measured dashed; grey where said to be valid."""
    shown = [each for each in found if each.forces is not None]
    rows = -(-len(shown) // COLUMNS)
    figure = Figure(figsize=(11.0, 1.9 * rows))
    panels = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
    for axes, each in zip(panels, shown, strict=False):
        _trial(axes, each)
    for axes in panels[len(shown) :]:
        axes.axis("off")
    return figure


def _trial(axes: Axes, each: Found) -> None:
    forces = each.forces
    if forces is None:
        return
    for values, style in ((forces.estimated, "-"), (forces.measured, "--")):
        for foot, colour in enumerate((RIGHT, LEFT)):
            axes.plot(forces.times, values[:, foot, 1], color=colour, linestyle=style, linewidth=1.0)
    low, high = axes.get_ylim()
    axes.fill_between(forces.times, low, high, where=forces.valid.tolist(), color="#000000", alpha=0.06, linewidth=0)
    axes.set(ylim=(low, high), title=f"{each.row['clip']}, BW")
    axes.margins(x=0)


if __name__ == "__main__":
    main()
