"""The trainer's body against `smplx` posing the same one, pose correctives and all."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from ball_body import VERTICES_PER_JOINT, random_pose
from kinesynth.body.model import BodyModel, SmplxPose
from kinesynth.errors import BadInput
from kinesynth.fitting.regressor import JointRegressor, write_regressor
from kinesynth.fitting.training_body import training_body
from kinesynth.mosh.points import Mixture
from kinesynth_train.rotations import vector_to_rotation
from kinesynth_train.surface_body import read_surface

BODIES = ["pelvis", "femur_r", "hand_l"]
MARKERS = {"RASI": 5, "LWRA": 24 * 20 + 3, "HEAD": 24 * 24 + 1}  # on the pelvis, a wrist, an eye


@pytest.fixture(scope="module")
def files(body_path: Path, tmp_path_factory: pytest.TempPathFactory, body: BodyModel) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("training_body")
    rng = np.random.default_rng(3)
    indices = rng.integers(0, body.n_vertices, (len(BODIES), 7))
    weights = rng.dirichlet(np.ones(7), len(BODIES))
    mixture = Mixture(indices, weights)
    write_regressor(folder / "regressor.npz", JointRegressor(BODIES, mixture, np.zeros(3), body.n_vertices))
    rows = "".join(f"{name},{vertex},pelvis\n" for name, vertex in MARKERS.items())
    (folder / "markers.csv").write_text("marker,vertex,body\n" + rows)
    return {"body": body_path, "regressor": folder / "regressor.npz", "output": folder / "body.npz",
            "marker_vertices": folder / "markers.csv"}  # fmt: skip


def skeleton(markers: list[str], bodies: list[str]) -> Any:
    return SimpleNamespace(marker_names=tuple(markers), body_names=tuple(bodies))


def test_points_and_mesh_are_smplxs(files: dict[str, Path], body: BodyModel) -> None:
    training_body(**files)
    surface = read_surface(files["output"], skeleton(list(MARKERS)[::-1], BODIES))
    pose = random_pose(4, 1)
    still = {"left_hand_pose": np.zeros((len(pose), 45)), "right_hand_pose": np.zeros((len(pose), 45))}
    pose = SmplxPose.from_arrays({**pose.arrays, **still, "transl": np.zeros((len(pose), 3))})
    vertices, _ = body.pose(pose)
    turns = np.concatenate([pose.global_orient, pose.body_pose], axis=1).reshape(len(pose), 22, 3)
    rotations = vector_to_rotation(torch.from_numpy(turns).float())
    betas = torch.from_numpy(pose.betas).float().expand(len(pose), -1)
    np.testing.assert_allclose(surface.mesh(rotations, betas).numpy(), vertices, atol=1e-3)
    found = surface.points(rotations[None], betas[None])[0].numpy()
    np.testing.assert_allclose(found[:, 3:], vertices[:, list(MARKERS.values())[::-1]], atol=1e-3)
    with np.load(files["regressor"]) as file:
        centres = Mixture(file["indices"], file["weights"]).of(vertices)
    np.testing.assert_allclose(found[:, :3], centres, atol=1e-3)
    assert vertices.shape[1] == VERTICES_PER_JOINT * 55


def test_what_is_no_such_file_or_another_body_is_refused_in_one_line(files: dict[str, Path], tmp_path: Path) -> None:
    training_body(**files)
    ours = skeleton(list(MARKERS), BODIES)
    with pytest.raises(BadInput, match="found no file"):
        read_surface(tmp_path / "none.npz", ours)
    (tmp_path / "bad.npz").write_bytes(b"nothing")
    with pytest.raises(BadInput, match="training-body"):
        read_surface(tmp_path / "bad.npz", ours)
    with pytest.raises(BadInput, match="the shards' body"):
        read_surface(files["output"], ours, "SMPLX_FEMALE.npz")
    with pytest.raises(BadInput, match="no marker C7"):
        read_surface(files["output"], skeleton([*MARKERS, "C7"], BODIES))
    with pytest.raises(BadInput, match="other joint centres"):
        read_surface(files["output"], skeleton(list(MARKERS), [*BODIES, "tail"]))
