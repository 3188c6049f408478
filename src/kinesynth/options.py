"""Options: what a configuration's keys and a verb's flags are made of, and what values they may have."""

import dataclasses
import reprlib
import types
import typing
from dataclasses import field, is_dataclass
from typing import Any, Literal

from kinesynth.errors import BadConfig

FIX = "see config.yaml for every key and its meaning"


def option(default: Any, description: str, **bounds: Any) -> Any:
    """Declare a key: its default, its meaning, and JSON-schema bounds such as `minimum` or `exclusiveMinimum`."""
    return field(default=default, metadata={"description": description, "bounds": bounds})


def needed(description: str) -> Any:
    """Declare an option without a default, and its meaning."""
    return field(metadata={"description": description, "bounds": {}})


def option_of(section: type, name: str) -> Any:
    """Declare a key as another section has it."""
    (known,) = (each for each in dataclasses.fields(section) if each.name == name)
    default: Any = known.default if known.type is not float else float(str(known.default))
    return field(default=default, metadata=known.metadata)


def check_section(section: Any) -> None:
    """Require that the values of a group of options, as a verb's flags gave them, are within their bounds.

    Raises:
        BadConfig: one is not.
    """
    from jsonschema import Draft202012Validator

    values = {name: list(each) if isinstance(each, tuple) else each for name, each in vars(section).items()}
    for error in Draft202012Validator(object_schema(type(section))).iter_errors(values):
        raise bad_option("command line", error)


def object_schema(kind: type) -> dict[str, Any]:
    """Return the JSON schema of a group of options; unknown names are errors."""
    properties = {item.name: _property_schema(item) for item in dataclasses.fields(kind)}
    description = (kind.__doc__ or "").splitlines()[0]
    return {"description": description, "type": "object", "additionalProperties": False, "properties": properties}


def _property_schema(item: dataclasses.Field[Any]) -> dict[str, Any]:
    if isinstance(item.type, type) and is_dataclass(item.type):
        return object_schema(item.type)
    default = list(item.default) if isinstance(item.default, tuple) else item.default
    return {
        **_type_schema(item.type),
        **item.metadata["bounds"],
        "default": default,
        "description": item.metadata["description"],
    }


def _type_schema(kind: Any) -> dict[str, Any]:
    if typing.get_origin(kind) is Literal:
        return {"enum": list(typing.get_args(kind))}
    if isinstance(kind, types.GenericAlias):
        return {"type": "array", "items": _type_schema(typing.get_args(kind)[0])}
    return {"type": {str: "string", int: "integer", float: "number", bool: "boolean"}[kind]}


def bad_option(source: str, error: Any) -> BadConfig:
    """Return the refusal of what the validator found wrong."""
    key = ".".join(str(part) for part in error.absolute_path)
    if error.validator == "additionalProperties":
        unknown = sorted(set(error.instance) - set(error.schema["properties"]))
        name = f"{key}.{unknown[0]}" if key else unknown[0]
        return BadConfig(source, name, "an unknown key", f"one of {', '.join(error.schema['properties'])}", FIX)
    expected = {"enum": "one of", "type": "a value of type", "multipleOf": "a multiple of"}.get(
        error.validator, error.validator
    )
    return BadConfig(
        source, key or "top level", reprlib.repr(error.instance), f"{expected} {error.validator_value}", FIX
    )
