"""The most probable sizes and poses of a skeleton, given the markers that one person wore.

What ScaleTool settles by pairs of markers, which each laboratory chooses for its own set, is here one estimate for any
set (as in AddBiomechanics, Werling et al. 2023): bodies are stretched and posed so that markers of known landmarks come
as near to these as such markers are found on people, while sizes stay near those of the body that wears the markers,
and coordinates near those of people who stand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from kinesynth.body.measurements import Measurement, measurements
from kinesynth.kinematics.batched_ik import solve_clips
from kinesynth.kinematics.bounded_skeleton import BoundedSkeleton
from kinesynth.kinematics.worn_markers import WornMarkers, landmark_places, standing_prior
from kinesynth.skeleton.definition import SkeletonDefinition
from kinesynth.skeleton.layer import SkeletonLayer

SIZE_SPREAD = 0.06  # of a body's factor about that of the free body, standard deviation
NOISE_M = 0.01  # of a marker on its skin
RAISED_CLAVICLES_RAD = np.radians(20.0)  # standard deviation where arms are raised: by so much a motion turns them
_STEP = 1e-6  # rad, and of a factor's logarithm, for differences
_ROUNDS, _MIN_FALL = 40, 1e-6
_DAMPING, _MAX_DAMPING = 1e-3, 1e8


@dataclass(frozen=True)
class SizesAndPoses:
    """Factors (B, 3) of bodies along their axes, poses (F, J) rad and m, and the bodies' transforms (F, B, 4, 4)."""

    factors: np.ndarray
    angles: np.ndarray
    transforms: np.ndarray


@dataclass(frozen=True)
class _Guess:
    """A point of the search.

    Attributes:
        angles: (F, J) poses.
        sizes: (S,) logarithms of the measurements' factors.
        offsets: (K, 3) m, of the markers from their landmarks.
    """

    angles: np.ndarray
    sizes: np.ndarray
    offsets: np.ndarray


def fit_sizes_and_poses(
    skeleton: BoundedSkeleton, worn: WornMarkers, likely: Mapping[str, float], *, arms_raised: bool = False
) -> SizesAndPoses:
    """Return the most probable sizes, and poses in the frames of `worn.positions`.

    Args:
        skeleton: the generic one.
        worn: the markers.
        likely: the most probable factor of each measurement (`kinesynth.body.measurements`).
        arms_raised: whether clavicles may be far from where those of standing people are.
    """
    fit = _Fit(skeleton, worn, likely, arms_raised)
    guess = fit.solve()
    return SizesAndPoses(fit.factors(guess.sizes), guess.angles, fit.transforms(guess))


def stretched(definition: SkeletonDefinition, factors: np.ndarray) -> SkeletonDefinition:
    """Return a skeleton with stretched bodies (B, 3), all but the paths on which its joints slide."""
    of_parent = np.where((definition.parents >= 0)[:, None], factors[definition.parents], 1.0)
    return replace(
        definition,
        parent_places=definition.parent_places * of_parent,
        child_places=definition.child_places * factors,
        mass_centres=definition.mass_centres * factors,
        marker_places=definition.marker_places * factors[definition.marker_bodies],
    )


