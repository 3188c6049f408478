"""OpenSim models that are not what they should be. OpenSim reads them in a child process, as in a run."""

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from case import Case, pickled, written

from kinesynth.isolation import Worker
from kinesynth.motion.opensim_bodies import body_motion
from kinesynth.skeleton.builder import build_skeleton

ENTITIES = "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefghi", "bcdefghij", strict=True))
BOMB = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "{"x" * 1000}">{ENTITIES}]>'
THIEF = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
DOCUMENT = '<OpenSimDocument Version="40600"><Model name="{name}"></Model></OpenSimDocument>'


@cache
def model() -> str:
    """Return the text of a good model."""
    with TemporaryDirectory(prefix="kinesynth-malformed-") as folder:
        path = Path(folder) / "generic.osim"
        build_skeleton(output=path, log=Path(folder) / "opensim.log")
        return path.read_text()


@cache
def worker() -> Worker:
    """Return the child process that serves all cases, until one crashes it; it dies with this process."""
    return Worker(Path(os.devnull))


def pose(path: Path) -> object:
    angles = {"hip_flexion_r": np.array([0.0, 10.0])}
    return worker().call(body_motion, path, angles, True, False, Path("walk.mot"), timeout_seconds=60)


def osim(name: str, content: Callable[[], str | bytes], *says: str) -> Case:
    return Case(f"osim {name}", lambda folder: pose(written(folder, "model.osim", content())), says)


def without(start: str, end: str) -> Callable[[], str]:
    """Return the model less all from `start` to `end`."""

    def text() -> str:
        first = model().index(start)
        return model()[:first] + model()[model().index(end, first) + len(end) :]

    return text


CASES = (
    Case("osim missing", lambda folder: pose(folder / "model.osim"), ("model.osim", "model")),
    Case("osim is a pickle", lambda folder: pose(pickled(folder, "model.osim")), ("model.osim", "model")),
    osim("empty", lambda: "", "model.osim", "model"),
    osim("is no XML", lambda: "not a model", "model.osim", "model"),
    osim("truncated", lambda: model()[: len(model()) // 2], "model.osim", "model"),
    osim("with an entity bomb", lambda: BOMB + DOCUMENT.format(name="&j;"), "model.osim"),
    osim("that steals a file", lambda: THIEF + DOCUMENT.format(name="&a;"), "model.osim"),
    osim("without bodies", lambda: DOCUMENT.format(name="x"), "model.osim", "bodies"),
    osim("without its torso", lambda: model().replace('name="torso"', 'name="trunk"'), "model.osim"),
    osim("with a body twice", lambda: model().replace('<Body name="femur_l">', '<Body name="femur_r">'), "model.osim"),
    osim("with a mass that is no number", lambda: model().replace("<mass>", "<mass>x", 1), "model.osim"),
    osim("with a negative mass", lambda: model().replace("<mass>", "<mass>-", 1), "model.osim"),
)
