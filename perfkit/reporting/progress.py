"""How far a long run has come, on stderr: a bar on a terminal, a line a minute otherwise."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

EVERY = 60.0  # seconds between two lines where nobody looks at a terminal


class Show(Protocol):
    """What is called as a run goes on."""

    def __call__(self, done: int, total: int, failed: int | None = None) -> None:
        """Show how many are done, how many there are, how many of the done ones failed."""


@contextmanager
def shown(title: str) -> Iterator[Show]:
    """Yield a function to call with how many are done, how many there are, and how many of the done ones failed."""
    if sys.stderr.isatty():
        from tqdm import tqdm

        with tqdm(desc=title) as bar:

            def draw(done: int, total: int, failed: int | None = None) -> None:
                bar.total = total
                if failed is not None:
                    bar.set_postfix_str(f"{failed} failed 失败", refresh=False)
                bar.update(done - bar.n)

            yield draw
        return
    started = last = time.monotonic()

    def say(done: int, total: int, failed: int | None = None) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= EVERY:
            last = now
            sys.stderr.write(line(title, done, total, now - started, failed) + "\n")
            sys.stderr.flush()

    yield say


def line(title: str, done: int, total: int, seconds: float, failed: int | None = None) -> str:
    """Return how far a run has come, how many failed if that is counted, its rate and the time that remains.

    Examples
    --------
    >>> line("recheck", 600, 3000, 60.0)
    'recheck 600/3000 · 10.0/s · 240 s left 剩余'
    >>> line("reports", 600, 3000, 60.0, failed=2)
    'reports 600/3000 · 2 failed 失败 · 10.0/s · 240 s left 剩余'
    """
    rate = done / seconds if seconds > 0 else 0.0
    left = f" · {(total - done) / rate:.0f} s left 剩余" if rate else ""
    lost = f" · {failed} failed 失败" if failed is not None else ""
    return f"{title} {done}/{total}{lost} · {rate:.1f}/s{left}"
