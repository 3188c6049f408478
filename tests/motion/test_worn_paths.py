"""Measured markers on their way through load-motion."""

from pathlib import Path

import numpy as np

from kinesynth.body.model import load_body
from kinesynth.body.proportions import proportions_of
from kinesynth.motion.ground_alignment import place
from kinesynth.motion.marker_motion import bridged
from kinesynth.motion.recording import Recording, cut
from kinesynth.motion.resample import resample_markers
from kinesynth.pose_layout import SMPLX

FPS = 100.0


def _wave(frames: int) -> np.ndarray:
    """Return two markers' smooth paths (T, 2, 3) m."""
    time = np.arange(frames) / FPS
    path = np.stack([np.sin(2 * time), np.cos(3 * time), time], axis=1)
    return np.stack([path, path + np.array([0.1, 0.0, 0.2])], axis=1)


def test_a_short_gap_goes_along_with_the_body_and_a_long_one_stays() -> None:
    """The body has the marker 2 cm off: that is kept over 0.1 s; for a second nobody knows."""
    truth = _wave(300)
    measured = truth.copy()
    measured[50:60, 0], measured[100:200, 0] = np.nan, np.nan
    found = bridged(measured, truth + np.array([0.02, 0.0, 0.0]), FPS)
    np.testing.assert_allclose(found[50:60], truth[50:60], atol=1e-12)
    assert np.isnan(found[100:200, 0]).all()
    np.testing.assert_array_equal(found[:, 1], truth[:, 1])


def test_resampled_markers_are_on_their_paths_and_gaps_stay_gaps() -> None:
    """At another rate, between frames; no value comes out of a gap, nor beside it."""
    measured = _wave(200)
    measured[80:120, 1] = np.nan
    times = np.arange(0.2, 1.7, 1 / 30)
    found = resample_markers(measured, FPS, times)
    truth = np.stack([np.sin(2 * times), np.cos(3 * times), times], axis=1)
    np.testing.assert_allclose(found[:, 0], truth, atol=0.005)
    hidden = np.isnan(found[:, 1]).all(axis=-1)
    assert hidden[(times > 0.8) & (times < 1.19)].all()
    assert not hidden[(times < 0.78) | (times > 1.21)].any()


def test_markers_stay_on_the_body_that_is_cut_and_placed(body: Path) -> None:
    """A marker worn at the pelvis joint is there after heading, origin and floor are taken away."""
    model = load_body(body)
    proportions = proportions_of(model, np.zeros(10))
    poses = np.zeros((150, 156))
    poses[:, SMPLX.root] = [0.0, 0.7, 0.0]
    root = np.array([3.0, 1.2, -2.0]) + np.arange(150)[:, None] * [0.01, 0.0, 0.004]
    worn, names = root[:, None], ("sacrum",)
    recording = Recording(FPS, root, poses, worn=worn, worn_seen=np.ones((150, 1), bool), worn_names=names)
    clip = cut(recording, 0.2, None, 1.0, 30.0)
    placed = place(clip, proportions)
    assert placed.worn is not None
    np.testing.assert_allclose(placed.worn[:, 0], placed.pelvis, atol=1e-9)
    assert clip.worn_seen is not None
    assert clip.worn_seen.shape == (len(clip.root), 1)
