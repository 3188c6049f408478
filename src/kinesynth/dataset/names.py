"""What the axes of a shard's arrays are called, read from /skeleton without torch."""

from dataclasses import dataclass

import h5py

NAMES = ("body_names", "coordinate_names", "marker_names", "muscle_names")  # arrays of /skeleton


@dataclass(frozen=True)
class Names:
    """Names along the axes B, J, M and A."""

    bodies: tuple[str, ...]
    coordinates: tuple[str, ...]
    markers: tuple[str, ...]
    muscles: tuple[str, ...]

    @property
    def sizes(self) -> dict[str, int]:
        """Lengths of the axes by letter."""
        lengths = map(len, (self.bodies, self.coordinates, self.markers, self.muscles))
        return dict(zip("BJMA", lengths, strict=True))


def read_names(skeleton: h5py.Group) -> Names:
    """Return the names that the group /skeleton holds."""
    return Names(*(tuple(skeleton[kind].asstr()[()]) for kind in NAMES))
