"""`kinesynth VERB`: parse, call one function, map errors to exit codes (2 for bad input, 1 for a bug).

A verb's flags and help are its function's parameters and docstring. Functions are named by path, so that a verb loads
only what it needs.
"""

import functools
import inspect
import sys
import traceback
from collections.abc import Callable
from dataclasses import Field, fields, is_dataclass, replace
from importlib import import_module
from typing import Annotated, Any

from cyclopts import App, CycloptsError, Parameter

from kinesynth import __version__
from kinesynth.errors import KinesynthError, MissingDependency, machine_fault, one_line

VERBS = {
    "index": ("kinesynth.motion.index:index", "make a clip table from a folder of AMASS files"),
    "check-motion": ("kinesynth.motion.check:check_motion", "read motion files and say what is wrong with them"),
    "list-shards": ("kinesynth.shards:list_shards", "list a run's shards, with the frames to expect"),
    "build-body": ("kinesynth.body.free.build:build_body", "build the free body, or check the user's"),
    "build-skeleton": ("kinesynth.skeleton.builder:build_skeleton", "build the generic OpenSim model"),
    "subject-shape": ("kinesynth.motion.subject:subject_shape", "choose a subject's shape, mass and height"),
    "load-motion": ("kinesynth.motion.load:load_motion", "read, audit, resample and place a shard's motions"),
    "virtual-markers": ("kinesynth.body.virtual_markers:virtual_markers", "read landmarks off the moving mesh"),
    "scale-model": ("kinesynth.kinematics.scaling:scale_model", "scale the OpenSim model to a subject"),
    "scale-to-markers": (
        "kinesynth.kinematics.scale_to_markers:scale_to_markers",
        "scale the OpenSim model to a static trial of real markers",
    ),
    "inverse-kinematics": ("kinesynth.kinematics.inverse_kinematics:inverse_kinematics", "joint angles from markers"),
    "joint-regressor": ("kinesynth.fitting.regressor:joint_regressor", "joint centres from the mesh, sparsely"),
    "shipped-regressor": ("kinesynth.fitting.regressor:shipped_regressor", "the free body's regressor, as it ships"),
    "fit-shape": ("kinesynth.fitting.shape:fit_shape", "the subject's shape that fits the OpenSim skeleton"),
    "fit-body": ("kinesynth.fitting.fit:fit_body", "set the mesh on the OpenSim skeleton"),
    "training-body": ("kinesynth.fitting.training_body:training_body", "the body for networks that predict a mesh"),
    "ground-reaction": ("kinesynth.dynamics.ground_reaction:ground_reaction", "forces under the feet from motion"),
    "inverse-dynamics": ("kinesynth.dynamics.inverse_dynamics:inverse_dynamics", "joint moments"),
    "fit-muscle-paths": ("kinesynth.dynamics.muscle_path_fit:fit_muscle_paths", "fit polynomials to muscle paths"),
    "static-optimization": ("kinesynth.dynamics.static_optimization:static_optimization", "muscle activations"),
    "quality-filter": ("kinesynth.dynamics.quality:quality_filter", "mask frames that cannot be trusted"),
    "render-views": ("kinesynth.render.render_views:render_views", "video and masks of the clothed body"),
    "gallery": ("kinesynth.render.gallery:gallery", "draw a contact sheet of bodies and clothes"),
    "pack-shard": ("kinesynth.dataset.writer:pack_shard", "assemble a shard"),
    "index-shards": ("kinesynth.dataset.index:index_shards", "list all clips, delivered or rejected"),
    "sample": ("kinesynth.dataset.shipped_sample:copy_sample", "copy the sample shards out of the package"),
    "freeze-plan": ("kinesynth.dataset.frozen_plan:freeze_plan", "write down splits before a dataset is made"),
    "freeze-split": ("kinesynth.dataset.frozen:freeze_split", "write down splits and checksums of a dataset"),
    "export": ("kinesynth.dataset.export:export", "write shards in the formats of other programs"),
    "verify": ("kinesynth.dataset.verify:verify", "check shards against their schema"),
    "view": ("kinesynth.report.view:view", "show a clip with its labels over the pixels"),
    "report": ("kinesynth.report.page:report", "draw the report page"),
    "status": ("kinesynth.report.status:status", "tell how far a run has come, from any terminal"),
    "plan": ("kinesynth.report.plan:plan", "estimate core-hours, GPU-hours and storage of a large run"),
    "config-schema": ("kinesynth.config_file:write_schema", "write the JSON schema of config.yaml"),
}


def build_app(verb: str = "") -> App:
    """Return the command-line application with every verb; the one that will run also takes its inputs by position."""
    app = App(
        name="kinesynth",
        help="From body motion to training data with anatomically true labels.",
        version=__version__,
        help_format="plaintext",
        default_parameter=Parameter(
            consume_multiple=True, negative_iterable=()
        ),  # one flag takes many files; no --empty-FLAG
        exit_on_error=False,
        print_error=False,
        result_action="return_value",
    )
    for name, (path, summary) in VERBS.items():
        function = inputs_by_position(groups_as_flags(_load(path))) if name == verb else path
        app.command(function, name=name, help=summary)
    return app


