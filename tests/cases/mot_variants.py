"""OpenSim motions as other models, scripts and editors write them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from gait import RATE_HZ, TIMES, TRANSLATIONS, angles, gait, scaled, without
from make import write_mot
from variant import Lab, Variant

DEGREES = r"inDegrees|degree|radian"
_SIMM = ["walk", "datacolumns 43", f"datarows {len(TIMES)}", "range 0.0 1.4"]


def _header(in_degrees: str, rows: int = len(TIMES)) -> list[str]:
    return [
        "Coordinates",
        "version=1",
        f"nRows={rows}",
        f"nColumns={len(gait()) + 1}",
        *([in_degrees] * bool(in_degrees)),
    ]


def _mot(
    columns: Mapping[str, np.ndarray], keep: slice | np.ndarray = slice(None), **options: Any
) -> Callable[[Lab, Path], Path]:
    """Return a function that writes some rows of a motion."""
    times = options.pop("times", TIMES)[keep]
    kept = {name: values[keep] for name, values in columns.items()}
    return lambda _, folder: write_mot(folder / "walk.mot", kept, times=times, **options)


def _renamed(**names: str) -> dict[str, np.ndarray]:
    def name_of(name: str) -> str:
        stem, _, side = name.rpartition("_")
        return f"{names[stem]}_{side}" if stem in names else names.get(name, name)

    return {name_of(name): values for name, values in gait().items()}


def _from_radians() -> dict[str, np.ndarray]:
    return scaled(np.pi / 180.0, *angles())


CUT = np.r_[0:30, 42 : len(TIMES)]
VARIANTS = (
    Variant("mot clean", _mot(gait()), "delivered"),
    Variant("mot in radians", _mot(_from_radians(), header=_header("inDegrees=no")), "delivered"),
    Variant("mot radians labelled degrees", _mot(_from_radians()), "either", DEGREES, DEGREES),
    Variant(
        "mot degrees labelled radians",
        _mot(gait(), header=_header("inDegrees=no")),
        "either",
        DEGREES,
        DEGREES,
    ),
    Variant(
        "mot without inDegrees",
        _mot(gait(), header=_header("")),
        "either",
        DEGREES,
        DEGREES,
    ),
    Variant(
        "mot radians without inDegrees",
        _mot(_from_radians(), header=_header("")),
        "either",
        DEGREES,
        DEGREES,
    ),
    Variant("mot of SIMM", _mot(gait(), header=_SIMM), "either", DEGREES, DEGREES),
    Variant(
        "mot pelvis in mm",
        _mot(scaled(1000.0, *TRANSLATIONS)),
        "either",
        "pelvis_t|unit",
        "mm|pelvis_t",
    ),
    Variant(
        "mot pelvis in cm",
        _mot(scaled(100.0, *TRANSLATIONS)),
        "either",
        "pelvis_t|unit",
        "cm|pelvis_t",
    ),
    Variant(
        "mot pelvis in inches",
        _mot(scaled(39.37, *TRANSLATIONS)),
        "either",
        "pelvis_t|unit",
        "pelvis_t",
    ),
    Variant(
        "mot knees of another model",
        _mot(_renamed(knee_angle="knee_flexion")),
        "refused",
        "knee_",
    ),
    Variant(
        "mot names of a full body model",
        _mot(
            _renamed(
                hip_flexion="hip_flex",
                hip_adduction="hip_add",
                hip_rotation="hip_rot",
                knee_angle="knee_flex",
                ankle_angle="ankle_flex",
            ),
        ),
        "refused",
        "hip_|knee_",
    ),
    Variant(
        "mot names in capitals",
        _mot({name.upper(): values for name, values in gait().items()}),
        "either",
        "PELVIS_|column|coordinate",
        "PELVIS|capital|case",
    ),
    Variant(
        "mot one leg only",
        _mot(
            {
                name: values
                for name, values in gait().items()
                if not (name.startswith(("hip", "knee", "ankle")) and name.endswith("_l"))
            },
        ),
        "refused",
        "hip_|knee_",
    ),
    Variant("mot without knees", _mot(without("knee")), "refused", "knee_angle"),
    Variant("mot without the pelvis' path", _mot(without("pelvis_t")), "refused", "pelvis_t"),
    Variant(
        "mot knees bend backwards",
        _mot(scaled(-1.0, "knee_angle_r", "knee_angle_l", "knee_angle_r_beta", "knee_angle_l_beta")),
        "refused",
        "knee_angle",
    ),
    Variant(
        "mot rows cut out",
        _mot(gait(), CUT, header=_header("inDegrees=yes", len(CUT))),
        "refused",
        "time.*steps",
    ),
    Variant(
        "mot time begins anew",
        _mot(gait(), times=np.concatenate([TIMES[:40], TIMES[:-40]])),
        "refused",
        "time.*increas",
    ),
    Variant(
        "mot one row",
        _mot(gait(), slice(1), header=_header("inDegrees=yes", 1)),
        "refused",
        "row|frame|time",
    ),
    Variant(
        "mot a value is nan",
        _mot({**gait(), "knee_angle_r": np.where(TIMES[9] == TIMES, np.nan, 5.0)}),
        "refused",
        "knee_angle_r",
    ),
    Variant(
        "mot time in milliseconds",
        _mot(gait(), times=1000.0 * TIMES),
        "refused",
        "time|rate|Hz",
    ),
    Variant("mot time in frames", _mot(gait(), times=RATE_HZ * TIMES), "refused", "time|rate|Hz"),
    # Good ones
    Variant(
        "mot paths for names",
        _mot({f"/jointset/joint/{name}/value": values for name, values in gait().items()}),
        "delivered",
    ),
    Variant(
        "mot with speeds beside",
        _mot(
            {
                **{f"/jointset/joint/{name}/value": values for name, values in gait().items()},
                **{
                    f"/jointset/joint/{name}/speed": np.gradient(values, 1.0 / RATE_HZ)
                    for name, values in gait().items()
                },
            },
        ),
        "delivered",
    ),
    Variant(
        "mot without toes and wrists",
        _mot(without("mtp", "subtalar", "wrist", "neck")),
        "delivered",
    ),
    Variant(
        "mot without kneecaps",
        _mot({name: values for name, values in gait().items() if not name.endswith("_beta")}),
        "delivered",
    ),
    Variant("mot times from 1000 s", _mot(gait(), times=TIMES + 1000.0), "delivered"),
    Variant("mot times to milliseconds", _mot(gait(), times=TIMES.round(3)), "delivered"),
    Variant(
        "mot turned by a turn",
        _mot({**gait(), "pelvis_rotation": gait()["pelvis_rotation"] + 360.0}),
        "delivered",
    ),
)
