"""Sizes of a network, and weights of its losses, that are set on the command line, for ablations.

Example:
    `--shape queries=24 factors=1,4`, and `front.layers=2` of an inner network; `--loss position=0`.
"""

import dataclasses
import typing
from collections.abc import Sequence
from typing import Any

from kinesynth.errors import BadInput

YES_NO = {"true": True, "false": False}
MEANT = {"--shape": "a size of this network", "--loss": "a weight of its losses"}


def overridden(network: str, sizes: Any, changes: Sequence[str], flag: str = "--shape") -> Any:
    """Return a network's `Shape` or `Weights` with fields changed, those of inner ones by names with dots.

    Raises:
        BadInput: there is no such field, or the value is none that it can have.
    """
    for change in changes:
        name, equals, text = change.partition("=")
        if not equals:
            raise BadInput(network, flag, change, "NAME=VALUE", f"one of {_names(sizes)}")
        sizes = _with(network, sizes, name.split("."), text, flag)
    return sizes


def _with(network: str, sizes: Any, path: list[str], text: str, flag: str) -> Any:
    name, *rest = path
    hints = typing.get_type_hints(type(sizes))
    if name not in hints:
        raise BadInput(network, flag, name, MEANT[flag], f"one of {_names(sizes)}")
    if rest or dataclasses.is_dataclass(hints[name]):
        inner = getattr(sizes, name)
        if not (rest and dataclasses.is_dataclass(inner)):
            inside = f", as {name}.{dataclasses.fields(inner)[0].name}" if dataclasses.is_dataclass(inner) else ""
            raise BadInput(network, flag, ".".join(path), f"{MEANT[flag]} alone{inside}", f"one of {_names(sizes)}")
        return dataclasses.replace(sizes, **{name: _with(network, inner, rest, text, flag)})
    try:
        value = _value(hints[name], text)
    except (ValueError, KeyError) as error:
        raise BadInput(network, f"{flag} {name}", text, _expected(hints[name]), "give such a value") from error
    return dataclasses.replace(sizes, **{name: value})


def _value(kind: Any, text: str) -> Any:
    """Return a value of a field's type."""
    if typing.get_origin(kind) is typing.Literal:
        return {str(choice): choice for choice in typing.get_args(kind)}[text]
    if typing.get_origin(kind) is tuple:
        inner = typing.get_args(kind)[0]
        return tuple(_value(inner, part) for part in text.split(","))
    return YES_NO[text.lower()] if kind is bool else kind(text)


def _expected(kind: Any) -> str:
    if typing.get_origin(kind) is typing.Literal:
        return " or ".join(str(choice) for choice in typing.get_args(kind))
    if typing.get_origin(kind) is tuple:
        return f"{_expected(typing.get_args(kind)[0]).removeprefix('a ')}s with commas between"
    return {bool: "true or false", int: "a whole number", float: "a number"}.get(kind, "text")


def _names(sizes: Any) -> str:
    return ", ".join(field.name for field in dataclasses.fields(sizes))
