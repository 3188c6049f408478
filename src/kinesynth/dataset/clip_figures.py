"""A clip's figures of quality, read when they are asked for: most users of a dataset ask for none."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from kinesynth.dataset.file_cache import open_shard
from kinesynth.dataset.schema import load_schema
from kinesynth.errors import BadInput


class ClipFigures(Mapping[str, float]):
    """The figures that docs/dataset.md lists, by name."""

    def __init__(self, shard: Path, clip_id: str) -> None:
        self._shard, self._clip_id = shard, clip_id
        self._figures: dict[str, float] = {}

    def __getitem__(self, name: str) -> float:
        """Return a figure.

        Raises:
            KeyError: there is none of that name.
            BadInput: the shard cannot be read.
        """
        if name not in load_schema().clip_quality:
            raise KeyError(f"{name}: no figure of quality; known: {', '.join(self)}")
        if not self._figures:
            self._figures = self._read()
        return self._figures[name]

    def __iter__(self) -> Iterator[str]:
        """Yield the names."""
        return iter(load_schema().clip_quality)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(load_schema().clip_quality)

    def _read(self) -> dict[str, float]:
        try:
            with open_shard(self._shard) as file:
                attributes = file["clips"][self._clip_id].attrs
                return {name: float(attributes[name]) for name in load_schema().clip_quality}
        except (OSError, KeyError) as error:
            found, mend = " ".join(str(error).split()), "check it with `kinesynth verify`"
            raise BadInput(self._shard, f"clips/{self._clip_id}", found, "figures of quality", mend) from error
