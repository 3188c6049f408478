"""A marker file, screened, upright, and with labels checked against anatomy."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from kinesynth.body.model import BodyModel
from kinesynth.body.schema import BETAS
from kinesynth.markers.anatomy import Markers, carriers
from kinesynth.markers.continuity import check_continuous
from kinesynth.markers.files import read_markers
from kinesynth.markers.labelled_layout import labelled_layout
from kinesynth.markers.labels import Label, known
from kinesynth.markers.misplaced import check_places
from kinesynth.markers.order import check_order
from kinesynth.markers.screening import Screened, screen
from kinesynth.markers.sides import check_sides
from kinesynth.markers.up_axis import check_extent, up_note, upright
from kinesynth.markers.user_labels import with_user_landmarks
from kinesynth.markers.wrists import thumb_side
from kinesynth.opensim_files.trc import MarkerTrajectories


def read_screened(path: Path, table: Path | None = None) -> Screened:
    """Read a marker file and turn it upright (y up), with what is known of its markers and what was left out.

    A user's `table` of labels tells landmarks before the labels themselves do.

    Raises:
        BadInput: the file is unusable, knows too few markers, its unit or its up axis cannot be right, labels lie, or
            frames are missing.
    """
    raw = read_markers(path)
    screened = screen(path, raw if table is None else with_user_landmarks(path, raw, table))
    trial, labels = screened.markers, screened.labels
    positions = trial.positions[:, [trial.names.index(name) for name in labels]]
    check_extent(path, positions)
    check_continuous(path, trial)
    ridden = carriers()
    turn = upright(path, positions, [ridden[label.landmark] for label in labels.values()])
    trial = replace(trial, positions=trial.positions @ turn.T, notes=trial.notes + up_note(turn), turn=turn)
    trial, labels = _with_thumbs(trial, labels)
    markers = Markers.of(trial.names, trial.positions, labels)
    check_sides(path, markers)
    check_order(path, markers)
    return replace(screened, markers=trial, labels=labels)


def _with_thumbs(
    trial: MarkerTrajectories, labels: Mapping[str, Label]
) -> tuple[MarkerTrajectories, Mapping[str, Label]]:
    """Return a trial and its labels, whose wrists are named by where their markers lie."""
    turned = thumb_side(Markers.of(trial.names, trial.positions, labels))
    turned = {name: place for name, place in turned.items() if name not in trial.places}
    if not turned:
        return trial, labels
    thumbs = [name for name, place in turned.items() if place.endswith("FAR")]
    note = f"taken for the thumb's side of the wrist, where they lie: {', '.join(thumbs)}"
    trial = replace(trial, places={**trial.places, **turned}, notes=(*trial.notes, note))
    return trial, {**labels, **known(turned, turned)}


def read_trial(path: Path, body: BodyModel, table: Path | None = None) -> MarkerTrajectories:
    """Read a marker file, turned to y up, without the points that are no markers; its notes list them.

    Args:
        path: the file.
        body: the body model.
        table: the user's own table of labels.

    Raises:
        BadInput: as `read_screened`; or a label is at another place of the body.
    """
    screened = read_screened(path, table)
    check_against(path, screened, body)
    return replace(screened.markers, notes=screened.markers.notes + screened.notes)


def check_against(path: Path, screened: Screened, body: BodyModel) -> None:
    """Require that markers lie apart as their landmarks do on a body.

    Raises:
        BadInput: a label is at another place of the body.
    """
    trial, labels = screened.markers, screened.labels
    layout = labelled_layout(body, labels)
    rest = layout.positions(body.rest_vertices(np.zeros(BETAS)))
    markers = Markers.of(trial.names, trial.positions, labels)
    check_places(path, markers, labels, dict(zip(layout.names, rest, strict=True)))
