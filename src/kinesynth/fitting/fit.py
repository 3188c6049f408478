"""MoSh-style fitting, stage 2: the body whose markers and joint centres sit on the skeleton's, frame by frame.

After inverse kinematics the mesh that made the markers and the skeleton that followed them differ by as much as the
skeleton cannot follow. Here the mesh follows the skeleton, so that what a camera sees agrees with the labels (Loper
2014, Mahmood 2019).
"""

from pathlib import Path

import numpy as np
import torch

from kinesynth.body.model import load_body
from kinesynth.config import Fit
from kinesynth.errors import ClipRejected
from kinesynth.file_names import takes_file_names
from kinesynth.fitting.pose_fit import FitTargets, follow, marker_layout, smplx_arrays
from kinesynth.fitting.regressor import check_body, read_regressor
from kinesynth.fitting.shape import read_shape
from kinesynth.records import BodyFit
from kinesynth.stage_file import Clip, process_clips, read_stage

FIT = Fit()


@takes_file_names
def fit_body(
    *,
    body: Path,
    motion: Path,
    ik: Path,
    regressor: Path,
    shape: Path,
    output: Path,
    fit: Fit = FIT,
    marker_vertices: Path | None = None,
) -> None:
    """Fit the pose of the body model to the skeleton's markers and joint centres, in the subject's fitted shape.

    The hands keep the motion's pose: the skeleton has no fingers.

    Args:
        body: body model, in SMPL-X's npz schema.
        motion: motion file of the shard, where the fit starts.
        ik: inverse-kinematics file of the shard, whose markers and joint centres are met.
        regressor: joint regressor of the body model.
        shape: the subject's fitted shape.
        output: the fitted motion, with the residual of each frame.
        fit: the section `fit` of the configuration: the mean distance of a clip's markers and joint centres, m, above
            which it is rejected.
        marker_vertices: the user's own marker table, where the virtual markers were placed by one.

    Raises:
        BadInput: markers or bodies of the skeleton are unknown to the marker layout or to the regressor, or the
            regressor belongs to another body.
    """
    model = load_body(body)
    moved, solved = read_stage(motion), read_stage(ik)
    layout = marker_layout(model, marker_vertices)
    centres = read_regressor(regressor)
    check_body(centres, model, regressor)
    aims = FitTargets.of(model, layout, centres.joints(), solved.attrs, ik)
    betas = torch.as_tensor(read_shape(shape))

    def fit_clip(before: Clip, skeleton: Clip) -> Clip:
        state = follow(aims, model, betas, before, skeleton)
        residual = aims.residual(state, aims.targets(skeleton))
        mean = float(np.nanmean(residual))
        if not mean <= fit.max_residual_m:
            raise ClipRejected("mesh does not meet the skeleton", mean, f"{1000 * mean:.0f} mm on average")
        fitted = {**before.arrays, **smplx_arrays(state), **BodyFit(residual).arrays}
        return Clip(before.clip_id, fitted, before.attrs)

    process_clips("fit_body", [motion, ik], output, fit_clip, moved.attrs)
