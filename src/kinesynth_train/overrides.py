"""Sizes of a network that are told on the command line, for ablations.

Example:
    `--shape queries=24 factors=1,4`, and `front.layers=2` of an inner network.
"""

import dataclasses
import typing
from collections.abc import Sequence
from typing import Any

from kinesynth.errors import BadInput

YES_NO = {"true": True, "false": False}


def overridden(network: str, shape: Any, changes: Sequence[str]) -> Any:
    """Return a network's shape with fields changed, those of inner shapes by names with dots.

    Raises:
        BadInput: there is no such field, or the value is none that it can have.
    """
    for change in changes:
        name, equals, text = change.partition("=")
        if not equals:
            raise BadInput(network, "--shape", change, "NAME=VALUE", f"one of {_names(shape)}")
        shape = _with(network, shape, name.split("."), text)
    return shape


def _with(network: str, shape: Any, path: list[str], text: str) -> Any:
    name, *rest = path
    hints = typing.get_type_hints(type(shape))
    if name not in hints:
        raise BadInput(network, "--shape", name, "a size of this network", f"one of {_names(shape)}")
    if rest or dataclasses.is_dataclass(hints[name]):
        inner = getattr(shape, name)
        if not (rest and dataclasses.is_dataclass(inner)):
            inside = f", as {name}.{dataclasses.fields(inner)[0].name}" if dataclasses.is_dataclass(inner) else ""
            raise BadInput(network, "--shape", ".".join(path), f"a single size{inside}", f"one of {_names(shape)}")
        return dataclasses.replace(shape, **{name: _with(network, inner, rest, text)})
    try:
        value = _value(hints[name], text)
    except (ValueError, KeyError) as error:
        raise BadInput(network, f"--shape {name}", text, _expected(hints[name]), "give such a value") from error
    return dataclasses.replace(shape, **{name: value})


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


def _names(shape: Any) -> str:
    return ", ".join(field.name for field in dataclasses.fields(shape))
