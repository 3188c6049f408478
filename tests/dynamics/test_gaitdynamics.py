"""The engine on random weights of the published shapes: the real ones are not shipped."""

import json
import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from motions import standing, write_angles
from scipy.spatial.transform import Rotation

from kinesynth.config import GroundReaction
from kinesynth.dynamics.gaitdynamics import Transformer, load_network, rotary
from kinesynth.dynamics.gaitdynamics_features import (
    COORDINATES,
    FORCE_COLUMNS,
    MOTION_COLUMNS,
    forces_from_features,
    motion_features,
)
from kinesynth.dynamics.ground_reaction import ground_reaction
from kinesynth.dynamics.inverse_dynamics import inverse_dynamics
from kinesynth.errors import BadInput
from kinesynth.stage_file import read_stage


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkpoint in the published layout, its normalizer an object of classes that live in `__main__`."""
    kinds: dict[str, Any] = {}
    for name in ("Normalizer", "MinMaxScaler"):
        kinds[name] = type(name, (), {"__module__": "__main__"})
        monkeypatch.setattr(sys.modules["__main__"], name, kinds[name], raising=False)
    generator = torch.Generator().manual_seed(0)
    state = {f"module.{name}": 0.1 * torch.randn(value.shape, generator=generator)
             for name, value in Transformer().state_dict().items()}  # fmt: skip
    for layer in range(6):
        state[f"module.encoder_layers.{layer}.rotary.freqs"] = torch.ones(96)
    scaler, normalizer = kinds["MinMaxScaler"](), kinds["Normalizer"]()
    scaler.feature_range, scaler.scale_, scaler.min_ = (-1, 1), torch.full((63,), 0.5), torch.full((63,), -0.25)
    normalizer.scaler, normalizer.cols_to_normalize = scaler, list(range(63))
    torch.save({"ema_state_dict": state, "normalizer": normalizer}, tmp_path / "weights.pt")
    return tmp_path / "weights.pt"


def test_every_column_has_its_place() -> None:
    assert sorted([*MOTION_COLUMNS, *FORCE_COLUMNS]) == list(range(63))
    assert (len(COORDINATES), len(MOTION_COLUMNS), len(FORCE_COLUMNS)) == (23, 51, 12)


@pytest.mark.parametrize("frames", [40, 150, 400])
def test_windows_cover_a_motion(weights: Path, frames: int) -> None:
    network = load_network(weights)
    motion = np.random.default_rng(0).normal(size=(frames, 51))
    forces = network.forces(motion)
    assert forces.shape == (frames, 12)
    assert np.isfinite(forces).all()
    assert (np.ptp(forces, axis=0) > 0).all()
    tail = motion[-150:]
    np.testing.assert_allclose(network.forces(tail)[-min(frames, 150) :], forces[-150:], atol=1e-5)


def test_scaling_is_undone(weights: Path) -> None:
    network = load_network(weights)
    zero = Transformer()
    torch.nn.init.zeros_(zero.embedding_to_output.weight)
    torch.nn.init.zeros_(zero.embedding_to_output.bias)
    still = type(network)(zero.eval(), network.scale, network.offset)
    np.testing.assert_allclose(still.forces(np.zeros((150, 51))), 0.5)  # (0 + 0.25) / 0.5


def test_rotary_positions_turn_pairs_of_channels() -> None:
    x = torch.randn(2, 5, 192, generator=torch.Generator().manual_seed(1))
    pairs = torch.view_as_complex(x.reshape(2, 5, 96, 2))
    speeds = 1.0 / 10000 ** (torch.arange(96) / 96)
    expected = torch.view_as_real(pairs * torch.exp(1j * torch.arange(5)[:, None] * speeds)).reshape(2, 5, 192)
    torch.testing.assert_close(rotary(x), expected)


def walk(speed: float, heading: float, frames: int = 90, fps: float = 30.0) -> np.ndarray:
    """A statue that is carried along, facing `heading`."""
    angles = np.zeros((frames, 23))
    times = np.arange(frames) / fps
    angles[:, COORDINATES.index("pelvis_rotation")] = heading
    angles[:, COORDINATES.index("pelvis_tx")] = speed * np.cos(heading) * times
    angles[:, COORDINATES.index("pelvis_tz")] = -speed * np.sin(heading) * times
    angles[:, COORDINATES.index("knee_angle_r")] = 0.1 * times
    return angles


@pytest.mark.parametrize("heading", [0.0, 0.7, -2.0])
def test_a_motion_is_turned_along_x(heading: float) -> None:
    features, turn = motion_features(COORDINATES, walk(1.2, heading), 30.0, 1.75)
    inner = features[30:-30, :3] * 1.75  # the filter rings at the ends
    np.testing.assert_allclose(inner, np.tile([1.2, 0.0, 0.0], (len(inner), 1)), atol=1e-3)
    np.testing.assert_allclose(turn, Rotation.from_euler("Y", -heading).as_matrix(), atol=1e-12)
    np.testing.assert_allclose(features[:, 9:15], np.tile([1, 0, 0, 0, 1, 0], (len(features), 1)), atol=1e-9)
    assert features[50, 45] == pytest.approx(0.001, rel=1e-3)  # the knee's 0.1 rad/s, per frame of 100 Hz


def test_forces_come_back_to_the_world() -> None:
    turn = Rotation.from_euler("Y", 0.5).as_matrix()
    force, arm = np.array([1.0, 9.0, -0.5]), np.array([0.06, -0.05, 0.01])
    one = np.concatenate([turn @ force, turn @ arm * force[1]])
    features = np.tile(np.concatenate([one, np.zeros(6)]), (101, 1))
    heels = np.tile([[0.2, 0.1, 0.1], [0.3, 0.1, -0.1]], (31, 1, 1))
    found, cop = forces_from_features(features, 31, 30.0, turn, heels, 70.0, 1.8, 20.0)
    np.testing.assert_allclose(found[:, 0], np.tile(70.0 * force, (31, 1)))
    np.testing.assert_allclose(cop[:, 0], np.tile(heels[0, 0] + 1.8 * arm, (31, 1)) * [1, 0, 1])
    np.testing.assert_array_equal(found[:, 1], 0.0)
    np.testing.assert_allclose(cop[:, 1], heels[:, 1] * [1, 0, 1])


def test_the_engine_writes_what_the_other_does(skeleton: Path, weights: Path, tmp_path: Path) -> None:
    names, stand = standing(skeleton, 60)
    ik = write_angles(tmp_path / "ik.h5", {"a": stand}, names, 30.0)
    (tmp_path / "scale.json").write_text(json.dumps({"height_m": 1.7}))
    outputs = {engine: tmp_path / f"{engine}.h5" for engine in ("contact", "gaitdynamics")}
    ground_reaction(ik=ik, model=skeleton, output=outputs["contact"], log=tmp_path / "log")
    ground_reaction(
        ik=ik, model=skeleton, output=outputs["gaitdynamics"], log=tmp_path / "log",
        grf=GroundReaction(engine="gaitdynamics", weights=str(weights)), scale=tmp_path / "scale.json",
    )  # fmt: skip
    ours, network = (read_stage(path).clips["a"] for path in outputs.values())
    assert {name: array.shape for name, array in ours.arrays.items()} == {
        name: array.shape for name, array in network.arrays.items()
    }
    assert network.attrs["grf_engine"] == "gaitdynamics"
    inverse_dynamics(grf=outputs["gaitdynamics"], model=skeleton, output=tmp_path / "id.h5", log=tmp_path / "log")
    residual = read_stage(tmp_path / "id.h5").clips["a"].arrays["residual"]
    np.testing.assert_allclose(residual, network.arrays["unexplained"], atol=1e-3)


class Evil:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return print, ("pwned",)


def test_files_that_are_not_the_weights_are_refused(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save({"ema_state_dict": Evil()}, tmp_path / "evil.pt")
    torch.save({"ema_state_dict": {"a": torch.ones(1)}}, tmp_path / "other.pt")
    (tmp_path / "plain.pt").write_bytes(pickle.dumps([1], protocol=2))
    (tmp_path / "cut.pt").write_bytes(weights.read_bytes()[:1000])
    for name in ("evil.pt", "other.pt", "plain.pt", "cut.pt", "missing.pt"):
        with pytest.raises(BadInput, match=name):
            load_network(tmp_path / name)
    assert "pwned" not in capsys.readouterr().out


def test_the_engine_asks_for_its_weights(skeleton: Path, tmp_path: Path) -> None:
    ik = write_angles(tmp_path / "ik.h5", {}, ["a"], 30.0)
    with pytest.raises(BadInput, match=r"grf\.weights"):
        ground_reaction(ik=ik, model=skeleton, output=tmp_path / "grf.h5", grf=GroundReaction(engine="gaitdynamics"))
