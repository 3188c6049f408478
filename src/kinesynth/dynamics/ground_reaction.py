"""Ground reaction forces from motion alone.

The forces that the ground must supply are those that no joint can: the six of the pelvis in an inverse dynamics
without external forces. They are shared between contact points under both soles by a convex problem per frame (see
`contact_forces`). What the feet cannot supply is reported, never hidden.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from kinesynth.config import GroundReaction
from kinesynth.dynamics.clips_without_dynamics import without_dynamics
from kinesynth.dynamics.contact import sole_points
from kinesynth.dynamics.contact_forces import Load, point_effect, share_load
from kinesynth.dynamics.demand import Demand, SoleContactRules, whole_body_demand
from kinesynth.dynamics.falls import calm_notes
from kinesynth.dynamics.measured_forces import forces_of
from kinesynth.dynamics.names import FEET, PELVIS_FORCES, ROOT
from kinesynth.dynamics.other_contacts import OWNER, SEAT, doubtful, near_others, resting, split_error
from kinesynth.dynamics.root_rotation import RootRotation, read_root_rotation
from kinesynth.errors import BadInput, ClipRejected
from kinesynth.file_names import takes_file_names
from kinesynth.gravity import GRAVITY
from kinesynth.isolation import Worker
from kinesynth.notes import tell
from kinesynth.options import option
from kinesynth.records import GroundForces, Kinematics
from kinesynth.sources import sources
from kinesynth.stage_file import Clip, process_clips, read_stage
from kinesynth.text import read_json

MODEL_SECONDS = 600.0
FIX = "set grf.weights to GaitDynamicsRefinement.pt"
OTHER_CONTACT = "the feet cannot carry this motion"
SCALE_FIX = "scale the model again"
MADE = {source.name for source in sources().values() if not source.file}  # motions, and bodies, of our own making
TOUCHES = 0.05  # likelihood from which a point may share the load


@dataclass(frozen=True)
class OtherContactLimits:
    """Loads that the feet leave over, from which on other contacts are at work (a seat behind the feet, say)."""

    unexplained_force_bw: float = option(
        0.3, "a frame's vertical force, in body weights, that points to another contact", exclusiveMinimum=0
    )
    unexplained_moment_bw_m: float = option(
        0.15, "a frame's moment, in body weights times metres, that points to another contact", exclusiveMinimum=0
    )
    unexplained_share: float = option(
        0.5, "a clip with a greater fraction of such frames has no valid dynamics", minimum=0, maximum=1
    )


GRF, RULES, LIMITS = GroundReaction(), SoleContactRules(), OtherContactLimits()


@dataclass(frozen=True)
class Reaction:
    """What the surroundings do to F bodies: both feet, right then left, and where they take part `names.OTHERS`.

    Attributes:
        force: (T, F, 3) N, in ground.
        cop: (T, F, 3) m, the centre of pressure; the middle of the foot where it carries nothing.
        moment: (T, F, 3) N m, the free moment about the vertical through `cop`.
        unexplained: (T, 6) what remains at the pelvis, in the order of `ROOT`.
        split_error: (T,) N, by how much the vertical force on the feet may be off because others share it.
        unmeasured: (T,) bool, frames in which plates did not measure a foot's force.
        notes: what was taken for granted about measured forces.
    """

    force: np.ndarray
    cop: np.ndarray
    moment: np.ndarray
    unexplained: np.ndarray
    split_error: np.ndarray
    unmeasured: np.ndarray
    notes: tuple[str, ...] = ()


@takes_file_names
def ground_reaction(
    *,
    ik: Path,
    model: Path,
    output: Path,
    scale: Path | None = None,
    grf: GroundReaction = GRF,
    rules: SoleContactRules = RULES,
    limits: OtherContactLimits = LIMITS,
    timeout_seconds: float = 120.0,
    log: Path = Path("ground_reaction.log"),
) -> None:
    """Estimate the forces under both feet from joint angles, or take those that plates measured, where a clip has them.

    A clip whose load the feet cannot carry (hands or a seat take part) keeps its place; its attribute
    `dynamics_valid` turns False and `dynamics_reason` says why.

    Args:
        ik: joint angles (stage file of inverse-kinematics).
        model: the subject's scaled model (.osim).
        output: stage file with force, cop, moment, unexplained; smooth_angles (T, J), the motion that they belong to,
            which inverse dynamics and static optimization go on with; airborne (T,), frames of a flight; and
            force_doubt and moment_doubt (T,), by how much forces, and moments in flight, may be off.
        scale: what is known of the subject (.json of scale-model): the error of the mass (none without it), and
            the height, which the engine gaitdynamics needs.
        grf: the section `grf` of the configuration.
        rules: when a point of the sole carries load.
        limits: what points to other contacts than the feet's.
        timeout_seconds: longest time for one clip.
        log: what OpenSim says.

    Raises:
        BadInput: the engine gaitdynamics lacks its weights or the height, or the weights are not its.
    """
    names = list(read_stage(ik).attrs["coordinate_names"])
    mass_error = 0.0 if scale is None else _measure(scale, "mass_error_kg") or 0.0
    react = (
        _gaitdynamics(grf.weights, scale, names, rules)
        if grf.engine == "gaitdynamics"
        else partial(estimate, rules=rules, friction=grf.friction)
    )

    def work(worker: Worker, root_rotation: RootRotation, clip: Clip) -> Clip:
        on_plates = bool(clip.attrs.get("grf_file"))
        attrs = {**clip.attrs, "grf_engine": "measured" if on_plates else grf.engine, "cutoff_hz": grf.cutoff_hz}
        attrs["mass_error_kg"] = 0.0 if on_plates else mass_error
        try:
            demand = worker.call(
                whole_body_demand, model.absolute(), names, root_rotation, Kinematics.of(clip).angles, clip.fps,
                grf.cutoff_hz, rules, timeout_seconds=timeout_seconds,
            )  # fmt: skip
        except ClipRejected as error:
            return _not_estimated(clip, attrs, f"ground reaction: {error}")
        plates_hz = grf.measured_cutoff_hz or grf.cutoff_hz or float(demand.cutoffs.path.max())
        try:
            reaction = taken(clip, demand, plates_hz) if on_plates else react(demand)
        except BadInput as error:
            tell(clip.clip_id, [f"no dynamics: {error}"])
            return _not_estimated(clip, attrs, f"ground reaction: {error}")
        fraction = unexplained_frames(reaction, demand.mass_kg * GRAVITY, limits)
        valid = fraction <= limits.unexplained_share
        calm = calm_notes(demand.gain)
        tell(clip.clip_id, calm)
        attrs |= {
            "mass_kg": demand.mass_kg,
            "angle_cutoffs_hz": demand.cutoffs.angles,
            "path_cutoffs_hz": demand.cutoffs.path,
            "oscillation_gain": demand.gain,
            "grf_notes": "; ".join((*reaction.notes, *calm)),
            "sole_rest_heights_m": demand.soles.rest_heights,
            "floor_heights_m": np.unique(demand.soles.floor),
            "dynamics_valid": valid,
            "dynamics_reason": "" if valid else f"{OTHER_CONTACT}: {fraction:.0%} of its frames leave load over",
        }
        made = str(clip.attrs.get("source", "")) in MADE
        doubt = demand.doubt.of(measured=on_plates, made=made)
        forces = GroundForces(
            reaction.force, reaction.cop, reaction.moment, reaction.unexplained, demand.angles, demand.airborne,
            reaction.unmeasured, reaction.split_error, doubt * demand.mass_kg * GRAVITY,
            demand.moment_doubt * demand.mass_kg,
        )  # fmt: skip
        return forces.clip(clip.clip_id, attrs)

    with Worker(log) as worker:
        root_rotation = worker.call(read_root_rotation, model.absolute(), timeout_seconds=MODEL_SECONDS)
        process_clips(
            "ground_reaction", [ik], output, partial(work, worker, root_rotation), {"coordinate_names": names}
        )


def _not_estimated(clip: Clip, attrs: Mapping[str, Any], reason: str) -> Clip:
    """Return a clip without forces, whose smooth angles are the unfiltered ones."""
    angles = Kinematics.of(clip).angles
    zeros = GroundForces.zeros(T=len(angles), J=angles.shape[1], F=len(FEET))
    return without_dynamics(clip.clip_id, attrs, reason, replace(zeros, smooth_angles=angles))


def _measure(scale: Path, name: str) -> float | None:
    """Return a number of scale-model's report, None where it has none.

    Raises:
        BadInput: the file is no report, or the value no number.
    """
    value = read_json(scale, "the report of scale-model", SCALE_FIX).get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadInput(scale, name, repr(value), "a number", SCALE_FIX)
    return float(value)


def _gaitdynamics(
    weights: str, scale: Path | None, names: list[str], rules: SoleContactRules
) -> Callable[[Demand], Reaction]:
    """Return the published network as an engine for one subject's clips."""
    from kinesynth.dynamics.gaitdynamics import load_network
    from kinesynth.dynamics.gaitdynamics_features import forces_from_features, motion_features

    if not weights or scale is None:
        raise BadInput("ground-reaction", "weights, scale", "none", "both, for the engine gaitdynamics", FIX)
    network, height = load_network(Path(weights)), _measure(scale, "height_m")
    if height is None:
        raise BadInput(scale, "height_m", "none", "the person's height, m, for the engine gaitdynamics", SCALE_FIX)

    def react(demand: Demand) -> Reaction:
        motion, heading = motion_features(names, demand.angles, demand.rate_hz, height)
        force, cop = forces_from_features(
            network.forces(motion), len(demand.angles), demand.rate_hz, heading, demand.feet.heel[..., 3],
            demand.mass_kg, height, rules.least_force_newtons,
        )  # fmt: skip
        return reaction_of(demand, force, cop, np.zeros_like(force))

    return react


