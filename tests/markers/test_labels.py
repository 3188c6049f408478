import pytest

from kinesynth.body.landmarks import rules
from kinesynth.markers.labels import LANDMARKS, _table, known

_CENTRAL = ["C7", "T10", "CLAV", "STRN", "RBAK"]
_SIDED = ["FHD", "BHD", "SHO", "UPA", "ELB", "FRM", "WRA", "WRB", "FIN", "ASI", "PSI", "THI", "KNE", "TIB", "ANK"]
PLUG_IN_GAIT = [*_CENTRAL, *(f"{side}{name}" for side in "LR" for name in [*_SIDED, "HEE", "TOE"])]


def test_every_place_is_a_landmark() -> None:
    own = {rule.marker for table in (rules(), rules(LANDMARKS)) for rule in table}
    own |= {f"L{name[1:]}" for name in own if name.startswith("R")}
    labels = [label for entries in _table().values() for _, label in entries]
    assert {label.landmark for label in labels} <= own
    assert all(label.slack_m > 0 for label in labels)


def test_common_sets_are_known() -> None:
    assert known(PLUG_IN_GAIT).keys() == set(PLUG_IN_GAIT)
    walking = ["R.Shoulder", "L.Clavicle", "R.ASIS", "S2", "L.TH4", "R.MT5", "L.Toe"]
    assert known(walking).keys() == set(walking)
    assert known(["Antenna", "X1"]) == {}


GAIT_2354 = """R.ASIS V.Sacral R.Thigh.Upper L.Thigh.Rear R.Knee.Lat L.Knee.Med R.Shank.Front R.Ankle.Med R.Heel
R.Midfoot.Sup L.Midfoot.Lat R.Toe.Tip L.Toe.Med Sternum R.Acromium L.Bicep R.Elbow R.Wrist.Med L.Temple Top.Head"""
OPENCAP = "r.ASIS_study L.PSIS_study r_knee_study L_mknee_study r_mankle_study L_calc_study r_5meta_study C7_study"
CLEVELAND = "Top.Head Front.Head Rear.Head R.Offset L.Shoulder R.Elbow L.Wrist R.Thigh L.Shank R.Toe V.Sacral"
RIZZOLI = "R_IAS L_IPS R_FTC L_FLE R_FME L_FAX R_TTC L_FAL R_TAM L_FCC R_FM1 L_FM5 CV7 SJN SXS L_SAE R_HLE R_HME L_USP"
HAMNER = "RACR LASH RUA1 RFAsuperior LFAradius RFAulna RTH2 LTB3 RCAL LTOE RMT5"


@pytest.mark.parametrize("labels", [GAIT_2354, OPENCAP, CLEVELAND, RIZZOLI, HAMNER])
def test_sets_of_laboratories_are_known(labels: str) -> None:
    assert known(labels.split()).keys() == set(labels.split())


@pytest.mark.parametrize(
    "label",
    [
        "L.Knee.Lat",
        "L_Knee_Lat",
        "left knee lat",
        "Knee_Lat_L",
        "Knee.Left.Lat",
        "KneeLatLeft",
        "LKneeLat",
        "l-knee-lat",
    ],
)
def test_a_label_is_spelled_in_many_ways(label: str) -> None:
    assert known([label])[label].landmark == "LLFC"


def test_what_stands_beside_a_label_tells_what_it_means() -> None:
    assert known(["LARM"])["LARM"].landmark == "LFA2"
    assert known(["LARM", "LFOREARM", "RFOREARM"])["LARM"].landmark == "LUA2"
    assert known(["RHME"])["RHME"].landmark == "RHME"
    assert known(["R_HME", "R_HLE"])["R_HME"].landmark == "RMEL"


@pytest.mark.parametrize("right", ["RASI", "R.Ankle", "r_calc_study", "Right Heel"])
def test_left_labels_are_the_right_ones_twins(right: str) -> None:
    left = {"R": "L", "r": "L"}[right[0]] + right[1:] if "Right" not in right else right.replace("Right", "Left")
    (there,), (here,) = known([left]).values(), known([right]).values()
    assert there.landmark == f"L{here.landmark[1:]}"
