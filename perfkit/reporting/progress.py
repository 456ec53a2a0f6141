"""How far a long run has come, on stderr: a bar on a terminal, a line a minute otherwise."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

EVERY = 60.0  # seconds between two lines where nobody looks at a terminal


@contextmanager
def shown(title: str) -> Iterator[Callable[[int, int], None]]:
    """Yield a function to call with how many are done and how many there are."""
    if sys.stderr.isatty():
        from tqdm import tqdm

        with tqdm(desc=title) as bar:

            def draw(done: int, total: int) -> None:
                bar.total = total
                bar.update(done - bar.n)

            yield draw
        return
    started = last = time.monotonic()

    def say(done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= EVERY:
            last = now
            sys.stderr.write(line(title, done, total, now - started) + "\n")
            sys.stderr.flush()

    yield say


def line(title: str, done: int, total: int, seconds: float) -> str:
    """Return how far a run has come, its rate and the time that remains.

    Examples
    --------
    >>> line("recheck", 600, 3000, 60.0)
    'recheck 600/3000 · 10.0/s · 240 s left 剩余'
    """
    rate = done / seconds if seconds > 0 else 0.0
    left = f" · {(total - done) / rate:.0f} s left 剩余" if rate else ""
    return f"{title} {done}/{total} · {rate:.1f}/s{left}"