def taken(clip: Clip, demand: Demand, cutoff_hz: float) -> Reaction:
    """Return the reaction that plates measured.

    Raises:
        BadInput: their file is unusable, or does not belong to the motion.
    """
    measured = forces_of(clip, demand, cutoff_hz)
    tell(str(clip.attrs["grf_file"]), measured.notes)
    reaction = reaction_of(demand, measured.force, measured.cop, measured.moment)
    return replace(reaction, unmeasured=measured.unmeasured, notes=measured.notes)


def estimate(demand: Demand, rules: SoleContactRules, friction: float) -> Reaction:
    """Return the reaction that meets `demand`: of the feet, and of other contacts where feet cannot carry it."""
    weight = demand.mass_kg * GRAVITY
    soles = sole_points(demand.feet)
    soles[..., 1] = demand.soles.floor[..., None]
    arms = soles - demand.feet.heel[..., 3][:, :, None]
    effect = point_effect(demand.feet.jacobian, arms)
    load = Load(demand.forces, effect, demand.root, weight)
    forces = share_load(load, demand.soles.likelihood, friction, demand.rate_hz)
    alone = reaction_of(demand, *resultants(forces, soles, rules.least_force_newtons))
    standing = (demand.soles.likelihood > TOUCHES).any(axis=(1, 2))
    likelihood = resting(demand.others, alone.unexplained, standing, weight, demand.rate_hz)
    if (likelihood < 0.5).all():
        doubt = doubtful(demand.others, demand.rate_hz)
        return replace(alone, split_error=np.where(doubt, 0.5 * weight, 0.0))
    return _with_others(demand, rules, friction, soles, effect, likelihood)


