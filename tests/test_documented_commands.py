"""Every command of the README and the docs stands: its verb, its flags, its targets and its files are there."""

import re
import shlex
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from tools.acceptance.__main__ import TOPICS

from kinesynth.cli import VERBS, build_app
from kinesynth_train.cli import build_parser, parsed

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SHELL = ("kinesynth ", "kinesynth-train ", "make ", "snakemake ", "python ", "torchrun ")
FENCED = re.compile(r"^```(?:bash|sh|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"^ {4}(?:[A-Z_]+=\S+ )*(?:kinesynth|make|snakemake|python)[- ](?:.*\\\n)*.*$", re.MULTILINE)
SPOKEN = re.compile(r"`((?:kinesynth|kinesynth-train|make|snakemake|python -m) [^`]+)`")


def commands(text: str, *, whole: bool) -> Iterator[str]:
    """Yield the commands of a page: those written out whole, or those spoken of within its sentences."""
    if not whole:
        yield from (" ".join(found.split()) for found in SPOKEN.findall(text))
        return
    blocks = [*FENCED.findall(text), *INDENTED.findall(text)]
    for block in blocks:
        for line in block.replace("\\\n", " ").splitlines():
            command = re.sub(r"^\s*(?:[A-Z_]+=\S+ +)*", "", line.partition(" #")[0]).strip()
            if command.startswith(SHELL):
                yield command


WHOLE = [(page.name, command) for page in PAGES for command in commands(page.read_text(), whole=True)]
SPOKEN_OF = [(page.name, command) for page in PAGES for command in commands(page.read_text(), whole=False)]


def test_there_are_commands() -> None:
    assert len(WHOLE) > 10
    assert len(SPOKEN_OF) > 20


@pytest.mark.parametrize(("page", "command"), WHOLE)
def test_a_command_is_taken_as_it_stands(page: str, command: str) -> None:
    program, *words = shlex.split(command)
    if program == "kinesynth":
        app = build_app(words[0])
        app.parse_args(words, exit_on_error=False, print_error=False)
    elif program == "kinesynth-train":
        parsed(words)
    elif program == "torchrun":
        train = words.index("kinesynth_train") + 1
        parsed(words[train:])
    else:
        assert_there(program, words)


@pytest.mark.parametrize(("page", "command"), SPOKEN_OF)
def test_what_is_spoken_of_is_there(page: str, command: str) -> None:
    program, *words = shlex.split(command.replace("...", "").replace("…", ""))
    flags = {word.partition("=")[0] for word in words if word.startswith("--")}
    if program == "kinesynth":
        verb = next((word for word in words if not word.startswith("-")), "")
        if verb and not verb.isupper():
            assert verb in VERBS
            known = {
                name for argument in build_app(verb)[verb].assemble_argument_collection() for name in argument.names
            }
            assert flags <= known | {"--help", "--version"}
    elif program == "kinesynth-train":
        parsers = build_parser()._subparsers._group_actions[0].choices
        assert words[0] in parsers
        assert flags <= set(parsers[words[0]]._option_string_actions)
    else:
        assert_there(program, words)


def assert_there(program: str, words: list[str]) -> None:
    """Require that what a command of another program names is in the repository."""
    if program == "make":
        targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        settings = [word for word in words if "=" in word]
        assert {word for word in words if word not in settings} <= set(targets)
        topics = " ".join(word.removeprefix("TOPICS=") for word in settings if word.startswith("TOPICS="))
        assert set(topics.split()) <= set(TOPICS)
    elif program == "python" and words[:1] == ["-m"]:
        assert find_spec(words[1]) is not None
    elif program == "python":
        assert (ROOT / words[0]).is_file()
    elif program == "snakemake":
        named = [word for word in words if word.startswith(("configs/", "profiles/", "rules/"))]
        assert all((ROOT / word).exists() for word in named)
