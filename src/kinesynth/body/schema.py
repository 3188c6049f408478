"""SMPL-X's file schema: what `smplx.SMPLX` asks of an npz, checked before it is asked.

v_template (N, 3)  shapedirs (N, 3, >= 20)  posedirs (N, 3, 486)  J_regressor (55, N)  weights (N, 55)
kintree_table (2, 55)  f (F, 3)  hands_components{l,r} (45, 45)  hands_mean{l,r} (45,)
lmk_faces_idx (51,)  lmk_bary_coords (51, 3)  dynamic_lmk_faces_idx (R, 17)  dynamic_lmk_bary_coords (R, 17, 3)
vt (U, 2), ft (F, 3)                     texture, optional
skin_zones (N, 4)                        fraction of lips, eyelids, ears, nails; only in the free body
extra_vertex_ids (21,)                   vertices of smplx's extra joints; needed unless N = 10 475
sex_betas_mean (2, 10), sex_betas_covariance (2, 10, 10)   of men, of women; only in the free body
body_name, body_surface_model, body_gender, body_license   who the body is (`kinesynth.body.identity`), if built
"""

from pathlib import Path

import numpy as np

from kinesynth.body.joints import JOINT_NAMES, PARENTS
from kinesynth.errors import BadInput
from kinesynth.npz import open_npz

BETAS = 10
SMPLX_VERTICES = 10475
POSE_FEATURES = 9 * (len(JOINT_NAMES) - 1)
_OFFICIAL_EXPRESSION_START, _OFFICIAL_COMPONENTS = 300, 400

Arrays = dict[str, np.ndarray]
_FIX = "use an SMPLX_{NEUTRAL,MALE,FEMALE}.npz from smpl-x.is.tue.mpg.de, or `free`"
_Shape = tuple[int | str, ...]


def _required_shapes() -> dict[str, _Shape]:
    joints = len(JOINT_NAMES)
    return {
        "v_template": ("N", 3),
        "shapedirs": ("N", 3, "C"),
        "posedirs": ("N", 3, POSE_FEATURES),
        "J_regressor": (joints, "N"),
        "weights": ("N", joints),
        "kintree_table": (2, joints),
        "f": ("F", 3),
        "hands_componentsl": (45, 45),
        "hands_componentsr": (45, 45),
        "hands_meanl": (45,),
        "hands_meanr": (45,),
        "lmk_faces_idx": (51,),
        "lmk_bary_coords": (51, 3),
        "dynamic_lmk_faces_idx": ("R", 17),
        "dynamic_lmk_bary_coords": ("R", 17, 3),
    }


_OPTIONAL_SHAPES: dict[str, _Shape] = {
    "vt": ("U", 2),
    "ft": ("F", 3),
    "skin_zones": ("N", 4),
    "extra_vertex_ids": (21,),
    "sex_betas_mean": (2, BETAS),
    "sex_betas_covariance": (2, BETAS, BETAS),
}


def read_body(path: Path) -> Arrays:
    """Read and check a body file; return only the numeric arrays of the schema, without unpickling anything.

    Of an official file's 400 shape components, the first ten of shape and the first ten of expression are kept, as
    `smplx` itself does with files of 20.

    Raises:
        BadInput: the file cannot be read, or an array is missing, misshapen, not finite or out of range.
    """
    with open_npz(path, "a body model in SMPL-X's schema", _FIX) as file:
        wanted = [*_required_shapes(), *_OPTIONAL_SHAPES]
        arrays = {name: file[name] for name in wanted if name in file.files}
    _check_shapes(path, arrays)
    _check_values(path, arrays)
    arrays["shapedirs"] = _first_components(arrays["shapedirs"])
    return arrays


def _first_components(shapedirs: np.ndarray) -> np.ndarray:
    expression = _OFFICIAL_EXPRESSION_START if shapedirs.shape[-1] >= _OFFICIAL_COMPONENTS else BETAS
    return np.concatenate([shapedirs[..., :BETAS], shapedirs[..., expression : expression + BETAS]], axis=-1)


def _check_shapes(path: Path, arrays: Arrays) -> None:
    sizes: dict[str, int] = {}
    for name, shape in (_required_shapes() | _OPTIONAL_SHAPES).items():
        if name not in arrays:
            if name in _OPTIONAL_SHAPES:
                continue
            raise BadInput(path, name, "no such array", f"shape {_describe(shape, sizes)}", _FIX)
        found = arrays[name].shape
        known = [sizes.get(size, -1) if isinstance(size, str) else size for size in shape]
        if len(found) != len(shape) or any(want not in (-1, have) for want, have in zip(known, found, strict=True)):
            raise BadInput(path, name, f"shape {found}", f"shape {_describe(shape, sizes)}", _FIX)
        sizes.update({size: have for size, have in zip(shape, found, strict=True) if isinstance(size, str)})
    if sizes["C"] < 2 * BETAS:
        raise BadInput(path, "shapedirs", f"{sizes['C']} components", f"{2 * BETAS} or more", _FIX)
    if sizes["N"] != SMPLX_VERTICES and "extra_vertex_ids" not in arrays:
        raise BadInput(path, "v_template", f"{sizes['N']} vertices", f"{SMPLX_VERTICES}", _FIX)


def _describe(shape: _Shape, sizes: dict[str, int]) -> str:
    return "(" + ", ".join(str(sizes.get(size, size)) if isinstance(size, str) else str(size) for size in shape) + ")"


def _check_values(path: Path, arrays: Arrays) -> None:
    for name, array in arrays.items():
        if array.dtype.kind not in "iuf":
            raise BadInput(path, name, f"type {array.dtype}", "numbers", _FIX)
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise BadInput(path, name, "NaN or infinity", "finite values", _FIX)
    vertices, faces = len(arrays["v_template"]), len(arrays["f"])
    limits = {"f": vertices, "extra_vertex_ids": vertices, "lmk_faces_idx": faces, "dynamic_lmk_faces_idx": faces}
    for name, limit in limits.items():
        if name in arrays and not (arrays[name].min() >= 0 and arrays[name].max() < limit):
            raise BadInput(path, name, f"index {arrays[name].max()}", f"0 to {limit - 1}", _FIX)
    parents = arrays["kintree_table"][0].astype(np.int64)
    if not np.array_equal(parents[1:], PARENTS[1:]):
        raise BadInput(path, "kintree_table", f"parents {parents[:4]}...", f"parents {list(PARENTS[:4])}...", _FIX)
    for name in ("weights", "J_regressor"):
        error = np.abs(arrays[name].sum(axis=1) - 1.0).max()
        if error > 1e-2:
            raise BadInput(path, name, f"rows that sum to 1 ± {error:.2g}", "rows that sum to 1", _FIX)
