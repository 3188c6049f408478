"""Where the markers that a person wore sit on the skeleton that was fitted to them.

A static trial tells it, but for markers that its pose shows elsewhere than motion does: where arms are raised out of
the way, skin slides over the shoulders by centimetres. The arms' sizes and their markers' places are then told by
frames of the motion, and so are the places of the girdle's markers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from kinesynth.body.measurements import measurements
from kinesynth.kinematics.batched_ik import Prior, solve_clips
from kinesynth.kinematics.bounded_skeleton import BoundedSkeleton
from kinesynth.kinematics.initial_poses import ARM_BODIES
from kinesynth.kinematics.worn_fit import fit_sizes_and_poses, stretched
from kinesynth.kinematics.worn_markers import WornMarkers, followed_weights, landmark_places, standing_prior
from kinesynth.skeleton.definition import SkeletonDefinition
from kinesynth.skeleton.layer import SkeletonLayer
from kinesynth.skeleton.trunk import TRUNK_BODIES

RAISED_RAD = np.radians(45.0)  # of an upper arm from hanging
MAX_BENT_RAD = np.radians(30.0)  # knees of somebody who stands
_ON_GIRDLE = ("ACR", "ASH", "PSH", "SCA")
_ON_ELBOW = ("LEL", "MEL")
_HOLD_A_BODY, _HOLD_A_PERSON = 3, 12  # markers
_ON_UPPER_ARM = ("UA1", "UA2", "UA3", "UAF")
_HOLD = 5e-5  # weight times m^2 over rad^2: holds what no marker tells, and moves what one tells by nothing to speak of
_HOLD_FIRMLY = 5e-4  # the same: a marker errs by a centimetre
_FIRM = ("mtp_angle", "clav_")


@dataclass(frozen=True)
class FittedMarkers:
    """What was found.

    Attributes:
        factors: (B, 3) by which each body is stretched along its axes.
        angles: (F, J) rad and m, the pose in each frame.
        places: (M, 3) m, where the markers sit on the stretched bodies; NaN of one that is neither seen nor known.
        off_landmark_m: (M,) how far each sits from its landmark, NaN where that is not known.
        standing: whether the person was taken to stand.
    """

    factors: np.ndarray
    angles: np.ndarray
    places: np.ndarray
    off_landmark_m: np.ndarray
    standing: bool


def fit_worn_markers(skeleton: BoundedSkeleton, worn: WornMarkers, likely: Mapping[str, float]) -> FittedMarkers:
    """Return the most probable scale, poses and marker places.

    Args:
        skeleton: the generic one.
        worn: the markers.
        likely: the most probable factor of each measurement (`kinesynth.body.measurements`).
    """
    names = skeleton.definition.coordinate_names
    found = fit_sizes_and_poses(skeleton, worn, likely)
    if worn.standing and max(found.angles[:, names.index(f"knee_angle_{side}")].max() for side in "rl") > MAX_BENT_RAD:
        return fit_worn_markers(skeleton, replace(worn, standing=False), likely)
    displaced = _moved_by_arms(names, found.angles, worn).all(axis=0) & worn.standing
    arms = _arms_in_motion(skeleton, worn, likely) if displaced.any() and len(worn.moving) else None
    if displaced.any():
        on_trunk = displaced & np.isin(worn.bodies, TRUNK_BODIES)
        held = replace(worn, positions=np.where(on_trunk[:, None], np.nan, worn.positions))
        told = arms.sizes if arms else {}
        found = fit_sizes_and_poses(skeleton, held, {**likely, **told}, arms_raised=True)
    landmarks = _landmarks(skeleton.definition, worn, found.factors)
    places = _mean_places(found.transforms, _carriers(skeleton.definition, worn), worn.positions)
    places[displaced] = np.nan
    if arms:
        places = np.where(np.isnan(arms.places), places, arms.places)
    if np.isnan(places).any() and len(worn.moving):
        moving = _places_in_motion(skeleton, worn, found.factors, places, landmarks)
        places = np.where(np.isnan(places), moving, places)
    places = np.where(np.isnan(places), landmarks, places)
    off = np.linalg.norm(places - landmarks, axis=1)
    return FittedMarkers(found.factors, found.angles, places, off, worn.standing)


@dataclass(frozen=True)
class _Arms:
    """Factors of the arms' measurements, and places (M, 3) m of markers on them; NaN of others."""

    sizes: Mapping[str, float]
    places: np.ndarray


def _arms_in_motion(skeleton: BoundedSkeleton, worn: WornMarkers, likely: Mapping[str, float]) -> _Arms:
    """Return what the motion tells of the arms, which hang off the skeleton's shoulders in it."""
    moving = replace(worn, positions=worn.moving, moving=worn.moving[:0], standing=False)
    found, bodies = fit_sizes_and_poses(skeleton, moving, likely), skeleton.definition.body_names
    sizes = {
        row.name: float(found.factors[bodies.index(row.bodies[0]), "XYZ".index(row.axes[0])])
        for row in measurements()
        if row.bodies[0].startswith(ARM_BODIES)
    }
    places = _mean_places(found.transforms, _carriers(skeleton.definition, worn), worn.moving)
    return _Arms(sizes, np.where([[body.startswith(ARM_BODIES)] for body in worn.bodies], places, np.nan))


