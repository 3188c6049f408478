"""Which frame's labels can be believed, and why not."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.signal import savgol_filter

from kinesynth.dynamics.names import FEET, GRAVITY, TOES
from kinesynth.dynamics.segments import angle_segments
from kinesynth.errors import ClipRejected
from kinesynth.skeleton.definition import SkeletonDefinition
from kinesynth.skeleton.moment_limits import moment_limits
from kinesynth.stage_file import Clip, process_clips, read_stage

REASONS = (
    "marker_error",
    "no_dynamics",
    "clip_edge",
    "residual",
    "joint_moment",
    "centre_of_pressure",
    "reserve",
    "so_violation",
)
"""Bit b of `reasons` (T,) is set where the check REASONS[b] fails. The first concerns angles, the next five forces,
and all of them activations."""

_FORCE_REASONS = 6


@dataclass(frozen=True)
class Thresholds:
    """When a frame fails; the reasons stand at `quality_filter`'s arguments, which have the same names."""

    max_marker_error_m: float
    max_marker_rms_m: float
    max_residual_force_bw: float
    max_residual_moment_bw_m: float
    moment_limit: float
    max_cop_distance_m: float
    max_reserve_share: float
    max_so_violation: float
    edge_seconds: float


@dataclass(frozen=True)
class Subject:
    """What the checks need to know of the model and of the files' orders."""

    skeleton: SkeletonDefinition
    markers: list[str]
    driven: np.ndarray
    feet: list[list[int]]


def quality_filter(
    *,
    ik: Path,
    grf: Path,
    id: Path,  # noqa: A002 the stage's name, as in the command line's --id
    so: Path,
    model: Path,
    output: Path,
    max_marker_error_m: float = 0.02,
    max_marker_rms_m: float = 0.02,
    max_residual_force_bw: float = 0.2,
    max_residual_moment_bw_m: float = 0.1,
    moment_limit: float = 1.0,
    max_cop_distance_m: float = 0.08,
    max_reserve_share: float = 0.2,
    max_so_violation: float = 0.1,
    edge_seconds: float = 0.05,
    min_valid_share: float = 0.5,
    smoothing_window: int = 5,
    smoothing_order: int = 2,
) -> None:
    """Say for every frame which labels are valid, smooth the activations, and reject clips without valid angles.

    Forces need valid marker tracking, activations need valid forces. A clip is never rejected for its dynamics alone:
    they are masked and its kinematics stay.

    Args:
        ik: joint angles (stage file of inverse-kinematics).
        grf: forces under the feet (stage file of ground-reaction).
        id: joint moments (stage file of inverse-dynamics).
        so: muscle activations (stage file of static-optimization).
        model: the subject's scaled model (.osim).
        output: stage file with activations (T, A), smoothed and in [0, 1], angle_valid (T, J), force_valid (T,),
            activation_valid (T,) and reasons (T,), a bit per failed check, named in the attribute reasons.
        max_marker_error_m: an angle is masked where a marker on one of its two segments is farther off: D3KE's rule
            and figure. Markers that weigh nothing in inverse kinematics do not count.
        max_marker_rms_m: all angles are masked where the RMS over all markers is greater; OpenSim's guide asks for
            2 cm.
        max_residual_force_bw: force in body weights left over at the pelvis. Gait from real markers leaves 0.05.
        max_residual_moment_bw_m: moment left over at the pelvis in body weights times metres, which is how far the
            ground force would have to move.
        moment_limit: multiple of the greatest joint moments of strong people (see `moment_limits`). Forces that are
            swapped between left and right leave no residual; this and the next find them.
        max_cop_distance_m: from the line between heel and toes to the foot's centre of pressure; half a foot's width
            and its inaccuracy.
        max_reserve_share: part of a joint moment that no muscle could give. Moments under 0.2 N m/kg count as that.
        max_so_violation: norm of the errors in the accelerations, rad/s^2.
        edge_seconds: forces nearer to the clip's ends are masked: accelerations there rest on one side's frames only.
            At the ends of a gait clip they are off by 0.2 body weights, 0.05 s inside by 0.02.
        min_valid_share: a clip is rejected when fewer of its frames pass both checks on markers for most angles.
        smoothing_window: frames of the Savitzky-Golay filter on the activations, odd.
        smoothing_order: of its polynomials.
    """
    thresholds = Thresholds(
        max_marker_error_m, max_marker_rms_m, max_residual_force_bw, max_residual_moment_bw_m, moment_limit,
        max_cop_distance_m, max_reserve_share, max_so_violation, edge_seconds,
    )  # fmt: skip
    ik_attrs, so_attrs = read_stage(ik).attrs, read_stage(so).attrs
    subject = _subject(SkeletonDefinition.from_osim(model), ik_attrs, so_attrs)

    def work(angles: Clip, ground: Clip, moments: Clip, muscles: Clip) -> Clip:
        record = {**angles.arrays, **ground.arrays, **moments.arrays, **muscles.arrays}
        angle_valid = valid_angles(record, subject, thresholds)
        share = float(np.mean(angle_valid.mean(axis=1) > 0.5))
        if share < min_valid_share:
            raise ClipRejected("too few frames with valid angles", share, f"{share:.0%} of {len(angle_valid)}")
        reason = str(moments.attrs["dynamics_reason"] or muscles.attrs["dynamics_reason"])
        failed = failed_checks(record, not reason, float(angles.attrs["fps"]), subject, thresholds)
        arrays = {
            "activations": smoothed(record["activations"], smoothing_window, smoothing_order),
            "angle_valid": angle_valid,
            "force_valid": ~failed[:, :_FORCE_REASONS].any(axis=1),
            "activation_valid": ~failed.any(axis=1),
            "reasons": np.packbits(failed, axis=1, bitorder="little")[:, 0],
        }
        attrs = {**muscles.attrs, "dynamics_valid": not reason, "dynamics_reason": reason}
        return Clip(angles.clip_id, arrays, attrs)

    process_clips("quality_filter", [ik, grf, id, so], output, work, {**so_attrs, "reasons": list(REASONS)})


