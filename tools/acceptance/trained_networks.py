"""The comparison's trained networks on a walk before two phones: what sets of generated people are worth on a real one.

Each checkpoint below acceptance/comparison/train is run as `predict --checkpoint` runs it, NeurIKs from the markers in
space that OpenCap found, all others from the videos with the points that the keypoint method's run left. The error is
stated however large; the bar is that of a constant, the best one, which a network must beat to be of any use here.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from kinesynth.opensim_files import read_storage
from kinesynth_train.checkpoint import load_checkpoint
from kinesynth_train.predict.predict import predict
from kinesynth_train.predict.request import Request
from tools.acceptance.in_step import in_step, rms
from tools.acceptance.metrics import OUTPUT, Metric

TRAINED = OUTPUT / "comparison" / "train"
FLEXIONS = ("hip_flexion", "knee_angle", "ankle_angle")
VIEWS = ("cam0", "cam1")


def checkpoints() -> list[Path]:
    """Return those of the networks that the comparison has trained so far."""
    return sorted(TRAINED.glob("*/checkpoint.pt"))


def metrics(walk: Path, points: dict[str, Path], markers: Path, reference: Path) -> Iterator[Metric]:
    """Yield the mean error of hip, knee and ankle flexion of each network that there is.

    Args:
        walk: folder of the session, with a folder for each view.
        points: files of 2-D points by view, as a run of the keypoint method left them; none runs the detector.
        markers: points in space (.trc).
        reference: OpenCap's angles (.mot).
    """
    for checkpoint in checkpoints():
        model, _ = load_checkpoint(checkpoint)
        name, output = checkpoint.parent.name, OUTPUT / "video" / "networks" / checkpoint.parent.name
        if model.network.pictures:
            videos = {view: walk / view / "walk.mov" for view in VIEWS}  # both: the points tell which frames to believe
            asked = Request(walk, output, videos, points, name="walk", checkpoint=checkpoint, overlay=False)
        else:
            asked = Request(None, output, markers=markers, name="walk", checkpoint=checkpoint)
        predict(asked)
        error, constant = errors(output / "kinematics" / "walk.mot", reference)
        yield Metric(f"video.two_phones.{name}.mean_flexion_rms", round(error, 2), "deg", round(constant, 2), "lower")


def errors(motion: Path, reference: Path) -> tuple[float, float]:
    """Return the RMS of flexions, degrees, from a reference's, mean over joints and sides; and that of its own mean."""
    ours, theirs = read_storage(motion), read_storage(reference)
    here, there = in_step(ours, theirs)
    apart, spread = [], []
    for angle in (f"{flexion}_{side}" for flexion in FLEXIONS for side in "rl"):
        known = theirs.column(angle)[there]
        apart.append(rms(ours.column(angle)[here] - known))
        spread.append(float(np.std(known)))
    return float(np.mean(apart)), float(np.mean(spread))
