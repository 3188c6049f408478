"""What a trained network makes of a person.

It reads a clip as `evaluate` does, through the same code: what the keypoint method found is written as one, with the
pictures, cameras and boxes or the markers that the network needs, at the rate that it learned at. What a network needs
it says itself (`networks.contract`) and its checkpoint holds; here none is known by name.
"""

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from kinesynth.errors import BadInput
from kinesynth.skeleton import SkeletonDefinition
from kinesynth_train.checkpoint import Model, load_checkpoint
from kinesynth_train.evaluate import labels_of_all, network_method, read_stretch, stretches
from kinesynth_train.laboratory_sets import with_all_landmarks
from kinesynth_train.predict.clip_file import write_clip_file
from kinesynth_train.predict.clip_views import Pictures
from kinesynth_train.predict.landmarks import generic_skeleton, keypoint_sets, with_landmarks
from kinesynth_train.predict.pose import is_shown, poses_of
from kinesynth_train.predict.proportions import Proportions
from kinesynth_train.predict.reconstruct import Reconstruction, sight_lines
from kinesynth_train.predict.refine import refine
from kinesynth_train.predict.request import Request
from kinesynth_train.predict.scaled import scaled, stature
from kinesynth_train.predict.videos import Video
from kinesynth_train.predict.views import Sight
from kinesynth_train.shipped import SHIPPED, shipped_checkpoint

SAME_RATE = 0.02
MAX_MISFIT_M = 0.06  # RMS over a frame's markers, twice what is usual where the network has learned such motions
MIN_MARKERS = 12  # in a frame that a network sees by given markers
FINE = Pictures(tallest=1920, quality=14)


def network_of(request: Request, sights_given: int, videos_given: int) -> Model | None:
    """Return the model whose angles are asked for, in use: of a checkpoint, or one that ships; None for neither.

    Raises:
        BadInput: as of `read_network`.
    """
    if request.method in SHIPPED:
        with shipped_checkpoint(request.method) as path:
            return read_network(path, sights_given, videos_given)
    return read_network(request.checkpoint, sights_given, videos_given) if request.checkpoint else None


def read_network(path: Path, sights_given: int, videos_given: int) -> Model:
    """Return the model of a checkpoint, in use.

    Raises:
        BadInput: it is none, knows another skeleton, or needs more views than there are.
    """
    model, _ = load_checkpoint(path)
    known, ours = model.skeleton.definition, with_all_landmarks(generic_skeleton())
    same = ours.marker_names[: len(known.marker_names)] == known.marker_names
    for name in ("coordinate_names", "body_names", "marker_names"):
        if getattr(known, name) != getattr(ours, name) and not (name == "marker_names" and same):
            found, fix = f"{len(getattr(known, name))} {name.replace('_', ' ')}", "train again with this release"
            raise BadInput(path, "skeleton", found, f"the {len(getattr(ours, name))} of this release", fix)
    if not model.network.kinematics:
        found, fix = f"{model.name}, which tells no angles", "give one of biopose, which goes on from meshes to angles"
        raise BadInput(path, "network", found, "one that tells the skeleton's angles", fix)
    needed = model.network.views if model.network.pictures else 0
    if min(sights_given, videos_given) < needed:
        found = f"{videos_given} videos"
        fix = "give more --video NAME=FILE, or another checkpoint"
        raise BadInput(path, "views", found, f"{needed}, which {model.name} looks at", fix)
    model.network.eval()
    return model


