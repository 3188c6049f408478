"""config.yaml: read and checked, and its schema.

`workflow/schemas/config.schema.yaml` is generated from `config.py` (`kinesynth config-schema`), and a test fails when
the two, or config.yaml, drift apart.
"""

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

from kinesynth.atomic import write_text
from kinesynth.config import Config
from kinesynth.errors import BadConfig
from kinesynth.file_names import takes_file_names
from kinesynth.options import FIX, bad_option, object_schema

MAX_VALUES = 10_000


def load_config(values: Mapping[str, Any], source: str = "config.yaml") -> Config:
    """Check `values` (as read from YAML) and return the configuration.

    Raises:
        BadConfig: a key is unknown, its value is of the wrong type or out of bounds, or a file is not there.
    """
    from jsonschema import Draft202012Validator

    _check_plausible(values, source)
    validator = Draft202012Validator(config_schema())
    for error in sorted(validator.iter_errors(_plain(values)), key=lambda error: list(error.absolute_path)):
        raise bad_option(source, error)
    config: Config = _build(Config, values)
    files = {
        "subjects": config.subjects,
        "body.model": config.body.model,
        "body.marker_vertices": config.body.marker_vertices,
        "grf.weights": config.grf.weights,
    }
    for key, file in files.items():
        if file not in ("free", "") and not Path(file).is_file():
            raise BadConfig(source, key, f"no file {file}", "the path of a file", FIX)
    if config.grf.engine == "gaitdynamics" and not config.grf.weights:
        raise BadConfig(source, "grf.weights", "none", "GaitDynamicsRefinement.pt for this grf.engine", FIX)
    return config


def shaping_config(config: Config) -> str:
    """Return what the content of shards depends on, as JSON: without the options of training and sharding."""
    aside = {"train", "clips_per_shard", "frames_per_shard"}
    return json.dumps({name: part for name, part in dataclasses.asdict(config).items() if name not in aside})


def config_schema() -> dict[str, Any]:
    """Return the JSON schema of config.yaml; unknown keys are errors at every level."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **object_schema(Config)}


@takes_file_names
def write_schema(*, output: Path) -> None:
    """Write the JSON schema of config.yaml as YAML.

    Args:
        output: the schema's file.
    """
    import yaml

    write_text(output, yaml.safe_dump(config_schema(), sort_keys=False, width=110))


def _check_plausible(values: Any, source: str) -> None:
    """Refuse what the validator would choke on or let pass: no mapping, no end (YAML aliases multiply), no number."""
    if not isinstance(values, Mapping):
        raise BadConfig(source, "top level", type(values).__name__, "keys with values", FIX)
    left = [(str(key), value) for key, value in values.items()]
    for _ in range(MAX_VALUES):
        if not left:
            return
        key, value = left.pop()
        if isinstance(value, Mapping):
            left += [(f"{key}.{name}", part) for name, part in value.items()]
        elif isinstance(value, list | tuple):
            left += [(key, part) for part in value]
        elif isinstance(value, float) and not math.isfinite(value):
            raise BadConfig(source, key, str(value), "a finite number", FIX)
    raise BadConfig(source, left[-1][0], "values without end", f"at most {MAX_VALUES} in all", "remove YAML aliases")


def _build(kind: type, values: Mapping[str, Any]) -> Any:
    parts = {item.name: item.type for item in dataclasses.fields(kind)}
    return kind(**{name: _value(parts[name], value) for name, value in values.items()})


def _value(part: Any, value: Any) -> Any:
    """Return a value as the field has it: a section, or a tuple where YAML has a list."""
    if isinstance(part, type) and is_dataclass(part):
        return _build(part, value)
    return tuple(value) if isinstance(value, list) else value


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return `values` with mappings turned into dicts, which is what the validator knows."""
    return {name: _plain(value) if isinstance(value, Mapping) else value for name, value in values.items()}