def _with_others(
    demand: Demand,
    rules: SoleContactRules,
    friction: float,
    soles: np.ndarray,
    effect: np.ndarray,
    likelihood: np.ndarray,
) -> Reaction:
    """Return the reaction of feet and other contacts, of which `likelihood` (T, Q) tells where they rest.

    Args:
        demand: what the motion asks.
        rules: of which the least force is asked.
        friction: between soles and floor.
        soles: (T, 2, P, 3) m, the soles' points on their floor.
        effect: (T, J, 2, P, 3) of forces on them.
        likelihood: of the others.
    """
    weight, others, frames = demand.mass_kg * GRAVITY, demand.others, len(soles)
    arms = others.points - others.origins[:, OWNER]
    theirs = point_effect(others.jacobian[:, OWNER], arms[:, :, None])[:, :, :, 0]
    coordinates, feet = effect.shape[1], soles.shape[1] * soles.shape[2]
    load = Load(
        demand.forces, np.concatenate([effect.reshape(frames, coordinates, feet, 3), theirs], axis=2), demand.root,
        weight,
    )  # fmt: skip
    sole_likelihood = demand.soles.likelihood.reshape(frames, feet)
    both = np.concatenate([sole_likelihood, likelihood], axis=1)
    forces = share_load(load, both, friction, demand.rate_hz)
    on_feet, on_others = forces[:, :feet], forces[:, feet:]
    rows = [resultants(on_feet.reshape(soles.shape), soles, rules.least_force_newtons)]
    for body in range(others.origins.shape[1]):
        mine = body == OWNER
        rows.append(resultants(on_others[:, None, mine], others.points[:, None, mine], rules.least_force_newtons))
    touch = both > TOUCHES
    error = split_error(soles.reshape(frames, feet, 3), on_feet[..., 1], others.points, on_others[..., 1], touch)
    error += on_others[:, ~SEAT, 1].sum(axis=1)  # of a table nothing is known but that a hand keeps still
    error[near_others(touch[:, feet:], demand.rate_hz) | doubtful(others, demand.rate_hz)] = 0.5 * weight
    together = [np.concatenate(parts, axis=1) for parts in zip(*rows, strict=True)]
    return replace(reaction_of(demand, *together), split_error=error)


