from pathlib import Path

import numpy as np
import pytest

from kinesynth.dynamics.clips_without_dynamics import without_dynamics
from kinesynth.dynamics.coordinate_segments import angle_segments
from kinesynth.dynamics.quality import LOCK_REACH, quality_filter
from kinesynth.errors import BadInput
from kinesynth.gravity import GRAVITY
from kinesynth.reasons import names as reason_names
from kinesynth.records import GroundForces
from kinesynth.skeleton.definition import SkeletonDefinition
from kinesynth.stage_file import Clip, StageFile, read_stage, write_stage

FRAMES, FPS = 20, 30.0
MIDDLE = 10


@pytest.fixture(scope="module")
def definition(skeleton: Path) -> SkeletonDefinition:
    return SkeletonDefinition.from_osim(skeleton)


class Stages:
    """Four stage files of one good clip, to be spoiled by a test."""

    def __init__(self, definition: SkeletonDefinition) -> None:
        joints, markers = len(definition.coordinate_names), len(definition.marker_names)
        self.definition = definition
        bodies = definition.body_names
        keypoints = np.zeros((FRAMES, 2 * len(bodies), 3))
        for side, z in (("r", 0.1), ("l", -0.1)):
            keypoints[:, bodies.index(f"calcn_{side}")] = [0.0, 0.02, z]
            keypoints[:, bodies.index(f"toes_{side}")] = [0.18, 0.02, z]
        self.ik = {
            "angles": np.zeros((FRAMES, joints)),
            "keypoints": keypoints,
            "markers": np.zeros((FRAMES, markers, 3)),
            "segment_turn": np.full((FRAMES, len(bodies)), 0.05),
            "segment_shift": np.full((FRAMES, len(bodies)), 0.01),
            "marker_error": np.full((FRAMES, markers), 0.05),
            "marker_error_rms": np.full(FRAMES, 0.01),
            "marker_error_max": np.full(FRAMES, 0.01),
        }
        force, cop = np.zeros((FRAMES, 2, 3)), np.zeros((FRAMES, 2, 3))
        force[..., 1], cop[:, 0], cop[:, 1] = 370.0, [0.1, 0.0, 0.1], [0.1, 0.0, -0.1]
        self.grf = {"force": force, "cop": cop, "moment": np.zeros((FRAMES, 2, 3))}
        self.grf["unexplained"] = np.zeros((FRAMES, 6))
        self.grf |= {"smooth_angles": np.zeros((FRAMES, joints))}
        self.grf |= {name: np.zeros(FRAMES, dtype=bool) for name in ("airborne", "unmeasured")}
        self.grf |= {name: np.zeros(FRAMES) for name in ("split_error", "force_doubt", "moment_doubt")}
        self.id = {"moments": np.full((FRAMES, joints), 10.0), "residual": np.zeros((FRAMES, 6))}
        self.so = {
            "activations": np.full((FRAMES, 80), 0.2),
            "reserves": np.zeros((FRAMES, joints)),
            "so_violation": np.zeros(FRAMES),
        }
        self.reason, self.unseen, self.mass_error_kg = "", {}, 0.0

    def column(self, coordinate: str) -> int:
        return self.definition.coordinate_names.index(coordinate)

    def spoil_segment(self, measure: str, body: str, value: float, frames: slice) -> None:
        self.ik[measure][frames, self.definition.body_names.index(body)] = value

    def filtered(self, folder: Path, model: Path) -> StageFile:
        attrs = {"fps": FPS, "cutoff_hz": 6.0, "dynamics_valid": not self.reason, "dynamics_reason": self.reason}
        attrs |= {"unseen": self.unseen, "mass_error_kg": self.mass_error_kg}
        shared = {
            "ik": {
                "coordinate_names": list(self.definition.coordinate_names),
                "body_names": list(self.definition.body_names),
                "marker_names": list(self.definition.marker_names),
            },
            "so": {"muscle_names": ["m"] * 80, "muscle_driven": ["knee_angle_r", "knee_angle_l"]},
        }
        paths = {}
        for stage in ("ik", "grf", "id", "so"):
            paths[stage] = folder / f"{stage}.h5"
            write_stage(
                paths[stage], StageFile({"a": Clip("a", getattr(self, stage), attrs)}, {}, shared.get(stage, {}))
            )
        quality_filter(**paths, model=model, output=folder / "quality.h5")
        return read_stage(folder / "quality.h5")


@pytest.fixture
def stages(definition: SkeletonDefinition) -> Stages:
    return Stages(definition)


def reasons(clip: Clip, frame: int) -> set[str]:
    return {name for bit, name in enumerate(reason_names()) if clip.arrays["reasons"][frame] >> bit & 1}


