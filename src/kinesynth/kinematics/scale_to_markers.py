"""A real subject's skeleton: the generic OpenSim model scaled to a static trial of markers on the skin."""

import json
from pathlib import Path

import numpy as np

from kinesynth.atomic import atomic_path, write_text
from kinesynth.errors import BadInput
from kinesynth.file_names import takes_file_names
from kinesynth.isolation import isolated
from kinesynth.kinematics.marker_set import MarkerSet, read_marker_set
from kinesynth.kinematics.scaling import check_factors, scale, scaling_report
from kinesynth.kinematics.scaling_protocol import Protocol
from kinesynth.kinematics.segment_masses import Sex
from kinesynth.opensim_files.trc import MarkerTrajectories, read_trc

WINDOW_SECONDS = 0.3
MAX_SWAY_M = 0.01  # standard deviation within the window
# Shoes hide what bends between the foot's bones, and one marker a shoulder does not tell a raised one from a broad one.
NEUTRAL = tuple(f"{name}_{side}" for name in ("subtalar_angle", "mtp_angle", "clav_prot", "clav_elev") for side in "rl")


@takes_file_names
def scale_to_markers(
    *,
    static: Path,
    marker_set: Path,
    skeleton: Path,
    mass_kg: float,
    output: Path,
    report: Path,
    sex: Sex = "neutral",
    log: Path = Path("scale_to_markers.log"),
    timeout_seconds: float = 300.0,
) -> None:
    """Scale the generic skeleton to a real subject, with OpenSim's ScaleTool and a static trial.

    The subject may face any way and hold the arms as convenient. The steadiest 0.3 s of the trial are averaged. Bodies
    are scaled by the marker set's measurements; every marker then moves to where the static trial has it. Coordinates
    that no marker of the set observes are locked in the scaled model.

    Args:
        static: the static trial (.trc).
        marker_set: folder of the marker set, or the name of a shipped one.
        skeleton: the generic OpenSim model.
        mass_kg: of the subject.
        output: the scaled OpenSim model to write.
        report: the JSON file to write.
        sex: of the subject, by which the mass is shared out.
        log: file for OpenSim's messages.
        timeout_seconds: after which the tool is given up.

    Raises:
        BadInput: the trial is no .trc file, lacks a marker of the set or is not static, the set is unusable, or scale
            factors lie outside 0.7 to 1.4.
    """
    if not 0 < mass_kg < np.inf:
        raise BadInput(static, "mass_kg", f"{mass_kg}", "a positive mass", "weigh the subject")
    known = read_marker_set(marker_set)
    places = static_places(static, known)
    protocol = Protocol(
        measurements=known.measurements,
        neutral=NEUTRAL,
        places=known.places,
        replaced=True,
        measuring_points=frozenset(known.places) - frozenset(known.motion),
        fixed=known.fixed,
    )
    with atomic_path(output) as temporary:
        scaled = isolated(
            scale, skeleton.absolute(), temporary.absolute(), places, known.static, mass_kg, protocol, sex,
            timeout_seconds=timeout_seconds, log=log,
        )  # fmt: skip
        check_factors(static, scaled, protocol, "check the marker set's places and measurements")
    write_text(report, json.dumps(scaling_report({"mass_kg": mass_kg}, scaled, known.static), indent=1) + "\n")


def static_places(path: Path, marker_set: MarkerSet) -> dict[str, np.ndarray]:
    """Return where a static trial has each marker of the set, (3,) m: the mean over its steadiest window.

    Raises:
        BadInput: the trial lacks a marker of the set, or has no window in which its markers stay within 1 cm.
    """
    trial = read_trc(path)
    if lost := sorted(set(marker_set.places) - set(trial.names)):
        raise BadInput(path, "markers", f"no {lost[0]}", "every marker of the set", "take it out of the marker set")
    columns = [trial.names.index(name) for name in marker_set.places]
    window, sway = _steadiest(trial, columns)
    if not sway <= MAX_SWAY_M:
        found = f"markers that move by {1e3 * sway:.0f} mm"
        raise BadInput(path, "static trial", found, f"{WINDOW_SECONDS} s of standing still", "record it again")
    return dict(zip(marker_set.places, trial.positions[window][:, columns].mean(axis=0), strict=True))


def _steadiest(trial: MarkerTrajectories, columns: list[int]) -> tuple[slice, float]:
    """Return the window in which the marker that moves most moves least, and by how much (standard deviation, m)."""
    length = min(max(round(WINDOW_SECONDS * trial.fps), 1), len(trial.positions))
    windows = [slice(start, start + length) for start in range(len(trial.positions) - length + 1)]
    sways = [float(np.linalg.norm(trial.positions[each][:, columns].std(axis=0), axis=-1).max()) for each in windows]
    best = int(np.argmin(np.where(np.isnan(sways), np.inf, sways)))
    return windows[best], sways[best]
