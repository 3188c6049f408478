"""Weights from a user's file: read when a training begins, by name, whole or not at all."""

from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from kinesynth.errors import BadInput

# With which torch's reader refuses what would run code or is no pickle at all: of a module that nobody here imports.
REFUSED: type[Exception] = torch.serialization.pickle.UnpicklingError  # type: ignore[attr-defined]
UNREADABLE = (OSError, RuntimeError, EOFError, ValueError, REFUSED)
COUNTER = ".num_batches_tracked"  # of batch normalisation, which older files lack and nothing here reads
WRAPPINGS = ("state_dict", "model", "ema")  # under which releases keep what a network's state_dict is


Names = Callable[[Mapping[str, Tensor]], dict[str, Tensor]]


def load_weights(network: nn.Module, path: str, kind: str, renamed: Names = dict) -> None:
    """Give a part of a network the parameters of a file; whatever else the file holds is left.

    Args:
        network: the part.
        path: of a state_dict, perhaps under `state_dict` or `model`, its names perhaps with `backbone.` before them;
            empty leaves the part as it is.
        kind: what the file should be of, for the message.
        renamed: what turns the file's tensors into those of the part by its own names, where they differ.

    Raises:
        BadInput: the file is missing, is none of torch's, or lacks a parameter of this shape.
    """
    if not path:
        return
    fix = f"give a file of {kind}, or none to start from noise"
    found = renamed(_plain(_read(Path(path), fix)))
    wanted = network.state_dict()
    for name, value in wanted.items():
        if name.endswith(COUNTER):
            found.setdefault(name, value)
        there = found.get(name)
        if there is None or there.shape != value.shape:
            here = "none" if there is None else f"shape {tuple(there.shape)}"
            raise BadInput(path, name, here, f"shape {tuple(value.shape)} of {kind}", fix)
    network.load_state_dict({name: found[name] for name in wanted})


def _read(path: Path, fix: str) -> dict[str, object]:
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except UNREADABLE as error:
        found = "no file" if not path.exists() else " ".join(str(error).split())[:120]
        raise BadInput(path, "weights", found, "a state_dict saved by torch", fix) from error
    if not isinstance(content, dict):
        raise BadInput(path, "weights", type(content).__name__, "a state_dict saved by torch", fix)
    return content


def _plain(content: dict[str, object]) -> dict[str, Tensor]:
    """Return the tensors by the names that they have within the network's part."""
    for wrapping in WRAPPINGS:
        inner = content.get(wrapping)
        if isinstance(inner, dict):
            content = inner
    return {name.removeprefix("backbone."): value for name, value in content.items() if isinstance(value, Tensor)}
