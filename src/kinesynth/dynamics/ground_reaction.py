"""Ground reaction forces from motion alone.

The forces that the ground must supply are those that no joint can: the six of the pelvis in an inverse dynamics
without external forces. They are shared between contact points under both soles by a convex problem per frame (see
`contact_forces`). What the feet cannot supply is reported, never hidden.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np

from kinesynth.dynamics.contact import FootMotion, contact_likelihood, rest_heights, sole_points, speeds
from kinesynth.dynamics.contact_forces import Load, point_effect, share_load
from kinesynth.dynamics.filters import low_pass
from kinesynth.dynamics.flight import airborne, free_fall_shift
from kinesynth.dynamics.gaitdynamics_features import forces_from_features, motion_features
from kinesynth.dynamics.masked import without_dynamics
from kinesynth.dynamics.names import GRAVITY, PELVIS_FORCES, ROOT
from kinesynth.errors import BadInput, ClipRejected
from kinesynth.isolation import Worker
from kinesynth.stage_file import Clip, process_clips, read_stage

GREATEST_CUTOFF = 0.45  # of the frame rate
FREE_FALL_SWEEPS = 2  # OpenSim's spline and the shift's differences differ a little: the second mends it
MEND = "set grf.weights to GaitDynamicsRefinement.pt"
OTHER_CONTACT = "the feet cannot carry this motion"


@dataclass(frozen=True)
class Demand:
    """A motion, and what it asks of the ground.

    Attributes:
        forces: (T, J) N m and N, the generalised forces without external ones.
        feet: how the feet move.
        likelihood: (T, 2, P), how likely each point of the soles carries load.
        rest_heights: (P,) m, where the points of the soles were found to rest.
        angles: (T, J), the motion that asks it: low-passed, falling freely in flight, coupled coordinates included.
        root: the columns of J in the order of `ROOT`.
        mass_kg: of the whole body.
    """

    forces: np.ndarray
    feet: FootMotion
    likelihood: np.ndarray
    rest_heights: np.ndarray
    angles: np.ndarray
    root: list[int]
    mass_kg: float


@dataclass(frozen=True)
class ContactModel:
    """When a point of the sole carries load (see `contact`), and how much friction it has.

    Contact is told from feet low-passed at `cutoff_hz`, more than the forces are: at 6 Hz a foot would leave the floor
    half a tenth of a second early.
    """

    height_m: float
    speed_m_per_s: float
    rest_tolerance_m: float
    friction: float
    least_force_newtons: float
    cutoff_hz: float


@dataclass(frozen=True)
class GroundReaction:
    """What the ground does to both feet, right then left.

    Attributes:
        force: (T, 2, 3) N, in ground.
        cop: (T, 2, 3) m, the centre of pressure; the middle of the foot where it carries nothing.
        moment: (T, 2, 3) N m, the free moment about the vertical through `cop`.
        unexplained: (T, 6) what remains at the pelvis, in the order of `ROOT`.
        rest_heights: (P,) m, where the points of the soles were found to rest.
    """

    force: np.ndarray
    cop: np.ndarray
    moment: np.ndarray
    unexplained: np.ndarray
    rest_heights: np.ndarray


def ground_reaction(
    *,
    ik: Path,
    model: Path,
    output: Path,
    log: Path = Path("ground_reaction.log"),
    engine: Literal["contact", "gaitdynamics"] = "contact",
    weights: Path | None = None,
    scale: Path | None = None,
    cutoff_hz: float = 6.0,
    friction: float = 0.8,
    contact_height_m: float = 0.02,
    contact_speed_m_per_s: float = 0.8,
    rest_tolerance_m: float = 0.03,
    least_force_newtons: float = 20.0,
    contact_cutoff_hz: float = 15.0,
    unexplained_force_bw: float = 0.3,
    unexplained_moment_bw_m: float = 0.15,
    unexplained_share: float = 0.5,
    timeout_seconds: float = 120.0,
) -> None:
    """Estimate the forces under both feet from joint angles.

    A clip whose load the feet cannot carry (hands or a seat take part) keeps its place; its attribute
    `dynamics_valid` turns False and `dynamics_reason` says why.

    Args:
        ik: joint angles (stage file of inverse-kinematics).
        model: the subject's scaled model (.osim).
        output: stage file with force, cop, moment, unexplained, and smooth_angles (T, J), the motion that they belong
            to, which inverse dynamics and static optimization go on with.
        log: what OpenSim says.
        engine: contact shares the load between points under the soles; gaitdynamics asks the published network.
        weights: GaitDynamicsRefinement.pt, which the engine gaitdynamics needs.
        scale: the subject's figures (.json of scale-model), of which the engine gaitdynamics needs the height.
        cutoff_hz: low-pass cut-off of the angles; 6 Hz is the custom for gait, impacts want more.
        friction: coefficient between sole and floor; 0.8 is a rubber sole on a dry laboratory floor.
        contact_height_m: a point of the sole that is higher above its rest hardly carries load.
        contact_speed_m_per_s: a point of the sole that is faster hardly carries load.
        rest_tolerance_m: how far from y = 0 the tracked soles may rest and still stand on the floor.
        least_force_newtons: a foot with less vertical force carries none: its centre of pressure would be noise.
        contact_cutoff_hz: low-pass cut-off of the feet's motion for telling contact, 0.45 of the frame rate at most.
        unexplained_force_bw: a frame's vertical force that the feet leave over, in body weights, that points to
            another contact.
        unexplained_moment_bw_m: a frame's moment that the feet leave over, in body weights times metres, that points
            to another contact (a seat behind the feet, say).
        unexplained_share: a clip with a greater share of such frames has no valid dynamics.
        timeout_seconds: longest time for one clip.

    Raises:
        BadInput: the engine gaitdynamics lacks its weights or the height, or the weights are not its.
    """
    names = list(read_stage(ik).attrs["coordinate_names"])
    contact = ContactModel(
        contact_height_m, contact_speed_m_per_s, rest_tolerance_m, friction, least_force_newtons, contact_cutoff_hz
    )

    react = _gaitdynamics(weights, scale, names, contact) if engine == "gaitdynamics" else _by_contact(contact)

    def work(worker: Worker, clip: Clip) -> Clip:
        fps = float(clip.attrs["fps"])
        attrs = {**clip.attrs, "grf_engine": engine, "cutoff_hz": cutoff_hz}
        try:
            demand = worker.call(
                whole_body_demand, model.absolute(), names, clip.arrays["angles"], fps, cutoff_hz, contact,
                timeout_seconds=timeout_seconds,
            )  # fmt: skip
        except ClipRejected as error:
            frames = len(clip.arrays["angles"])
            shapes = dict.fromkeys(("force", "cop", "moment"), (frames, 2, 3)) | {"unexplained": (frames, len(ROOT))}
            masked = without_dynamics(clip.clip_id, attrs, f"ground reaction: {error}", shapes)
            return replace(masked, arrays={**masked.arrays, "smooth_angles": clip.arrays["angles"]})
        reaction = react(demand, fps)
        share = unexplained_frames(reaction, demand.mass_kg * GRAVITY, unexplained_force_bw, unexplained_moment_bw_m)
        valid = share <= unexplained_share
        attrs |= {
            "mass_kg": demand.mass_kg,
            "sole_rest_heights_m": reaction.rest_heights,
            "dynamics_valid": valid,
            "dynamics_reason": "" if valid else f"{OTHER_CONTACT}: {share:.0%} of its frames leave load over",
        }
        arrays = {name: getattr(reaction, name) for name in ("force", "cop", "moment", "unexplained")}
        return Clip(clip.clip_id, {**arrays, "smooth_angles": demand.angles}, attrs)

    with Worker(log) as worker:
        process_clips("ground_reaction", [ik], output, partial(work, worker), {"coordinate_names": names})


def _by_contact(contact: ContactModel) -> Callable[[Demand, float], GroundReaction]:
    return lambda demand, _: estimate(demand, contact)


def _gaitdynamics(
    weights: Path | None, scale: Path | None, names: list[str], contact: ContactModel
) -> Callable[[Demand, float], GroundReaction]:
    """Return the published network as an engine for one subject's clips."""
    from kinesynth.dynamics.gaitdynamics import load_network

    if weights is None or scale is None:
        raise BadInput("ground-reaction", "weights, scale", "none", "both, for the engine gaitdynamics", MEND)
    network, height = load_network(weights), float(json.loads(scale.read_text())["height_m"])

    def react(demand: Demand, fps: float) -> GroundReaction:
        motion, heading = motion_features(names, demand.angles, fps, height)
        force, cop = forces_from_features(
            network.forces(motion), len(demand.angles), fps, heading, demand.feet.heel[..., 3], demand.mass_kg, height,
            contact.least_force_newtons,
        )  # fmt: skip
        return reaction_of(demand, force, cop, np.zeros_like(force))

    return react


