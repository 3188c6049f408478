"""A clip's origin and licences, read from the attributes of its shard, older ones included."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kinesynth.licenses import OWN, UNSTATED, Standing, identified, standing
from kinesynth.sources import sources


@dataclass(frozen=True)
class Provenance:
    """Of one clip.

    Attributes:
        license: what motion, body and assets come to together.
        motion_license: of the motion and the labels derived from it, SPDX's identifier.
        body_license: of the body's shape and pose.
        asset_license: of what is drawn beside the body.
        source_path: by what the source's file is known elsewhere, empty where there is none.
        start_seconds: where in the source's own time the clip begins.
        end_seconds: where it ends.
        babel_id: number of the sequence in BABEL, empty where it is not stated.
    """

    license: Standing
    motion_license: str
    body_license: str
    asset_license: str
    source_path: str
    start_seconds: float
    end_seconds: float
    babel_id: str


def read_provenance(person: Mapping[str, Any], clip: Mapping[str, Any]) -> Provenance:
    """Return what the attributes of a shard's file and of a clip say."""
    known = sources().get(str(clip["source"]))
    motion = identified(str(clip.get("motion_license", known.license if known else UNSTATED)))
    body = identified(str(person.get("body_license", UNSTATED)))
    assets = identified(str(person.get("asset_license", OWN)))
    start = float(clip.get("start_seconds", 0.0))
    return Provenance(
        license=standing((motion, body, assets)),
        motion_license=motion,
        body_license=body,
        asset_license=assets,
        source_path=str(clip.get("source_path", "")),
        start_seconds=start,
        end_seconds=start + int(clip["n_frames"]) / float(clip["fps"]),
        babel_id=str(clip.get("babel_id", "")),
    )
