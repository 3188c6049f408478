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
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Self

from kinesynth.errors import ClipRejected, KinesynthError

_PR_SET_PDEATHSIG = 1


class _ChildLost(ClipRejected):
    """The child crashed or hung."""


def isolated[R](function: Callable[..., R], *arguments: Any, timeout_seconds: float, log: Path) -> R:
    """Call `function(*arguments)` in a child process and return its result.

    The child works in a temporary directory and everything it prints goes to `log`. `function` must be importable
    (module level) and its arguments and result picklable; pass numpy arrays and absolute paths.

    Raises:
        ClipRejected: the child died or hung twice, or raised; the reason is the same for all clips that fail alike.
        KinesynthError: as raised by `function`, of its own class.
    """
    with Worker(log) as worker:
        return worker.call(function, *arguments, timeout_seconds=timeout_seconds)


class Worker:
    """A child process that serves call after call, as `isolated` does one; after a crash the next call gets a new one.

    Example:
        >>> with Worker(Path("/tmp/worker.log")) as worker:
        ...     worker.call(abs, -2, timeout_seconds=60)
        2
    """

    def __init__(self, log: Path) -> None:
        self._log = log
        self._child: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def call[R](self, function: Callable[..., R], *arguments: Any, timeout_seconds: float) -> R:
        """Call `function(*arguments)` in the child; see `isolated`.

        A child that crashed or hung gets a second chance in a fresh process: a machine short of memory must not cost
        a clip.
        """
        try:
            return self._call(function, *arguments, timeout_seconds=timeout_seconds)
        except _ChildLost as lost:
            with self._log.open("a") as log:
                log.write(f"{lost}; trying once more in a new process\n")
            return self._call(function, *arguments, timeout_seconds=timeout_seconds)

    def _call[R](self, function: Callable[..., R], *arguments: Any, timeout_seconds: float) -> R:
        if self._child is None or self._pipe is None:
            self._folder = tempfile.TemporaryDirectory(prefix="kinesynth-")
            self._child, self._pipe = _start(self._log, self._folder.name)
        try:
            self._pipe.send((function, arguments))
            if not self._pipe.poll(timeout_seconds):
                self.close()
                detail = f"no result after {timeout_seconds:.0f} s, see {self._log}"
                raise _ChildLost("process hung", timeout_seconds, detail)
            error, result = self._pipe.recv()
        except (EOFError, ConnectionError):
            self._child.join()
            exit_code = self._child.exitcode
            self.close()
            raise _ChildLost(
                "process crashed", float(exit_code or 0), f"{_ending(exit_code)}, see {self._log}"
            ) from None
        if isinstance(error, KinesynthError):
            raise error
        if error is not None:
            raise ClipRejected("tool failed", detail=f"{error}, see {self._log}")
        return result  # type: ignore[no-any-return]

    def close(self) -> None:
        """End the child and remove the directory in which it worked."""
        if self._child is not None and self._pipe is not None and self._folder is not None:
            self._child.kill()
            self._child.join()
            self._pipe.close()
            self._folder.cleanup()
        self._child = self._pipe = self._folder = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _start(log: Path, folder: str) -> tuple[BaseProcess, Connection]:
    """Return a child that works in `folder`, and the pipe to it."""
    log.parent.mkdir(parents=True, exist_ok=True)
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    child = context.Process(target=_serve, args=(there, log.absolute(), folder), daemon=True)
    child.start()
    there.close()
    return child, here


def _serve(pipe: Connection, log: Path, folder: str) -> None:
    _die_with_parent()
    _redirect_output(log)
    os.chdir(folder)
    while True:
        try:
            function, arguments = pipe.recv()
        except EOFError:
            return
        try:
            pipe.send((None, function(*arguments)))
        except KinesynthError as error:
            pipe.send((error, None))
        except RuntimeError as error:  # how OpenSim's C++ exceptions arrive
            pipe.send((" ".join(str(error).split())[:300], None))


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