def wearing(
    skeleton: BoundedSkeleton, labels: Sequence[str], bodies: Sequence[str], places: np.ndarray
) -> BoundedSkeleton:
    """Return a skeleton with these markers, at places (M, 3) m on its bodies, in place of its own."""
    index = np.array([skeleton.definition.body_names.index(body) for body in bodies])
    definition = replace(
        skeleton.definition, marker_names=tuple(labels), marker_bodies=index, marker_places=np.asarray(places)
    )
    return replace(skeleton, definition=definition)


def holding_prior(skeleton: SkeletonDefinition) -> Prior:
    """Return what holds coordinates that no marker tells at those of people who stand, and the others hardly at all.

    Toes and clavicles are held a little: a marker on toes rides so near to their axis that its error would turn them
    any way, and where little else of the trunk is marked, shoulders tell how that turns.
    """
    prior = standing_prior(skeleton, (), standing=False)
    firm = np.array([name.startswith(_FIRM) for name in skeleton.coordinate_names])
    return Prior(prior.mean, np.where(prior.precision > 0, np.where(firm, _HOLD_FIRMLY, _HOLD), 0.0))


def _places_in_motion(
    skeleton: BoundedSkeleton, worn: WornMarkers, factors: np.ndarray, places: np.ndarray, landmarks: np.ndarray
) -> np.ndarray:
    """Return where markers (M, 3) ride in motion, on a skeleton that those with places (M, 3) hold; NaN if unseen.

    In frames that hardly show these (another set was worn) the others hold it too, at their `landmarks` (M, 3).
    """
    generic = replace(skeleton, definition=stretched(skeleton.definition, factors))
    shown = np.isfinite(worn.moving).all(axis=-1) & np.isfinite(places).all(axis=-1)
    held = shown.sum(axis=1) >= _HOLD_A_PERSON
    guessed = np.where(np.isnan(places), landmarks, places)
    transforms, positions = [], []
    for frames, there in ((held, places), (~held, guessed)):
        if frames.any():
            moved, seen = _moved_in_frames(generic, worn, worn.moving[frames], there)
            transforms.append(moved)
            positions.append(seen)
    return _mean_places(np.concatenate(transforms), _carriers(skeleton.definition, worn), np.concatenate(positions))


def _moved_in_frames(
    generic: BoundedSkeleton, worn: WornMarkers, moving: np.ndarray, places: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the bodies' transforms (F, B, 4, 4) in frames (F, M, 3), and these but for what raised arms move."""
    held = np.flatnonzero(np.isfinite(places).all(axis=1))
    bodies, labels = ([values[column] for column in held] for values in (worn.bodies, worn.labels))
    person = wearing(generic, labels, bodies, places[held])
    weights = followed_weights([worn.landmarks[column] for column in held])
    solved = solve_clips(person, {"": moving[:, held]}, weights, holding_prior(person.definition))[""]["angles"]
    raised = _moved_by_arms(person.definition.coordinate_names, solved, worn)
    transforms = SkeletonLayer(person.definition)(torch.tensor(solved)).transforms.numpy()
    return transforms, np.where(raised[..., None], np.nan, moving)


def _moved_by_arms(names: Sequence[str], angles: np.ndarray, worn: WornMarkers) -> np.ndarray:
    """Return which markers (F, M) are moved by arms that are raised, in poses (F, J).

    Those on the elbow count where three markers hold the forearm, which then tells where the elbow is; else they do.
    """
    moved = np.zeros((len(angles), len(worn.landmarks)), dtype=bool)
    for side in "rl":
        flexion, adduction = (angles[:, names.index(f"arm_{turn}_{side}")] for turn in ("flex", "add"))
        raised = np.cos(flexion) * np.cos(adduction) < np.cos(RAISED_RAD)
        on_forearm = np.isin(worn.bodies, [f"ulna_{side}", f"radius_{side}"]).sum()
        places = _ON_GIRDLE + _ON_UPPER_ARM + (_ON_ELBOW if on_forearm >= _HOLD_A_BODY else ())
        moved |= raised[:, None] & np.isin(worn.landmarks, [side.upper() + place for place in places])
    return moved


def _carriers(skeleton: SkeletonDefinition, worn: WornMarkers) -> np.ndarray:
    return np.array([skeleton.body_names.index(body) for body in worn.bodies])


def _landmarks(skeleton: SkeletonDefinition, worn: WornMarkers, factors: np.ndarray) -> np.ndarray:
    """Return the landmarks' places (M, 3) m on the stretched skeleton, NaN where they are not known."""
    known = landmark_places()
    places = np.array([known[name][1] if name in known else np.full(3, np.nan) for name in worn.landmarks])
    return np.asarray(places * factors[_carriers(skeleton, worn)])


def _mean_places(transforms: np.ndarray, carriers: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Return the mean places (M, 3) m on their bodies of markers seen at `positions` (F, M, 3), NaN without any."""
    turn, origin = transforms[:, carriers, :3, :3], transforms[..., :3, 3][:, carriers]
    local = np.einsum("fmji,fmj->fmi", turn, positions - origin)
    seen = np.isfinite(local).all(axis=-1, keepdims=True)
    count = seen.sum(axis=0)
    return np.asarray(np.where(count > 0, np.where(seen, local, 0.0).sum(axis=0) / np.maximum(count, 1), np.nan))
