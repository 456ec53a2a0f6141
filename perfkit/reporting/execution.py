"""Run one notebook with its parameters, keep it, and say how it ended."""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from perfkit.reporting.kernels import ENGINE, WarmEngine

OK, CELL_ERROR, KILLED, TIMEOUT, EXPORT_ERROR = "ok", "cell error", "killed", "timeout", "export error"
KERNEL = "python3"
_ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
_LOGGERS = ("papermill", "papermill.utils", "papermill.translators", "traitlets")


@dataclass(frozen=True)
class Ran:
    """A notebook that has run: as far as it got, how it ended, the error if any, and the seconds it took."""

    notebook: NotebookNode | None
    outcome: str
    error: str
    seconds: float


def execute(
    notebook: Path,
    parameters: Mapping[str, Any],
    *,
    root: Path,
    kept: Path,
    timeout: float | None = None,
    time_limit: float | None = None,
    memory_limit: int | None = None,
    warm: bool = True,
    inputs: str = "",
) -> Ran:
    """Run ``notebook`` in the folder ``root`` with ``parameters``, and leave it as far as it got in ``kept``.

    A failure is an outcome, not an exception: ``cell error``, ``killed`` (the kernel died, or held more memory than
    it may) or ``timeout``. The kernel is a warm one, forked for this notebook alone (see
    :mod:`perfkit.reporting.kernels`), where the system has them.

    Parameters
    ----------
    notebook
        The file to run; it is not changed.
    parameters
        Plain values (text, numbers, lists, None) by name.
    root
        The working directory of the kernel.
    kept
        Where papermill writes the notebook, as far as it got.
    timeout
        Seconds a cell may take; None: as long as it needs.
    time_limit
        Seconds all cells together may take.
    memory_limit
        Bytes that the kernel may hold.
    warm
        False for an ordinary kernel; so does the environment variable ``PERFKIT_KERNELS=ordinary``.
    inputs
        A digest of all that the notebook reads. Cells tagged ``shared`` are run once for reports of the same (see
        :mod:`perfkit.reporting.kernels.sharing`); without one every report runs all its cells.
    """
    import nbformat
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.engines import papermill_engines
    from papermill.exceptions import PapermillExecutionError

    read: Any = nbformat.read
    # Known even where this package is not installed but only on the path.
    papermill_engines.register(ENGINE, WarmEngine)
    begun = time.monotonic()
    outcome, error = OK, ""
    try:
        with _quiet(), _readable_parameters():
            papermill.execute_notebook(
                _literal(notebook),
                _literal(kept),
                parameters=dict(parameters),
                engine_name=ENGINE,
                kernel_name=KERNEL,
                language="python",
                progress_bar=False,
                kernel_cwd=str(root),
                execution_timeout=timeout,
                time_limit=time_limit,
                memory_limit=memory_limit,
                warm=warm and os.environ.get("PERFKIT_KERNELS") != "ordinary",
                save_each_cell=False,
                inputs=inputs,
                **_encrypted(),
            )
    except PapermillExecutionError as failure:
        outcome, error = CELL_ERROR, f"{failure.ename}: {failure.evalue}"
    except CellTimeoutError:
        spent = time_limit is not None and time.monotonic() - begun >= time_limit
        what, seconds = ("the report", time_limit) if spent else ("a cell", timeout)
        outcome, error = TIMEOUT, f"{what} took longer than {seconds:g} s"
    except DeadKernelError as failure:
        outcome, error = KILLED, f"{type(failure).__name__}: {failure}"
    except Exception as failure:
        # Whatever else goes wrong in the machinery is this run's failure, not the batch's.
        outcome, error = CELL_ERROR, f"{type(failure).__name__}: {failure}"
    ran = read(str(kept), as_version=4) if kept.exists() else None
    if outcome == OK and ran is not None and (silent := _first_error(ran)):
        # A notebook that exits by itself ends early: papermill calls that completed.
        outcome, error = CELL_ERROR, silent
    return Ran(ran, outcome, plain(error), time.monotonic() - begun)


def count_warnings(notebook: NotebookNode) -> int:
    """Return how often the notebook wrote to stderr."""
    return sum(
        output.output_type == "stream" and output.name == "stderr"
        for cell in notebook.cells
        for output in cell.get("outputs", [])
    )


def plain(text: str) -> str:
    """Return ``text`` without the terminal's colour codes."""
    return _ANSI.sub("", text).strip()


def _encrypted() -> dict[str, Any]:
    """Return the setting that keeps what a kernel says on this machine from its other users, where there is one.

    Without it the kernel warns at every start.
    """
    import zmq
    from jupyter_client.manager import KernelManager
    from traitlets.config import Config

    if not zmq.has("curve") or not hasattr(KernelManager, "transport_encryption"):
        return {}
    return {"config": Config({"KernelManager": {"transport_encryption": "auto"}})}


def _literal(path: Path) -> str:
    """Return ``path`` for papermill, which fills in what stands in braces: a folder's name may have some."""
    return str(path).replace("{", "{{").replace("}", "}}")


def _first_error(notebook: NotebookNode) -> str:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                return f"{output.ename}: {output.evalue}"
    return ""


@contextmanager
def _readable_parameters() -> Iterator[None]:
    """Write parameters into the notebook as Python would: Chinese stays Chinese, quotes and newlines are safe."""
    from papermill.translators import PythonTranslator, papermill_translators

    class Translator(PythonTranslator):  # type: ignore[misc]  # papermill ships no types
        @classmethod
        def translate_str(cls, val: str) -> str:
            return repr(val)

        translate_escaped_str = translate_str

    before = papermill_translators.find_translator("python", "python")
    papermill_translators.register("python", Translator)
    try:
        yield
    finally:
        papermill_translators.register("python", before)


@contextmanager
def _quiet() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
