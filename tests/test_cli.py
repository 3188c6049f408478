"""The command line: every verb parses, errors are one line, exit codes tell bad input from bugs."""

import inspect
import operator
import re
import subprocess
import sys
from dataclasses import fields, replace
from importlib import import_module
from pathlib import Path

import pytest

from kinesynth import cli
from kinesynth.config import Config, Filters, Render
from kinesynth.dataset.writer import StagePaths
from kinesynth.errors import BadInput
from kinesynth.notes import tell

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("verb", cli.VERBS)
def test_every_verb_takes_flags_that_its_docstring_explains(verb: str) -> None:
    module, function = cli.VERBS[verb][0].split(":")
    verb_function = getattr(import_module(module), function)
    parameters = inspect.signature(verb_function).parameters
    documentation = inspect.getdoc(verb_function) or ""
    for name, parameter in parameters.items():
        assert parameter.kind in {parameter.KEYWORD_ONLY, parameter.POSITIONAL_OR_KEYWORD}
        assert re.search(rf"^\s+{name}:", documentation, re.MULTILINE), f"{function} does not explain {name}"


@pytest.mark.parametrize("verb", cli.VERBS)
def test_no_verb_has_more_than_nine_parameters(verb: str) -> None:
    """Options belong together in groups."""
    module, function = cli.VERBS[verb][0].split(":")
    assert len(inspect.signature(getattr(import_module(module), function)).parameters) <= 9


@pytest.mark.parametrize("verb", cli.VERBS)
def test_no_flag_of_a_verb_is_there_twice(verb: str) -> None:
    module, function = cli.VERBS[verb][0].split(":")
    signature = inspect.signature(getattr(import_module(module), function))
    groups = cli.groups_of(getattr(import_module(module), function))
    flags = [each.name for group in groups.values() for each in fields(group)]
    flags += [name for name in signature.parameters if name not in groups]
    assert len(flags) == len(set(flags))


def flags_of(verb: str) -> set[str]:
    """Return the names of a verb's flags, those of its groups among them."""
    module, function = cli.VERBS[verb][0].split(":")
    return set(inspect.signature(cli.groups_as_flags(getattr(import_module(module), function))).parameters)


def test_rules_use_flags_that_exist() -> None:
    for path in (ROOT / "rules").glob("*.smk"):
        for verb, flags in re.findall(
            r"^\s+kinesynth ([a-z-]+) \\\n((?:\s+(?:--|2>).*\n)+)", path.read_text(), re.MULTILINE
        ):
            used = {flag.replace("-", "_") for flag in re.findall(r"--([a-z0-9-]+)", flags)}
            assert used <= flags_of(verb), f"{path.name}: {used - flags_of(verb)}"


def test_a_users_marker_list_reaches_every_stage_that_takes_one() -> None:
    """One that missed it would place its markers by the anatomical rules, beside those that others placed."""
    rules = {
        verb: command
        for path in (ROOT / "rules").glob("*.smk")
        for verb, command in re.findall(r"^\s+kinesynth ([a-z-]+) \\\n((?:.*\\\n)+)", path.read_text(), re.MULTILINE)
    }
    taking = {verb for verb in rules if "marker_vertices" in flags_of(verb)}
    assert taking == {verb for verb, command in rules.items() if "{params.vertices}" in command}
    assert {"virtual-markers", "scale-model", "joint-regressor", "fit-shape", "fit-body"} <= taking


def rule_flags() -> list[tuple[str, str, str, str]]:
    """Return rule file, verb, flag and key of the configuration for each flag that a rule takes from one."""
    found = []
    for path in sorted((ROOT / "rules").glob("*.smk")):
        text = path.read_text()
        keys = dict(re.findall(r"^\s+(\w+)=CONFIG\.([\w.]+),$", text, re.MULTILINE))
        for verb, command in re.findall(r"^\s+kinesynth ([a-z-]+) \\\n((?:.*\\\n)+)", text, re.MULTILINE):
            for flag, name in re.findall(r"--([a-z0-9-]+) \{params\.(\w+)(?::q)?\}", command):
                if name in keys:
                    found.append((path.name, verb, flag.replace("-", "_"), keys[name]))
    return found


@pytest.mark.parametrize(("rule", "verb", "flag", "key"), rule_flags())
def test_a_verbs_default_is_the_configurations(rule: str, verb: str, flag: str, key: str) -> None:
    module, function = cli.VERBS[verb][0].split(":")
    default = inspect.signature(getattr(import_module(module), function)).parameters[flag].default
    configured = operator.attrgetter(key)(Config())
    if default is not inspect.Parameter.empty:
        assert default == configured, rule


