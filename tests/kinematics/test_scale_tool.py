from pathlib import Path

import numpy as np
import pytest
from model_motion import joint_centres_of, markers_of
from scipy.spatial.transform import Rotation

from kinesynth.isolation import isolated
from kinesynth.kinematics.scaling_protocol import virtual_protocol
from kinesynth.skeleton.definition import SkeletonDefinition
from kinesynth.skeleton.marker_weights import marker_weights
from kinesynth.skeleton.shins import with_twisted_shins
from kinesynth.subject_record import TibialTorsion

pytest.importorskip("opensim")

FACTOR = 1.08
MASS_KG = 82.5


@pytest.fixture(scope="module")
def giant(skeleton: Path, tmp_path_factory: pytest.TempPathFactory):
    """The generic subject, 8 % larger, standing a little aside with the generic pose."""
    return isolated(
        _scale_giant, skeleton, tmp_path_factory.mktemp("scaled"), timeout_seconds=60, log=Path("/dev/null")
    )


def _scale_giant(skeleton: Path, folder: Path):
    from kinesynth.kinematics.scale_tool import scale_to_static_pose

    names, positions, _, _ = markers_of(skeleton, {}, frames=1)
    static = dict(zip(names, positions[0], strict=True)) | joint_centres_of(skeleton)
    static = {name: FACTOR * position + [0.1, 0.0, 0.2] for name, position in static.items()}
    static["RTH1"] = static["RTH1"] + [0.0, 0.0, 0.01]
    output = folder / "giant.osim"
    weights = marker_weights(list(static), "static")
    scaled = scale_to_static_pose(skeleton, output, static, weights, MASS_KG, virtual_protocol(), "female")
    names, moved, _, _ = markers_of(output, dict(zip(scaled.coordinate_names, scaled.static_angles, strict=True)), 1)
    return scaled, names, moved[0], static, _mass(output)


def _mass(path: Path) -> float:
    import opensim

    model = opensim.Model(str(path))
    return model.getTotalMass(model.initSystem())


def test_factors_are_found(giant) -> None:
    np.testing.assert_allclose(giant[0].scale_factors, FACTOR, rtol=1e-6)


def test_mass_is_the_subjects(giant) -> None:
    assert giant[-1] == pytest.approx(MASS_KG, rel=1e-9)


def test_landmarks_of_the_same_shape_fit(giant) -> None:
    error = dict(zip(giant[0].landmarks, giant[0].landmark_error, strict=True))
    assert error.pop("RTH1") == pytest.approx(0.01, abs=1e-3)
    assert max(error.values()) < 1e-3


def test_markers_move_to_the_static_pose(giant) -> None:
    _, names, moved, static, _ = giant
    assert len(names) == 103
    np.testing.assert_allclose(moved, [static[name] for name in names], atol=1e-8)


def _scale_with_own_markers(skeleton: Path, folder: Path):
    from kinesynth.kinematics.scale_tool import scale_to_static_pose

    names, positions, _, _ = markers_of(skeleton, {}, frames=1)
    static = dict(zip(names, positions[0], strict=True)) | joint_centres_of(skeleton)
    own = {
        "RASI": ("pelvis", static["RASI"] + [0.0, 0.02, 0.0]),
        "SHIN": ("tibia_r", static["RKJC"] + [0.05, -0.1, 0.0]),
    }
    weights = marker_weights(list(static), "static")
    output = folder / "own.osim"
    scaled = scale_to_static_pose(skeleton, output, static, weights, MASS_KG, virtual_protocol(), "female", own)
    names, placed, _, _ = markers_of(output, dict(zip(scaled.coordinate_names, scaled.static_angles, strict=True)), 1)
    return own, names, placed[0]


def test_a_users_own_markers_take_the_place_of_the_landmarks(skeleton: Path, tmp_path: Path) -> None:
    own, names, placed = isolated(
        _scale_with_own_markers, skeleton, tmp_path, timeout_seconds=60, log=Path("/dev/null")
    )
    assert sorted(names) == sorted(own)
    for name, place in zip(names, placed, strict=True):
        np.testing.assert_allclose(place, own[name][1], atol=1e-6)


TORSION = TibialTorsion(0.3, 0.1)


def _scale_twisted(skeleton: Path, folder: Path):
    """Return the static angles, the definition, and the moment arms of both models about knee and ankle, in mm."""
    from kinesynth.kinematics.scale_tool import scale_to_static_pose
    from kinesynth.opensim_models.read_osim import read_osim

    names, positions, _, _ = markers_of(skeleton, {}, frames=1)
    static = dict(zip(names, positions[0], strict=True)) | joint_centres_of(skeleton)
    for side, turn in (("R", -TORSION.right), ("L", TORSION.left)):
        about = Rotation.from_euler("y", turn)
        ankle = static[f"{side}AJC"]
        for name in names:
            if name[0] == side and name[1:] in {"CAL", "HLA", "HME", "NAV", "MT1", "MT5", "BM5", "TOE", "TO5"}:
                static[name] = ankle + about.apply(static[name] - ankle)
        static[f"{side}MTP"] = ankle + about.apply(static[f"{side}MTP"] - ankle)
    weights = marker_weights(list(static), "static")
    straight, twisted = folder / "straight.osim", folder / "twisted.osim"
    arguments = static, weights, MASS_KG, virtual_protocol(), "female"
    factors = np.ones((len(read_osim(skeleton)["body_names"]), 3))
    scale_to_static_pose(skeleton, straight, *arguments, None, factors)
    scaled = scale_to_static_pose(skeleton, twisted, *arguments, None, factors, TORSION)
    return scaled, read_osim(straight), read_osim(twisted), _moment_arms(straight), _moment_arms(twisted)


def _moment_arms(path: Path) -> np.ndarray:
    import opensim

    model = opensim.Model(str(path))
    state = model.initSystem()
    joints = [model.getCoordinateSet().get(f"{name}_r") for name in ("knee_angle", "ankle_angle", "subtalar_angle")]
    return np.array(
        [[1e3 * muscle.computeMomentArm(state, joint) for joint in joints] for muscle in model.getMuscles()]
    )


@pytest.fixture(scope="module")
def twisted(skeleton: Path, tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("twisted")
    return isolated(_scale_twisted, skeleton, folder, timeout_seconds=60, log=Path("/dev/null"))


def test_twisted_shins_meet_feet_that_point_outwards(twisted) -> None:
    assert twisted[0].landmark_error.max() < 1e-3
    turned = [name for name in twisted[0].coordinate_names if name.startswith(("hip_rotation", "subtalar", "ankle"))]
    angles = dict(zip(twisted[0].coordinate_names, twisted[0].static_angles, strict=True))
    assert max(abs(angles[name]) for name in turned) < 5e-3


def test_twisted_shins_are_those_of_the_definition(twisted) -> None:
    _, straight, found, _, _ = twisted
    expected = with_twisted_shins(SkeletonDefinition(**straight), TORSION.right, TORSION.left)
    np.testing.assert_allclose(found["parent_orientations"], expected.parent_orientations, atol=1e-9)


def test_muscles_keep_their_moment_arms_about_twisted_shins(twisted) -> None:
    _, _, _, before, after = twisted
    assert np.abs(after - before).max(axis=0) == pytest.approx([0.0, 0.0, 0.0], abs=1.0)