def whole_body_demand(
    model: Path, names: list[str], angles: np.ndarray, fps: float, cutoff_hz: float, contact: ContactModel
) -> Demand:
    """Return what `angles` (T, J), low-passed, ask of the ground. Runs OpenSim: call it in a child process."""
    from kinesynth.dynamics import model as opensim_model

    body = opensim_model.load_model(model)
    opensim_model.check_coordinates(body, names)
    root, mass = [names.index(name) for name in ROOT], opensim_model.total_mass(body)
    translations = root[: len(PELVIS_FORCES)]
    times = np.arange(len(angles)) / fps

    def smoothed(cutoff: float) -> np.ndarray:
        return opensim_model.with_coupled_coordinates(body, low_pass(angles, fps, cutoff))

    feet = opensim_model.foot_motion(body, smoothed(max(cutoff_hz, min(contact.cutoff_hz, GREATEST_CUTOFF * fps))))
    likelihood, rest = sole_contact(feet, fps, contact)

    def demand(posed: np.ndarray) -> Demand:
        with opensim_model.scratch_folder() as folder:
            forces = opensim_model.generalised_forces(folder, model, names, times, posed)
        return Demand(forces, opensim_model.foot_motion(body, posed), likelihood, rest, posed, root, mass)

    found = demand(smoothed(cutoff_hz))
    flights = airborne(likelihood, fps)
    for _ in range(FREE_FALL_SWEEPS if flights else 0):
        posed = found.angles.copy()
        posed[:, translations] += free_fall_shift(found.forces[:, translations] / mass, flights, fps)
        found = demand(posed)
    return found


