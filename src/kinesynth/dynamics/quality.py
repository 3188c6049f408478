"""Which frames' labels are valid, and why others are not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.ndimage import maximum_filter1d

from kinesynth.config import Filters
from kinesynth.dynamics.coordinate_segments import angle_segments
from kinesynth.dynamics.force_doubt import near_ends
from kinesynth.dynamics.names import FEET, PELVIS_MOMENTS, TOES
from kinesynth.errors import ClipRejected
from kinesynth.file_names import takes_file_names
from kinesynth.gravity import GRAVITY
from kinesynth.reasons import names as reason_names
from kinesynth.reasons import packed, spoilt
from kinesynth.records import GroundForces, Kinematics, Moments, MuscleActivity, Validity, unseen_bodies
from kinesynth.skeleton.definition import SkeletonDefinition
from kinesynth.skeleton.moment_limits import moment_limits
from kinesynth.stage_file import Clip, process_clips, read_stage

FILTERS = Filters()
MIN_MOMENT = 0.2  # N m/kg: of smaller joint moments no fraction is taken
_BEARERS = ("pelvis", "torso", "femur", "tibia", "calcn")
LOCK_REACH = 10  # frames: so far an all but sudden half turn rings in a quintic spline, until 0.02 N m/kg are left


@dataclass(frozen=True)
class StageLabels:
    """What the stages say of one clip."""

    kinematics: Kinematics
    ground: GroundForces
    moments: Moments
    muscles: MuscleActivity


@dataclass(frozen=True)
class Subject:
    """What the checks need to know of the model and of the files' orders.

    Attributes:
        skeleton: the subject's.
        driven: (J,) bool, coordinates that muscles drive.
        feet: of both, the positions of heel and toes among the bodies of the keypoints.
    """

    skeleton: SkeletonDefinition
    driven: np.ndarray
    feet: list[list[int]]

    @property
    def pelvis(self) -> np.ndarray:
        """(J,) bool, the pelvis' angles."""
        return np.isin(self.skeleton.coordinate_names, PELVIS_MOMENTS)


@takes_file_names
def quality_filter(
    *,
    ik: Path,
    grf: Path,
    id: Path,  # noqa: A002 the stage's name, as in the command line's --id
    so: Path,
    model: Path,
    output: Path,
    filters: Filters = FILTERS,
) -> None:
    """Say for every frame which labels are valid, and reject clips without valid angles.

    Forces need valid marker tracking, activations need valid forces. A clip is never rejected for its dynamics alone:
    they are masked and its kinematics stay.

    Args:
        ik: joint angles (stage file of inverse-kinematics).
        grf: forces under the feet (stage file of ground-reaction).
        id: joint moments (stage file of inverse-dynamics).
        so: muscle activations (stage file of static-optimization).
        model: the subject's scaled model (.osim).
        output: stage file with angle_valid (T, J), force_valid (T,), activation_valid (T,) and reasons (T,), a bit per
            failed check (see `reasons`), named in the attribute reasons. Besides what the filters decide, forces are
            masked where a flight begins or ends, as far as it is not known when.
        filters: the thresholds, the section `filters` of the configuration.

    Raises:
        BadInput: a stage file lacks arrays, those of an older release say.
    """
    tracked, shared = read_stage(ik), read_stage(so)
    subject = _subject(SkeletonDefinition.from_osim(model), tracked.attrs, shared.attrs)

    def work(angles: Clip, ground: Clip, moments: Clip, muscles: Clip) -> Clip:
        labels = StageLabels(
            Kinematics.of(angles), GroundForces.of(ground), Moments.of(moments), MuscleActivity.of(muscles)
        )
        locked = gimbal_locked(labels, subject, filters)
        unseen = unseen_bodies(angles, len(locked), subject.skeleton.body_names)
        angle_valid = valid_angles(labels.kinematics, subject.skeleton, filters, unseen)
        angle_valid &= ~(locked[:, None] & subject.pelvis)
        fraction = float(np.mean(angle_valid.mean(axis=1) > 0.5))
        if fraction < filters.min_valid_share:
            raise ClipRejected("too few frames with valid angles", fraction, f"{fraction:.0%} of {len(angle_valid)}")
        reason = str(moments.attrs["dynamics_reason"] or muscles.attrs["dynamics_reason"])
        failed = failed_checks(labels, ground.attrs, not reason, locked, subject, filters)
        failed["unseen_body"] = unseen_bearers(unseen, subject.skeleton.body_names)
        validity = Validity(angle_valid, ~spoilt(failed, "forces"), ~spoilt(failed, "activations"), packed(failed))
        attrs = {**muscles.attrs, "dynamics_valid": not reason, "dynamics_reason": reason}
        return validity.clip(angles.clip_id, attrs)

    attrs = {**shared.attrs, "reasons": reason_names()}
    process_clips("quality_filter", [tracked, grf, id, shared], output, work, attrs)


def _subject(skeleton: SkeletonDefinition, ik_attrs: Mapping[str, Any], so_attrs: Mapping[str, Any]) -> Subject:
    driven = set(so_attrs["muscle_driven"])
    bodies = list(ik_attrs["body_names"])
    return Subject(
        skeleton,
        np.array([name in driven for name in skeleton.coordinate_names]),
        [[bodies.index(heel), bodies.index(toes)] for heel, toes in zip(FEET, TOES, strict=True)],
    )


