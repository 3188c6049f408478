"""A clip's quality in a few measures, kept with the clip so that a reader can choose by them without reading it."""

import numpy as np

from kinesynth.dataset.checks import keypoints_on_mask
from kinesynth.dataset.record import ClipRecord
from kinesynth.gravity import GRAVITY


def clip_quality(clip: ClipRecord, mass_kg: float) -> dict[str, float]:
    """Return the measures that schema.json lists under `clip_quality`, of a clip of a person of `mass_kg`."""
    arrays = clip.arrays
    vertical = arrays["grf/force"][..., 1].sum(axis=1) / (mass_kg * GRAVITY)
    residual = arrays["quality/residual"]
    return {
        "marker_rms_mm": 1000 * _rms(arrays["quality/marker_error_rms"]),
        "marker_max_mm": 1000 * float(arrays["quality/marker_error_max"].max()),
        "fit_residual_mm": 1000 * float(arrays["smplx/residual"].mean()),
        "peak_vertical_force_bw": float(vertical.max()),
        "residual_force_n": _rms(np.linalg.norm(residual[:, :3], axis=1)),
        "residual_moment_nm": _rms(np.linalg.norm(residual[:, 3:], axis=1)),
        "keypoints_on_mask": keypoints_on_mask(clip),
        "angle_valid": float(arrays["quality/angle_valid"].mean()),
        "force_valid": float(arrays["quality/force_valid"].mean()),
        "activation_valid": float(arrays["quality/activation_valid"].mean()),
    }


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(values, dtype=np.float64))))
