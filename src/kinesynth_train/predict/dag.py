"""Activations of a network's motion by the stages that the labels come from: the peer that learns nothing.

A network's angles and scales, the person's true mass: a scaled model, forces under its feet, moments, static
optimization. How far activations are off then tells what errors of the motion cost.
"""

import importlib.util
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from kinesynth.errors import KinesynthError, MissingDependency
from kinesynth.kinematics.scale_by_factors import scale_by_factors
from kinesynth.records import MuscleActivity
from kinesynth.skeleton import SkeletonDefinition, SkeletonLayer
from kinesynth.stage_file import read_stage, write_stage
from kinesynth_train.predict.dynamics import MIN_SECONDS, Points, floor_height, run_stages, tracked
from kinesynth_train.stretch import Estimate, Stretch

CLIP = "stretch"


def dag_estimate(method: Callable[[Stretch], Estimate], stretch: Stretch) -> Estimate:
    """Return a method's estimate with the activations (T, A) that its motion asks for.

    Where the stages refuse the motion, all muscles rest, and a line on standard error says why.

    Raises:
        MissingDependency: OpenSim is not installed.
    """
    if importlib.util.find_spec("opensim") is None:
        raise MissingDependency("opensim", "pipeline")
    said, definition = method(stretch), stretch.layer.definition
    angles, scales = said.angles.double().cpu().numpy(), said.scales.double().mean(dim=0).cpu().numpy()
    working, refused = np.zeros((len(angles), len(definition.muscle_names))), ""
    fps = float(stretch.batch["fps"][0])
    if len(angles) < MIN_SECONDS * fps:
        refused = f"{len(angles) / fps:.2f} s are too short for forces"
    else:
        try:
            working = activations_of(angles, definition.body_names, scales, float(definition.masses.sum()), fps)
        except KinesynthError as error:
            refused = str(error)
    if refused:
        whose = f"{stretch.subject} {stretch.action}"
        sys.stderr.write(f"note: {whose}: no dynamics, so that all muscles rest: {refused}\n")
    return said._replace(activations=torch.from_numpy(working).to(said.angles))


def activations_of(
    angles: np.ndarray, bodies: tuple[str, ...], scales: np.ndarray, mass_kg: float, fps: float
) -> np.ndarray:
    """Return the activations (T, A) of angles (T, J) rad, m of a person whose bodies have scales (B, 3).

    Raises:
        KinesynthError: the motion is none that feet can carry, or a stage failed.
    """
    with tempfile.TemporaryDirectory(prefix="kinesynth-") as name:
        folder = Path(name)
        model, log = folder / "scaled.osim", folder / "opensim.log"
        scale_by_factors(model, bodies, scales, mass_kg, log)
        definition = SkeletonDefinition.from_osim(model, log=log)
        angles = angles.copy()
        angles[:, definition.coordinate_names.index("pelvis_ty")] -= floor_height(definition, angles)
        markers = SkeletonLayer(definition)(torch.tensor(angles)).markers.numpy()
        exact = Points(definition.marker_names, markers, np.zeros(markers.shape[:2]), np.zeros(len(markers)))
        write_stage(folder / "ik.h5", tracked(CLIP, definition, angles, fps, exact))
        run_stages(folder, model, log)
        return _working(folder)


def _working(folder: Path) -> np.ndarray:
    """Return the activations of the stages' files; raise where one of them refused the motion."""
    for stage in ("grf", "id", "so"):
        found = read_stage(folder / f"{stage}.h5")
        if CLIP not in found.clips:
            refused = found.rejected[CLIP]
            raise KinesynthError(f"{refused.stage}: {refused.reason}")
    return MuscleActivity.of(found.clips[CLIP]).activations
