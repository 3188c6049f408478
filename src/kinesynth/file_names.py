"""Files by their names: public functions take `str` as well as `Path`."""

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, get_args


def takes_file_names[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """Return a function that takes `str` wherever it asks for a `Path`, in lists and groups of options too.

    Example:
        >>> @takes_file_names
        ... def ending(file: Path) -> str:
        ...     return file.suffix
        >>> ending("walk.trc"), ending(file=Path("walk.c3d"))
        ('.trc', '.c3d')
    """
    signature = inspect.signature(function)
    asking = {name for name, each in signature.parameters.items() if _asks_for_paths(each.annotation)}

    @functools.wraps(function)
    def wrapper(*arguments: P.args, **options: P.kwargs) -> R:
        given = signature.bind(*arguments, **options)
        given.arguments.update({name: as_paths(given.arguments[name]) for name in asking & given.arguments.keys()})
        return function(*given.args, **given.kwargs)

    return wrapper


def as_paths(value: Any) -> Any:
    """Return a value with paths for names: of one file, of several, or of the paths that a dataclass holds."""
    if isinstance(value, str):
        return Path(value)
    if isinstance(value, list | tuple):
        return type(value)(as_paths(each) for each in value)
    if isinstance(value, Mapping):
        return {name: as_paths(each) for name, each in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        names = [each.name for each in fields(value) if _asks_for_paths(each.type)]
        return replace(value, **{name: as_paths(getattr(value, name)) for name in names})
    return value


def _asks_for_paths(annotation: Any) -> bool:
    """Return whether a type is `Path`, or made of it: a list, one that may be None, a group that holds one."""
    if isinstance(annotation, type) and is_dataclass(annotation):
        return any(_asks_for_paths(each.type) for each in fields(annotation))
    return annotation is Path or any(_asks_for_paths(part) for part in get_args(annotation))
