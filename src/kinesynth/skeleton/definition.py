"""What a skeleton is, as arrays: all that forward kinematics and a reader of labels need, without OpenSim."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

import numpy as np

from kinesynth.errors import BadInput
from kinesynth.hdf5 import own_dataset
from kinesynth.isolation import isolated
from kinesynth.npz import write_npz
from kinesynth.skeleton.soundness import check_skeleton

_TIMEOUT_SECONDS = 120.0


@dataclass(frozen=True, eq=False)
class SkeletonDefinition:
    """A tree of B bodies with J coordinates, M markers, C contact spheres and A muscles.

    Lengths are in metres, angles in radians, masses in kilograms. Every joint, of whatever type, is three rotations
    about axes 0, 1, 2 and then a translation along axes 3, 4, 5, each by a function of one coordinate, from the joint
    frame in the parent body to the joint frame in the body (OpenSim's CustomJoint, of which the other types are
    special cases).

    Attributes:
        body_names: (B,).
        parents: (B,) index of the parent body, -1 for the ground.
        joint_names: (B,) the joint between each body and its parent.
        joint_types: (B,) OpenSim's names of the joints' classes; scaling stretches the translations of CustomJoints.
        parent_places: (B, 3) the joint frame's origin in the parent body's frame.
        parent_orientations: (B, 3, 3) the joint frame's axes, as columns, in the parent body's frame.
        child_places: (B, 3) the joint frame's origin in the body's frame.
        child_orientations: (B, 3, 3) the joint frame's axes, as columns, in the body's frame.
        axes: (B, 6, 3) unit vectors in the joint frame.
        axis_coordinates: (B, 6) index of the coordinate, -1 for none (the function is a constant).
        axis_functions: (B, 6) index of the function.
        function_knots: (F, P) ascending, inf after the last piece; see `evaluate`.
        function_coefficients: (F, P, D) per piece, in ascending powers of x minus the piece's knot.
        masses: (B,).
        mass_centres: (B, 3) in the body's frame.
        coordinate_names: (J,).
        coordinate_ranges: (J, 2) minimum and maximum.
        coordinate_defaults: (J,).
        coordinate_translational: (J,) bool, metres rather than radians.
        coordinate_free: (J,) bool, an angle whose range is the full circle.
        coupled_to: (J,) index of the coordinate that this one follows, -1 where it is independent.
        coupling_functions: (J,) index of the function by which it follows, -1 where it is independent.
        marker_names: (M,).
        marker_bodies: (M,) index.
        marker_places: (M, 3) in the body's frame.
        contact_names: (C,).
        contact_bodies: (C,) index.
        contact_places: (C, 3) the spheres' centres in the body's frame.
        contact_radii: (C,).
        muscle_names: (A,).
    """

    body_names: tuple[str, ...]
    parents: np.ndarray
    joint_names: tuple[str, ...]
    joint_types: tuple[str, ...]
    parent_places: np.ndarray
    parent_orientations: np.ndarray
    child_places: np.ndarray
    child_orientations: np.ndarray
    axes: np.ndarray
    axis_coordinates: np.ndarray
    axis_functions: np.ndarray
    function_knots: np.ndarray
    function_coefficients: np.ndarray
    masses: np.ndarray
    mass_centres: np.ndarray
    coordinate_names: tuple[str, ...]
    coordinate_ranges: np.ndarray
    coordinate_defaults: np.ndarray
    coordinate_translational: np.ndarray
    coordinate_free: np.ndarray
    coupled_to: np.ndarray
    coupling_functions: np.ndarray
    marker_names: tuple[str, ...]
    marker_bodies: np.ndarray
    marker_places: np.ndarray
    contact_names: tuple[str, ...]
    contact_bodies: np.ndarray
    contact_places: np.ndarray
    contact_radii: np.ndarray
    muscle_names: tuple[str, ...]

    @classmethod
    def from_osim(cls, path: str | Path, *, log: str | Path = Path("/dev/null")) -> Self:
        """Read an OpenSim model, in a process of its own; OpenSim's messages go to `log`.

        Raises:
            BadInput: the file is missing.
            KinesynthError: OpenSim cannot load it, it is not a tree, or it has a joint, function or coupler of a kind
                unknown here.
        """
        from kinesynth.opensim_models.read_osim import read_osim

        path = Path(path)
        if not path.is_file():
            raise BadInput(path, "file", "nothing", "an OpenSim model (.osim)", "check the path")
        return cls(**isolated(read_osim, path.absolute(), timeout_seconds=_TIMEOUT_SECONDS, log=Path(log)))

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what `save` wrote.

        Raises:
            BadInput: the file is missing or no skeleton.
        """
        try:
            with np.load(path, allow_pickle=False) as arrays:
                return cls(**{field.name: _decoded(field.name, arrays[field.name]) for field in fields(cls)})
        except (OSError, KeyError, ValueError) as error:
            found = str(error).splitlines()[0]
            raise BadInput(path, "skeleton", found, "the .npz of a skeleton", "make it again from the .osim") from error

    def save(self, path: str | Path) -> None:
        """Write the definition as a .npz file, atomically; equal skeletons give equal bytes."""
        write_npz(Path(path), self._arrays())

    @classmethod
    def read(cls, group: Any) -> Self:
        """Read what `write` wrote into an HDF5 group.

        Raises:
            OSError: an array is not the file's own, or not as large as it says.
            KeyError: one is missing.
            ValueError: one does not fit the others.
        """
        for field in fields(cls):
            own_dataset(group.id, field.name)
        arrays = {field.name: _decoded(field.name, group[field.name][()]) for field in fields(cls)}
        check_skeleton(arrays)
        return cls(**arrays)

    def write(self, group: Any) -> None:
        """Write the definition into an HDF5 group (`h5py.Group`), one dataset per attribute; names as ASCII."""
        for name, array in self._arrays().items():
            group[name] = array

    def coupled(self, angles: np.ndarray) -> np.ndarray:
        """Return `angles` (..., J) with every dependent coordinate set to what its coupler says.

        OpenSim's tools take dependent coordinates from their files as they stand.
        """
        result = angles.copy()
        for dependent in np.flatnonzero(self.coupled_to >= 0):
            function = self.coupling_functions[dependent]
            knots, coefficients = self.function_knots[function], self.function_coefficients[function]
            result[..., dependent] = evaluate(knots, coefficients, angles[..., self.coupled_to[dependent]])
        return result

    def carried(self, angles: np.ndarray, moments: np.ndarray) -> np.ndarray:
        """Return the moments (..., J) about coordinates that take those coupled to them along.

        Inverse dynamics has a moment about every coordinate. Whatever turns an independent one also works against the
        moments about its followers, each by how much it follows; about these themselves nothing is left.

        Args:
            angles: (..., J) rad and m.
            moments: (..., J) N m and N, of inverse dynamics.
        """
        result = moments.copy()
        for dependent in np.flatnonzero(self.coupled_to >= 0):
            function, leader = self.coupling_functions[dependent], self.coupled_to[dependent]
            knots, coefficients = self.function_knots[function], self.function_coefficients[function]
            slope = evaluate(knots, derivative(coefficients), angles[..., leader])
            result[..., leader] += slope * moments[..., dependent]
            result[..., dependent] = 0.0
        return result

    def _arrays(self) -> dict[str, np.ndarray]:
        arrays = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: _encoded(value) if isinstance(value, tuple) else value for name, value in arrays.items()}


