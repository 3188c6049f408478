from kinesynth.body.measurements import measurements
from kinesynth.kinematics.scaling_protocol import JOINT_CENTRES
from kinesynth.skeleton.marker_weights import marker_weights


def test_every_marker_of_the_skeleton_has_a_weight_of_its_own() -> None:
    import csv
    from importlib.resources import files

    with (files("kinesynth.skeleton") / "tables" / "markers.csv").open(encoding="utf-8") as stream:
        names = [row["marker"] for row in csv.DictReader(stream)]
    static, motion = marker_weights([*names, "nobody"], "static"), marker_weights([*names, "nobody"], "motion")
    assert static["RASI"] == static["LASI"] > static["RTH1"] > 0
    assert motion["RACR"] == motion["RASH"] == motion["LSCA"] == 0
    assert motion["nobody"] == 1


def test_measurements_count_both_sides() -> None:
    for measurement in measurements():
        named = {marker for pair in measurement.pairs for marker in pair}
        assert {name for name in named if name[0] in "RL"} == {
            {"R": "L", "L": "R"}[name[0]] + name[1:] for name in named if name[0] in "RL"
        }
        assert {body for body in measurement.bodies if body.endswith("_l")} == {
            body[:-1] + "l" for body in measurement.bodies if body.endswith("_r")
        }


def test_every_body_is_scaled_along_every_axis() -> None:
    scaled = [(body, axis) for row in measurements() for body in row.bodies for axis in row.axes]
    assert len(scaled) == len(set(scaled)) == 28 * 3


def test_joint_centres_weigh_in_the_static_pose() -> None:
    names = [f"R{name}" for name in JOINT_CENTRES]
    assert min(marker_weights(names, "static").values()) >= 5