def test_a_good_clip_is_valid_but_for_its_edges(stages: Stages, skeleton: Path, tmp_path: Path) -> None:
    result = stages.filtered(tmp_path, skeleton)
    clip = result.clips["a"]
    assert result.attrs["reasons"] == reason_names()
    assert clip.arrays["angle_valid"].all()
    assert reasons(clip, 0) == {"clip_edge"}
    assert reasons(clip, MIDDLE) == set()
    inner = slice(2, -2)
    assert clip.arrays["force_valid"][inner].all()
    assert clip.arrays["activation_valid"][inner].all()


def test_each_check_masks_its_frame(stages: Stages, skeleton: Path, tmp_path: Path) -> None:
    knee = stages.column("knee_angle_r")
    stages.id["residual"][3, 1] = 300.0
    stages.id["residual"][4, 3] = 200.0
    stages.id["moments"][5, knee] = -500.0
    stages.grf["cop"][6, 0] = stages.grf["cop"][6, 1]
    stages.so["reserves"][7, knee] = 9.0
    stages.so["reserves"][8, stages.column("elbow_flex_r")] = 50.0
    stages.so["so_violation"][9] = 100.0
    stages.grf["split_error"][10] = 100.0
    clip = stages.filtered(tmp_path, skeleton).clips["a"]
    expected = [
        {"residual"},
        {"residual"},
        {"joint_moment"},
        {"centre_of_pressure"},
        {"reserve"},
        set(),
        {"so_violation"},
        {"undetermined_contact"},
    ]
    assert [reasons(clip, frame) for frame in range(3, 11)] == expected
    np.testing.assert_array_equal(clip.arrays["force_valid"][3:11], [0, 0, 0, 0, 1, 1, 1, 0])
    np.testing.assert_array_equal(clip.arrays["activation_valid"][3:11], [0, 0, 0, 0, 0, 1, 0, 0])


@pytest.mark.parametrize(("measure", "value"), [("segment_turn", np.radians(8.1)), ("segment_shift", 0.031)])
def test_a_segment_that_is_off_masks_the_angles_at_both_its_ends(
    stages: Stages, skeleton: Path, tmp_path: Path, measure: str, value: float
) -> None:
    """Single markers 50 mm off, as all are here, have no say."""
    stages.spoil_segment(measure, "tibia_r", value, slice(MIDDLE, MIDDLE + 1))
    valid = stages.filtered(tmp_path, skeleton).clips["a"].arrays["angle_valid"]
    masked = {stages.definition.coordinate_names[column] for column in np.flatnonzero(~valid[MIDDLE])}
    assert {"knee_angle_r", "ankle_angle_r"} <= masked
    assert masked.isdisjoint({"knee_angle_l", "hip_flexion_l", "elbow_flex_r", "pelvis_tilt"})
    assert valid[MIDDLE - 1].all()


def test_what_no_marker_told_is_not_valid(stages: Stages, skeleton: Path, tmp_path: Path) -> None:
    names = list(stages.definition.coordinate_names)
    stages.unseen = {"calcn_r": [[4 / FPS, 10 / FPS]]}
    valid = stages.filtered(tmp_path, skeleton).clips["a"].arrays["angle_valid"]
    hidden = [names[column] for column in np.flatnonzero(~valid.all(axis=0))]
    assert {"ankle_angle_r", "subtalar_angle_r"} <= set(hidden)
    assert {"hip_flexion_r", "ankle_angle_l", "pelvis_tilt"}.isdisjoint(hidden)
    np.testing.assert_array_equal(np.flatnonzero(~valid[:, names.index("ankle_angle_r")]), range(4, 10))


def test_forces_do_not_rest_on_a_leg_that_no_marker_told(stages: Stages, skeleton: Path, tmp_path: Path) -> None:
    stages.unseen = {"calcn_r": [[4 / FPS, 10 / FPS]], "humerus_l": [[0.0, 1.0]]}
    clip = stages.filtered(tmp_path, skeleton).clips["a"]
    told = clip.arrays["reasons"] & (1 << reason_names().index("unseen_body"))
    np.testing.assert_array_equal(np.flatnonzero(told), range(4, 10))
    assert not clip.arrays["force_valid"][4:10].any()


def test_segments_must_say_how_they_fit(stages: Stages, skeleton: Path, tmp_path: Path) -> None:
    del stages.ik["segment_turn"]
    with pytest.raises(BadInput, match=r"ik\.h5: clip a: segment_turn: found nothing.* delete the run's stages"):
        stages.filtered(tmp_path, skeleton)


@pytest.mark.parametrize("source", ["ik", "grf"])
def test_gimbal_lock_masks_the_pelvis_and_what_rests_on_its_acceleration(
    stages: Stages, skeleton: Path, tmp_path: Path, source: str
) -> None:
    name = {"ik": "angles", "grf": "smooth_angles"}[source]
    getattr(stages, source)[name][-2:, stages.column("pelvis_list")] = -1.5
    clip = stages.filtered(tmp_path, skeleton).clips["a"]
    masked = {stages.definition.coordinate_names[column] for column in np.flatnonzero(~clip.arrays["angle_valid"][-1])}
    assert masked == {"pelvis_tilt", "pelvis_list", "pelvis_rotation"}
    assert clip.arrays["angle_valid"][:-2].all()
    locked = ["gimbal_lock" in reasons(clip, frame) for frame in range(FRAMES)]
    assert locked == [frame >= FRAMES - 2 - LOCK_REACH for frame in range(FRAMES)]
    assert not clip.arrays["force_valid"][locked].any()
    assert not clip.arrays["activation_valid"][locked].any()


