"""Trained networks that come with the package, by the names of `predict --method`."""

from contextlib import AbstractContextManager
from importlib import resources
from pathlib import Path

SHIPPED = {"neurik": "neurik.pt"}  # file in the folder `shipped_networks`; `python -m tools.shipped.neurik` renews it


def shipped_checkpoint(name: str) -> AbstractContextManager[Path]:
    """Return the checkpoint of a network that ships, as a file that is there within the context."""
    return resources.as_file(resources.files("kinesynth_train") / "shipped_networks" / SHIPPED[name])
