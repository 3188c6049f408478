"""Run a function in a child process that may crash, hang or chatter without harm to the caller.

OpenSim ends the process on some bad inputs and spins for ever on others (a .trc with a header only), and it holds
the interpreter's lock, so that neither `except` nor a signal helps: only a process of its own does.
"""

import ctypes
import multiprocessing
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from kinesynth.errors import ClipRejected, KinesynthError

_PR_SET_PDEATHSIG = 1


def isolated[R](function: Callable[..., R], *arguments: Any, timeout_seconds: float, log: Path) -> R:
    """Call `function(*arguments)` in a child process and return its result.

    The child works in a temporary directory and everything it prints goes to `log`. `function` must be importable
    (module level) and its arguments and result picklable; pass numpy arrays and absolute paths.

    Raises:
        ClipRejected: the child died, hung, or raised; the reason is the same for all clips that fail alike.
        KinesynthError: as raised by `function`.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_run, args=(sender, log.absolute(), function, arguments), daemon=True)
    child.start()
    sender.close()
    try:
        if not receiver.poll(timeout_seconds):
            raise ClipRejected("process hung", timeout_seconds, f"no result after {timeout_seconds:.0f} s, see {log}")
        error, result = receiver.recv()
    except EOFError:
        child.join()
        raise ClipRejected(
            "process crashed", float(child.exitcode or 0), f"{_ending(child.exitcode)}, see {log}"
        ) from None
    finally:
        child.kill()
        child.join()
        receiver.close()
    if isinstance(error, KinesynthError):
        raise error
    if error is not None:
        raise ClipRejected("tool failed", detail=f"{error}, see {log}")
    return result  # type: ignore[no-any-return]


def _run(sender: Connection, log: Path, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    _die_with_parent()
    _redirect_output(log)
    with tempfile.TemporaryDirectory(prefix="kinesynth-") as folder:
        os.chdir(folder)
        try:
            sender.send((None, function(*arguments)))
        except KinesynthError as error:
            sender.send((_without_cause(error), None))
        except RuntimeError as error:  # how OpenSim's C++ exceptions arrive
            sender.send((" ".join(str(error).split())[:300], None))
        os.chdir("/")


def _without_cause(error: KinesynthError) -> KinesynthError:
    """Return an equal error whose pickling does not call the class's own constructor."""
    return (
        ClipRejected(error.reason, error.figure, error.detail)
        if isinstance(error, ClipRejected)
        else KinesynthError(str(error))
    )


def _die_with_parent() -> None:
    """Ask the kernel to end this process when its parent ends, even by SIGKILL."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _redirect_output(log: Path) -> None:
    """Send standard output and error, C++ chatter included, to the end of `log`."""
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)


def _ending(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        return f"ended by {signal.Signals(-exit_code).name}"
    return f"ended with exit code {exit_code}"