def groups_of(function: Callable[..., None]) -> dict[str, Any]:
    """Return the parameters that stand for several flags: sections of the configuration, say.

    Such a group is a dataclass of `options.option`s. It is returned as its parameter's default, by name, or as its
    class where some of its options must be given.
    """
    parameters = inspect.signature(function).parameters
    groups = {
        name: each.annotation if each.default is each.empty else each.default for name, each in parameters.items()
    }
    return {name: group for name, group in groups.items() if is_dataclass(group)}


def groups_as_flags(function: Callable[..., None]) -> Callable[..., None]:
    """Return `function` with each parameter that is a group spread out into one per option.

    An option's flag takes its type, default and help from the group, so that they are written once.
    """
    groups = groups_of(function)
    if not groups:
        return function
    signature = inspect.signature(function)
    owners = {option.name: name for name, group in groups.items() for option in fields(group)}

    @functools.wraps(function)
    def wrapper(**options: Any) -> None:
        from kinesynth.options import check_section

        given: dict[str, dict[str, Any]] = {name: {} for name in groups}
        for option in owners.keys() & options.keys():
            given[owners[option]][option] = options.pop(option)
        stated = {name: _stated(group, given[name]) for name, group in groups.items()}
        for name, group in stated.items():
            if type(groups[name]) is type(group) and group != groups[name]:  # defaults are within their bounds
                check_section(group)
        function(**options, **stated)

    parameters: list[inspect.Parameter] = []
    for name, each in signature.parameters.items():
        parameters += [_flag(option, groups[name]) for option in fields(groups[name])] if name in groups else [each]
    parameters.sort(key=lambda each: each.name in owners and each.default is not each.empty)  # options come last
    wrapper.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return wrapper


def _stated(group: Any, given: dict[str, Any]) -> Any:
    """Return a group with the options that were given."""
    return group(**given) if isinstance(group, type) else replace(group, **given)


def _flag(option: Field[Any], group: Any) -> inspect.Parameter:
    help_text = Parameter(help=option.metadata["description"], negative_iterable="no-")
    annotation: Any = Annotated[option.type, help_text]
    value = inspect.Parameter.empty if isinstance(group, type) else getattr(group, option.name)
    return inspect.Parameter(option.name, inspect.Parameter.KEYWORD_ONLY, default=value, annotation=annotation)


def inputs_by_position(function: Callable[..., None]) -> Callable[..., None]:
    """Return `function`, whose leading inputs may be given without their names: all that come before its output.

    Example:
        >>> def index(*, folder: str, output: str, seed: int = 1) -> None: ...
        >>> str(inspect.signature(inputs_by_position(index)))
        '(folder: str, *, output: str, seed: int = 1) -> None'
    """
    signature = inspect.signature(function)
    parameters = list(signature.parameters.values())
    outputs = [
        number for number, each in enumerate(parameters) if each.name == "output" or each.default is not each.empty
    ]
    for number in range(outputs[0] if outputs else len(parameters)):
        parameters[number] = parameters[number].replace(kind=inspect.Parameter.POSITIONAL_OR_KEYWORD)

    @functools.wraps(function)
    def wrapper(*arguments: Any, **options: Any) -> None:
        function(**wrapper.__signature__.bind(*arguments, **options).arguments)  # type: ignore[attr-defined]

    wrapper.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return wrapper


def _load(path: str) -> Callable[..., None]:
    module, _, function = path.partition(":")
    loaded: Callable[..., None] = getattr(import_module(module), function)
    return loaded


def run(arguments: list[str]) -> int:
    """Run one verb and return its exit code."""
    verb = arguments[0] if arguments else ""
    try:
        build_app(verb)(arguments)
    except Exception as error:  # noqa: BLE001
        if reason := _fault(error, verb):
            print(f"kinesynth: {reason}", file=sys.stderr)  # noqa: T201
            return 2
        traceback.print_exc()
        return 1
    return 0


def _fault(error: Exception, verb: str) -> str:
    """Return in one line what the user or the machine is at fault for; empty where it is a bug."""
    if isinstance(error, KinesynthError | CycloptsError):
        return one_line(str(error))
    if isinstance(error, ModuleNotFoundError):
        package = str(error.name).partition(".")[0]
        extra = "view" if verb == "view" else "pipeline"
        return "" if package.startswith("kinesynth") else str(MissingDependency(package, extra))
    return machine_fault(error) if isinstance(error, OSError) else ""


def main() -> None:
    """Run the command line and end the process."""
    sys.exit(run(sys.argv[1:]))
