"""The body as networks learn it that predict a mesh: its vertices, and markers and joint centres as mixtures of them.

Networks know neither this package's body model nor `smplx`: all that they take is in one file. Jaw, eyes and fingers
keep their rest there, as in SMPL, so that 22 joints move all.
"""

from pathlib import Path

import numpy as np

from kinesynth.body.joints import PARENTS
from kinesynth.body.model import BodyModel, load_body
from kinesynth.file_names import takes_file_names
from kinesynth.fitting.pose_fit import marker_layout
from kinesynth.fitting.regressor import check_body, read_regressor
from kinesynth.mosh.points import BODY
from kinesynth.npz import write_npz


@takes_file_names
def training_body(*, body: Path, regressor: Path, output: Path, marker_vertices: Path | None = None) -> None:
    """Write the body for `kinesynth-train fit --body`; that of the free body ships with the trainer.

    What is made of a licensed body, and every checkpoint that was trained with it, is under that body's licence.

    Args:
        body: body model, in SMPL-X's npz schema.
        regressor: joint regressor of the body model.
        output: the file, npz.
        marker_vertices: the user's own marker table, where the virtual markers were placed by one.

    Raises:
        BadInput: the regressor belongs to another body.
    """
    model, centres = load_body(body), read_regressor(regressor)
    check_body(centres, model, regressor)
    layout = marker_layout(model, marker_vertices)
    write_npz(
        output,
        {
            "name": np.array(model.identity.name),
            "license": np.array(model.identity.license),
            **_mesh(model),
            "marker_names": np.array(layout.names),
            "marker_vertices": layout.vertices.astype(np.int32),
            "marker_weights": layout.weights.astype(np.float32),
            "centre_names": np.array(centres.body_names),
            "centre_vertices": centres.mixture.indices.astype(np.int32),
            "centre_weights": centres.mixture.weights.astype(np.float32),
        },
        compressed=True,
    )


def _mesh(model: BodyModel) -> dict[str, np.ndarray]:
    """Return the mesh at rest, how shape and pose change it, and which of the 22 joints carries what of a vertex."""
    layer, count = model.layer, len(BODY)
    template, shape = layer.v_template.numpy(), layer.shapedirs.numpy()[..., :10]
    joints = layer.J_regressor.numpy()[:count]
    skinning = np.zeros((len(template), count))
    for bone in range(len(PARENTS)):
        skinning[:, _carrier(bone)] += model.skinning_weights[:, bone]
    correctives = layer.posedirs.numpy()[: 9 * (count - 1)].reshape(9 * (count - 1), -1, 3)
    return {
        "parents": np.array(PARENTS[:count], np.int32),
        "template": template.astype(np.float32),
        "shape": shape.astype(np.float16),  # to a hundredth of a millimetre
        "skinning": skinning.astype(np.float32),
        "correctives": (correctives if correctives.any() else correctives[:0]).astype(np.float16),
        "rest_joints": (joints @ template).astype(np.float32),
        "joint_shape": np.einsum("jn,ncs->jcs", joints, shape).astype(np.float32),
    }


def _carrier(bone: int) -> int:
    """Return the joint of the 22 that a bone rides on: itself, or the wrist or head above it."""
    while bone >= len(BODY):
        bone = PARENTS[bone]
    return bone
