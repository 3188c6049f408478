"""A line of progress after every finished job, what a failed job said, and a summary at the end.

A Snakemake profile asks for it by `logger: [kinesynth]`; Snakemake finds logger plugins by the name of their package.
"""

import re
import sys
import time
from collections.abc import Callable
from logging import LogRecord
from pathlib import Path

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from kinesynth.errors import KinesynthError
from kinesynth.report.status import Status, brief, describe, read_status

EVERY_SECONDS = 10.0
MESSAGE = re.compile(r"kinesynth(?:-train)?: \S.*")


class LogHandler(LogHandlerBase):
    """Tells stage, shards done, clips rejected, frames per second and time left on standard error.

    The state is read from the run's files, at most every `EVERY_SECONDS` and not longer than a twentieth of the time.
    """

    def __post_init__(self) -> None:
        """Start with a progress line due."""
        self._rules: dict[int, str] = {}
        self._next = 0.0
        self._finished = 0

    def emit(self, record: LogRecord) -> None:
        """Remember which job runs which rule; tell the progress when one has finished, the reason when one failed."""
        event = getattr(record, "event", None)
        if event == LogEvent.JOB_INFO:
            self._rules[int(getattr(record, "jobid", -1))] = str(getattr(record, "rule_name", ""))
        elif event == LogEvent.JOB_FINISHED:
            self._finished += 1
            if time.monotonic() >= self._next:
                start = time.monotonic()
                rule = self._rules.get(int(getattr(record, "job_id", -1)), "")
                _tell(lambda state: brief(state, rule))
                self._next = time.monotonic() + max(EVERY_SECONDS, 19.0 * (time.monotonic() - start))
        elif event == LogEvent.JOB_ERROR:
            for log in getattr(record, "log", None) or ():
                sys.stderr.write(f"{getattr(record, 'rule_name', 'job')} failed: {last_words(Path(str(log)))}\n")
            sys.stderr.flush()

    def close(self) -> None:
        """Tell the whole state once the run has ended, well or not."""
        if self._finished:
            _tell(describe)
            self._finished = 0
        super().close()

    @property
    def writes_to_stream(self) -> bool:
        """False: Snakemake's own messages stay on the screen beside ours."""
        return False

    @property
    def writes_to_file(self) -> bool:
        """No file."""
        return False

    @property
    def has_filter(self) -> bool:
        """Sees every record, however quiet Snakemake is told to be."""
        return True

    @property
    def has_formatter(self) -> bool:
        """Needs none."""
        return True

    @property
    def needs_rulegraph(self) -> bool:
        """Needs none."""
        return False


def last_words(log: Path) -> str:
    """Return the last error message in a job's log, or its last line: Snakemake, quiet about rules, shows neither."""
    if not log.exists():
        return f"no log; expected {log}"
    text = log.read_text(encoding="utf-8", errors="replace")
    said = MESSAGE.findall(text) or [line for line in re.split(r"[\r\n]+", text) if line.strip()] or ["no output"]
    return f"{said[-1].strip()} (see {log})"


def _tell(text: Callable[[Status], str]) -> None:
    try:
        line = text(read_status(Path()))
    except (KinesynthError, OSError):  # no list of shards yet, or a file was moved while it was looked at
        return
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