def reaction_of(demand: Demand, force: np.ndarray, cop: np.ndarray, moment: np.ndarray) -> Reaction:
    """Return the reaction of `force`, `cop` and `moment`, each (T, F, 3), and what it leaves of the demand."""
    bodies = force.shape[1]
    origins = np.concatenate([demand.feet.heel[..., 3], demand.others.origins], axis=1)[:, :bodies]
    jacobian = np.concatenate([demand.feet.jacobian, demand.others.jacobian], axis=1)[:, :bodies]
    wrench = np.concatenate([moment + np.cross(cop - origins, force), force], axis=-1)
    supplied = np.einsum("tfij,tfi->tj", jacobian, wrench)
    unexplained = (demand.forces - supplied)[:, demand.root]
    return Reaction(force, cop, moment, unexplained, np.zeros(len(force)), np.zeros(len(force), bool))


def unexplained_frames(reaction: Reaction, body_weight: float, limits: OtherContactLimits) -> float:
    """Return the fraction of frames whose vertical force or moment left over exceeds the limits.

    Frames in which forces were not measured say nothing, unless none was.
    """
    known = ~reaction.unmeasured | reaction.unmeasured.all()
    force = np.abs(reaction.unexplained[known, ROOT.index("pelvis_ty")])
    moment = np.linalg.norm(reaction.unexplained[known, len(PELVIS_FORCES) :], axis=1)
    too_much = force > limits.unexplained_force_bw * body_weight
    return float(np.mean(too_much | (moment > limits.unexplained_moment_bw_m * body_weight)))


def resultants(
    forces: np.ndarray, points: np.ndarray, least_force_newtons: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return force, centre of pressure and free moment, each (T, B, 3), of `forces` (T, B, P, 3) at `points`."""
    force = forces.sum(axis=2)
    loaded = force[..., 1:2] >= least_force_newtons
    weight = np.where(loaded[..., None], forces[..., 1:2], 1.0)
    cop = (weight * points).sum(axis=2) / weight.sum(axis=2)
    moment = np.cross(points - cop[:, :, None], forces).sum(axis=2) * np.array([0.0, 1.0, 0.0])
    return np.where(loaded, force, 0.0), cop, np.where(loaded, moment, 0.0)