def sole_contact(feet: FootMotion, fps: float, contact: ContactModel) -> tuple[np.ndarray, np.ndarray]:
    """Return how likely each point of the soles carries load, (T, 2, P), and the heights (P,) m at which they rest."""
    points = sole_points(feet)
    speed = speeds(points, fps)
    rest = rest_heights(points, speed, contact.rest_tolerance_m)
    return contact_likelihood(points[..., 1] - rest, speed, contact.height_m, contact.speed_m_per_s), rest


def estimate(demand: Demand, contact: ContactModel) -> GroundReaction:
    """Return the ground reaction that meets `demand` as far as feet on a flat floor can."""
    grounded = sole_points(demand.feet) * np.array([1.0, 0.0, 1.0])
    heel = demand.feet.heel[..., 3]
    effect = point_effect(demand.feet.jacobian, grounded - heel[:, :, None])
    load = Load(demand.forces, effect, demand.root, demand.mass_kg * GRAVITY)
    forces = share_load(load, demand.likelihood, contact.friction)
    return reaction_of(demand, *_resultant(forces, grounded, contact.least_force_newtons))


def reaction_of(demand: Demand, force: np.ndarray, cop: np.ndarray, moment: np.ndarray) -> GroundReaction:
    """Return the reaction of `force`, `cop` and `moment`, each (T, 2, 3), and what it leaves of the demand."""
    heel = demand.feet.heel[..., 3]
    wrench = np.concatenate([moment + np.cross(cop - heel, force), force], axis=-1)
    supplied = np.einsum("tfij,tfi->tj", demand.feet.jacobian, wrench)
    return GroundReaction(force, cop, moment, (demand.forces - supplied)[:, demand.root], demand.rest_heights)


def unexplained_frames(reaction: GroundReaction, body_weight: float, force_bw: float, moment_bw_m: float) -> float:
    """Return the share of frames whose vertical force or moment left over exceeds the limits."""
    force = np.abs(reaction.unexplained[:, ROOT.index("pelvis_ty")])
    moment = np.linalg.norm(reaction.unexplained[:, len(PELVIS_FORCES) :], axis=1)
    return float(np.mean((force > force_bw * body_weight) | (moment > moment_bw_m * body_weight)))


def _resultant(
    forces: np.ndarray, points: np.ndarray, least_force_newtons: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return force, centre of pressure and free moment, each (T, 2, 3), of `forces` (T, 2, P, 3) at `points`."""
    force = forces.sum(axis=2)
    loaded = force[..., 1:2] >= least_force_newtons
    weight = np.where(loaded[..., None], forces[..., 1:2], 1.0)
    cop = (weight * points).sum(axis=2) / weight.sum(axis=2)
    moment = np.cross(points - cop[:, :, None], forces).sum(axis=2) * np.array([0.0, 1.0, 0.0])
    return np.where(loaded, force, 0.0), cop, np.where(loaded, moment, 0.0)
