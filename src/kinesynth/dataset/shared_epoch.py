"""A number that all processes of a data loader share: the epoch."""

import os
from multiprocessing.shared_memory import SharedMemory
from typing import cast
from weakref import finalize

BYTES = 8


class SharedEpoch:
    """An integer in shared memory, so that workers that outlive an epoch (`persistent_workers`) see it change.

    Copies in forked and spawned processes are the same number. A pickle that outlives the memory, or that travels to
    another machine, goes on from the value at the time it was made.
    """

    def __init__(self, value: int = 0) -> None:
        self._memory = SharedMemory(create=True, size=BYTES)
        finalize(self, _remove, self._memory, os.getpid())
        self.value = value

    @property
    def value(self) -> int:
        """The number."""
        return int.from_bytes(self._cell, "little")

    @value.setter
    def value(self, value: int) -> None:
        self._cell[:] = value.to_bytes(BYTES, "little")

    @property
    def _cell(self) -> memoryview:
        return cast(memoryview, self._memory.buf)[:BYTES]

    def __getstate__(self) -> dict[str, str | int]:
        """Return the memory's name, and the value in case that it is gone when it is asked for."""
        return {"name": self._memory.name, "value": self.value}

    def __setstate__(self, state: dict[str, str | int]) -> None:
        """Share the memory with the process that made it, where that is still possible."""
        try:
            self._memory = SharedMemory(str(state["name"]))
        except FileNotFoundError:
            self.__init__(int(state["value"]))  # type: ignore[misc]


def _remove(memory: SharedMemory, owner: int) -> None:
    """Free the memory, in the process that made it: forked ones inherit this duty and must not do it."""
    if os.getpid() == owner:
        memory.close()
        memory.unlink()
