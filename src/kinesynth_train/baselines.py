"""What needs no network: the mean pose, and what a laboratory does with markers in two views.

The markers of two views stand in for a detector: the subject's true ones are projected into both, noise is added, they
are triangulated, and inverse kinematics fits the subject's own scaled skeleton, which a static trial would give. Three
rows: without noise, where the very problem is solved that the labels come from, so that all it tells is whether the
solver works; with noise, frame by frame; and with noise and the low-pass filter that laboratories use. True markers,
hidden ones among them, with white noise are no detector's: the rows say what that noise costs, and bound nothing.
"""

import numpy as np
import torch
from torch import Tensor

from kinesynth_train.crops import project
from kinesynth_train.inverse_kinematics import inverse_kinematics
from kinesynth_train.networks.hull import triangulate
from kinesynth_train.skeleton import CoordinateStats
from kinesynth_train.stretch import Estimate, Stretch

NOISE_FRACTION = 0.005  # of the crop's side: 1.3 px of 256, a good detector's
LOW_PASS_HZ = 6.0  # of marker trajectories, as is customary (Winter 2009)
ORDER = 2  # of the Butterworth filter, which runs forward and back
SEED = 0


def mean_pose(stretch: Stretch, stats: CoordinateStats) -> Estimate:
    """Return the training set's mean angles, and scales of 1."""
    return Estimate(stats.mean.expand(stretch.frames, -1), torch.ones_like(stretch.scales))


def marker_ik(stretch: Stretch, stats: CoordinateStats, *, noise: bool, low_pass: bool = False) -> Estimate:
    """Return what inverse kinematics finds on the subject's own skeleton, from true or from triangulated markers."""
    markers = triangulated(stretch, low_pass=low_pass) if noise else stretch.batch["markers"][0]
    angles = inverse_kinematics(markers, stretch.layer, stats)
    found = stretch.layer(angles).markers
    return Estimate(angles.float(), stretch.scales, found.float())


def triangulated(stretch: Stretch, *, low_pass: bool) -> Tensor:
    """Return the markers (T, M, 3) m as the first two views give them, with noise on every image."""
    markers, cameras = stretch.batch["markers"][0], stretch.batch["projections"][0, :2].transpose(0, 1)
    images = project(markers[:, None], cameras)  # (T, V, M, 2)
    noise = np.random.default_rng([SEED, stretch.number]).standard_normal(images.shape)
    points = triangulate(images + 2.0 * NOISE_FRACTION * torch.tensor(noise).to(images), cameras)
    return low_passed(points, float(stretch.batch["fps"][0])) if low_pass else points


def low_passed(positions: Tensor, fps: float) -> Tensor:
    """Return positions (T, ...) below `LOW_PASS_HZ`, without delay; as they are where the rate holds nothing above."""
    from scipy.signal import butter, sosfiltfilt

    if fps / 2 <= LOW_PASS_HZ or len(positions) < 2:
        return positions
    sections = butter(ORDER, LOW_PASS_HZ, fs=fps, output="sos")
    margin = min(3 * (2 * len(sections) + 1), len(positions) - 1)
    smooth = sosfiltfilt(sections, positions.double().cpu().numpy(), axis=0, padlen=margin)
    return torch.from_numpy(smooth.copy()).to(positions)
