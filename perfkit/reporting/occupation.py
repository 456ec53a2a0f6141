"""One batch at a time works on a folder, or the shards of one, each once.

The system gives a place back when the process that holds it ends, however it ends: nothing is left to clear away.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from perfkit.errors import OrderError, Problem

WHOLE = (1, 1)


@contextmanager
def occupied(folder: Path, shard: tuple[int, int]) -> Iterator[None]:
    """Hold ``folder``, which is there, for a batch of all runs or for one of its shards.

    Raises
    ------
    OrderError
        If another batch holds it.
    """
    at, of = shard
    with ExitStack() as stack:
        free = _taken(stack.enter_context((folder / "whole.lock").open("ab")), alone=shard == WHOLE)
        if free and shard != WHOLE:
            free = _taken(stack.enter_context((folder / f"{at}-of-{of}.lock").open("ab")), alone=True)
        if not free:
            raise OrderError(
                (f"{folder.parent.name} is being worked on", f"{folder.parent.name} 正在生成中"),
                [
                    Problem(
                        ("another perfkit report works on this folder", "另一个 perfkit report 正在处理该文件夹"),
                        str(folder.parent),
                        do=("wait for it, or end it", "请等待其结束，或先终止它"),
                    )
                ],
            )
        yield


def _taken(file: IO[bytes], *, alone: bool) -> bool:
    """Return whether the file could be locked, or cannot be on this file system."""
    if sys.platform == "win32":
        import msvcrt

        try:
            if alone:
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(file, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # a file system without locks: as it was before there were any
    return True
