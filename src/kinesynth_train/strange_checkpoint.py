"""What is held against a checkpoint before and after a network is made of it: it may be a stranger's, or damaged."""

import dataclasses
import math
import typing
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from kinesynth.networks import network_modules
from kinesynth.skeleton import SkeletonDefinition
from kinesynth_train.presets import Phase, Precision, Preset
from kinesynth_train.skeleton import CoordinateStats, told_by

PARTS = ("name", "preset", "source", "anatomy", "skeleton", "model", "best", "progress")
MAX_SIZE = 1 << 16  # of anything that a network's shape counts; the largest published has 4096
MODULES = ("layers", "convolutions", "stacks", "depth")  # what counts modules, each of which has tensors in the file
MAX_FPS = 10000.0
PLAIN: dict[type, tuple[type, ...]] = {bool: (bool,), int: (int,), float: (float, int), str: (str,)}


def missing_part(saved: Mapping[str, Any]) -> str:
    """Return the first part that a checkpoint lacks, empty where it has all."""
    return next((name for name in PARTS if name not in saved), "")


def known_network(name: object) -> bool:
    """Tell whether a name is a preset's."""
    return isinstance(name, str) and name in network_modules()


def check_preset(preset: Preset, tensors: int) -> None:
    """Require sizes that a network of so many tensors can have, before it is made: of others it takes all memory.

    Raises:
        ValueError: one is none of these; the message names it.
    """
    for name, part in {"shape": preset.shape, "weights": preset.weights, "augment": preset.augment}.items():
        _check_kinds(name, type(part), part)
    for phase in preset.phases:
        _check_kinds("phase", Phase, phase)
    for name, number in _numbers("shape", preset.shape):
        most = tensors if name.endswith(MODULES) else MAX_SIZE
        if not 0 <= number <= most:
            raise ValueError(f"{name} of {number:.6g}, where 0 to {most} can be")
    if not (isinstance(preset.crop, int) and 0 <= preset.crop <= MAX_SIZE):
        raise ValueError(f"crop of {preset.crop!r:.40}")
    if not _positive(preset.aspect) or preset.precision not in Precision.__args__:  # type: ignore[attr-defined]
        raise ValueError(f"aspect and precision of {preset.aspect!r:.40}, {preset.precision!r:.40}")
    if not preset.phases or any(not _whole(phase.window, MAX_SIZE) for phase in preset.phases):
        raise ValueError("phases without windows")


def _check_kinds(name: str, kind: Any, value: object) -> None:
    """Raise ValueError where a value is not of the type that a dataclass's field has."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if dataclasses.is_dataclass(kind) and isinstance(value, typing.cast(type, kind)):
        for field, hint in typing.get_type_hints(kind).items():
            _check_kinds(f"{name}.{field}", hint, getattr(value, field))
    elif origin is tuple and isinstance(value, tuple):
        for place, each in enumerate(value):
            _check_kinds(name, inner[0] if inner[-1] is ... else inner[min(place, len(inner) - 1)], each)
    elif origin is typing.Literal and value in inner:
        return
    elif not (kind in PLAIN and isinstance(value, PLAIN[kind])) or (isinstance(value, bool) and kind is not bool):
        raise ValueError(f"{name} of {value!r:.40}")


def _numbers(name: str, value: object) -> Iterator[tuple[str, float]]:
    """Yield the numbers of a shape, which may hold tuples and further shapes, by their names."""
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from _numbers(f"{name}.{field.name}", getattr(value, field.name))
    elif isinstance(value, tuple):
        for each in value:
            yield from _numbers(name, each)
    elif isinstance(value, float | int):
        yield name, value


def check_stats(stats: CoordinateStats, skeleton: SkeletonDefinition) -> None:
    """Require stats of the skeleton that the checkpoint holds.

    Raises:
        ValueError: one is of another shape or type, or no number; the message names it.
    """
    J, B, M = (len(names) for names in (skeleton.coordinate_names, skeleton.body_names, skeleton.marker_names))
    shapes = {"mean": (J,), "spread": (J,), "bodies": (), "markers": (), "ties": (3 * B,)}
    for name, shape in shapes.items():
        tensor = getattr(stats, name)
        kind = torch.float32 if name in ("mean", "spread") else torch.int64
        if not isinstance(tensor, Tensor) or (tuple(tensor.shape), tensor.dtype) != (shape, kind):
            raise ValueError(f"anatomy/{name} does not fit the skeleton")
        if not bool(tensor.isfinite().all()):
            raise ValueError(f"anatomy/{name} holds what is no number")
    factors = set(stats.ties.tolist())
    if factors != set(range(len(factors))) or (int(stats.bodies), int(stats.markers)) != (B, M):
        raise ValueError("anatomy/ties, bodies or markers do not fit the skeleton")
    for name, told in told_by(skeleton).items():
        tensor = getattr(stats, name)
        same = isinstance(tensor, Tensor) and (tensor.shape, tensor.dtype) == (told.shape, told.dtype)
        if not same or not bool(torch.isclose(tensor, told, equal_nan=True).all()):
            raise ValueError(f"anatomy/{name} is not that of the skeleton")


def check_source(source: object) -> None:
    """Require what is said of the clips that a network learned from.

    Raises:
        ValueError: something of it cannot be.
    """
    if not isinstance(source, dict):
        raise ValueError("source is no dictionary")
    if not _positive(source.get("fps")) or source["fps"] > MAX_FPS:
        raise ValueError(f"source/fps of {source.get('fps')!r:.40}")
    views = source.get("views", [])
    if not isinstance(views, list) or not all(isinstance(view, str) for view in views):
        raise ValueError(f"source/views of {views!r:.40}")
    for name in ("crop_margin", "crop_aspect"):
        if not _positive(source.get(name, 1.0)):
            raise ValueError(f"source/{name} of {source[name]!r:.40}")


def unknown_weights(tensors: Mapping[str, Tensor]) -> Iterator[str]:
    """Yield the names of parameters that hold what is no number: all that the network says would be none either."""
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(tensor.isfinite().all()):
            yield name


def _positive(value: object) -> bool:
    return isinstance(value, float | int) and math.isfinite(value) and value > 0


def _whole(value: object, most: int) -> bool:
    return isinstance(value, int) and 1 <= value <= most
