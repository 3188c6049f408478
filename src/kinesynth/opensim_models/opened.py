"""Opens and writes models, and names their parts."""

from pathlib import Path

import opensim

from kinesynth.atomic import atomic_path
from kinesynth.errors import BadInput

type Model = opensim.Model
"""A model that is open: a handle, which the functions of this part alone look into."""
type State = opensim.State
"""One of its states: its pose and its speeds."""


def quiet() -> None:
    """Have OpenSim say errors only."""
    opensim.Logger.setLevelString("error")


def open_model(path: Path, fix: str = "run scale_model again") -> Model:
    """Open a model.

    Raises:
        BadInput: OpenSim cannot read the file; the message tells `fix`.
    """
    quiet()
    try:
        return opensim.Model(str(path))
    except RuntimeError as error:
        raise _unreadable(path, error, fix) from error


def open_with_state(path: Path, fix: str = "open it in OpenSim to see what is wrong") -> tuple[Model, State]:
    """Open a model and return it with its state, in the default pose.

    Raises:
        BadInput: OpenSim cannot read the file, or what it reads is no working model; the message tells `fix`.
    """
    quiet()
    try:
        model = opensim.Model(str(path))
        return model, model.initSystem()
    except RuntimeError as error:
        raise _unreadable(path, error, fix) from error


def _unreadable(path: Path, error: RuntimeError, fix: str) -> BadInput:
    return BadInput(path, "model", " ".join(str(error).split())[:200], "an OpenSim model", fix)


def light_model(path: Path) -> Model:
    """Return the model without forces and controllers, which take no part in kinematics."""
    model = opensim.Model(str(path))
    model.updForceSet().clearAndDestroy()
    model.updControllerSet().clearAndDestroy()
    model.finalizeConnections()
    return model


def default_state(model: Model) -> State:
    """Return the model's state in its default pose, its system built anew."""
    return model.initSystem()


def write_model(model: Model, output: Path) -> None:
    """Write a model to `output` (.osim), whole or not at all."""
    model.finalizeConnections()
    with atomic_path(output) as temporary:
        if not model.printToXML(str(temporary)):
            raise RuntimeError(f"OpenSim could not write {temporary}")


def coordinate_names(model: Model) -> tuple[str, ...]:
    """Return the coordinates in the order of the model's CoordinateSet, which is not that of its state."""
    return tuple(coordinate.getName() for coordinate in model.getCoordinateSet())


def body_names(model: Model) -> tuple[str, ...]:
    """Return the bodies in the order of the model's BodySet."""
    return tuple(body.getName() for body in model.getBodySet())


def muscle_names(model: Model) -> tuple[str, ...]:
    """Return the muscles in the order of the model's ForceSet."""
    muscles = model.getMuscles()
    return tuple(muscles.get(index).getName() for index in range(muscles.getSize()))


def marker_names(model: Model) -> tuple[str, ...]:
    """Return the markers in the order of the model's MarkerSet."""
    return tuple(marker.getName() for marker in model.getMarkerSet())
