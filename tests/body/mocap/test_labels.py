import pytest

from kinesynth.body.landmarks import rules
from kinesynth.body.mocap.labels import PLACES, _table, known

_CENTRAL = ["C7", "T10", "CLAV", "STRN", "RBAK"]
_SIDED = ["FHD", "BHD", "SHO", "UPA", "ELB", "FRM", "WRA", "WRB", "FIN", "ASI", "PSI", "THI", "KNE", "TIB", "ANK"]
PLUG_IN_GAIT = [*_CENTRAL, *(f"{side}{name}" for side in "LR" for name in [*_SIDED, "HEE", "TOE"])]


def test_every_place_is_a_landmark() -> None:
    own = {rule.marker for table in (rules(), rules(PLACES)) for rule in table}
    own |= {f"L{name[1:]}" for name in own if name.startswith("R")}
    assert {label.place for label in _table().values()} <= own
    assert all(label.slack_m > 0 for label in _table().values())


def test_common_sets_are_known() -> None:
    assert known(PLUG_IN_GAIT).keys() == set(PLUG_IN_GAIT)
    walking = ["R.Shoulder", "L.Clavicle", "R.ASIS", "S2", "L.TH4", "R.MT5", "L.Toe"]
    assert known(walking).keys() == set(walking)
    assert known(["Antenna", "X1"]) == {}


@pytest.mark.parametrize("right", ["RASI", "R.Ankle", "r_calc_study", "Right Heel"])
def test_left_labels_are_the_right_ones_twins(right: str) -> None:
    left = {"R": "L", "r": "L"}[right[0]] + right[1:] if "Right" not in right else right.replace("Right", "Left")
    (there,), (here,) = known([left]).values(), known([right]).values()
    assert there.place == f"L{here.place[1:]}"