def test_what_plates_did_not_measure_is_masked(stages: Stages, skeleton: Path, tmp_path: Path) -> None:
    stages.grf["unmeasured"][MIDDLE] = True
    clip = stages.filtered(tmp_path, skeleton).clips["a"]
    assert not clip.arrays["force_valid"][MIDDLE]
    assert reasons(clip, MIDDLE) == {"not_measured"}


def test_take_off_and_landing_are_masked(stages: Stages, skeleton: Path, tmp_path: Path) -> None:
    """The frames between which it happens, and those in flight whose moments hang on the filter."""
    stages.grf["airborne"][MIDDLE:] = True
    stages.grf["moment_doubt"][MIDDLE + 3] = 0.36 * stages.definition.masses.sum()
    stages.grf["moment_doubt"][MIDDLE + 4] = 0.34 * stages.definition.masses.sum()
    clip = stages.filtered(tmp_path, skeleton).clips["a"]
    near = [frame for frame in range(FRAMES) if "take_off_or_landing" in reasons(clip, frame)]
    assert near == [MIDDLE - 1, MIDDLE, MIDDLE + 3]
    assert not clip.arrays["force_valid"][near].any()
    assert not clip.arrays["activation_valid"][near].any()


def test_a_doubtful_force_is_masked(stages: Stages, skeleton: Path, tmp_path: Path) -> None:
    weight = stages.definition.masses.sum() * GRAVITY
    stages.grf["force_doubt"][8:10] = 0.14 * weight, 0.16 * weight
    clip = stages.filtered(tmp_path, skeleton).clips["a"]
    assert reasons(clip, 8) == set()
    assert reasons(clip, 9) == {"force_doubt"}


def test_a_mass_that_nobody_stated_masks_great_forces(stages: Stages, skeleton: Path, tmp_path: Path) -> None:
    """A tenth of the weight in doubt: the foot with 1.4 weights is right within 0.15 of them, that with 1.6 is not."""
    mass = stages.definition.masses.sum()
    stages.mass_error_kg = 0.1 * mass
    stages.grf["force"][8:12, 0, 1] = np.array([1.4, 1.6, 1.4, 1.4]) * mass * GRAVITY
    stages.grf["force_doubt"][10:12] = np.array([0.04, 0.06]) * mass * GRAVITY
    clip = stages.filtered(tmp_path, skeleton).clips["a"]
    assert [frame for frame in range(6, 14) if "force_doubt" in reasons(clip, frame)] == [9, 11]
    stages.mass_error_kg = 0.0
    assert "force_doubt" not in reasons(stages.filtered(tmp_path, skeleton).clips["a"], 9)


def test_a_clip_without_tracking_is_rejected(stages: Stages, skeleton: Path, tmp_path: Path) -> None:
    stages.ik["marker_error_rms"][: FRAMES // 2 + 1] = 0.1
    result = stages.filtered(tmp_path, skeleton)
    assert not result.clips
    assert result.rejected["a"].reason == "too few frames with valid angles"
    assert result.rejected["a"].value == pytest.approx(0.45)


def test_a_clip_without_dynamics_keeps_its_angles(stages: Stages, skeleton: Path, tmp_path: Path) -> None:
    stages.reason = "a chair"
    clip = stages.filtered(tmp_path, skeleton).clips["a"]
    assert clip.arrays["angle_valid"].all()
    assert not clip.arrays["force_valid"].any()
    assert not clip.arrays["activation_valid"].any()
    assert clip.attrs["dynamics_reason"] == "a chair"


def test_segments_pass_over_bodies_without_markers(definition: SkeletonDefinition) -> None:
    segments = dict(zip(definition.coordinate_names, angle_segments(definition), strict=True))
    names = {name: {definition.body_names[body] for body in bodies} for name, bodies in segments.items()}
    assert names["ankle_angle_r"] == {"tibia_r", "calcn_r"}
    assert names["subtalar_angle_l"] == {"tibia_l", "calcn_l"}
    assert names["knee_angle_r"] == {"femur_r", "tibia_r"}
    assert names["pelvis_tilt"] == {"pelvis"}


def test_masked_clips_hold_zeros() -> None:
    clip = without_dynamics("a", {"fps": FPS}, "why", GroundForces.zeros(T=3, J=1, F=2))
    assert clip.attrs == {"fps": FPS, "dynamics_valid": False, "dynamics_reason": "why"}
    np.testing.assert_array_equal(clip.arrays["force"], np.zeros((3, 2, 3)))
