"""The body model that belongs to a shard's parameters, for exports that need its joints or its mesh."""

from pathlib import Path

from kinesynth.body.model import BodyModel, load_body
from kinesynth.dataset.exports.clips import ExportedClip
from kinesynth.errors import BadInput

MEND = "give the run's stages/body/model.npz as --body"


def needed_body(body: Path | None, why: str) -> BodyModel:
    """Load the body model.

    Raises:
        BadInput: none was given.
    """
    if body is None:
        raise BadInput("export", "body", "nothing", f"the body model, for {why}", MEND)
    return load_body(body)


def check_body(model: BodyModel, clip: ExportedClip) -> None:
    """Require that a clip's parameters are those of this body.

    Raises:
        BadInput: they are another's.
    """
    if (found := model.identity.name) != (expected := str(clip.person["body_model"])):
        raise BadInput(model.path, "body", found, f"{expected}, with which {clip.shard.name} was made", MEND)
