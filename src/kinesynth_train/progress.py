"""How far a training is: its curve, its speed, and how long it waits for data; printed, kept, and for TensorBoard."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

LINES, POINTS = 20, 500  # that a run prints, and that its curve has, about


class Progress:
    """Reports how far a training run is.

    Args:
        output: folder of the TensorBoard logs.
        steps: of the whole run.
        speaks: whether this process prints and logs.
        tensorboard: whether to log for TensorBoard.
    """

    def __init__(self, output: Path, steps: int, speaks: bool, *, tensorboard: bool) -> None:
        self.step = 0
        self.train_windows = 0
        self._steps, self._speaks = steps, speaks
        self._curve: list[dict[str, float]] = []
        self._since_point: list[dict[str, Tensor]] = []
        self._windows_per_step = 0
        self._windows = self._seconds = self.waited = 0.0
        self._line = (0.0, 0.0, 0.0)
        self._clock = time.perf_counter()
        self._writer = _writer(output) if tensorboard and speaks else None

    def begin(self, windows_per_step: int) -> None:
        """Start the clock for steps of so many windows."""
        self._windows_per_step = windows_per_step
        self._clock = time.perf_counter()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Count the time of the block as waiting for data."""
        began = time.perf_counter()
        yield
        self.waited += time.perf_counter() - began

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Leave the time of the block out: it is no training."""
        began = time.perf_counter()
        yield
        self._clock += time.perf_counter() - began

    def add(self, terms: dict[str, Tensor], rate: float, stage: str) -> None:
        """Count a step with its losses, and tell of it where it is time."""
        self.step += 1
        self._windows += self._windows_per_step
        self._since_point.append(terms)
        last = self.step == self._steps
        if self.step % max(self._steps // POINTS, 1) == 0 or last:
            self._add_point(rate)
        if self.step % max(self._steps // LINES, 1) == 0 or last:
            self._tell(stage)

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        pending = [{name: float(value) for name, value in terms.items()} for terms in self._since_point]
        return {"step": self.step, "curve": self._curve, "pending": pending}

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.step, self._curve = state["step"], state["curve"]
        self._since_point = [{name: torch.tensor(v) for name, v in terms.items()} for terms in state["pending"]]

    def summary(self) -> dict[str, Any]:
        """Return the metrics of the run, those of time since it was begun or taken up again."""
        seconds = max(self._seconds, 1e-9)
        return {
            "train_windows": self.train_windows,
            "seconds": self._seconds,
            "windows_per_second": self._windows / seconds,
            "data_wait_share": self.waited / seconds,
            "loss": self._curve,
        }

    def _add_point(self, rate: float) -> None:
        names = self._since_point[-1]
        alike = [terms for terms in self._since_point if terms.keys() == names.keys()]
        means = {name: float(torch.stack([terms[name].cpu() for terms in alike]).mean()) for name in names}
        self._curve.append({"step": self.step, **means})
        self._since_point.clear()
        if self._writer:
            for name, value in {**means, "learning_rate": rate}.items():
                self._writer.add_scalar(name, value, self.step)

    def _tell(self, stage: str) -> None:
        now = time.perf_counter()
        self._seconds += now - self._clock
        self._clock = now
        total = (self._windows, self._seconds, self.waited)
        windows, seconds, waited = (new - old for new, old in zip(total, self._line, strict=True))
        self._line = total
        if not self._speaks:
            return
        loss = self._curve[-1]["total"] if self._curve else float("nan")
        speed, wait = windows / max(seconds, 1e-9), 100.0 * waited / max(seconds, 1e-9)
        print(  # noqa: T201
            f"step {self.step}/{self._steps} {stage}: loss {loss:.4f}, {speed:.1f} windows/s,"
            f" {wait:.0f} % waiting for data",
            file=sys.stderr,
            flush=True,
        )
        if self._writer:
            self._writer.add_scalar("windows_per_second", speed, self.step)
            self._writer.add_scalar("data_wait_share", wait / 100.0, self.step)
            self._writer.flush()


def _writer(output: Path) -> Any:
    from torch.utils.tensorboard import SummaryWriter

    return SummaryWriter(str(output / "tensorboard"))
