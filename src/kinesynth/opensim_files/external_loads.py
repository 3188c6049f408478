"""Ground reaction forces as OpenSim's tools read them: a table of forces and the ExternalLoads that names it."""

from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np

from kinesynth.atomic import write_text
from kinesynth.opensim_files.storage import write_storage

FEET = {"r": "calcn_r", "l": "calcn_l"}  # the bodies that the ground pushes, in the order of every axis over feet
OTHERS = ("pelvis", "femur_r", "femur_l", "hand_r", "hand_l")  # what else may be pushed, in the order of further rows
PUSHED = {**FEET, **{body: body for body in OTHERS}}


def write_external_loads(
    path: Path,
    table: Path,
    times: np.ndarray,
    force: np.ndarray,
    cop: np.ndarray,
    moment: np.ndarray,
    *,
    motion: str = "the motion of the same run",
) -> None:
    """Write the forces to `table` (.mot) and the ExternalLoads that points to it to `path` (.xml), in one folder.

    Args:
        path: of the ExternalLoads file.
        table: of the forces.
        times: (T,) s.
        force: (T, F, 3) N on the right and the left foot, in ground, and where others take part on each of `OTHERS`.
        cop: (T, F, 3) m, where they act, in ground.
        moment: (T, F, 3) N m, free moments there.
        motion: the coordinates that the forces belong to; a comment says so, OpenSim 4 having no field for it.
    """
    pushed = dict(list(PUSHED.items())[: force.shape[1]])
    columns = {
        f"ground_{quantity}_{side}_{letter}": array[:, foot, axis]
        for foot, side in enumerate(pushed)
        for quantity, array in (("force", force), ("point", cop), ("torque", moment))
        for axis, letter in enumerate("xyz")
    }
    write_storage(table, times, columns, in_degrees=False, name="ground_reaction")
    loads = "\n".join(_FORCE.format(side=side, body=body) for side, body in pushed.items())
    write_text(path, _DOCUMENT.format(loads=loads, table=table.name, motion=escape(motion)))


_DOCUMENT = """<?xml version="1.0" encoding="UTF-8"?>
<!-- Forces that belong to {motion}. -->
<OpenSimDocument Version="40000">
  <ExternalLoads name="ground_reaction">
    <objects>
{loads}
    </objects>
    <groups />
    <datafile>{table}</datafile>
  </ExternalLoads>
</OpenSimDocument>
"""

_FORCE = """      <ExternalForce name="ground_{side}">
        <applied_to_body>{body}</applied_to_body>
        <force_expressed_in_body>ground</force_expressed_in_body>
        <point_expressed_in_body>ground</point_expressed_in_body>
        <force_identifier>ground_force_{side}_</force_identifier>
        <point_identifier>ground_point_{side}_</point_identifier>
        <torque_identifier>ground_torque_{side}_</torque_identifier>
      </ExternalForce>"""
