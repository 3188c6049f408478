"""Marker files with one fault each, as header, Time column, units and editors bring them in."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from make import frames, moved, write_points, write_trc
from variant import Lab, Variant
from walk import RATE_HZ, Recorded

Change = Callable[[Recorded], Recorded]
UNIT = r"unit"


def trc(change: Change = lambda walk: walk, **options: object) -> Callable[[Lab, Path], Path]:
    """Return a function that writes the walk, changed, as .trc."""
    return lambda lab, folder: write_trc(folder / "walk.trc", change(lab.walk), **options)  # type: ignore[arg-type]


def c3d(change: Change = lambda walk: walk, **options: object) -> Callable[[Lab, Path], Path]:
    """Return a function that writes the walk, changed, as .c3d."""
    return lambda lab, folder: write_points(folder / "walk.c3d", change(lab.walk), **options)  # type: ignore[arg-type]


def _rate(said: float) -> Variant:
    words = rf"\b{said:g}\b.*(\b60\b|59\.99)|(\b60\b|59\.99).*\b{said:g}\b"
    return Variant(
        f"trc says {said:g} Hz where Time says 60", trc(header={"DataRate": f"{said:g}"}), "either", words, words
    )


def _gap(code: float, name: str = "LKNE") -> Variant:
    """Return the walk with a marker coded as missing (in mm) for a third of a second."""

    def coded(walk: Recorded) -> Recorded:
        path = walk.of(name).copy()
        path[30:50] = code / 1000.0
        return moved(walk, **{name: path})

    expected, words = ("delivered", "") if code == 0.0 else ("either", name)
    return Variant(f"trc gap of {name} as {code:g}", trc(coded), expected, words, words)


def _hidden(first: int, last: int, *names: str) -> Change:
    def hide(walk: Recorded) -> Recorded:
        markers = walk.markers.copy()
        markers[first:last, [walk.names.index(name) for name in names or walk.names]] = np.nan
        return replace(walk, markers=markers)

    return hide


def _frozen(walk: Recorded) -> Recorded:
    return moved(walk, RANK=np.repeat(walk.of("RANK")[:1], len(walk.markers), axis=0))


def _edited(change: Callable[[str], str], **options: object) -> Callable[[Lab, Path], Path]:
    """Return a function that writes the walk as .trc and edits its text."""

    def write(lab: Lab, folder: Path) -> Path:
        path = write_trc(folder / "walk.trc", lab.walk, **options)  # type: ignore[arg-type]
        path.write_text(change(path.read_text()))
        return path

    return write


def _times(change: Callable[[np.ndarray], np.ndarray], digits: int = 5, **header: str) -> Callable[[Lab, Path], Path]:
    def write(lab: Lab, folder: Path) -> Path:
        times = change(np.arange(len(lab.walk.markers)) / RATE_HZ)
        return write_trc(folder / "walk.trc", lab.walk, times=times, digits=digits, header=header)

    return write


def _scaled(factor: float) -> Change:
    return lambda walk: replace(walk, markers=factor * walk.markers)


def _thinned(step: int) -> Change:
    return lambda walk: frames(walk, slice(None, None, step), RATE_HZ / step)


def _dropped(lab: Lab, folder: Path) -> Path:
    """Write the walk without a quarter of a second of it, of which Time tells."""
    kept = np.r_[0:30, 45:85]
    return write_trc(folder / "walk.trc", frames(lab.walk, kept), times=kept / RATE_HZ)


HEADER_AND_TIME = (
    Variant("trc clean", trc(), "delivered"),
    *(_rate(said) for said in (120.0, 30.0, 72.0, 50.0, 15.0, 1000.0)),
    Variant(
        "trc thinned, header as it was",
        trc(lambda walk: replace(_thinned(3)(walk), fps=20.0), header={"DataRate": "60"}),
        "either",
        r"60.*\b20\b|\b20\b.*60",
        r"60.*\b20\b|\b20\b.*60",
    ),
    Variant("trc frames dropped, Time tells", _dropped, "either", "Time|frame"),
    Variant(
        "trc frames dropped, Time counts on",
        trc(lambda walk: frames(walk, np.r_[0:30, 45:85])),
        "refused",
        "jump|frame|Time",
    ),
    Variant("trc time begins anew", _times(lambda times: np.concatenate([times[:45], times[:-45]])), "refused", "Time"),
    Variant("trc time never moves", _times(lambda times: 0.0 * times), "refused", "Time"),
    Variant("trc time in frames", _times(lambda times: RATE_HZ * times), "either", "Time|DataRate", "Time|DataRate"),
    Variant(
        "trc time in milliseconds", _times(lambda times: 1000.0 * times), "either", "Time|DataRate", "Time|DataRate"
    ),
    Variant("trc rate of zero", trc(header={"DataRate": "0"}), "either", "DataRate", "DataRate"),
    Variant("trc counts more frames", trc(header={"NumFrames": "900"}), "delivered", note="900"),
    Variant("trc counts fewer frames", trc(header={"NumFrames": "50"}), "either", "NumFrames.*50", "50"),
    Variant("trc counts more markers", trc(header={"NumMarkers": "41"}), "either", "NumMarkers.*41", "41"),
    Variant(
        "trc without its header's rates", trc(header={"CameraRate": "", "OrigDataRate": ""}), "either", "CameraRate"
    ),
    Variant("trc blanks for tabs", _edited(lambda text: text.replace("\t", " ")), "either", "tab"),
    Variant(
        "trc cells cut",
        _edited(lambda text: "\n".join(line.rstrip() for line in text.splitlines()), missing=""),
        "delivered",
    ),
    Variant("trc decimal commas", _edited(lambda text: text.replace(".", ",")), "either", "comma|decimal|number"),
    Variant("trc cut in its last line", _edited(lambda text: text[:-180]), "refused", "frame 85|cells"),
    Variant("trc one frame", trc(lambda walk: frames(walk, slice(1))), "refused", "frame"),
    Variant("trc nine frames", trc(lambda walk: frames(walk, slice(9))), "refused", "frame"),
    Variant("trc header alone", _edited(lambda text: "\n".join(text.splitlines()[:5])), "refused", "frame"),
    # Good ones
    Variant("trc from 1000 s", _times(lambda times: times + 1000.0), "delivered"),
    Variant("trc before zero", _times(lambda times: times - 0.7), "delivered"),
    Variant("trc times to milliseconds", _times(lambda times: times, digits=3), "delivered"),
    Variant("trc rate rounded", _times(lambda times: times * 60.0 / 59.94, DataRate="59.94"), "delivered"),
    Variant("trc rate cut", _times(lambda times: times * 60.0 / 59.94, DataRate="60"), "delivered"),
    Variant("trc rate with a comma's worth of digits", _times(lambda times: times, DataRate="60.000000"), "delivered"),
    *(Variant(f"trc at {60 // step} Hz", trc(_thinned(step)), "delivered") for step in (2, 3)),
)

UNITS_AND_GAPS = (
    *(Variant(f"trc in {unit}", trc(unit=unit), "delivered") for unit in ("cm", "m")),
    Variant("trc in inches", trc(unit="in"), "either", UNIT, UNIT),
    *(
        Variant(f"trc unit spelled {said}", trc(unit=unit, header={"Units": said}), "delivered")
        for said, unit in (("MM", "mm"), ("millimeters", "mm"), ("Meters", "m"), ("meter", "m"), ("centimeters", "cm"))
    ),
    Variant("trc cm that say mm", trc(unit="cm", header={"Units": "mm"}), "either", UNIT, UNIT),
    Variant("trc m that say mm", trc(unit="m", header={"Units": "mm"}), "either", UNIT, UNIT),
    Variant("trc mm that say m", trc(unit="mm", header={"Units": "m"}), "either", f"{UNIT}|m of the origin", UNIT),
    Variant("trc inches that say cm", trc(unit="in", header={"Units": "cm"}), "refused", f"{UNIT}|size|height|person"),
    Variant("trc without a unit", trc(header={"Units": ""}), "either", "Unit", "Unit"),
    Variant("trc two thirds too large", trc(_scaled(1.6)), "refused", f"{UNIT}|size|height|person"),
    *(_gap(code) for code in (9999.0, 9999.9, -9999.0, 1e6, 0.0, -16512.0, 99999.0)),
    *(_gap(9999.0, name) for name in ("LASI", "C7", "RTOE")),
    Variant("trc all hidden for 0.1 s", trc(_hidden(35, 41)), "delivered"),
    Variant(
        "trc all hidden for 0.4 s",
        trc(_hidden(30, 54)),
        "either",
        "seen|gap|hidden|missing",
        "seen|gap|hidden|missing",
    ),
    Variant("trc a thigh hidden for half a second", trc(_hidden(25, 55, "LTHI", "LKNE")), "delivered"),
    Variant("trc an ankle never seen", trc(_hidden(0, 85, "RANK")), "delivered"),
    Variant("trc nothing seen", trc(_hidden(0, 85)), "refused", "seen"),
    Variant("trc an ankle stands still", trc(_frozen), "either", "RANK", "RANK"),
    Variant("c3d clean", c3d(), "delivered"),
    Variant("c3d in metres", c3d(unit="m", factor=1.0), "delivered"),
    Variant("c3d in centimetres", c3d(unit="cm", factor=100.0), "delivered"),
    Variant("c3d unit cut", c3d(unit="mete", factor=1.0), "either", "UNITS", UNIT),
    Variant("c3d without a unit, metres", c3d(unit="", factor=1.0), "either", "UNITS", UNIT),
    Variant("c3d without a unit, mm", c3d(unit=""), "either", "UNITS", UNIT),
    Variant("c3d says mm and is cm", c3d(factor=100.0), "either", UNIT, UNIT),
    Variant(
        "c3d gaps as zeros",
        c3d(lambda walk: moved(walk, LKNE=np.where((np.arange(85) // 20 == 1)[:, None], 0.0, walk.of("LKNE")))),
        "delivered",
    ),
)
_FOR_THE_BODY = (
    "counts on",
    "one frame",
    "nine frames",
    "say cm",
    "too large",
    "for 0.4 s",
    "stands still",
    "before zero",
)
"""What only shows on the body that is to wear the markers."""
READ = tuple(each for each in (*HEADER_AND_TIME, *UNITS_AND_GAPS) if not each.name.endswith(_FOR_THE_BODY))
WORN = tuple(each for each in (*HEADER_AND_TIME, *UNITS_AND_GAPS) if each not in READ)
