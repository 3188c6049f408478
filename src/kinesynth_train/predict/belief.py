"""Which angles of a motion from worn markers to believe: the workflow's checks of measured markers, by its limits."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kinesynth.config import Filters
from kinesynth.dynamics.quality import valid_angles
from kinesynth.kinematics.segment_misfit import segment_misfit
from kinesynth.kinematics.worn_markers import WornMarkers, held_to_bone
from kinesynth.motion.sight import unmarked, unseen
from kinesynth.opensim_files import MarkerTrajectories
from kinesynth.records import Kinematics
from kinesynth.runs import runs
from kinesynth.skeleton import SkeletonDefinition
from kinesynth_train.predict.landmarks import generic_skeleton

FILTERS = Filters(min_valid_share=0.0)  # what is not believed is masked here, and nobody's motion is rejected for it


@dataclass(frozen=True, eq=False)
class Tracking:
    """How well a skeleton of B bodies follows the L markers that a person wore, in T frames.

    Attributes:
        error: (T, L) m, from each marker; NaN where it was not seen.
        rms: (T,) m, over the markers held to bone.
        turn: (T, B) rad, by how much each body would turn to meet its own bony landmarks.
        shift: (T, B) m, by how much it would move.
        unseen: (T, B) bool, bodies that no marker, or too few, told.
    """

    error: np.ndarray
    rms: np.ndarray
    turn: np.ndarray
    shift: np.ndarray
    unseen: np.ndarray

    def angle_valid(self, shown: np.ndarray) -> np.ndarray:
        """Return (T, J), false where an angle is in doubt, and in frames that are not `shown` (T,)."""
        skeleton = generic_skeleton()  # its own markers tell which segments an angle lies between
        told = Kinematics.partly(segment_turn=self.turn, segment_shift=self.shift, marker_error_rms=self.rms)
        return np.asarray(valid_angles(told, skeleton, FILTERS, self.unseen) & shown[:, None])

    def of_network(self) -> "Tracking":
        """Return what holds of a network's angles too: what no marker showed.

        By how much its skeleton misses the markers has a limit of its own.
        """
        return replace(
            self, rms=np.zeros_like(self.rms), turn=np.zeros_like(self.turn), shift=np.zeros_like(self.shift)
        )


def tracking_of(
    skeleton: SkeletonDefinition,
    landmarks: Sequence[str],
    fitted: tuple[np.ndarray, np.ndarray],
    measured: np.ndarray,
    unseen_bodies: np.ndarray,
) -> Tracking:
    """Return how well a skeleton follows its markers.

    Args:
        skeleton: with the L markers where the person wore them.
        landmarks: (L,) of the markers, "" where not known.
        fitted: markers (T, L, 3) m and joint centres (T, B, 3) m of the skeleton; NaN where there is no pose.
        measured: (T, L, 3) m, NaN where not seen.
        unseen_bodies: (T, B) bool, as `unseen_in` gives it.
    """
    markers, joints = (np.nan_to_num(each) for each in fitted)
    bony = held_to_bone(landmarks)
    error = np.linalg.norm(fitted[0] - measured, axis=-1)
    held = error[:, bony]
    rms = np.sqrt(np.nansum(held**2, axis=1) / np.isfinite(held).sum(axis=1).clip(min=1))
    misfit = segment_misfit(skeleton, markers, measured, joints, [True] * len(landmarks), bony.tolist())
    return Tracking(error, rms, misfit["segment_turn"], misfit["segment_shift"], unseen_bodies)


def unseen_in(worn: WornMarkers, times: np.ndarray, bodies: Sequence[str]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the frames (T, B) in which bodies are told by too few markers, and the bodies that never wear any.

    Args:
        worn: the L markers, `moving` at T frames.
        times: (T,) s, even.
        bodies: (B,) names.
    """
    shown = np.isfinite(worn.moving).all(axis=-1).any(axis=0)
    carriers = {label: body for label, body, there in zip(worn.labels, worn.bodies, shown, strict=True) if there}
    fps = (len(times) - 1) / float(times[-1] - times[0])
    trial = MarkerTrajectories(worn.labels, worn.moving, fps, np.arange(len(times)) / fps)
    hidden = np.zeros((len(times), len(bodies)), dtype=bool)
    for body, stretches in unseen(trial, carriers).items():
        for begin, end in stretches:
            hidden[round(begin * fps) : round(end * fps), list(bodies).index(body)] = True
    bare = unmarked(set(carriers.values()))
    hidden[:, [list(bodies).index(body) for body in bare]] = True
    return hidden, bare


def belief_notes(valid: np.ndarray, shown: np.ndarray, names: Sequence[str], bare: Collection[str]) -> list[str]:
    """Return what is to be said of angles that are not valid (T, J) in frames that are shown (T,)."""
    notes = [f"no marker on {', '.join(bare)}: their angles are not believed"] if bare else []
    whole = shown & ~valid.any(axis=1)
    if whole.any():
        limit = f"{1e3 * FILTERS.max_marker_rms_m:.0f} mm"
        notes.append(f"{whole.sum()} frames have the markers on bone more than {limit} (RMS) off: not believed")
    some = (shown & ~whole)[:, None] & ~valid
    fractions = some.mean(axis=0)
    doubtful = [(fraction, name) for fraction, name in zip(fractions, names, strict=True) if 0 < fraction < 1]
    if doubtful:
        worst = ", ".join(f"{name} {fraction:.0%}" for fraction, name in sorted(doubtful, reverse=True)[:3])
        count = f"{len(doubtful)} of {len(names)} angles"
        notes.append(f"{count} are not believed in some frames ({worst}): predict.json has when, _believed.sto NaN")
    return notes


def stretches_of(flags: np.ndarray, fps: float) -> list[list[float]]:
    """Return from and to which seconds of the motion flags (T,) are set."""
    return [[first / fps, last / fps] for first, last in runs(flags)]
