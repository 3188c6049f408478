"""Change the frame rate of rotations and positions."""

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.spatial.transform import Rotation

PASS_BAND = 0.45  # of the new rate: what lies above half of it would come back as an alias


def resample_positions(values: np.ndarray, fps: float, times: np.ndarray) -> np.ndarray:
    """Return `values` (T, ...), sampled at `fps` from time 0, at `times` (N,) s: a cubic spline, low-passed before.

    `times` is uniform and within the file.
    """
    return _spline(_anti_aliased(values, fps, times), fps, times)


def resample_markers(values: np.ndarray, fps: float, times: np.ndarray) -> np.ndarray:
    """Return marker positions (T, M, 3), sampled at `fps`, at `times` (N,) as (N, M, 3); NaN in gaps, and near them.

    The gaps are filled along straight lines before, so that the filter and the spline have what they need.
    """
    seen = np.isfinite(values).all(axis=-1)
    result = np.full((len(times), *values.shape[1:]), np.nan)
    at = np.arange(len(values)) / fps
    for marker in np.flatnonzero(seen.any(axis=0)):
        here = seen[:, marker]
        lines = [np.interp(at, at[here], values[here, marker, axis]) for axis in range(3)]
        hidden = np.interp(times, at, (~here).astype(float)) > 0
        result[:, marker] = np.where(hidden[:, None], np.nan, resample_positions(np.stack(lines, 1), fps, times))
    return result


def resample_rotations(rotation_vectors: np.ndarray, fps: float, times: np.ndarray) -> np.ndarray:
    """Return axis-angles (T, 3 J) of J joints, sampled at `fps`, at `times` (N,) as axis-angles (N, 3 J).

    Works on unit quaternions of continuous sign: filtered and splined in R^4 and brought back to the sphere, which to
    third order in the step is the spline on the manifold, and has none of the seams of axis-angles at pi.
    """
    frames = len(rotation_vectors)
    quaternions = Rotation.from_rotvec(rotation_vectors.reshape(-1, 3)).as_quat().reshape(frames, -1, 4)
    steps = np.sign((quaternions[1:] * quaternions[:-1]).sum(axis=2, keepdims=True))
    signs = np.cumprod(
        np.concatenate([np.ones_like(quaternions[:1, :, :1]), np.where(steps == 0.0, 1.0, steps)]), axis=0
    )
    smooth = _spline(_anti_aliased(quaternions * signs, fps, times), fps, times)
    return Rotation.from_quat(smooth.reshape(-1, 4)).as_rotvec().reshape(len(times), -1)


def frame_times(start: float, end: float, fps: float) -> np.ndarray:
    """Return the times of the frames from `start` up to, but without, `end`, at `fps`."""
    return start + np.arange(max(int((end - start) * fps + 1e-6), 0)) / fps


def _anti_aliased(values: np.ndarray, fps: float, times: np.ndarray) -> np.ndarray:
    """Low-pass (4th order, zero phase) what the rate of `times` cannot carry."""
    new_fps = 1.0 / (times[1] - times[0]) if len(times) > 1 else fps
    cutoff = PASS_BAND * new_fps
    if cutoff >= PASS_BAND * fps * 0.99 or len(values) < 4:
        return values
    from scipy.signal import butter, sosfiltfilt  # late: it takes half a second to import

    filtered: np.ndarray = sosfiltfilt(
        butter(2, cutoff, fs=fps, output="sos"), values, axis=0, padlen=min(len(values) - 1, int(fps))
    )
    return filtered


def _spline(values: np.ndarray, fps: float, times: np.ndarray) -> np.ndarray:
    if len(values) < 2:
        return np.repeat(values, len(times), axis=0)
    splined: np.ndarray = CubicSpline(np.arange(len(values)) / fps, values, axis=0)(times)
    return splined
