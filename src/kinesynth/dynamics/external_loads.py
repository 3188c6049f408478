"""Ground reaction forces as OpenSim's tools read them: a table of forces and the ExternalLoads that names it."""

from pathlib import Path

import numpy as np

from kinesynth.atomic import write_text
from kinesynth.dynamics.names import FEET
from kinesynth.opensim_files import write_storage

SIDES = ("r", "l")


def write_external_loads(path: Path, times: np.ndarray, force: np.ndarray, cop: np.ndarray, moment: np.ndarray) -> None:
    """Write `path` (.xml) and beside it the table with the same stem (.mot).

    Args:
        path: of the ExternalLoads file.
        times: (T,) s.
        force: (T, 2, 3) N on the right and the left foot, in ground.
        cop: (T, 2, 3) m, where they act, in ground.
        moment: (T, 2, 3) N m, free moments there.
    """
    columns = {}
    for foot, side in enumerate(SIDES):
        for quantity, array in (("force", force), ("point", cop), ("torque", moment)):
            for axis, letter in enumerate("xyz"):
                columns[f"ground_{quantity}_{side}_{letter}"] = array[:, foot, axis]
    table = path.with_suffix(".mot")
    write_storage(table, times, columns, in_degrees=False, name="ground_reaction")
    loads = "\n".join(_external_force(side, body) for side, body in zip(SIDES, FEET, strict=True))
    write_text(path, _DOCUMENT.format(loads=loads, table=table.name))


def _external_force(side: str, body: str) -> str:
    return _FORCE.format(side=side, body=body)


_DOCUMENT = """<?xml version="1.0" encoding="UTF-8"?>
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

_FORCE = """			<ExternalForce name="ground_{side}">
				<applied_to_body>{body}</applied_to_body>
				<force_expressed_in_body>ground</force_expressed_in_body>
				<point_expressed_in_body>ground</point_expressed_in_body>
				<force_identifier>ground_force_{side}_</force_identifier>
				<point_identifier>ground_point_{side}_</point_identifier>
				<torque_identifier>ground_torque_{side}_</torque_identifier>
			</ExternalForce>"""