def by_network(
    model: Model,
    found: Reconstruction,
    sights: list[Sight],
    videos: dict[str, Video],
    mass_kg: float,
    markers: np.ndarray | None = None,
) -> Reconstruction:
    """Return the motion as a network sees it, at the times of `found`, and in the size that it predicts.

    Frames that the keypoint method does not believe are not believed here either. Where the network does not tell the
    pelvis' place, it is the keypoint method's.

    Args:
        model: in use.
        found: by the keypoint method.
        sights: the views.
        videos: of these.
        mass_kg: the person's.
        markers: (T, M, 3) m, those of `with_all_landmarks` that were given, others NaN; None takes those of the
            fitted skeleton.

    Raises:
        BadInput: too few of the markers that the network knows were given.
    """
    if markers is not None:
        markers = markers[:, : len(model.skeleton.definition.marker_names)]
        found = _shown_to(model, found, markers)
    rate = float(model.source["fps"])
    shown, notes = found, []
    if abs(found.fps / rate - 1) > SAME_RATE:
        shown, markers = _at_rate(found, markers, rate)
        notes.append(f"{model.name} learned at {rate:g} frames per second: it sees the motion at that rate")
    if model.network.pictures:
        seen = [sight.view.name for sight in sights[: model.network.views]]
        learned = ", ".join(model.source["views"][: model.network.views])
        notes.append(f"{model.name} looks at {', '.join(seen)}, having learned from {learned}")
    with tempfile.TemporaryDirectory(prefix="kinesynth-") as folder:
        clip = Path(folder) / "person.h5"
        few = sights[: model.network.views] if model.network.pictures else []
        bare = _with_markers_of(model)
        write_clip_file(clip, shown, few, videos, mass_kg, None, None, [], FINE, markers, bare)
        angles, scales = estimate(model, clip)
    if shown is not found:
        angles = _resampled(angles, shown.times, found.times, found.skeleton.coordinate_translational)
    if not model.network.places:
        indices = [found.skeleton.coordinate_names.index(f"pelvis_t{axis}") for axis in "xyz"]
        angles[:, indices] = found.poses.angles[:, indices]
        notes.append(f"{model.name} does not tell where the person stands: that is taken from the points")
    return _as_found(found, angles, scales, [f"angles by the network {model.name}", *notes])


def _with_markers_of(model: Model) -> SkeletonDefinition:
    """Return the generic skeleton with the markers that a network knows."""
    whole, count = with_all_landmarks(generic_skeleton()), len(model.skeleton.definition.marker_names)
    return replace(
        whole,
        marker_names=whole.marker_names[:count],
        marker_bodies=whole.marker_bodies[:count],
        marker_places=whole.marker_places[:count],
    )


def _shown_to(model: Model, found: Reconstruction, markers: np.ndarray) -> Reconstruction:
    """Return the motion without the frames in which a network sees too few markers (T, M, 3) to tell a pose.

    Raises:
        BadInput: that is so in all of them.
    """
    seen = np.isfinite(markers).all(axis=-1)
    shown = (seen.sum(axis=1) >= MIN_MARKERS) & is_shown(_with_markers_of(model), seen)
    if not (shown & found.poses.valid).any():
        count = int(seen.sum(axis=1).max(initial=0))
        expected = f"at least {MIN_MARKERS}, of pelvis, trunk, knees and feet among them"
        found_here = f"{count} at landmarks that {model.name} knows"
        raise BadInput("--markers", "markers", found_here, expected, "leave --method and --checkpoint out")
    return _only(found, shown & found.poses.valid)


def without_misfits(found: Reconstruction) -> Reconstruction:
    """Return the motion without the frames in which a network's skeleton is far from the markers that it was given.

    Such are motions of a kind that it has not learned.

    Raises:
        BadInput: no frame is left.
    """
    near = found.poses.valid & (np.nan_to_num(found.poses.misfit, nan=np.inf) <= MAX_MISFIT_M)
    if near.all():
        return found
    limit = f"{1e3 * MAX_MISFIT_M:.0f} mm"
    if not near.any():
        off = f"{1e3 * float(np.nanmedian(found.poses.misfit)):.0f} mm from its skeleton in the typical frame"
        raise BadInput("--method", "markers", off, f"below {limit}", "leave --method out: inverse kinematics")
    count = int((found.poses.valid & ~near).sum())
    note = f"{count} frames are not believed: the network's skeleton is more than {limit} from the markers"
    return replace(_only(found, near), notes=(*found.notes, *([note] if count else [])))


def _only(found: Reconstruction, frames: np.ndarray) -> Reconstruction:
    """Return the motion with the poses of some frames (T,) alone."""
    angles = np.where(frames[:, None], found.poses.angles, np.nan)
    return replace(found, poses=poses_of(found.skeleton, angles, found.points))


def refined_to_points(found: Reconstruction, sights: list[Sight], smooth_hz: float) -> Reconstruction:
    """Return the motion near the one found whose points are near to the lines of sight."""
    skeleton = found.skeleton
    keypoint_set = sights[0].view.keypoints.set
    columns = [keypoint_sets()[keypoint_set].index(name) for name in skeleton.marker_names]
    spreads = with_landmarks(generic_skeleton(), keypoint_set)[1]
    lines = sight_lines([sight.at(found.times) for sight in sights], columns, spreads)
    angles = refine(skeleton, lines, found.poses.angles, found.fps, smooth_hz)
    notes = (*found.notes, "angles drawn to the points (--refine)")
    return replace(found, poses=poses_of(skeleton, angles, found.points), notes=notes)


