"""Renew config.yaml and its schema after an option was added to `config.py`, or taken away.

python -m tools.default_config

Lines of options that are there already stay as they were written, with their comments. A new option gets a line at its
place, with the first words of its description as a comment.
"""

import re
from dataclasses import Field, fields, is_dataclass
from pathlib import Path
from typing import Any

import yaml

from kinesynth.atomic import write_text
from kinesynth.config import Config
from kinesynth.config_file import write_schema

ROOT = Path(__file__).parents[1]
COMMENT_COLUMN = 33


def main() -> None:
    """Write both files."""
    path = ROOT / "config.yaml"
    write_text(path, renewed(path.read_text(encoding="utf-8")))
    write_schema(output=ROOT / "workflow/schemas/config.schema.yaml")


def renewed(text: str) -> str:
    """Return config.yaml's text with a line for each option and no other."""
    known, head = _known(text)
    lines = [*head]
    for section in fields(Config):
        if not is_dataclass(section.type):
            lines += known.get(("", section.name)) or [_line(section)]
            continue
        lines += known.get((section.name, "")) or ["", f"{section.name}:"]
        for option in fields(section.type):
            lines += known.get((section.name, option.name)) or [_line(option, "  ")]
    return "\n".join(lines) + "\n"


def _known(text: str) -> tuple[dict[tuple[str, str], list[str]], list[str]]:
    """Return the lines of each section's head and of each option, with what stands above them, and those of the top."""
    known: dict[tuple[str, str], list[str]] = {}
    above: list[str] = []
    section, head = "", None
    for line in text.splitlines():
        found = re.match(r"( *)(\w+):(.*)", line)
        if found is None:
            above.append(line)
            continue
        inside, name, value = found.groups()
        if head is None:
            head, above = above, []
        if not inside:
            section = "" if value.partition("#")[0].strip() else name
        known[(section, name if inside or not section else "")] = [*above, line]
        above = []
    return known, head or []


def _line(option: Field[Any], indent: str = "") -> str:
    """Return an option's default and, as a comment, what it means in short."""
    default = list(option.default) if isinstance(option.default, tuple) else option.default
    value = '""' if default == "" else yaml.safe_dump(default, default_flow_style=True).splitlines()[0]
    short = re.split("[;:]", option.metadata["description"])[0]
    return f"{indent}{option.name}: {value}".ljust(COMMENT_COLUMN) + f"# {short}"


if __name__ == "__main__":
    main()
