"""The definition survives its files and says what OpenSim says."""

import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import h5py
import numpy as np
import opensim
import pytest

from kinesynth.errors import BadInput, KinesynthError
from kinesynth.opensim_models.functions import spline_pieces
from kinesynth.skeleton.definition import SkeletonDefinition, evaluate


def assert_same(one: SkeletonDefinition, other: SkeletonDefinition) -> None:
    for name, value in vars(one).items():
        assert type(getattr(other, name)) is type(value), name
        np.testing.assert_array_equal(getattr(other, name), value, err_msg=name)


def test_npz_round_trip(definition: SkeletonDefinition, tmp_path: Path) -> None:
    definition.save(tmp_path / "one.npz")
    loaded = SkeletonDefinition.load(tmp_path / "one.npz")
    assert_same(definition, loaded)
    loaded.save(tmp_path / "two.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


def test_the_shipped_skeleton_is_the_one_that_is_built(definition: SkeletonDefinition) -> None:
    """`predict` works on it where there is no OpenSim; `python -m tools.shipped.skeleton` renews it."""
    shipped = SkeletonDefinition.load(Path(str(files("kinesynth.skeleton") / "generic.npz")))
    for name, value in vars(definition).items():
        found = getattr(shipped, name)
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            np.testing.assert_allclose(found, value, rtol=0, atol=1e-9, err_msg=name)
        else:
            np.testing.assert_array_equal(found, value, err_msg=name)


def test_hdf5_round_trip(definition: SkeletonDefinition, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "shard.h5", "w") as file:
        definition.write(file.create_group("skeleton"))
    with h5py.File(tmp_path / "shard.h5") as file:
        assert_same(definition, SkeletonDefinition.read(file["skeleton"]))


def test_coordinates(definition: SkeletonDefinition) -> None:
    names = np.array(definition.coordinate_names)
    assert set(names[definition.coordinate_translational]) == {"pelvis_tx", "pelvis_ty", "pelvis_tz"}
    assert set(names[definition.coordinate_free]) == {"pelvis_tilt", "pelvis_rotation"}
    followers = {"knee_angle_r_beta", "knee_angle_l_beta"}
    followers |= {f"thoracic_{turn}" for turn in ("extension", "bending", "rotation")}
    followers |= {f"scap_{turn}_{side}" for turn in ("elev", "prot") for side in "rl"}
    assert set(names[definition.coupled_to >= 0]) == followers


def test_coupled_leaves_the_rest_alone(definition: SkeletonDefinition) -> None:
    angles = np.random.default_rng(0).normal(size=(2, 3, len(definition.coordinate_names)))
    result = definition.coupled(angles)
    knee, patella = (definition.coordinate_names.index(name) for name in ("knee_angle_r", "knee_angle_r_beta"))
    np.testing.assert_array_equal(result[..., patella], angles[..., knee])
    np.testing.assert_array_equal(result[..., definition.coupled_to < 0], angles[..., definition.coupled_to < 0])


def test_followers_moments_are_carried(definition: SkeletonDefinition) -> None:
    """By virtual work: what moments do when one coordinate moves a little and takes its followers along."""
    generator = np.random.default_rng(0)
    angles = definition.coupled(generator.normal(size=(3, len(definition.coordinate_names))))
    moments = generator.normal(size=angles.shape)
    carried = definition.carried(angles, moments)
    step = 1e-6
    for column in np.flatnonzero(definition.coupled_to < 0):
        moved = angles.copy()
        moved[:, column] += step
        work = ((definition.coupled(moved) - angles) * moments).sum(axis=1) / step
        np.testing.assert_allclose(carried[:, column], work, atol=1e-6)
    assert not carried[:, definition.coupled_to >= 0].any()


def test_splines_are_exact() -> None:
    generator = np.random.default_rng(0)
    spline = opensim.SimmSpline()
    for x in np.cumsum(generator.uniform(0.1, 1.0, 9)):
        spline.addPoint(x, generator.normal())
    knots, coefficients = spline_pieces(spline)
    x = np.concatenate([np.linspace(knots[0] - 2.0, knots[-1] + 2.0, 500), knots])
    expected = [spline.calcValue(opensim.Vector(1, value)) for value in x.tolist()]
    np.testing.assert_allclose(evaluate(knots, coefficients, x), expected, rtol=0, atol=1e-12)


def test_bad_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"missing\.osim"):
        SkeletonDefinition.from_osim(tmp_path / "missing.osim")
    (tmp_path / "broken.osim").write_text("<OpenSimDocument>")
    with pytest.raises(KinesynthError, match=r"broken\.osim: model"):
        SkeletonDefinition.from_osim(tmp_path / "broken.osim")
    with pytest.raises(BadInput, match=r"missing\.npz"):
        SkeletonDefinition.load(tmp_path / "missing.npz")
    np.savez(tmp_path / "other.npz", x=np.zeros(3))
    with pytest.raises(BadInput, match=r"other\.npz: skeleton"):
        SkeletonDefinition.load(tmp_path / "other.npz")


def test_import_needs_neither_torch_nor_opensim() -> None:
    program = "import sys, kinesynth.skeleton; assert not {'torch', 'opensim'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