def valid_angles(
    kinematics: Kinematics, skeleton: SkeletonDefinition, filters: Filters, unseen: np.ndarray
) -> np.ndarray:
    """Return (T, J), False where one of the angle's two segments is in doubt, or the RMS is great.

    In doubt is a segment that its bony landmarks want elsewhere, or that was `unseen` (T, B): no marker told it.
    """
    off = unseen | (kinematics.segment_turn > np.radians(filters.max_segment_turn_deg))
    off |= kinematics.segment_shift > filters.max_segment_shift_m
    valid = np.stack([~off[:, bodies].any(axis=1) for bodies in angle_segments(skeleton)], axis=1)
    return valid & (kinematics.marker_error_rms <= filters.max_marker_rms_m)[:, None]


def unseen_bearers(unseen: np.ndarray, bodies: Sequence[str]) -> np.ndarray:
    """Return (T,), true where `unseen` (T, B) are trunk or legs, on which the forces under the feet rest."""
    bearing = [name.removesuffix("_r").removesuffix("_l") in _BEARERS for name in bodies]
    return np.asarray(unseen[:, bearing].any(axis=1))


def gimbal_locked(labels: StageLabels, subject: Subject, filters: Filters) -> np.ndarray:
    """Return (T,), true where the pelvis lists so much that its other two angles are no longer told apart well."""
    column = subject.skeleton.coordinate_names.index("pelvis_list")
    listed = np.abs(np.sin(np.stack([labels.kinematics.angles[:, column], labels.ground.smooth_angles[:, column]])))
    return np.asarray((listed > np.sin(np.radians(filters.max_pelvis_list_deg))).any(axis=0))


def failed_checks(
    labels: StageLabels,
    attrs: Mapping[str, Any],
    dynamics_valid: bool,
    locked: np.ndarray,
    subject: Subject,
    filters: Filters,
) -> dict[str, np.ndarray]:
    """Return, by the name of each of `REASONS` but `unseen_body`, where (T,) frames fail.

    `attrs` are those of the ground reaction, `locked` (T,) is what `gimbal_locked` says.
    """
    kinematics, ground, moments, muscles = labels.kinematics, labels.ground, labels.moments, labels.muscles
    mass, fps = float(subject.skeleton.masses.sum()), float(attrs["fps"])
    body_weight, frames = mass * GRAVITY, len(moments.residual)
    residual_force = np.linalg.norm(moments.residual[:, :3], axis=1) / body_weight
    residual_moment = np.linalg.norm(moments.residual[:, 3:], axis=1) / body_weight
    limits = moment_limits(subject.skeleton.coordinate_names) * mass * filters.moment_limit
    carried = subject.skeleton.carried(ground.smooth_angles, moments.moments)
    reserve_fraction = np.abs(muscles.reserves) / np.maximum(np.abs(carried), MIN_MOMENT * mass)
    return {
        "marker_error": kinematics.marker_error_rms > filters.max_marker_rms_m,
        "no_dynamics": np.full(frames, not dynamics_valid),
        "clip_edge": np.minimum(np.arange(frames), np.arange(frames)[::-1]) < filters.edge_seconds * fps,
        "residual": (residual_force > filters.max_residual_force_bw)
        | (residual_moment > filters.max_residual_moment_bw_m),
        "joint_moment": (np.abs(moments.moments) > limits).any(axis=1),
        "centre_of_pressure": _cop_distance(kinematics, ground, subject.feet) > filters.max_cop_distance_m,
        "reserve": (reserve_fraction[:, subject.driven] > filters.max_reserve_share).any(axis=1),
        "so_violation": muscles.so_violation > filters.max_so_violation,
        "gimbal_lock": maximum_filter1d(locked, 2 * LOCK_REACH + 1),
        "undetermined_contact": ground.split_error > filters.max_split_error_bw * body_weight,
        "take_off_or_landing": near_ends(ground.airborne, fps)
        | (ground.moment_doubt > filters.max_flight_doubt_nm_per_kg * mass),
        "not_measured": ground.unmeasured,
        "force_doubt": doubt_of_feet(ground, float(attrs["mass_error_kg"]) / mass)
        > filters.max_force_doubt_bw * body_weight,
    }


def doubt_of_feet(ground: GroundForces, mass_error_fraction: float) -> np.ndarray:
    """Return (T,) N, by how much the greater vertical force of both feet may be off.

    What the motion leaves in doubt and what the mass does are independent: squares add.
    """
    greater = ground.force[:, : len(FEET), 1].max(axis=1)
    return np.asarray(np.hypot(ground.force_doubt, mass_error_fraction * greater))


def _cop_distance(kinematics: Kinematics, ground: GroundForces, feet: list[list[int]]) -> np.ndarray:
    """Return (T,) m, the farther foot's distance on the floor from its centre of pressure to its own midline."""
    distances = []
    for foot, (heel, toes) in enumerate(feet):
        start = kinematics.keypoints[:, heel][:, [0, 2]]
        line = (kinematics.keypoints[:, toes][:, [0, 2]] - start) * 1.4  # from toe joint on to the tip
        arm = ground.cop[:, foot][:, [0, 2]] - start
        along = np.clip(np.sum(arm * line, axis=1) / np.maximum(np.sum(line**2, axis=1), 1e-12), 0.0, 1.0)
        loaded = ground.force[:, foot, 1] > 0.0
        distances.append(np.where(loaded, np.linalg.norm(arm - along[:, None] * line, axis=1), 0.0))
    return np.asarray(np.max(distances, axis=0))
