"""Which part of a trial shows a body: what nobody saw must not become a label."""

from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np

from kinesynth.errors import ClipRejected
from kinesynth.opensim_files.trc import MarkerTrajectories
from kinesynth.runs import runs
from kinesynth.skeleton.trunk import SHOULDER_BLADES, TRUNK_BODIES

MAX_HIDDEN_SECONDS = 0.25  # between frames that hold the body; a quarter of a stride
_MIN_ON_BODY = 3  # markers
_ON_THE_WAY = (
    ("pelvis",), ("torso",), *((blade,) for blade in SHOULDER_BLADES),
    *((f"{part}_{side}",) for side in "rl" for part in ("femur", "tibia", "humerus")),
    *((f"ulna_{side}", f"radius_{side}", f"hand_{side}") for side in "rl"),
    *((f"calcn_{side}", f"toes_{side}") for side in "rl"),
)  # fmt: skip
"""Bodies that markers must tell, or others on the same part of a limb; heads, hands and toes are ends that may rest."""
_MIN_SEEN, _MIN_FRACTION = 6, 1 / 3  # markers, and of all; or a frame does not hold the body


def in_sight(trial: MarkerTrajectories, part: tuple[float | None, float | None, float]) -> MarkerTrajectories:
    """Return a trial without long stretches at its ends that nobody saw, unless the user names the second there."""
    held = _held(trial)
    if not len(held):
        return trial
    most = int(MAX_HIDDEN_SECONDS * trial.fps)
    first = int(held[0]) if part[0] is None and held[0] > most else 0
    last = int(held[-1]) if part[1] is None and len(trial.times) - 1 - held[-1] > most else len(trial.times) - 1
    if (first, last) == (0, len(trial.times) - 1):
        return trial
    seconds = f"{trial.times[first]:g} to {trial.times[last]:g} s"
    note = f"taken from {seconds} only: at the ends too few markers are seen"
    kept = slice(first, last + 1)
    positions, times = trial.positions[kept], trial.times[kept]
    return replace(trial, positions=positions, times=times, notes=(*trial.notes, note))


def require_seen(trial: MarkerTrajectories) -> None:
    """Require that the body is not bridged for long: what nobody saw is no label.

    Raises:
        ClipRejected: too few markers were seen for longer than `MAX_HIDDEN_SECONDS`.
    """
    ends = np.concatenate([[-1], _held(trial), [len(trial.times)]])
    longest = int(np.diff(ends).argmax())
    seconds = (ends[longest + 1] - ends[longest] - 1) / trial.fps
    if seconds > MAX_HIDDEN_SECONDS:
        begin = trial.times[0] + (ends[longest] + 1) / trial.fps
        detail = f"{seconds:.2f} s with too few from {begin:.2f} s on; end or start the clip there"
        raise ClipRejected("markers are hidden for too long", seconds, detail)


def unseen(trial: MarkerTrajectories, carriers: Mapping[str, str]) -> dict[str, list[tuple[float, float]]]:
    """Return from and to which seconds of the file's time too few markers of a body are seen to tell its pose.

    Three markers hold a body; where it has fewer, all of them must be seen, but for gaps as short as are bridged well.

    Args:
        trial: measured markers.
        carriers: the body on which each marker rides, by the marker's name.
    """
    found = {}
    for body in dict.fromkeys(carriers.values()):
        columns = [trial.names.index(name) for name, carrier in carriers.items() if carrier in _tellers(body)]
        shown = np.isfinite(trial.positions[:, columns]).all(axis=-1).sum(axis=1)
        few = runs(shown < min(len(columns), _MIN_ON_BODY))
        long = [(first, last) for first, last in few if (last - first) / trial.fps > MAX_HIDDEN_SECONDS]
        if long:
            begin = float(trial.times[0])
            found[body] = [(begin + first / trial.fps, begin + last / trial.fps) for first, last in long]
    return found


def unmarked(ridden: Collection[str]) -> tuple[str, ...]:
    """Return the bodies of trunk and limbs that no marker tells, given those on which some marker rides."""
    bare = (part for part in _ON_THE_WAY if not {teller for body in part for teller in _tellers(body)} & set(ridden))
    return tuple(body for part in bare for body in part)


def _tellers(body: str) -> tuple[str, ...]:
    """Return the bodies whose markers tell the pose of one: shoulders move little against the trunk."""
    return TRUNK_BODIES if body == "torso" else (body,)


def _held(trial: MarkerTrajectories) -> np.ndarray:
    """Return the frames that show enough markers to hold the body."""
    needed = max(_MIN_SEEN, round(_MIN_FRACTION * len(trial.names)))
    return np.flatnonzero(np.isfinite(trial.positions).all(axis=-1).sum(axis=1) >= needed)
