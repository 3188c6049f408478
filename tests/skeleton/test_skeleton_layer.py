"""The layer against OpenSim, its gradients, and its shapes."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import opensim
import pytest
import torch
from tools.acceptance.opensim_reference import forward_kinematics, random_angles

from kinesynth.opensim_models.read_osim import read_osim
from kinesynth.skeleton import SkeletonDefinition, SkeletonLayer

PUBLISHED = ["RajagopalLaiUhlrich2023.osim", "Rajagopal2016.osim", "FullBodyModel_Hamner2010_v2_0.osim", "arm26.osim"]


def worst_error(path: Path, frames: int, scaled: bool, dtype: torch.dtype = torch.float64) -> float:
    """Return the largest distance (m) between the layer's and OpenSim's points over random poses and scales."""
    layer = SkeletonLayer(SkeletonDefinition(**read_osim(path))).to(dtype)
    angles = random_angles(layer.definition, frames)
    shape = (len(layer.definition.body_names), 3)
    scales = np.random.default_rng(1).uniform(0.7, 1.4, shape) if scaled else None
    expected = forward_kinematics(path, layer.definition, angles, scales)
    pose = layer(torch.tensor(angles, dtype=dtype), None if scales is None else torch.tensor(scales, dtype=dtype))
    found = (pose.joint_centres, pose.mass_centres, pose.markers)
    return max(float(np.abs(ours.numpy() - theirs).max()) for ours, theirs in zip(found, expected, strict=True))


@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize(("dtype", "bar"), [(torch.float64, 1e-9), (torch.float32, 1e-5)])
def test_agrees_with_opensim(generic_osim: Path, scaled: bool, dtype: torch.dtype, bar: float) -> None:
    assert worst_error(generic_osim, 50, scaled, dtype) <= bar


@pytest.mark.parametrize("name", PUBLISHED)
def test_agrees_with_opensim_on_published_models(shared: Path, name: str) -> None:
    assert worst_error(shared / "models" / name, 20, scaled=True) <= 1e-9


def test_agrees_with_opensim_on_a_scaled_model(shared: Path) -> None:
    """Its joint translations are MultiplierFunctions; it is scaled once more."""
    assert worst_error(shared / "data" / "walking" / "subject_walk_scaled.osim", 20, scaled=True) <= 1e-9


@pytest.mark.parametrize("kind", ["Weld", "Pin", "Slider", "Universal", "Gimbal", "Ball", "Planar", "Free"])
def test_agrees_with_opensim_on_every_type_of_joint(tmp_path: Path, kind: str) -> None:
    model = opensim.Model()
    bodies = [opensim.Body(name, 1.0, opensim.Vec3(0.1, 0.2, 0.3), opensim.Inertia(1.0)) for name in ("a", "b")]
    for body in bodies:
        model.addBody(body)
    ends = [opensim.Vec3(0.3, -0.2, 0.1), opensim.Vec3(0.4, 0.5, -0.6), opensim.Vec3(-0.1, 0.2, 0.3)]
    model.addJoint(opensim.BallJoint("root", model.getGround(), *ends[:2], bodies[0], *ends[1:]))
    model.addJoint(getattr(opensim, f"{kind}Joint")("joint", bodies[0], *ends[:2], bodies[1], *ends[1:]))
    model.addMarker(opensim.Marker("marker", bodies[1], ends[0]))
    model.finalizeConnections()
    model.printToXML(str(tmp_path / "model.osim"))
    for scaled in (False, True):
        assert worst_error(tmp_path / "model.osim", 5, scaled) <= 1e-9


def test_gradients(definition: SkeletonDefinition) -> None:
    layer = SkeletonLayer(definition)
    angles = torch.tensor(random_angles(definition, 2), requires_grad=True)
    scales = torch.full((len(definition.body_names), 3), 1.1, dtype=torch.float64, requires_grad=True)

    def points(angles: torch.Tensor, scales: torch.Tensor) -> torch.Tensor:
        pose = layer(angles, scales)
        return torch.cat([pose.keypoints, pose.markers[:, :3], pose.transforms[..., :3, 0]], dim=1)

    assert torch.autograd.gradcheck(points, (angles, scales), fast_mode=True)


def test_sequences_of_their_own_scales(definition: SkeletonDefinition) -> None:
    layer = SkeletonLayer(definition)
    angles = torch.tensor(random_angles(definition, 6)).reshape(2, 3, -1)
    scales = torch.rand(2, len(definition.body_names), 3, dtype=torch.float64) + 0.5
    pose = layer(angles, scales)
    bodies, markers = len(definition.body_names), len(definition.marker_names)
    assert pose.joint_centres.shape == (2, 3, bodies, 3)
    assert pose.keypoints.shape == (2, 3, 2 * bodies, 3)
    assert pose.markers.shape == (2, 3, markers, 3)
    assert pose.transforms.shape == (2, 3, bodies, 4, 4)
    for index in range(2):
        torch.testing.assert_close(pose.keypoints[index], layer(angles[index], scales[index]).keypoints)


def test_dependent_coordinates_follow_their_couplers(definition: SkeletonDefinition) -> None:
    layer = SkeletonLayer(definition)
    angles = random_angles(definition, 3)
    wrong = angles.copy()
    wrong[:, definition.coupled_to >= 0] = 7.0
    torch.testing.assert_close(layer(torch.tensor(wrong)).markers, layer(torch.tensor(angles)).markers)
    torch.testing.assert_close(layer.coupled(torch.tensor(wrong[None])), torch.tensor(definition.coupled(wrong)[None]))


@pytest.mark.parametrize(
    ("angles", "scales", "message"),
    [
        (torch.zeros(5, 3, dtype=torch.float64), None, "angles: shape"),
        (torch.zeros(5, 53), None, "angles: torch.float32"),
        (torch.zeros(5, 53, dtype=torch.float64), torch.ones(3, dtype=torch.float64), "scales: shape"),
    ],
)
def test_refuses_what_does_not_fit(
    definition: SkeletonDefinition, angles: torch.Tensor, scales: torch.Tensor | None, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        SkeletonLayer(definition)(angles, scales)


def test_needs_no_opensim_at_run_time(definition: SkeletonDefinition, tmp_path: Path) -> None:
    SkeletonLayer(definition).save(tmp_path / "skeleton.npz")
    program = (
        "import sys, torch; from pathlib import Path; from kinesynth.skeleton import SkeletonLayer; "
        f"layer = SkeletonLayer.load(Path({str(tmp_path / 'skeleton.npz')!r})).float(); "
        "layer(torch.zeros(2, len(layer.definition.coordinate_names))); assert 'opensim' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)
