"""The generic skeleton: a full-body OpenSim model made from the tables beside this file.

Kinesynth-112: 28 bodies, 53 coordinates, of which nine follow others, and 112 muscles. Bones and the 80 leg muscles
have the values of Rajagopal 2016 as corrected by Lai 2017 (knee, high flexion) and Uhlrich 2022 (passive forces, hip
abductor paths); the head is split from the torso by de Leva 1996. The trunk bends at the back joint of Rajagopal 2016,
amid the lumbar spine, and, by shares of White and Panjabi 1990, amid the lower thoracic one. Clavicles have two
coordinates (Seth 2019); a scapula glides with its clavicle and keeps the torso's orientation, so that arm angles are
those between torso and humerus, as they are in models without a girdle. 6 trunk muscles are Hamner 2010's, 13 per arm
Saul 2015's. Torques drive neck, girdle and wrists; weak ones stand by everywhere above the pelvis.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from kinesynth.file_names import takes_file_names
from kinesynth.isolation import isolated
from kinesynth.skeleton.tables import both_sides, read_table

if TYPE_CHECKING:
    from kinesynth.opensim_models.opened import Model

MODEL_NAME = "kinesynth"
WRITTEN_IN_FULL = ("functions", "markers")
"""Tables that list both sides."""


@takes_file_names
def build_skeleton(*, output: Path, log: Path = Path("build_skeleton.log")) -> None:
    """Write the generic skeleton, the model that subjects are scaled from.

    Args:
        output: the OpenSim model (.osim) to write.
        log: where OpenSim's messages go.
    """
    isolated(print_model, output.absolute(), timeout_seconds=120.0, log=log)


def print_model(output: Path) -> None:
    """Build the model and write it to `output`. Runs where OpenSim is loaded."""
    from kinesynth.opensim_models.opened import write_model

    write_model(build_model(), output)


def build_model() -> "Model":
    """Return the generic skeleton. Runs where OpenSim is loaded."""
    from kinesynth.opensim_models.build.model import TABLES, model_of

    return model_of(
        MODEL_NAME, {name: (read_table if name in WRITTEN_IN_FULL else both_sides)(name) for name in TABLES}
    )