def test_rules_give_sections_of_the_configuration_whole() -> None:
    used = [set(re.findall(r"flags\(CONFIG\.(\w+)\)", path.read_text())) for path in (ROOT / "rules").glob("*.smk")]
    kinds = {each.type for each in fields(Config)}
    sections = {
        name
        for path, _ in cli.VERBS.values()
        for module, _, function in [path.partition(":")]
        for name, group in cli.groups_of(getattr(import_module(module), function)).items()
        if type(group) in kinds
    }
    assert sections == set().union(*used) == {"filters", "fit", "grf", "ik", "muscle_paths", "render", "so"}


def test_a_section_of_the_configuration_is_flags_with_its_defaults_and_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    taken: list[Filters] = []

    def quality_filter(*, output: Path, filters: Filters = Filters()) -> None:  # noqa: B008 a frozen record
        """Filter.

        Args:
            output: where to.
            filters: the thresholds.
        """
        taken.append(filters)

    monkeypatch.setattr("kinesynth.dynamics.quality.quality_filter", quality_filter)
    assert cli.run(["quality-filter", "--output", str(tmp_path), "--edge-seconds", "0.1"]) == 0
    assert taken == [replace(Filters(), edge_seconds=0.1)]
    assert cli.run(["quality-filter", "--output", str(tmp_path), "--edge-minutes", "0.1"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["--rig", "phones", "--tracks", "parts", "depth"], Render(rig="phones", tracks=("parts", "depth"))),
        (["--tracks", "depth", "--views", "rear"], Render(tracks=("depth",), views=("rear",))),
        (["--no-tracks", "--motion-blur"], Render(tracks=(), motion_blur=True)),
    ],
)
def test_lists_of_a_section_are_flags_and_none_of_it_too(
    given: list[str], expected: Render, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[Render] = []

    def render_views(*, render: Render = Render()) -> None:  # noqa: B008 a frozen record
        """Render."""
        taken.append(render)

    monkeypatch.setattr("kinesynth.render.render_views.render_views", render_views)
    assert cli.run(["render-views", *given]) == 0
    assert taken == [expected]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--width", "31"], "command line: width: found 31, expected minimum 64"),
        (["--width", "65"], "command line: width: found 65, expected a multiple of 2"),
        (["--preset", "fine"], "command line: preset: found 'fine', expected one of ['preview', 'odah']"),
    ],
)
def test_values_of_a_section_keep_their_bounds_on_the_command_line(
    flags: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inputs = ["--body", str(tmp_path), "--fit", str(tmp_path), "--output", str(tmp_path / "render.h5")]
    assert cli.run(["render-views", *inputs, *flags]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert message in error


def test_unknown_flag_is_one_line_and_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["config-schema", "--outptu", "x"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_bad_input_is_one_line_and_exit_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "walk.npz"
    bad.write_bytes(b"not a zip archive")
    assert cli.run(["check-motion", "--files", str(bad)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "walk.npz" in error


@pytest.mark.parametrize("named", [["--files"], []])
def test_inputs_are_accepted_by_position_as_well_as_by_name(
    named: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[list[Path]] = []

    def check_motion(*, files: list[Path]) -> None:
        """Check.

        Args:
            files: to check.
        """
        taken.append(files)

    monkeypatch.setattr("kinesynth.motion.check.check_motion", check_motion)
    assert cli.run(["check-motion", *named, str(tmp_path / "a"), str(tmp_path / "b")]) == 0
    assert taken == [[tmp_path / "a", tmp_path / "b"]]


@pytest.mark.parametrize("verb", cli.VERBS)
def test_every_verb_takes_by_position_all_that_it_needs_but_its_outputs(verb: str) -> None:
    module, function = cli.VERBS[verb][0].split(":")
    found = cli.inputs_by_position(cli.groups_as_flags(getattr(import_module(module), function)))
    parameters = inspect.signature(found).parameters.values()
    needed = {each.name: each.kind for each in parameters if each.default is each.empty}
    by_name = {name for name, kind in needed.items() if kind is inspect.Parameter.KEYWORD_ONLY}
    assert by_name <= {"output", "report"}


def test_an_output_is_never_taken_by_position(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["index", str(tmp_path), str(tmp_path / "clips.tsv")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "clips.tsv").exists()


def test_a_bug_is_exit_code_1(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def broken(*, output: Path) -> None:
        raise ZeroDivisionError(str(output))

    monkeypatch.setattr("kinesynth.config_file.write_schema", broken)
    assert cli.run(["config-schema", "--output", str(tmp_path / "x")]) == 1


@pytest.mark.parametrize(
    "error",
    [
        OSError(28, "No space left on device", "stages/ik/a_000.h5"),
        OSError("Unable to synchronously write (errno = 28, error message = 'No space left on device')"),
    ],
)
def test_a_full_disk_is_one_line_and_exit_code_2(
    error: OSError, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*, output: Path) -> None:
        raise error

    monkeypatch.setattr("kinesynth.config_file.write_schema", fail)
    assert cli.run(["config-schema", "--output", str(tmp_path / "x")]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "No space left on device" in told


def test_a_rule_can_state_either_value_of_a_switch() -> None:
    """Rules write `--no-FLAG` where the configuration says false."""
    for arguments in ("--motion-blur", "--no-motion-blur"):
        required = ["--body", "b.npz", "--fit", "f.h5", "--output", "o.h5"]
        _, bound, _ = cli.build_app("render-views").parse_args(["render-views", *required, arguments])
        assert bound.arguments["motion_blur"] == (arguments == "--motion-blur")


@pytest.mark.parametrize(
    ("program", "arguments", "missing", "told"),
    [
        ("kinesynth.cli", ["view", "a.h5", "b"], "matplotlib", "kinesynth: matplotlib is not installed; run: pip inst"),
        ("kinesynth.cli", ["view", "a.h5", "b"], "matplotlib", "'kinesynth[view]'"),
        ("kinesynth.cli", ["build-body", "--output", "a.npz"], "scipy", "scipy is not installed"),
        ("kinesynth_train.__main__", ["fit"], "torch", "kinesynth-train: torch is not installed; run: pip install"),
    ],
)
def test_a_package_that_is_missing_is_told_in_a_line(
    program: str, arguments: list[str], missing: str, told: str, tmp_path: Path
) -> None:
    code = (
        f"import sys; sys.modules['{missing}'] = None; sys.argv = ['x', *{arguments}]; "
        f"from {program} import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert told in done.stderr


def test_files_that_a_verb_needs_are_flags_without_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    taken: list[StagePaths] = []

    def pack_shard(*, body: Path, stages: StagePaths, output: Path) -> None:
        """Pack."""
        taken.append(stages)

    monkeypatch.setattr("kinesynth.dataset.writer.pack_shard", pack_shard)
    names = [each.name for each in fields(StagePaths)]
    flags = [word for name in names for word in (f"--{name}", f"{name}.h5")]
    assert cli.run(["pack-shard", str(tmp_path), *flags, "--output", "x.h5"]) == 0
    assert taken == [StagePaths(**{name: Path(f"{name}.h5") for name in names})]
    assert cli.run(["pack-shard", str(tmp_path), *flags[2:], "--output", "x.h5"]) == 2
    assert "--ik" in capsys.readouterr().err


def test_options_that_keep_their_defaults_need_no_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes long to load, in every job of a run."""

    def render_views(*, render: Render = Render()) -> None:  # noqa: B008
        """Render."""

    monkeypatch.setattr("kinesynth.render.render_views.render_views", render_views)
    monkeypatch.setitem(sys.modules, "jsonschema", None)
    assert cli.run(["render-views", "--width", str(Render().width)]) == 0
    with monkeypatch.context() as context:
        context.delitem(sys.modules, "jsonschema")
        assert cli.run(["render-views", "--width", "31"]) == 2


def test_what_a_file_says_does_not_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    error = BadInput("a.trc", "header", "\x1b[2J\nnothing\x07", "5 lines", "export it again")
    mark = "\N{REPLACEMENT CHARACTER}"
    assert str(error) == f"a.trc: header: found {mark}[2J nothing{mark}, expected 5 lines; export it again"
    tell("a.trc", ["marker \x1b]0;x\x07 is\nleft out"])
    assert "\x1b" not in (told := capsys.readouterr().err)
    assert told.count("\n") == 1


def test_an_output_below_a_file_is_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    for output in (tmp_path / "file" / "schema.yaml", tmp_path / "folder", tmp_path / ("x" * 300)):
        assert cli.run(["config-schema", "--output", str(output)]) == 2
        told = capsys.readouterr().err
        assert told.startswith("kinesynth: ")
        assert "correct the path" in told
        assert told.count("\n") == 1
