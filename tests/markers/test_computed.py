"""Points that software computed are told by name; markers are never taken for them."""

import pytest

from kinesynth.markers.computed import KEYPOINT, computed, keypoints
from kinesynth.markers.labels import _table, known

COMPUTED = {
    "joint centre": "LHJC RKJC L_AJC L_HJC_reg RHJC_study LeftHipCenter RightHipCenterGamage R.KneeJoint RAnkleCentre",
    "angle": "LHipAngles RKneeAngles LAbsAnkleAngle RFootProgressAngles",
    "moment": "LKneeMoment",
    "force": "RGroundReactionForce LAnkleForce",
    "power": "RAnklePower",
    "centre of mass": "CentreOfMass CentreOfMassFloor COM WholeBodyCOM",
    "midpoint": "MidASIS midHip MidPSIS",
    "point dropped to the floor": "R.HeelGround L.MT5Ground L.AnkleJointGround",
    "origin of a segment": "PelvisOrigin",
}  # fmt: skip
JOINTS = ["Hip", "Knee", "Ankle", "BigToe", "SmallToe", "Heel", "Shoulder", "Wrist"]
KEYPOINTS = [f"{side}{joint}" for side in "RL" for joint in JOINTS]
AUGMENTED = ["r.ASIS_study", "L.PSIS_study", "r_knee_study", "C7_study", "r_shoulder_study"]


@pytest.mark.parametrize("what", COMPUTED)
def test_computed_points_are_told_by_name(what: str) -> None:
    assert computed(COMPUTED[what].split()) == dict.fromkeys(COMPUTED[what].split(), what)


def test_bones_come_with_all_their_axes() -> None:
    bones = [f"{stem}{axis}" for stem in ("LFE", "PEL", "TRX") for axis in "OALP"]
    assert set(computed([*bones, "RTOP", "LASI"])) == set(bones), "a lone RTOP may be a marker on a toe"


def test_no_known_label_is_computed() -> None:
    assert computed(_table()) == {}
    strange = "RTHAD LTIAP P1 P2 MAN x52 LMFL LEPI V.Sacral R.Thigh.Upper L.Sac.Wand R_scap_inferior_angle MidBack"
    assert computed(strange.split()) == {}


def test_keypoints_of_a_video() -> None:
    assert keypoints(KEYPOINTS, known(KEYPOINTS)) == dict.fromkeys(KEYPOINTS, KEYPOINT)
    both = [*KEYPOINTS, *AUGMENTED]
    assert set(keypoints(both, known(both))) == set(KEYPOINTS), "OpenCap's markers beside them stay"
    mediapipe = ["nose", "left_eye_inner", "mouth_right", "left_foot_index", "right_hip", "left_wrist"]
    assert set(keypoints(mediapipe, known(mediapipe))) == set(mediapipe)


def test_markers_named_like_keypoints_stay() -> None:
    rajagopal = ["R.Shoulder", "R.Elbow", "R.Wrist", "R.Knee", "L.Knee", "R.Ankle", "R.Heel", "R.ASIS", "L.ASIS", "C7"]
    assert keypoints(rajagopal, known(rajagopal)) == {}
    with_face = [*rajagopal, "Nose", "LEye"]
    assert set(keypoints(with_face, known(with_face))) == {"Nose", "LEye"}
    validation = [*rajagopal, "RKNE", "Nose", "MidHip"]
    assert set(keypoints(validation, known(validation))) == {"R.Knee", "Nose", "MidHip"}
