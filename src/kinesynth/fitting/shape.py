"""MoSh-style fitting, stage 1: one shape for all of a subject's clips, from frames of many of them."""

import json
from pathlib import Path

import numpy as np

from kinesynth.atomic import write_text
from kinesynth.body.model import load_body
from kinesynth.body.schema import BETAS
from kinesynth.errors import BadInput
from kinesynth.file_names import takes_file_names
from kinesynth.fitting.paired_stages import pairs, read_shards
from kinesynth.fitting.pose_fit import FitTargets, marker_layout, shared_betas
from kinesynth.fitting.regressor import check_body, read_regressor


@takes_file_names
def fit_shape(
    *,
    body: Path,
    motion: list[Path],
    ik: list[Path],
    regressor: Path,
    output: Path,
    marker_vertices: Path | None = None,
) -> None:
    """Fit a subject's shape to the skeleton's markers and joint centres, in frames of all of the subject's clips.

    A subject none of whose clips came this far gets the mean shape, which nothing will use.

    Args:
        body: body model, in SMPL-X's npz schema.
        motion: motion files of the subject's shards, where the fit starts.
        ik: inverse-kinematics files of the same shards, in the same order.
        regressor: joint regressor of the body model.
        output: the fitted shape (json): betas, the number of frames and the mean residual in them.
        marker_vertices: the user's own marker table, where the virtual markers were placed by one.

    Raises:
        BadInput: the files do not belong together, or the regressor belongs to another body.
    """
    model = load_body(body)
    shards = read_shards(motion, ik)
    centres = read_regressor(regressor)
    check_body(centres, model, regressor)
    aims = FitTargets.of(model, marker_layout(model, marker_vertices), centres.joints(), shards[0][1].attrs, ik[0])
    found = [pair for shard in shards for pair in pairs(shard)]
    betas, frames, residual = np.zeros(BETAS), 0, None
    if found:
        fitted, distance = shared_betas(aims, model, found)
        betas, frames, residual = fitted.numpy(), len(distance), round(float(distance.nanmean()), 6)
    record = {"betas": [round(float(beta), 6) for beta in betas], "frames": frames, "residual_m": residual}
    write_text(output, json.dumps(record, indent=1) + "\n")


def read_shape(path: Path) -> np.ndarray:
    """Return the betas (10,) that `fit_shape` wrote.

    Raises:
        BadInput: the file is missing or something else.
    """
    try:
        betas = np.asarray(json.loads(path.read_text(encoding="utf-8"))["betas"], np.float64)
    except (OSError, ValueError, KeyError, TypeError) as error:
        found = f"{type(error).__name__}: {error}"
        raise BadInput(path, "betas", found, "the json of fit-shape", "make it again") from error
    if betas.shape != (BETAS,) or not np.isfinite(betas).all():
        raise BadInput(path, "betas", f"shape {betas.shape}", f"{BETAS} finite numbers", "make it again")
    return betas
