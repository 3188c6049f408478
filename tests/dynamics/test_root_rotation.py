"""The pelvis' rotation through gimbal lock, where each angle by itself jumps."""

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from motions import write_angles
from scipy.ndimage import maximum_filter1d
from scipy.spatial.transform import Rotation

from kinesynth.dynamics.filters import low_pass
from kinesynth.dynamics.ground_reaction import ground_reaction
from kinesynth.dynamics.inverse_dynamics import inverse_dynamics
from kinesynth.dynamics.names import PELVIS_FORCES, PELVIS_MOMENTS
from kinesynth.dynamics.quality import LOCK_REACH
from kinesynth.dynamics.root_rotation import RootRotation
from kinesynth.errors import BadInput
from kinesynth.skeleton.definition import SkeletonDefinition
from kinesynth.skeleton.layer import SkeletonLayer
from kinesynth.stage_file import read_stage

FPS, CUTOFF = 30.0, 6.0
TIMES = np.arange(61) / FPS
TURN = 2.0 * np.pi * (3.0 * (TIMES / 2.0) ** 2 - 2.0 * (TIMES / 2.0) ** 3)  # one turn in two seconds, from rest to rest
STILL = 0.0 * TIMES
AXES = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])  # tilt, list and rotation of every gait model
ROOT = RootRotation(np.arange(3), AXES)

MOTIONS = {
    "cartwheel": Rotation.from_rotvec(np.stack([TURN, STILL, STILL], axis=1))
    * Rotation.from_rotvec([0.1, 0.05, -0.08]),
    "plain_cartwheel": Rotation.from_rotvec(np.stack([TURN, STILL, STILL], axis=1)),
    "lying_on_the_side": Rotation.from_rotvec(
        np.stack([np.pi / 2 + 0.02 * np.sin(9.0 * TIMES), 0.02 * np.cos(7.0 * TIMES), STILL], axis=1)
    ),
    "spins_of_720_degrees": Rotation.from_rotvec(np.stack([STILL, 2.0 * TURN, STILL], axis=1)),
    "somersault": Rotation.from_rotvec(np.stack([STILL, STILL, TURN], axis=1)),
}


def tracked(motion: Rotation) -> np.ndarray:
    """Return the angles (T, 3) that inverse kinematics gives: the middle one within a quarter turn, no whole turns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of gimbal lock
        return np.unwrap(motion.as_davenport(AXES, "intrinsic"), axis=0)


@pytest.mark.parametrize("name", MOTIONS)
def test_the_filtered_body_stays_with_the_unfiltered(name: str) -> None:
    """A point half a metre from the pelvis' centre moves by what the filter takes off so slow a motion, no more."""
    angles = tracked(MOTIONS[name])
    smooth = ROOT.low_passed(angles, FPS, CUTOFF)
    off = (ROOT.rotation(smooth) * MOTIONS[name].inv()).magnitude()
    assert 0.5 * off.max() < 0.002


@pytest.mark.parametrize("name", ["plain_cartwheel", "spins_of_720_degrees", "somersault"])
def test_angles_are_continuous_where_the_path_through_the_lock_is(name: str) -> None:
    smooth = ROOT.low_passed(tracked(MOTIONS[name]), FPS, CUTOFF)
    assert np.abs(np.diff(smooth, axis=0)).max() < 0.5


def test_each_angle_by_itself_would_turn_the_body() -> None:
    """What this module is for: the filter that it replaces moves the points by more than a centimetre."""
    apart = low_pass(tracked(MOTIONS["cartwheel"]), FPS, CUTOFF)
    off = (ROOT.rotation(apart) * MOTIONS["cartwheel"].inv()).magnitude()
    assert 0.5 * off.max() > 0.015


def test_small_motions_are_filtered_as_angles_are() -> None:
    rng = np.random.default_rng(0)
    angles = 0.03 * rng.normal(size=(61, 3))
    np.testing.assert_allclose(ROOT.low_passed(angles, FPS, CUTOFF), low_pass(angles, FPS, CUTOFF), atol=2e-3)


def test_other_columns_and_hands() -> None:
    """Models may name the angles in another order and turn the other way."""
    left = RootRotation(np.array([2, 0, 4]), AXES * [[1.0], [1.0], [-1.0]])
    angles = np.random.default_rng(1).uniform(-1.2, 1.2, size=(61, 5))
    angles = low_pass(angles, FPS, 2.0)
    found = left.angles(left.rotation(angles[:, left.columns]), angles[0, left.columns])
    np.testing.assert_allclose(found, angles[:, left.columns], atol=1e-12)


