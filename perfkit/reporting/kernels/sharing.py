"""Cells that are the same for all reports of a batch are run once: every report is forked from where they end.

A notebook says which by the tag ``shared``: those that read and prepare what no single report is about. They stand
before all others but the parameters. What they mention of the parameters must be equal for reports that share them;
the other parameters they do not see. A report of its own still gets a process of its own, which begins with what
the shared cells have made; if they fail, or leave behind what cannot be forked (threads, open files, processes),
every report runs them by itself.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import hashlib
import json
import logging
import os
import socket
import threading
from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from perfkit.reporting.kernels import limits, line, pool
from perfkit.reporting.kernels.shells import KernelDiedError, ShellKernel

TAG = "shared"
_GIVEN = ("parameters", "injected-parameters")
_KEPT = 4  # starting points a process keeps, each a process of its own
_log = logging.getLogger("perfkit.kernels")


@dataclass(frozen=True)
class Shared:
    """What of a notebook is run once: ``cells`` their places, ``sources`` what is run, parameters first."""

    cells: tuple[int, ...]
    sources: tuple[str, ...]


class Start:
    """A process in which the shared cells have run, and which forks the reports' kernels; ``said`` is what they said.

    Raises
    ------
    WarmStartError
        If they failed, or left behind what cannot be forked.
    """

    def __init__(self, shared: Shared, cwd: Path, patience: float, kept: limits.Limits) -> None:
        self._kernel = pool.shell(cwd=cwd, patience=patience)
        self.said: dict[int, list[dict[str, Any]]] = {}
        try:
            self._control = self._run(shared, kept)
        except (KernelDiedError, TimeoutError) as failure:
            self.close()
            raise pool.WarmStartError(str(failure) or type(failure).__name__) from failure

    def fork(self, patience: float) -> ShellKernel:
        """Fork a kernel that stands where the shared cells end.

        Raises
        ------
        WarmStartError
            If it cannot.
        """
        return pool.shell(cwd=Path(), patience=patience, forked=self._forked)

    @property
    def pid(self) -> int:
        """The process."""
        return self._kernel.pid

    def alive(self) -> bool:
        """Whether the process runs."""
        return self._kernel.poll() is None

    def last_words(self) -> str:
        """Return what it wrote last."""
        return "".join(message["content"]["text"] for message in self._kernel.printed())[-500:]

    def close(self) -> None:
        """End the process."""
        self._kernel.kill()
        self._kernel.let_go()

    def _run(self, shared: Shared, kept: limits.Limits) -> socket.socket:
        given = len(shared.sources) - len(shared.cells)
        for at, source in enumerate(shared.sources):
            said = list(self._kernel.run(line.request(source, at + 1), kept.of_this_cell()))
            if said[-1]["content"]["status"] != "ok":
                raise KernelDiedError(f"{said[-1]['content']['ename']}: {said[-1]['content']['evalue']}")
            if at >= given:
                self.said[shared.cells[at - given]] = said
        return self._kernel.share()

    def _forked(self, files: Sequence[int]) -> tuple[int, socket.socket]:
        ours, theirs = pool.status_pair()
        order = {"kind": "shell", "modules": []}
        with theirs:
            try:
                return pool.ask(self._control, self, order, [theirs.fileno(), *files], ours), ours
            except BaseException:
                ours.close()
                raise


_lock = threading.RLock()
_wanted: Counter[str] = Counter()
_starts: OrderedDict[str, Start | None] = OrderedDict()


def start(nb: Any, inputs: str, cwd: Path, patience: float, kept: limits.Limits) -> Start | None:
    """Return where the shared cells of ``nb`` end, or None if the report runs them by itself.

    Parameters
    ----------
    nb
        The notebook with its parameters.
    inputs
        A digest of all files that the cells may read: reports of the same share a start. The first of them makes
        none, for there may be no second.
    cwd, patience, kept
        See :func:`perfkit.reporting.kernels.pool.shell`; the limits of a report.
    """
    shared = of(nb)
    if shared is None:
        return None
    all_of_it = [inputs, str(cwd), sorted(os.environ.items()), *shared.sources]
    key = hashlib.sha256(json.dumps(all_of_it).encode()).hexdigest()
    with _lock:
        _wanted[key] += 1
        if key not in _starts and _wanted[key] > 1:
            _starts[key] = _made(shared, cwd, patience, kept)
            _forgotten_by_forks()
            while len(_starts) > _KEPT:
                _close(_starts.popitem(last=False)[1])
        found = _starts.get(key)
        if found is not None and not found.alive():
            _close(_starts.pop(key))
            found = None
        return found


def of(nb: Any) -> Shared | None:
    """Return what of ``nb`` is run once for all reports with these parameters; None if nothing is."""
    given: list[str] = []
    cells: list[int] = []
    for at, cell in enumerate(nb.cells):
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        tags = cell.metadata.get("tags", [])
        if TAG in tags:
            cells.append(at)
        elif cells or not set(tags) & set(_GIVEN):
            break
        else:
            given.append(cell.source)
    if not cells:
        return None
    sources = [nb.cells[at].source for at in cells]
    with contextlib.suppress(SyntaxError):
        used, stored = _names(sources)
        parameters = _names(given)[1]
        if not parameters & stored:
            return Shared(tuple(cells), (*(_without(source, parameters - used) for source in given), *sources))
    return None


def close() -> None:
    """End all starts."""
    with _lock:
        for each in _starts.values():
            _close(each)
        _starts.clear()
        _wanted.clear()


def processes() -> list[int]:
    """Return the process ids of all starts."""
    with _lock:
        return [each.pid for each in _starts.values() if each is not None]


def _made(shared: Shared, cwd: Path, patience: float, kept: limits.Limits) -> Start | None:
    try:
        return Start(shared, cwd, patience, kept)
    except pool.WarmStartError as failure:
        _log.warning("shared cells are run by every report · 共用单元格由每份报告各自运行：%s", failure)
        return None


def _close(each: Start | None) -> None:
    if each is not None:
        each.close()


def _names(sources: Sequence[str]) -> tuple[set[str], set[str]]:
    """Return the names that code mentions, and those that it binds."""
    used, bound = set[str](), set[str]()
    for each in (each for source in sources for each in ast.walk(ast.parse(source))):
        if isinstance(each, ast.Name):
            (used if isinstance(each.ctx, ast.Load) else bound).add(each.id)
        elif isinstance(each, ast.alias):
            bound.add(each.asname or each.name.split(".")[0])
        elif isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            bound.add(each.name)
    return used | bound, bound


def _without(source: str, unseen: set[str]) -> str:
    """Return the assignments of ``source`` to others than the parameters ``unseen``."""
    tree = ast.parse(source)
    kept = [each for each in tree.body if not _names([ast.unparse(each)])[1] & unseen]
    return "\n".join(map(ast.unparse, kept))


@functools.cache
def _forgotten_by_forks() -> None:
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_starts.clear)