class _Fit:
    """The estimate as a sum of squares, each over the square of its standard deviation, the frames' mean counting."""

    def __init__(
        self, skeleton: BoundedSkeleton, worn: WornMarkers, likely: Mapping[str, float], arms_raised: bool
    ) -> None:
        places = landmark_places()
        self.known = [column for column, name in enumerate(worn.landmarks) if name in places]
        bodies, chosen = skeleton.definition.body_names, [places[worn.landmarks[column]] for column in self.known]
        self.definition = replace(
            skeleton.definition,
            marker_names=tuple(worn.labels[column] for column in self.known),
            marker_bodies=np.array([bodies.index(body) for body, _ in chosen]),
            marker_places=np.array([place for _, place in chosen]),
        )
        self.skeleton = replace(skeleton, definition=self.definition)
        self.layer = SkeletonLayer(self.definition)
        low, high = skeleton.bounds.T
        self.free = np.flatnonzero((self.definition.coupled_to < 0) & (low < high))
        rows = measurements()
        self.likely, self.axes = np.log([likely[row.name] for row in rows]), _axes(self.definition, rows)
        self.size_bounds = np.log([row.bounds for row in rows]).T * (1 - 1e-9)
        self.measured, self.slack = worn.positions[:, self.known], worn.slack_m[self.known, None]
        self.prior = standing_prior(self.definition, worn.landmarks, worn.standing)
        if arms_raised:
            clavicles = np.array([name.startswith("clav_") for name in self.definition.coordinate_names])
            precision = np.where(clavicles, 1.0 / RAISED_CLAVICLES_RAD**2, self.prior.precision)
            self.prior = replace(self.prior, precision=precision)

    def solve(self) -> _Guess:
        """Return the minimum by Levenberg and Marquardt's method, from the pose at the likely sizes."""
        guess = _Guess(self._first_pose(), self.likely, np.zeros((len(self.known), 3)))
        cost, damping = self._cost(guess), _DAMPING
        for _ in range(_ROUNDS):
            matrix, slope = self._normal(guess)
            trial, there = guess, np.inf
            while there >= cost and damping < _MAX_DAMPING:
                step = np.linalg.solve(matrix + damping * np.diag(np.diag(matrix)), -slope)
                trial = self._moved(guess, step)
                there, damping = self._cost(trial), 10.0 * damping
            if there >= cost:
                break
            fall, guess, cost, damping = cost - there, trial, there, damping / 100.0
            if fall < _MIN_FALL * cost:
                break
        return guess

    def _first_pose(self) -> np.ndarray:
        definition = stretched(self.definition, self.factors(self.likely))
        found = solve_clips(
            replace(self.skeleton, definition=definition), {"": self.measured}, 1.0 / self.slack[:, 0] ** 2, self.prior
        )
        return found[""]["angles"]

    def factors(self, sizes: np.ndarray) -> np.ndarray:
        """Return the bodies' factors (..., B, 3)."""
        return np.asarray(np.exp(np.einsum("...s,sbk->...bk", sizes, self.axes)))

    def transforms(self, guess: _Guess) -> np.ndarray:
        pose = self.layer(torch.tensor(guess.angles), torch.tensor(self.factors(guess.sizes)))
        return np.asarray(pose.transforms.numpy())

    def _markers(self, angles: np.ndarray, sizes: np.ndarray) -> np.ndarray:
        """Return where poses (..., F, J) at sizes (..., S) have the landmarks, (..., F, K, 3) m."""
        return np.asarray(self.layer(torch.tensor(angles), torch.tensor(self.factors(sizes))).markers.numpy())

    def _off(self, guess: _Guess) -> tuple[np.ndarray, np.ndarray]:
        """Return how far the markers are from the measured ones (F, K, 3) m, and their bodies' rotations."""
        turn = self.transforms(guess)[:, self.definition.marker_bodies, :3, :3]
        there = self._markers(guess.angles, guess.sizes) + np.einsum("fmij,mj->fmi", turn, guess.offsets)
        return np.nan_to_num(there - self.measured), turn

    def _cost(self, guess: _Guess) -> float:
        off, _ = self._off(guess)
        return float(
            (off**2).sum() / NOISE_M**2 / len(off) + (self._precision(len(off)) * self._away(guess) ** 2).sum()
        )

    def _away(self, guess: _Guess) -> np.ndarray:
        """Return the unknowns less what is likely of them, in one row."""
        turned = (guess.angles - self.prior.mean)[:, self.free]
        return np.concatenate([turned.ravel(), guess.sizes - self.likely, guess.offsets.ravel()])

    def _precision(self, frames: int) -> np.ndarray:
        turns = np.tile(self.prior.precision[self.free] / frames, frames)
        sizes = np.full(len(self.likely), 1.0 / SIZE_SPREAD**2)
        return np.concatenate([turns, sizes, np.repeat(1.0 / self.slack**2, 3)])

    def _moved(self, guess: _Guess, step: np.ndarray) -> _Guess:
        ends = np.cumsum([len(guess.angles) * len(self.free), len(self.likely)])
        turns, sizes, offsets = np.split(step, ends)
        angles = guess.angles.copy()
        angles[:, self.free] += turns.reshape(len(angles), -1)
        return _Guess(
            np.clip(angles, *self.skeleton.bounds.T),
            np.clip(guess.sizes + sizes, *self.size_bounds),
            guess.offsets + offsets.reshape(-1, 3),
        )

    def _normal(self, guess: _Guess) -> tuple[np.ndarray, np.ndarray]:
        """Return Gauss-Newton's matrix and half the gradient, by differences."""
        off, turn = self._off(guess)
        frames, count, free, sizes = *off.shape[:2], len(self.free), len(guess.sizes)
        here = self._markers(guess.angles, guess.sizes)
        tried = np.repeat(guess.angles[None], free, axis=0)
        tried[np.arange(free), :, self.free] += _STEP
        by_turn = self._markers(tried, np.repeat(guess.sizes[None], free, axis=0)) - here
        by_size = (
            self._markers(np.repeat(guess.angles[None], sizes, axis=0), guess.sizes + _STEP * np.eye(sizes)) - here
        )
        jacobian = np.zeros((frames, count, 3, frames * free + sizes + 3 * count))
        for frame in range(frames):
            jacobian[frame, ..., frame * free : (frame + 1) * free] = np.moveaxis(by_turn[:, frame], 0, -1) / _STEP
        jacobian[..., frames * free : frames * free + sizes] = np.moveaxis(by_size, 0, -1) / _STEP
        for marker in range(count):
            first = frames * free + sizes + 3 * marker
            jacobian[:, marker, :, first : first + 3] = turn[:, marker]
        jacobian *= np.isfinite(self.measured).all(axis=-1)[..., None, None]
        rows, weight = jacobian.reshape(-1, jacobian.shape[-1]), 1.0 / NOISE_M**2 / frames
        precision = self._precision(frames)
        matrix = weight * rows.T @ rows + np.diag(precision)
        return matrix, weight * rows.T @ off.ravel() + precision * self._away(guess)


def _axes(definition: SkeletonDefinition, rows: Sequence[Measurement]) -> np.ndarray:
    """Return which bodies and axes each measurement stretches, (S, B, 3)."""
    result = np.zeros((len(rows), len(definition.body_names), 3))
    for index, row in enumerate(rows):
        for body in row.bodies:
            for axis in row.axes:
                result[index, definition.body_names.index(body), "XYZ".index(axis)] = 1.0
    return result
