"""`kinesynth VERB`: parse, call one function, map errors to exit codes (2 for bad input, 1 for a bug).

A verb's flags and help are its function's parameters and docstring. Functions are named by path, so that a verb loads
only what it needs.
"""

import sys
import traceback

from cyclopts import App, CycloptsError

from kinesynth import __version__
from kinesynth.errors import KinesynthError

VERBS = {
    "index": "kinesynth.clips:index",
    "check-motion": "kinesynth.motion.load:check_motion",
    "build-body": "kinesynth.body.build:build_body",
    "subject-shape": "kinesynth.body.subject:subject_shape",
    "load-motion": "kinesynth.motion.load:load_motion",
    "virtual-markers": "kinesynth.body.markers:virtual_markers",
    "build-skeleton": "kinesynth.skeleton.builder:build_skeleton",
    "scale-model": "kinesynth.kinematics.scaling:scale_model",
    "inverse-kinematics": "kinesynth.kinematics.inverse_kinematics:inverse_kinematics",
    "joint-regressor": "kinesynth.fitting.regressor:joint_regressor",
    "fit-body": "kinesynth.fitting.fit:fit_body",
    "ground-reaction": "kinesynth.dynamics.ground_reaction:ground_reaction",
    "inverse-dynamics": "kinesynth.dynamics.inverse_dynamics:inverse_dynamics",
    "static-optimization": "kinesynth.dynamics.static_optimization:static_optimization",
    "quality-filter": "kinesynth.dynamics.quality:quality_filter",
    "render-views": "kinesynth.render.views:render_views",
    "pack-shard": "kinesynth.dataset.writer:pack_shard",
    "index-shards": "kinesynth.dataset.index:index_shards",
    "export-opensim": "kinesynth.dataset.export:export_opensim",
    "verify": "kinesynth.dataset.verify:verify",
    "report": "kinesynth.report.page:report",
    "config-schema": "kinesynth.config:write_schema",
}


def build_app() -> App:
    """Return the command-line application with every verb."""
    app = App(
        name="kinesynth",
        help="From body motion to training data with anatomically true labels.",
        version=__version__,
        help_format="plaintext",
        exit_on_error=False,
        print_error=False,
        result_action="return_value",
    )
    for verb, function in VERBS.items():
        app.command(function, name=verb)
    return app


def run(arguments: list[str]) -> int:
    """Run one verb and return its exit code."""
    try:
        build_app()(arguments)
    except (KinesynthError, CycloptsError) as error:
        print(f"kinesynth: {' '.join(str(error).split())}", file=sys.stderr)  # noqa: T201
        return 2
    except Exception:  # noqa: BLE001
        traceback.print_exc()
        return 1
    return 0


def main() -> None:
    """Run the command line and end the process."""
    sys.exit(run(sys.argv[1:]))
