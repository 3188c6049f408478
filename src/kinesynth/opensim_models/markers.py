"""The markers of a model: where they sit, and models with others."""

from collections.abc import Mapping, Sequence

import numpy as np
import opensim

from kinesynth.opensim_models.opened import Model, State

MarkerPlace = tuple[str, Sequence[float] | np.ndarray]
"""The body that a marker rides on, and its place (3,) m there."""


def marker_bodies(model: Model) -> dict[str, str]:
    """Return the body that each marker rides on."""
    return {marker.getName(): marker.getParentFrame().findBaseFrame().getName() for marker in model.getMarkerSet()}


def marker_places(model: Model, names: Sequence[str]) -> np.ndarray:
    """Return where markers sit on their bodies, (M, 3) m."""
    places = [model.getMarkerSet().get(name).get_location().to_numpy() for name in names]
    return np.reshape(places, (len(names), 3))


def marker_positions(model: Model, state: State) -> dict[str, np.ndarray]:
    """Return where markers (3,) m are in ground, in the state's pose."""
    return {marker.getName(): marker.getLocationInGround(state).to_numpy() for marker in model.getMarkerSet()}


def place_on_body(model: Model, state: State, body: str, position: np.ndarray) -> np.ndarray:
    """Return the place (3,) m on a body of a point of ground, in the state's pose."""
    frame = model.getBodySet().get(body)
    station = model.getGround().findStationLocationInAnotherFrame(state, opensim.Vec3(*position), frame)
    return np.asarray(station.to_numpy())


def add_markers(model: Model, markers: Mapping[str, MarkerPlace]) -> None:
    """Give the model markers, each in place of one of the same name."""
    remove_markers(model, list(markers))
    for name, (body, place) in markers.items():
        model.addMarker(opensim.Marker(name, model.getBodySet().get(body), opensim.Vec3(*place)))
    model.finalizeConnections()


def remove_markers(model: Model, names: Sequence[str]) -> None:
    """Take markers away; names that the model does not have are passed over."""
    markers = model.updMarkerSet()
    for name in names:
        if markers.getIndex(name) >= 0:
            markers.remove(markers.getIndex(name))


def remove_all_markers(model: Model) -> None:
    """Take all markers away."""
    model.updMarkerSet().clearAndDestroy()


def move_markers(model: Model, state: State, positions: Mapping[str, np.ndarray]) -> None:
    """Put markers where points (3,) m of ground are, in the state's pose, each on the body that it rides on."""
    for name, position in positions.items():
        marker = model.getMarkerSet().get(name)
        frame = marker.getParentFrame()
        marker.set_location(model.getGround().findStationLocationInAnotherFrame(state, opensim.Vec3(*position), frame))
