"""Scales the generic skeleton to a static pose, with OpenSim's ScaleTool. Runs in a process of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kinesynth.kinematics.initial_poses import ROOT
from kinesynth.kinematics.opensim_initial_pose import best_start
from kinesynth.kinematics.scaling_protocol import Protocol
from kinesynth.kinematics.segment_masses import Sex, shared_out
from kinesynth.kinematics.static_pose import looking_ahead
from kinesynth.opensim_models.coordinates import default_pose, lock, unobserved
from kinesynth.opensim_models.ik_tool import solve_angles
from kinesynth.opensim_models.markers import add_markers, move_markers, remove_all_markers, remove_markers
from kinesynth.opensim_models.masses import read_masses, set_masses
from kinesynth.opensim_models.opened import (
    Model,
    body_names,
    coordinate_names,
    default_state,
    light_model,
    marker_names,
    open_model,
    write_model,
)
from kinesynth.opensim_models.posing import forward_kinematics, set_pose
from kinesynth.opensim_models.scaling import run_scale_tool, scale_factors
from kinesynth.opensim_models.torsion import twist_tibia
from kinesynth.subject_record import UNTWISTED, TibialTorsion

STATIC_FPS = 100.0
STATIC_ACCURACY = 1e-8
STATIC_FRAMES = 3  # the tool averages over a time range, which one frame does not span


@dataclass(frozen=True)
class ScaledModel:
    """What scaling found.

    Attributes:
        body_names: (B,) in model order.
        scale_factors: (B, 3).
        landmarks: (M,) the markers of the static pose.
        landmark_error: (M,) m, their distance from the scaled model's markers before those are moved.
        coordinate_names: (J,) in model order.
        static_angles: (J,) rad and m, the static pose.
    """

    body_names: tuple[str, ...]
    scale_factors: np.ndarray
    landmarks: tuple[str, ...]
    landmark_error: np.ndarray
    coordinate_names: tuple[str, ...]
    static_angles: np.ndarray


def scale_to_static_pose(
    skeleton: Path,
    output: Path,
    static: Mapping[str, np.ndarray],
    weights: Mapping[str, float],
    mass_kg: float,
    protocol: Protocol,
    sex: Sex,
    own: Mapping[str, tuple[str, np.ndarray]] | None = None,
    factors: np.ndarray | None = None,
    tibial_torsion: TibialTorsion = UNTWISTED,
) -> ScaledModel:
    """Scale `skeleton` to one static pose and write the subject's model to `output`.

    Bodies are scaled by the measurement set, segments get the fractions of the subject's mass that belong to the sex,
    and every marker is then moved to where the static pose has it. Works in the current directory.

    Args:
        skeleton: the generic model.
        output: where the scaled model goes.
        static: position of each marker and joint centre (3,) m.
        weights: of the same names.
        mass_kg: of the subject.
        protocol: by which it is measured.
        sex: of the subject.
        own: markers that the model is to have in place of the landmarks: the body of each, and its place (3,) m in the
            static pose.
        factors: (B, 3) of the bodies in the model's order, where they are known and nothing is to be measured.
        tibial_torsion: of the shins, as the static pose has it.
    """
    folder = Path.cwd()
    generic = folder / "generic.osim"
    _add_places(skeleton, generic, protocol)
    scaled = run_scale_tool(folder, generic, static, STATIC_FRAMES, STATIC_FPS, protocol.measurements, mass_kg, factors)
    _twist(scaled, tibial_torsion)
    model = light_model(scaled)
    lock(model, [*protocol.neutral, *unobserved(model, [name for name, weight in weights.items() if weight > 0])])
    upright = set(ROOT) & set(protocol.neutral)
    positions = np.array(list(static.values()))[None]
    start = default_pose(model) if upright else best_start(model, list(static), positions, weights)
    found = solve_angles(model, list(static), positions, STATIC_FPS, weights, start, STATIC_ACCURACY)[0]
    pose = looking_ahead(coordinate_names(model), found)
    landmarks = [name for name in static if name not in protocol.measuring_points]
    fitted = forward_kinematics(model, pose[None], landmarks).markers[0]
    error = np.linalg.norm(fitted - [static[name] for name in landmarks], axis=1)
    placed = {name: static[name] for name in landmarks if name not in protocol.fixed}
    subject = open_model(scaled)
    set_masses(subject, shared_out(read_masses(subject), mass_kg, sex))
    if own is not None:
        add_markers(subject, {name: (body, np.zeros(3)) for name, (body, _) in own.items()})
        placed = {name: place for name, (_, place) in own.items()}
    _place_markers(subject, pose, placed, landmarks if own is None else list(own))
    write_model(subject, output)
    bodies = body_names(model)
    return ScaledModel(bodies, scale_factors(folder, bodies), tuple(landmarks), error, coordinate_names(model), pose)


def _add_places(skeleton: Path, output: Path, protocol: Protocol) -> None:
    """Write the generic model with a marker at each place that the static pose measures besides the model's own."""
    model = open_model(skeleton, "run build-skeleton again")
    if protocol.replaced:
        remove_all_markers(model)
    add_markers(model, protocol.places)
    write_model(model, output)


def _twist(scaled: Path, tibial_torsion: TibialTorsion) -> None:
    """Twist the shins of the model in a file."""
    if tibial_torsion == UNTWISTED:
        return
    model = open_model(scaled)
    twist_tibia(model, "r", tibial_torsion.right)
    twist_tibia(model, "l", tibial_torsion.left)
    write_model(model, scaled)


def _place_markers(model: Model, pose: np.ndarray, placed: Mapping[str, np.ndarray], kept: Sequence[str]) -> None:
    """Put the markers `placed` where the static pose has them, and remove all but those `kept`.

    Coordinates that none of these observes are locked.

    MarkerPlacer does the same, but from a pose that it solves too loosely: on markers which the model can meet
    exactly it stops 6 mm away, and that error would stay in every marker.
    """
    state = default_state(model)
    set_pose(model, state, pose)
    move_markers(model, state, placed)
    remove_markers(model, [name for name in marker_names(model) if name not in kept])
    lock(model, unobserved(model, kept))