def evaluate(knots: np.ndarray, coefficients: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return the piecewise polynomial at `x` (any shape).

    The piece for x is the last whose knot is not above x, or the first.

    Args:
        knots: (P,) ascending; equal knots leave an empty piece between them.
        coefficients: (P, D) in ascending powers of x minus the piece's knot.
        x: where to evaluate.
    """
    piece = np.clip(np.searchsorted(knots, x, side="right") - 1, 0, None)
    offset = x - knots[piece]
    value: np.ndarray = np.zeros_like(offset)
    for coefficient in coefficients.T[::-1]:
        value = value * offset + coefficient[piece]
    return value


def derivative(coefficients: np.ndarray) -> np.ndarray:
    """Return the coefficients (..., D) of the derivatives of polynomials (..., D) in ascending powers."""
    powers = np.arange(1, coefficients.shape[-1])
    last = np.zeros_like(coefficients[..., :1])
    return np.concatenate([coefficients[..., 1:] * powers, last], axis=-1)


def _encoded(names: tuple[str, ...]) -> np.ndarray:
    """Return names as an array of ASCII bytes, which both numpy and HDF5 store plainly."""
    return np.array([name.encode("ascii") for name in names], dtype=f"S{max(map(len, names), default=1)}")


def _decoded(name: str, value: np.ndarray) -> Any:
    if name.endswith(("_names", "_types")):
        if value.dtype.kind != "S" or value.ndim != 1:
            raise ValueError(f"skeleton/{name} is no table of names")
        return tuple(item.decode("ascii") for item in value)
    return value
