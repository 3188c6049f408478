"""A clip of a dataset's list; measures of quality and licences are read on demand, because few users need them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from kinesynth.dataset.file_cache import open_shard
from kinesynth.dataset.provenance import Provenance, read_provenance
from kinesynth.dataset.schema import load_schema
from kinesynth.dataset.sound import readable
from kinesynth.errors import BadInput


@dataclass(frozen=True)
class ClipEntry:
    """Where a clip is, whose it is, and how good.

    Attributes:
        shard: the file.
        clip_id: the clip's group in it.
        frames: how many there are.
        fps: frames per second.
        action: what the person does.
        subject: the person.
        split: train, val or test.
        mass_kg: of the person.
        height_m: of the person.
    """

    shard: Path
    clip_id: str
    frames: int
    fps: float
    action: str
    subject: str
    split: str
    mass_kg: float
    height_m: float

    @property
    def source(self) -> str:
        """Where the motion comes from."""
        return str(self._told[1]["source"])

    @property
    def views(self) -> tuple[str, ...]:
        """The cameras that look on, by name; none where there are labels only."""
        return self._told[2]

    @cached_property
    def quality(self) -> Mapping[str, float]:
        """The measures of quality that docs/dataset.md lists, by name."""
        clip = self._told[1]
        with readable(self.shard, f"clips/{self.clip_id}"):
            return {name: float(clip[name]) for name in load_schema().clip_quality}

    @cached_property
    def provenance(self) -> Provenance:
        """In which recording it is, and under which licences."""
        with readable(self.shard, f"clips/{self.clip_id}"):
            return read_provenance(*self._told[:2])

    @property
    def license(self) -> str:
        """Free, restricted or unstated: what motion, body and assets come to together."""
        return self.provenance.license

    @property
    def motion_license(self) -> str:
        """Of the motion and the labels derived from it, SPDX's identifier."""
        return self.provenance.motion_license

    @property
    def body_license(self) -> str:
        """Of the body's shape and pose."""
        return self.provenance.body_license

    @property
    def asset_license(self) -> str:
        """Of what is drawn beside the body."""
        return self.provenance.asset_license

    @property
    def source_path(self) -> str:
        """By what the source's file is known elsewhere, empty where there is none."""
        return self.provenance.source_path

    @property
    def start_seconds(self) -> float:
        """Where in the source's own time the clip begins."""
        return self.provenance.start_seconds

    @property
    def end_seconds(self) -> float:
        """Where it ends."""
        return self.provenance.end_seconds

    @property
    def babel_id(self) -> str:
        """Number of the sequence in BABEL, empty where it is not stated."""
        return self.provenance.babel_id

    @cached_property
    def _told(self) -> tuple[dict[str, Any], dict[str, Any], tuple[str, ...]]:
        """Attributes of the file and of the clip, and the names of its views.

        Raises:
            BadInput: the file cannot be read.
        """
        try:
            with open_shard(self.shard) as file:
                group = file["clips"][self.clip_id]
                return dict(file.attrs), dict(group.attrs), tuple(group.get("views", ()))
        except (OSError, KeyError, TypeError, AttributeError) as error:
            found, fix = " ".join(str(error).split()), "check it with `kinesynth verify`"
            raise BadInput(self.shard, f"clips/{self.clip_id}", found, "a clip's attributes", fix) from error
