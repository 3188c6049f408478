"""OpenSim's ScaleTool, as it is run in a process of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import opensim

from kinesynth.body.measurements import Measurement
from kinesynth.kinematics.forward_kinematics import coordinate_names, forward_kinematics, set_pose
from kinesynth.kinematics.ik_tool import default_pose, light_model, lock, solve_angles, unobserved
from kinesynth.kinematics.initial_poses import ROOT
from kinesynth.kinematics.opensim_initial_pose import best_start
from kinesynth.kinematics.scaling_protocol import Protocol
from kinesynth.kinematics.segment_masses import Sex, share_out
from kinesynth.kinematics.static_pose import looking_ahead
from kinesynth.opensim_files import write_trc

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


def run_scale_tool(
    skeleton: Path,
    output: Path,
    static: Mapping[str, np.ndarray],
    weights: Mapping[str, float],
    mass_kg: float,
    protocol: Protocol,
    sex: Sex,
    own: Mapping[str, tuple[str, np.ndarray]] | None = None,
    factors: np.ndarray | None = None,
) -> ScaledModel:
    """Scale `skeleton` to one static pose and write the subject's model to `output`.

    Bodies are scaled by the measurement set, segments get the shares of the subject's mass that belong to the sex, and
    every marker is then moved to where the static pose has it. Works in the current directory.

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
    """
    opensim.Logger.setLevelString("error")
    folder = Path.cwd()
    _add_places(skeleton, folder / "generic.osim", protocol)
    positions = np.tile(np.array(list(static.values())), (STATIC_FRAMES, 1, 1))
    write_trc(folder / "static.trc", list(static), positions, STATIC_FPS)
    generic = opensim.Model(str(folder / "generic.osim"))
    if not _scaler(folder, protocol.measurements, generic, factors).processModel(generic, "", mass_kg):
        raise RuntimeError("scaling failed")
    model = light_model(folder / "scaled.osim")
    lock(model, [*protocol.neutral, *unobserved(model, [name for name, weight in weights.items() if weight > 0])])
    upright = set(ROOT) & set(protocol.neutral)
    start = default_pose(model) if upright else best_start(model, list(static), positions[:1], weights)
    found = solve_angles(model, list(static), positions[:1], STATIC_FPS, weights, start, STATIC_ACCURACY)[0]
    pose = looking_ahead(coordinate_names(model), found)
    landmarks = [name for name in static if name not in protocol.measuring_points]
    fitted = forward_kinematics(model, pose[None], landmarks).markers[0]
    error = np.linalg.norm(fitted - [static[name] for name in landmarks], axis=1)
    placed = {name: static[name] for name in landmarks if name not in protocol.fixed}
    subject = opensim.Model(str(folder / "scaled.osim"))
    share_out(subject, mass_kg, sex)
    if own is not None:
        _add_markers(subject, own)
        placed = {name: place for name, (_, place) in own.items()}
    _place_markers(subject, pose, placed, landmarks if own is None else list(own))
    subject.printToXML(str(output))
    body_names = tuple(body.getName() for body in model.getBodySet())
    factors = _scale_factors(folder / "factors.xml", body_names)
    return ScaledModel(body_names, factors, tuple(landmarks), error, tuple(coordinate_names(model)), pose)


def _add_places(skeleton: Path, output: Path, protocol: Protocol) -> None:
    """Write the generic model with a marker at each place that the static pose measures besides the model's own."""
    model = opensim.Model(str(skeleton))
    if protocol.replaced:
        model.updMarkerSet().clearAndDestroy()
    for name, (body, place) in protocol.places.items():
        model.addMarker(opensim.Marker(name, model.getBodySet().get(body), opensim.Vec3(*place)))
    model.finalizeConnections()
    model.printToXML(str(output))


def _scaler(
    folder: Path, measurements: Sequence[Measurement], model: opensim.Model, factors: np.ndarray | None
) -> opensim.ModelScaler:
    """Return the scaling half of ScaleTool, to be fed from and to write files in `folder`: it measures, or is told."""
    scaler = opensim.ModelScaler()
    scaler.setApply(True)
    scaler.setPreserveMassDist(True)
    order = opensim.ArrayStr()
    order.append("measurements" if factors is None else "manualScale")
    scaler.setScalingOrder(order)
    for body, factor in zip(
        model.getBodySet(), [] if factors is None else factors.tolist(), strict=factors is not None
    ):
        scale = opensim.Scale()
        scale.setSegmentName(body.getName())
        scale.setScaleFactors(opensim.Vec3(*factor))
        scale.setApply(True)
        scaler.getScaleSet().cloneAndAppend(scale)
    scaler.setMeasurementSet(_measurement_set(measurements))
    span = opensim.ArrayDouble(0.0, 2)
    span.set(1, (STATIC_FRAMES - 1) / STATIC_FPS)
    scaler.setTimeRange(span)
    scaler.setMarkerFileName(str(folder / "static.trc"))
    scaler.setOutputModelFileName(str(folder / "scaled.osim"))
    scaler.setOutputScaleFileName(str(folder / "factors.xml"))
    return scaler


def _measurement_set(measurements: Sequence[Measurement]) -> opensim.MeasurementSet:
    result = opensim.MeasurementSet()
    for row in measurements:
        measurement = opensim.Measurement()
        measurement.setName(row.name)
        measurement.setApply(True)
        for pair in row.pairs:
            measurement.getMarkerPairSet().cloneAndAppend(opensim.MarkerPair(*pair))
        axes = opensim.ArrayStr()
        for axis in row.axes:
            axes.append(axis)
        for body in row.bodies:
            scale = opensim.BodyScale()
            scale.setName(body)
            scale.setAxisNames(axes)
            measurement.getBodyScaleSet().cloneAndAppend(scale)
        result.cloneAndAppend(measurement)
    return result


def _add_markers(model: opensim.Model, own: Mapping[str, tuple[str, np.ndarray]]) -> None:
    """Give the model a marker of each name on its body, in place of one that it has."""
    markers = model.updMarkerSet()
    for name, (body, _) in own.items():
        if markers.getIndex(name) >= 0:
            markers.remove(markers.getIndex(name))
        model.addMarker(opensim.Marker(name, model.getBodySet().get(body), opensim.Vec3(0.0)))
    model.finalizeConnections()


def _place_markers(
    model: opensim.Model, pose: np.ndarray, placed: Mapping[str, np.ndarray], kept: Sequence[str]
) -> None:
    """Put the markers `placed` where the static pose has them, and remove all but those `kept`.

    Coordinates that none of these observes are locked.

    MarkerPlacer does the same, but from a pose that it solves too loosely: on markers which the model can meet
    exactly it stops 6 mm away, and that error would stay in every marker.
    """
    state = model.initSystem()
    set_pose(model, state, pose)
    markers = model.updMarkerSet()
    for name, position in placed.items():
        frame = markers.get(name).getParentFrame()
        station = model.getGround().findStationLocationInAnotherFrame(state, opensim.Vec3(*position), frame)
        markers.get(name).set_location(station)
    for index in reversed(range(markers.getSize())):
        if markers.get(index).getName() not in kept:
            markers.remove(index)
    lock(model, unobserved(model, kept))
    model.finalizeConnections()


def _scale_factors(path: Path, body_names: tuple[str, ...]) -> np.ndarray:
    """Return the factors (B, 3) that the tool applied; a body without one keeps its size."""
    scales = opensim.ScaleSet(str(path))
    found = {scale.getSegmentName(): scale.getScaleFactors().to_numpy() for scale in scales}
    return np.array([found.get(name, np.ones(3)) for name in body_names])
