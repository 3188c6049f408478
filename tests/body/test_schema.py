"""A user's own SMPL-X file: what passes, and what each defect is called."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from kinesynth.body.free.build import build_body
from kinesynth.body.schema import read_body
from kinesynth.errors import BadInput

Arrays = dict[str, np.ndarray]


def test_official_components_are_cut_as_smplx_cuts_them(licensed_path: Path, licensed_arrays: Arrays) -> None:
    shapedirs = read_body(licensed_path)["shapedirs"]
    official = licensed_arrays["shapedirs"]
    np.testing.assert_array_equal(shapedirs[..., :10], official[..., :10])
    np.testing.assert_array_equal(shapedirs[..., 10:], official[..., 300:310])


def test_pickled_extras_are_left_behind(tmp_path: Path, licensed_arrays: Arrays) -> None:
    source, output = tmp_path / "SMPLX_MALE.npz", tmp_path / "model.npz"
    np.savez(source, **licensed_arrays, joint2num=np.array({"Pelvis": 0}, dtype=object))
    build_body(model=str(source), output=output)
    with np.load(output, allow_pickle=False) as file:
        assert "joint2num" not in file.files
        assert all(file[name].dtype.kind in "iufU" for name in file.files)


def _without(name: str) -> Callable[[Arrays], Arrays]:
    return lambda arrays: {key: value for key, value in arrays.items() if key != name}


def _with(name: str, change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Arrays], Arrays]:
    return lambda arrays: arrays | {name: change(arrays[name])}


def _spoilt(array: np.ndarray) -> np.ndarray:
    spoilt = array.copy()
    spoilt.flat[7] = np.nan
    return spoilt


@pytest.mark.parametrize(
    ("field", "defect"),
    [
        ("weights", _without("weights")),
        ("posedirs", _with("posedirs", lambda a: a[..., :207])),
        ("J_regressor", _with("J_regressor", lambda a: a[:24])),
        ("shapedirs", _with("shapedirs", lambda a: a[..., :10])),
        ("v_template", _with("v_template", _spoilt)),
        ("f", _with("f", lambda a: a + 10475)),
        ("kintree_table", _with("kintree_table", lambda a: a[:, ::-1])),
        ("weights", _with("weights", lambda a: a * 2)),
        ("hands_meanl", _with("hands_meanl", lambda a: a.astype(str))),
    ],
)
def test_defects_are_named(
    tmp_path: Path, licensed_arrays: Arrays, field: str, defect: Callable[[Arrays], Arrays]
) -> None:
    path = tmp_path / "SMPLX_NEUTRAL.npz"
    np.savez(path, **defect(licensed_arrays))
    with pytest.raises(BadInput) as caught:
        build_body(model=str(path), output=tmp_path / "model.npz")
    assert caught.value.field == field
    assert "SMPLX_NEUTRAL.npz" in str(caught.value)
    assert not (tmp_path / "model.npz").exists()


@pytest.mark.parametrize("content", [None, b"", b"not a zip", b"PK\x03\x04 truncated"])
def test_unreadable_files_are_bad_input(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "SMPLX_NEUTRAL.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadInput, match="SMPLX_NEUTRAL"):
        build_body(model=str(path), output=tmp_path / "model.npz")


def test_pickles_are_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "SMPLX_NEUTRAL.npz"
    np.savez(path, v_template=np.array([{"a": 1}], dtype=object))
    with pytest.raises(BadInput, match="body model"):
        read_body(path)
