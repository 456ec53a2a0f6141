"""How a benchmark measures: paired runs, medians, and the memory a call takes beyond what was there."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def paired(one: Callable[[], Any], other: Callable[[], Any], runs: int = 5) -> tuple[float, float, float]:
    """Time two calls in turn; return the medians of both and of their ratio, pair by pair."""
    pairs = [(seconds(one), seconds(other)) for _ in range(runs)]
    mine, theirs = zip(*pairs, strict=True)
    return (
        statistics.median(mine),
        statistics.median(theirs),
        statistics.median(a / b for a, b in pairs),
    )


def seconds(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def resident() -> int:
    """Return the bytes of memory that this process holds; Linux only."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def extra_memory(call: Callable[[], Any]) -> int:
    """Return the bytes held at the peak of a call beyond what was held before it, looked at every millisecond."""
    before, peak, done = resident(), [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.001):
            peak[0] = max(peak[0], resident())

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    kept = call()
    done.set()
    watcher.join()
    del kept
    return max(peak[0] - before, 0)


def in_a_fresh_process(file: str, *words: object) -> str:
    """Run a part of a benchmark by itself: what ran before does not count."""
    run = subprocess.run([sys.executable, file, *map(str, words)], stdout=subprocess.PIPE, text=True, check=True)
    return run.stdout.strip()