@pytest.mark.parametrize("quarter", [np.pi / 2, -np.pi / 2])
@pytest.mark.parametrize("hand", [1.0, -1.0])
def test_a_locked_frame_keeps_its_first_angle(quarter: float, hand: float) -> None:
    root = RootRotation(np.arange(3), AXES * [[1.0], [1.0], [hand]])
    angles = np.array([[0.7, 0.9 * quarter, 0.2], [0.7, quarter, 0.2], [0.7, 1.1 * quarter, 0.2]])
    np.testing.assert_allclose(root.angles(root.rotation(angles), angles[0]), angles, atol=1e-7)


def test_a_pelvis_that_turns_otherwise_is_refused(skeleton: Path) -> None:
    definition = SkeletonDefinition.from_osim(skeleton)
    assert RootRotation.of(definition, skeleton).columns.tolist() == [0, 1, 2]
    skew = definition.axes.copy()
    skew[definition.body_names.index("pelvis"), 1] = [0.0, 0.6, 0.8]
    with pytest.raises(BadInput, match="pelvis"):
        RootRotation.of(replace(definition, axes=skew), skeleton)


def test_no_marker_strays_after_the_filter(skeleton: Path, tmp_path: Path) -> None:
    """From angles as inverse kinematics gives them to the motion that forces belong to, all markers stay in place."""
    definition = SkeletonDefinition.from_osim(skeleton)
    column = definition.coordinate_names.index
    clips = {}
    for name, motion in MOTIONS.items():
        clips[name] = np.tile(definition.coordinate_defaults, (len(TIMES), 1))
        clips[name][:, [column(coordinate) for coordinate in PELVIS_MOMENTS]] = tracked(motion)
        clips[name][:, column("pelvis_ty")] = 3.0  # nothing touches the floor
    ik = write_angles(tmp_path / "ik.h5", clips, list(definition.coordinate_names), FPS)
    ground_reaction(ik=ik, model=skeleton, output=tmp_path / "grf.h5", log=tmp_path / "log")
    layer = SkeletonLayer(definition)
    for name, clip in read_stage(tmp_path / "grf.h5").clips.items():
        before, after = (layer(torch.tensor(a)).markers.numpy() for a in (clips[name], clip.arrays["smooth_angles"]))
        assert np.linalg.norm(after - before, axis=-1).max() < 0.004, name


def test_moments_beyond_the_masked_frames_do_not_depend_on_the_heading(skeleton: Path, tmp_path: Path) -> None:
    """A cartwheel along x passes gimbal lock, the same along z does not, and joints know of no heading."""
    definition = SkeletonDefinition.from_osim(skeleton)
    names = list(definition.coordinate_names)
    pelvis = [names.index(coordinate) for coordinate in PELVIS_MOMENTS]
    clips = {}
    for heading in (0, 90):
        clips[f"h{heading}"] = np.tile(definition.coordinate_defaults, (len(TIMES), 1))
        turned = Rotation.from_euler("y", heading, degrees=True) * MOTIONS["cartwheel"]
        clips[f"h{heading}"][:, pelvis] = tracked(turned)
        clips[f"h{heading}"][:, names.index("pelvis_ty")] = 3.0
    ik, log = write_angles(tmp_path / "ik.h5", clips, names, FPS), tmp_path / "log"
    ground_reaction(ik=ik, model=skeleton, output=tmp_path / "grf.h5", log=log)
    inverse_dynamics(grf=tmp_path / "grf.h5", model=skeleton, output=tmp_path / "id.h5", log=log)
    locked = np.abs(np.sin(clips["h0"][:, pelvis[1]])) > np.sin(np.radians(80.0))
    assert locked.any()
    free = ~maximum_filter1d(locked, 2 * LOCK_REACH + 1)
    moments = [clip.arrays["moments"] for clip in read_stage(tmp_path / "id.h5").clips.values()]
    apart = np.delete(
        np.abs(moments[0] - moments[1]), [*pelvis, *(names.index(name) for name in PELVIS_FORCES)], axis=1
    )
    assert apart[free].max() < 0.02 * definition.masses.sum()
    assert apart[locked].max() > 50.0
