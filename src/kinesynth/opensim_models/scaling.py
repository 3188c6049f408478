"""Scales the bodies of a model: by factors that are known, or by those that ScaleTool measures."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import opensim

from kinesynth.opensim_files import write_trc
from kinesynth.opensim_models.opened import Model

_STATIC_FILE, _SCALED_FILE, _FACTORS_FILE = "static.trc", "scaled.osim", "factors.xml"


class Measurement(Protocol):
    """A distance between markers, averaged over `pairs`, that scales `bodies` along `axes` (of X, Y, Z)."""

    @property
    def name(self) -> str:
        """Of the measurement."""

    @property
    def pairs(self) -> Sequence[tuple[str, str]]:
        """The markers at the ends of each distance."""

    @property
    def bodies(self) -> Sequence[str]:
        """That are scaled."""

    @property
    def axes(self) -> Sequence[str]:
        """Along which they are."""


def scale_bodies(
    model: Model, factors: Mapping[str, np.ndarray], mass_kg: float = -1.0, *, keep_mass_fractions: bool = False
) -> None:
    """Scale bodies by factors (3,) along their axes, in place.

    Args:
        model: the model.
        factors: by body.
        mass_kg: of the whole; unless given, masses follow from the sizes.
        keep_mass_fractions: whether each body keeps its fraction of the mass.
    """
    scales = opensim.ScaleSet()
    for name, factor in factors.items():
        scales.cloneAndAppend(_scale(name, factor))
    model.scale(model.initSystem(), scales, keep_mass_fractions, mass_kg)


def run_scale_tool(
    folder: Path,
    generic: Path,
    static: Mapping[str, np.ndarray],
    frames: int,
    fps: float,
    measurements: Sequence[Measurement],
    mass_kg: float,
    factors: np.ndarray | None = None,
) -> Path:
    """Run the scaling half of ScaleTool in `folder` and return the scaled model, without its markers placed anew.

    Args:
        folder: where the tool's files go.
        generic: the model to scale, with a marker of each name that is measured.
        static: position of each marker (3,) m, standing still.
        frames: in which it does: the tool averages over a time range, which one frame does not span.
        fps: of these.
        measurements: by which bodies are scaled.
        mass_kg: of the subject; each body keeps its share.
        factors: (B, 3) of the bodies in the model's order, where they are known and nothing is to be measured.
    """
    write_trc(folder / _STATIC_FILE, list(static), np.tile(np.array(list(static.values())), (frames, 1, 1)), fps)
    model = opensim.Model(str(generic))
    scaler = opensim.ModelScaler()
    scaler.setApply(True)
    scaler.setPreserveMassDist(True)
    order = opensim.ArrayStr()
    order.append("measurements" if factors is None else "manualScale")
    scaler.setScalingOrder(order)
    if factors is not None:
        for body, factor in zip(model.getBodySet(), factors, strict=True):
            scaler.getScaleSet().cloneAndAppend(_scale(body.getName(), factor))
    scaler.setMeasurementSet(_measurement_set(measurements))
    span = opensim.ArrayDouble(0.0, 2)
    span.set(1, (frames - 1) / fps)
    scaler.setTimeRange(span)
    scaler.setMarkerFileName(str(folder / _STATIC_FILE))
    scaler.setOutputModelFileName(str(folder / _SCALED_FILE))
    scaler.setOutputScaleFileName(str(folder / _FACTORS_FILE))
    if not scaler.processModel(model, "", mass_kg):
        raise RuntimeError("scaling failed")
    return folder / _SCALED_FILE


def scale_factors(folder: Path, body_names: Sequence[str]) -> np.ndarray:
    """Return the factors (B, 3) that the tool applied in `folder`; a body without one keeps its size."""
    scales = opensim.ScaleSet(str(folder / _FACTORS_FILE))
    found = {scale.getSegmentName(): scale.getScaleFactors().to_numpy() for scale in scales}
    return np.array([found.get(name, np.ones(3)) for name in body_names])


def _scale(body: str, factor: np.ndarray) -> opensim.Scale:
    scale = opensim.Scale()
    scale.setSegmentName(body)
    scale.setScaleFactors(opensim.Vec3(*factor.tolist()))
    scale.setApply(True)
    return scale


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
