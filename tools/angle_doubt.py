"""How wrong angles are whose segments' landmarks want them elsewhere: what `filters.max_segment_turn_deg` rests on.

    python -m tools.angle_doubt [--document docs/validation.md]

The demo's motions are taken for true, angles and markers alike. Then every segment's landmarks are displaced, on some
segments by millimetres and on others by centimetres, half of it steadily and half of it slowly moving, as skin, labels
and joints that the skeleton lacks displace them, and inverse kinematics is run on these markers.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from kinesynth.dynamics.coordinate_segments import angle_segments
from kinesynth.isolation import isolated
from kinesynth.kinematics.batched_ik import solve_clips
from kinesynth.kinematics.bounded_skeleton import BoundedSkeleton, read_bounded_skeleton
from kinesynth.kinematics.segment_misfit import segment_misfit
from kinesynth.layout import FILES
from kinesynth.seeds import generator
from kinesynth.skeleton.marker_weights import are_bony, marker_weights
from kinesynth.stage_file import read_stage
from tools.acceptance.metrics import OUTPUT
from tools.acceptance.runs import run_workflow
from tools.document import fill

SUBJECTS = ("s01", "s02", "s03")
PEOPLE = 12  # simulated on each of the demo's motions
MIN_M, MAX_M = 0.002, 0.04  # the spread of a segment's landmarks, drawn between these on a logarithmic scale
FLESH = 2.0  # times as far, where nothing holds skin to bone
CYCLES = 1.5  # of the moving half, over a clip
THRESHOLDS_DEG = (4.0, 6.0, 8.0, 10.0, 15.0)
FAR_OFF_DEG = 10.0
MARKER_THRESHOLDS_M = (0.02, 0.03)  # D3KE's criterion, for comparison
TRANSLATIONS = ("pelvis_tx", "pelvis_ty", "pelvis_tz")


def main(arguments: Sequence[str]) -> None:
    """Simulate, print, fill in the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--document", type=Path, help="the page whose table is to be made")
    options = parser.parse_args(arguments)
    lines = table(*measure())
    print("\n".join(lines))  # noqa: T201
    if options.document:
        fill(options.document, "angle_doubt", lines)


def measure() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return of every simulated angle (N,) the greater turn asked of its two segments, its error, and the worst marker.

    Turn and error are in degrees, the distance of the marker that is farthest off on its two segments in metres.
    """
    ik, model = FILES["inverse_kinematics"], FILES["scale_model"]
    files = [(ik.format(shard=f"{name}_000"), model.format(subject=name)) for name in SUBJECTS]
    run_workflow("demo", {}, [file for pair in files for file in pair])
    found = [each for pair in files for each in _of_subject(*(OUTPUT / "demo" / file for file in pair))]
    turns, errors, worst = (np.concatenate(part) for part in zip(*found, strict=True))
    return turns, errors, worst


def _of_subject(ik: Path, model: Path) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    stage = read_stage(ik)
    log = OUTPUT / "demo" / "angle_doubt.log"
    skeleton = isolated(read_bounded_skeleton, model.absolute(), timeout_seconds=300.0, log=log)
    names = list(stage.attrs["marker_names"])
    skeleton, weights = skeleton.with_markers(names), marker_weights(names, "motion")
    weighing = np.array([weights[name] for name in names])
    true = {
        f"{clip_id}/{person}": (clip.arrays["angles"], clip.arrays["markers"])
        for clip_id, clip in stage.clips.items()
        for person in range(PEOPLE)
    }
    seen = {key: displaced(skeleton, markers, key) for key, (_, markers) in true.items()}
    solved = solve_clips(skeleton, seen, weighing)
    turning = [name not in TRANSLATIONS for name in skeleton.definition.coordinate_names]
    moving = turning & (skeleton.bounds[:, 0] < skeleton.bounds[:, 1])
    for key, (angles, _) in true.items():
        turn, worst = _doubts(skeleton, solved[key], seen[key], weighing > 0)
        error = np.degrees(np.abs(solved[key]["angles"] - angles))
        yield turn[:, moving].ravel(), error[:, moving].ravel(), worst[:, moving].ravel()


def displaced(skeleton: BoundedSkeleton, markers: np.ndarray, key: str) -> np.ndarray:
    """Return markers (T, M, 3) m with every segment's displaced by as much as it has drawn."""
    random, definition = generator(1, key, "displaced"), skeleton.definition
    span = np.log([MIN_M, MAX_M])
    spread = np.exp(random.uniform(span[0], span[1], len(definition.body_names)))[definition.marker_bodies]
    spread *= np.where(are_bony(definition.marker_names), 1.0, FLESH)
    steady, moving = random.standard_normal((2, len(spread), 3)) / np.sqrt(2.0)
    starts = random.random(len(spread))
    phases = 2.0 * np.pi * (CYCLES * np.linspace(0.0, 1.0, len(markers))[:, None] + starts)
    return np.asarray(markers + spread[:, None] * (steady + np.sqrt(2.0) * np.sin(phases)[..., None] * moving))


def _doubts(
    skeleton: BoundedSkeleton, solved: dict[str, np.ndarray], seen: np.ndarray, weighed: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return of each coordinate's two segments the greater turn (T, J) degrees and the worst marker (T, J) m."""
    definition, bodies = skeleton.definition, range(len(skeleton.definition.body_names))
    centres = solved["keypoints"][:, : len(bodies)]
    turn = segment_misfit(definition, solved["markers"], seen, centres, weighed.tolist())["segment_turn"]
    off = np.where(weighed, np.linalg.norm(solved["markers"] - seen, axis=-1), 0.0)
    worst = np.stack([off[:, definition.marker_bodies == body].max(axis=1, initial=0.0) for body in bodies], axis=1)
    segments = angle_segments(definition)
    turns, distances = (np.stack([each[:, two].max(axis=1) for two in segments], axis=1) for each in (turn, worst))
    return np.asarray(np.degrees(turns)), distances


def table(turns: np.ndarray, errors: np.ndarray, worst: np.ndarray) -> list[str]:
    """Return the page's table: what a threshold keeps, how wrong that is, and how wrong the next are."""
    title = f"RMS | over {FAR_OFF_DEG:g} degrees off"
    lines = ["", f"| asked at most | angles kept | {title} | those above the row before: {title} |"]
    lines += ["|---:|---:|---:|---:|---:|---:|"]
    for low, high in zip((0.0, *THRESHOLDS_DEG), (*THRESHOLDS_DEG, np.inf), strict=True):
        name = f"{high:g} degrees" if np.isfinite(high) else "any"
        lines.append(_row(name, errors, turns <= high, (turns > low) & (turns <= high)))
    lines += [
        _row(f"no marker over {1e3 * most:g} mm", errors, worst <= most, worst > most) for most in MARKER_THRESHOLDS_M
    ]
    return [*lines, ""]


def _row(name: str, errors: np.ndarray, kept: np.ndarray, others: np.ndarray) -> str:
    cells = [name, f"{np.mean(kept):.0%}"]
    for chosen in (kept, others):
        cells += [f"{np.sqrt(np.mean(errors[chosen] ** 2)):.1f}", f"{np.mean(errors[chosen] > FAR_OFF_DEG):.0%}"]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main(sys.argv[1:])