@torch.no_grad()
def estimate(model: Model, clip: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the angles (T, J) and scales (T, B, 3) that a model predicts for the one clip of a shard."""
    preset = model.preset
    windows = stretches(clip, "test", preset.crop, labels_of_all([model]), preset.aspect)
    if windows is None:
        raise BadInput(clip, "clips", "none", "one", "give a person's motion")
    parts: list[tuple[np.ndarray, np.ndarray]] = []
    for index in range(len(windows)):
        stretch = replace(read_stretch(windows, index, "cpu"), detected=True)
        said, new = network_method(model)(stretch), stretch.batch["counted"][0].numpy()
        parts.append((said.angles.double().numpy()[new], said.scales.double().numpy()[new]))
    angles, scales = (np.concatenate(part) for part in zip(*parts, strict=True))
    if not (np.isfinite(angles).all() and np.isfinite(scales).all() and (scales > 0).all()):
        found, fix = "angles or scales that are no numbers", "train longer, or give another checkpoint"
        raise BadInput("predict", f"network {model.name}", found, "a person's", fix)
    return angles, scales


def _as_found(found: Reconstruction, angles: np.ndarray, scales: np.ndarray, notes: list[str]) -> Reconstruction:
    """Return the reconstruction with other angles (T, J) and the mean of other scales (T, B, 3)."""
    generic, valid = generic_skeleton(), found.poses.valid
    mean = scales.mean(axis=0)
    skeleton = scaled(_marked(found), mean)
    height = stature(scaled(generic, mean))
    size = Proportions(mean, found.size.factors, height, height)
    shown = skeleton.coupled(np.where(valid[:, None], angles, np.nan))
    tracking = found.tracking and found.tracking.of_network()
    poses = poses_of(skeleton, shown, found.points)
    return replace(found, size=size, skeleton=skeleton, poses=poses, notes=tuple(notes), tracking=tracking)


def _marked(found: Reconstruction) -> SkeletonDefinition:
    """Return the generic skeleton with the points of a reconstruction as its markers."""
    skeleton = found.skeleton
    return replace(
        generic_skeleton(),
        marker_names=skeleton.marker_names,
        marker_bodies=skeleton.marker_bodies,
        marker_places=skeleton.marker_places / found.size.scales[skeleton.marker_bodies],
    )


def _at_rate(
    found: Reconstruction, markers: np.ndarray | None, rate: float
) -> tuple[Reconstruction, np.ndarray | None]:
    """Return the motion, and given markers, at another rate over the same time."""
    count = max(int((found.times[-1] - found.times[0]) * rate) + 1, 2)
    times = found.times[0] + np.arange(count) / rate
    nearest = np.abs(times[:, None] - found.times).argmin(axis=1)
    translational = found.skeleton.coordinate_translational
    angles = np.full((count, found.poses.angles.shape[1]), np.nan)
    known = found.poses.valid
    angles[:] = _resampled(found.poses.angles[known], found.times[known], times, translational)
    angles[~known[nearest]] = np.nan
    points = found.points[nearest]
    poses = poses_of(found.skeleton, angles, points)
    shown = replace(
        found,
        times=times,
        points=points,
        confidence=found.confidence[nearest],
        filled=found.filled[nearest],
        poses=poses,
        tracking=None,
    )
    return shown, None if markers is None else _between(markers, found.times, times)


def _resampled(angles: np.ndarray, times: np.ndarray, wanted: np.ndarray, translational: np.ndarray) -> np.ndarray:
    """Return angles (T, J) at other times (N,)."""
    whole = np.where(translational, angles, np.unwrap(angles, axis=0))
    return np.stack([np.interp(wanted, times, column) for column in whole.T], axis=1)


def _between(points: np.ndarray, times: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return points (T, M, 3) at other times (N,); NaN where a neighbour is."""
    place = np.interp(wanted, times, np.arange(len(times)))
    low = np.floor(place).astype(int).clip(0, len(times) - 2)
    fraction = (place - low)[:, None, None]
    return np.asarray((1 - fraction) * points[low] + fraction * points[low + 1])
