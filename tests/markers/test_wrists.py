"""Wrist markers named by a side of the body are told apart by where they lie."""

import numpy as np
import pytest

from kinesynth.markers.anatomy import Markers
from kinesynth.markers.wrists import thumb_side

TRUNK = {"RASI": (0.1, 1.0, 0.12), "LASI": (0.1, 1.0, -0.12), "SACR": (-0.1, 1.0, 0.0), "C7": (-0.08, 1.5, 0.0)}
TRUNK |= {"STRN": (0.1, 1.3, 0.0), "RSHO": (0.0, 1.45, 0.2), "RELB": (0.0, 1.15, 0.25)}
ARMS = {  # forearm from the elbow, and from the ulnar to the radial styloid
    "hanging, palm to the thigh": ((0.02, -0.25, 0.02), (0.06, 0.0, -0.01)),
    "hanging, palm half back": ((0.02, -0.25, 0.02), (0.04, 0.0, -0.04)),
    "bent, thumb up": ((0.25, 0.0, 0.0), (0.0, 0.06, 0.0)),
    "bent, palm half up": ((0.25, 0.0, 0.0), (0.0, 0.04, 0.04)),
}


def markers(arm: str, radial: str, ulnar: str) -> Markers:
    forearm, across = (np.array(part) for part in ARMS[arm])
    wrist = np.array(TRUNK["RELB"]) + forearm
    places = {
        **{name: np.array(at) for name, at in TRUNK.items()},
        radial: wrist + across / 2,
        ulnar: wrist - across / 2,
    }
    labels = {"RSHO": "RACR", "RELB": "RLEL", "R.Wrist.Lat": "RFAR", "R.Wrist.Med": "RFAU"}
    labels |= {"RWRA": "RFAR", "RWRB": "RFAU"}
    at = {name: np.tile(place, (5, 1)) for name, place in places.items()}
    return Markers(at, {name: labels.get(name, name) for name in places})


@pytest.mark.parametrize("arm", ARMS)
def test_the_thumbs_side_is_where_the_elbow_bends_to(arm: str) -> None:
    assert thumb_side(markers(arm, "R.Wrist.Lat", "R.Wrist.Med")) == {}
    swapped = thumb_side(markers(arm, "R.Wrist.Med", "R.Wrist.Lat"))
    assert swapped == {"R.Wrist.Med": "RFAR", "R.Wrist.Lat": "RFAU"}


def test_labels_that_name_the_bones_are_left_alone() -> None:
    assert thumb_side(markers("bent, thumb up", "RWRB", "RWRA")) == {}


def test_a_palm_turned_right_back_tells_nothing() -> None:
    turned = markers("bent, thumb up", "R.Wrist.Med", "R.Wrist.Lat")
    middle = 0.5 * (turned.at["R.Wrist.Med"] + turned.at["R.Wrist.Lat"])
    aside = np.array([0.0, 0.005, -0.03])
    at = {**turned.at, "R.Wrist.Lat": middle + aside, "R.Wrist.Med": middle - aside}
    assert thumb_side(Markers(at, turned.landmark)) == {}
