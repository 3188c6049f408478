"""Where markers of known labels belong on the skin of a body."""

from collections.abc import Mapping

import numpy as np

from kinesynth.body.model import BodyModel
from kinesynth.body.virtual_markers import MarkerLayout, resolve_markers
from kinesynth.markers.labels import LANDMARKS, Label


def labelled_layout(body: BodyModel, labels: Mapping[str, Label]) -> MarkerLayout:
    """Return the layout of markers, each on the landmark of its label."""
    layouts = [resolve_markers(body), resolve_markers(body, LANDMARKS)]
    found = {name: (layout, row) for layout in layouts for row, name in enumerate(layout.names)}
    rows = [found[label.landmark] for label in labels.values()]
    return MarkerLayout(
        names=tuple(labels),
        bodies=tuple(layout.bodies[row] for layout, row in rows),
        vertices=np.array([layout.vertices[row] for layout, row in rows]),
        weights=np.array([layout.weights[row] for layout, row in rows]),
    )
