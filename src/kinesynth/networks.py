"""Which networks there are: presets by name, and the module of `kinesynth_train.networks` that each is of.

The one list of them: the configuration offers its names without needing torch, the trainer imports the modules.
"""

import csv
from functools import cache
from importlib.resources import files


@cache
def network_modules() -> dict[str, str]:
    """Return the module of every preset, in the table's order."""
    with (files(__package__) / "networks.csv").open(encoding="utf-8") as stream:
        return {row["preset"]: row["module"] for row in csv.DictReader(stream)}