def _subject(skeleton: SkeletonDefinition, ik_attrs: Mapping[str, Any], so_attrs: Mapping[str, Any]) -> Subject:
    driven = set(so_attrs["muscle_driven"])
    bodies = list(ik_attrs["body_names"])
    return Subject(
        skeleton,
        list(ik_attrs["marker_names"]),
        np.array([name in driven for name in skeleton.coordinate_names]),
        [[bodies.index(heel), bodies.index(toes)] for heel, toes in zip(FEET, TOES, strict=True)],
    )


def valid_angles(record: Mapping[str, np.ndarray], subject: Subject, thresholds: Thresholds) -> np.ndarray:
    """Return (T, J), False where a marker on one of the angle's two segments, or all markers on average, are off."""
    # Markers that inverse kinematics left out of its maximum (the shoulder girdle's, say) are those above it.
    counted = record["marker_error"] <= record["marker_error_max"][:, None]
    off = counted & (record["marker_error"] > thresholds.max_marker_error_m)
    segments = angle_segments(subject.skeleton)
    bodies = dict(zip(subject.skeleton.marker_names, subject.skeleton.marker_bodies, strict=True))
    marker_bodies = np.array([bodies[name] for name in subject.markers])
    valid = np.stack([~off[:, np.isin(marker_bodies, bodies)].any(axis=1) for bodies in segments], axis=1)
    return valid & (record["marker_error_rms"] <= thresholds.max_marker_rms_m)[:, None]


def failed_checks(
    record: Mapping[str, np.ndarray], dynamics_valid: bool, fps: float, subject: Subject, thresholds: Thresholds
) -> np.ndarray:
    """Return (T, 8), True where a frame fails the check of `REASONS` in that place."""
    mass = float(subject.skeleton.masses.sum())
    body_weight, frames = mass * GRAVITY, len(record["residual"])
    residual_force = np.linalg.norm(record["residual"][:, :3], axis=1) / body_weight
    residual_moment = np.linalg.norm(record["residual"][:, 3:], axis=1) / body_weight
    limits = moment_limits(subject.skeleton.coordinate_names) * mass * thresholds.moment_limit
    needed = np.maximum(np.abs(record["moments"]), 0.2 * mass)
    reserve_share = np.abs(record["reserves"]) / needed
    checks = (
        record["marker_error_rms"] > thresholds.max_marker_rms_m,
        np.full(frames, not dynamics_valid),
        np.minimum(np.arange(frames), np.arange(frames)[::-1]) < thresholds.edge_seconds * fps,
        (residual_force > thresholds.max_residual_force_bw) | (residual_moment > thresholds.max_residual_moment_bw_m),
        (np.abs(record["moments"]) > limits).any(axis=1),
        _cop_distance(record, subject.feet) > thresholds.max_cop_distance_m,
        (reserve_share[:, subject.driven] > thresholds.max_reserve_share).any(axis=1),
        record["so_violation"] > thresholds.max_so_violation,
    )
    return np.stack(checks, axis=1)


def smoothed(activations: np.ndarray, window: int, order: int) -> np.ndarray:
    """Return `activations` (T, A) after a Savitzky-Golay filter, clipped to [0, 1].

    A clip shorter than the window is only clipped.
    """
    if len(activations) >= window:
        activations = savgol_filter(activations, window, order, axis=0)
    return np.asarray(np.clip(activations, 0.0, 1.0))


def _cop_distance(record: Mapping[str, np.ndarray], feet: list[list[int]]) -> np.ndarray:
    """Return (T,) m, the farther foot's distance on the floor from its centre of pressure to its own midline."""
    distances = []
    for foot, (heel, toes) in enumerate(feet):
        start = record["keypoints"][:, heel][:, [0, 2]]
        line = (record["keypoints"][:, toes][:, [0, 2]] - start) * 1.4  # from toe joint on to the tip
        arm = record["cop"][:, foot][:, [0, 2]] - start
        along = np.clip(np.sum(arm * line, axis=1) / np.maximum(np.sum(line**2, axis=1), 1e-12), 0.0, 1.0)
        loaded = record["force"][:, foot, 1] > 0.0
        distances.append(np.where(loaded, np.linalg.norm(arm - along[:, None] * line, axis=1), 0.0))
    return np.asarray(np.max(distances, axis=0))
