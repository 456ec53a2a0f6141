"""How long a cell and a report may take, and how much memory a kernel may hold.

Memory is what is resident, looked at every tenth of a second, and not the address space that the system could limit
by itself (``RLIMIT_AS``): libraries reserve gigabytes of addresses that they never touch, and what runs into that
limit gets a MemoryError in some cell or a crash somewhere, where the batch wants one clear outcome. In the time
between two looks a kernel can pass its limit by as much as it can write in that time.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_EVERY = 0.1  # seconds between two looks at the memory


@dataclass
class Limits:
    """Seconds for a cell and for the whole report, bytes of resident memory; None: no limit."""

    cell: float | None = None
    report: float | None = None
    memory: int | None = None
    begun: float = field(default_factory=time.monotonic)

    def of_this_cell(self) -> float | None:
        """Return the seconds that a cell may take if it begins now, never 0; None: as long as it needs."""
        left = None if self.report is None else max(self.report - (time.monotonic() - self.begun), 0.001)
        given = [each for each in (self.cell or None, left) if each is not None]
        return min(given) if given else None


class Watch:
    """Whether a kernel passed its memory limit, as a sentence; empty while it has not."""

    exceeded = ""


@contextmanager
def watched(pid: int | None, limits: Limits, kill: Callable[[], object]) -> Iterator[Watch]:
    """Call ``kill`` when the process ``pid`` holds more memory than it may, as long as the block runs."""
    watch, limit = Watch(), limits.memory
    if limit is None or pid is None:
        yield watch
        return
    done = threading.Event()

    def look() -> None:
        while not done.wait(_EVERY):
            if resident(pid) > limit:
                watch.exceeded = f"memory: the report held more than {limit / 2**20:,.0f} MiB"
                kill()
                return

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield watch
    finally:
        done.set()
        watcher.join()


def resident(pid: int) -> int:
    """Return the bytes of memory that a process holds, what it shares with others included; 0 if it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (FileNotFoundError, ProcessLookupError):
        if Path("/proc/self/statm").exists():
            return 0
    import psutil

    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0
