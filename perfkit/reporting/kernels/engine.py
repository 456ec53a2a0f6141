"""A papermill engine: ``papermill --engine perfkit-warm in.ipynb out.ipynb`` runs each notebook in a warm kernel.

The notebook that comes out is papermill's own, cell by cell: only the way to the kernel is another.
"""

from __future__ import annotations

import base64
import contextlib
import copy
import functools
import logging
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from perfkit.reporting.kernels import limits, line, pool, sharing
from perfkit.reporting.kernels.shells import KernelDiedError, ShellKernel

_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)  # Windows knows one way to end a process
_log = logging.getLogger("perfkit.kernels")


class WarmEngine:
    """What papermill asks of an engine; papermill itself is imported only when a notebook is run."""

    @classmethod
    def execute_notebook(cls, nb: Any, kernel_name: str, **settings: Any) -> Any:
        """Run ``nb`` and return it."""
        return _engine().execute_notebook(nb, kernel_name, **settings)

    @classmethod
    def nb_kernel_name(cls, nb: Any, name: str | None = None) -> str:
        """Return the kernel the notebook names."""
        return str(_engine().nb_kernel_name(nb, name))

    @classmethod
    def nb_language(cls, nb: Any, language: str | None = None) -> str:
        """Return the language the notebook is in."""
        return str(_engine().nb_language(nb, language))


@functools.cache
def _engine() -> Any:
    from papermill.clientwrap import PapermillNotebookClient
    from papermill.engines import Engine
    from papermill.log import logger

    class Client(_Cells, PapermillNotebookClient):  # type: ignore[misc]  # papermill ships no types
        """Runs cells in a forked shell."""

    class Ordinary(_Limited, PapermillNotebookClient):  # type: ignore[misc]
        """Runs cells in a kernel of jupyter_client, whose own words do not reach the terminal."""

    class Warm(Engine):  # type: ignore[misc]
        @classmethod
        def execute_managed_notebook(
            cls,
            nb_man: Any,
            kernel_name: str,
            log_output: bool = False,
            stdout_file: Any = None,
            stderr_file: Any = None,
            start_timeout: int = 60,
            execution_timeout: float | None = None,
            memory_limit: int | None = None,
            time_limit: float | None = None,
            save_each_cell: bool = True,
            warm: bool = True,
            inputs: str = "",
            **rest: Any,
        ) -> Any:
            warm = warm and _language(nb_man.nb) == "python"
            dropped = ("input_path", "timeout", "startup_timeout", "kernel_cwd")
            settings = {name: value for name, value in rest.items() if name not in dropped}
            settings |= {"kernel_name": kernel_name, "startup_timeout": start_timeout, "log": logger}
            settings |= {"log_output": log_output, "stdout_file": stdout_file, "stderr_file": stderr_file}
            cwd = Path(rest.get("kernel_cwd") or Path.cwd())
            kept = limits.Limits(execution_timeout or rest.get("timeout"), time_limit, memory_limit)
            kernel, said = _warm(nb_man.nb, inputs, cwd, start_timeout, kept) if warm else (None, {})
            client: Any = (Ordinary if kernel is None else Client)(nb_man, **settings)
            if kernel is None:
                client.begin(kept, cwd)
            else:
                client.begin(kept, kernel, said)
            path = nb_man.output_path
            if not save_each_cell:
                nb_man.output_path = None
            try:
                return client.execute()
            finally:
                nb_man.output_path = path  # papermill saves the notebook now, however it ended

    return Warm


def _language(nb: Any) -> str:
    told = nb.metadata.get("kernelspec", {}).get("language") or nb.metadata.get("language_info", {}).get("name")
    return str(told or "python").lower()


def _warm(
    nb: Any, inputs: str, cwd: Path, patience: float, kept: limits.Limits
) -> tuple[ShellKernel | None, dict[int, list[dict[str, Any]]]]:
    """Return a forked kernel, and what the cells said, by their place, that have already run in it."""
    try:
        start = sharing.start(nb, inputs, cwd, patience, kept) if inputs else None
        if start is not None:
            with contextlib.suppress(pool.WarmStartError):
                return start.fork(patience), start.said
        return pool.shell(cwd=cwd, patience=patience), {}
    except pool.WarmStartError as failure:
        _say_once(str(failure))
        return None, {}


@functools.cache
def _say_once(why: str) -> None:
    _log.warning("no warm kernels, ordinary ones are slower · 无法使用预热内核，改用普通内核，速度较慢：%s", why)


class _Cells:
    """Runs the cells of a notebook in a forked shell: nbclient's own handling of messages, without its transport."""

    def begin(self, kept: limits.Limits, kernel: ShellKernel, said: dict[int, list[dict[str, Any]]]) -> None:
        """Take the kernel forked for this notebook, what it may use, and what has already been said in it."""
        self.kernel, self.kept, self.watch, self.said = kernel, kept, limits.Watch(), said
        self._count = 0
        self._waiting: list[dict[str, Any]] = []
        # A widget that shows output talks back to the kernel: its words go out before the next cell.
        self.kc = SimpleNamespace(
            session=SimpleNamespace(msg=lambda kind, content=None, **_: line.message(kind, content)),
            shell_channel=SimpleNamespace(send=self._waiting.append),
        )

    def execute(self, **_: Any) -> Any:
        """Run every cell, and end the kernel however that went."""
        self.reset_execution_trackers()  # type: ignore[attr-defined]
        try:
            with limits.watched(self.kernel.pid, self.kept, self.kernel.kill) as self.watch:
                self.papermill_execute_cells()  # type: ignore[attr-defined]
                self.nb.metadata["language_info"] = self.kernel.language_info  # type: ignore[attr-defined]
                self.set_widgets_metadata()  # type: ignore[attr-defined]
            self.kernel.close()
            pool.learn(self.kernel.imported)
        finally:
            self.kernel.kill()
            self.kernel.let_go()
        return self.nb  # type: ignore[attr-defined]

    def execute_cell(self, cell: Any, cell_index: int, **_: Any) -> Any:
        """Run one cell; what it shows is in ``cell.outputs``."""
        tags = cell.metadata.get("tags", [])
        skipped = self.skip_cells_with_tag  # type: ignore[attr-defined]
        if cell.cell_type != "code" or not cell.source.strip() or skipped in tags:
            return cell
        cell.outputs, self.clear_before_next_output = [], False
        cell.metadata.execution = {}
        self._count += 1
        request = line.request(cell.source, self._count)
        for message in copy.deepcopy(self.said.get(cell_index)) or self._said_until_reply(request, cell):
            if message["msg_type"] == "execute_reply":
                return self._ended(message, cell)
            message.setdefault("header", {"msg_type": message["msg_type"]})
            message.setdefault("parent_header", request["header"])
            message["buffers"] = [base64.b64decode(each) for each in message.get("buffers", [])]
            self.process_message(message, cell, cell_index)  # type: ignore[attr-defined]
            _join_streams(cell.outputs)
        return cell

    def _said_until_reply(self, request: dict[str, Any], cell: Any) -> Iterator[dict[str, Any]]:
        from nbclient.exceptions import CellTimeoutError

        for message in self._waiting:
            self.kernel.say(message)
        self._waiting.clear()
        seconds = self.kept.of_this_cell()
        try:
            yield from self.kernel.run(request, seconds)
        except KernelDiedError as failure:
            raise self._death() from failure
        except TimeoutError as failure:
            tell: Any = CellTimeoutError.error_from_timeout_and_cell
            raise tell("Cell execution timed out", seconds, cell) from failure

    def _ended(self, message: dict[str, Any], cell: Any) -> Any:
        from nbclient.client import timestamp
        from nbclient.exceptions import CellExecutionError

        reply = message["content"]
        cell.metadata.execution["shell.execute_reply"] = timestamp(message)
        cell.execution_count = reply["execution_count"]
        if reply["status"] == "error" and not self._may_fail(reply, cell):
            raise CellExecutionError.from_cell_and_msg(cell, reply)
        return cell

    def _may_fail(self, reply: dict[str, Any], cell: Any) -> bool:
        if self.force_raise_errors:  # type: ignore[attr-defined]
            return False
        tagged = "raises-exception" in cell.metadata.get("tags", [])
        return tagged or self.allow_errors or reply["ename"] in self.allow_error_names  # type: ignore[attr-defined]

    def _death(self) -> Exception:
        from nbclient.exceptions import DeadKernelError

        code = self.kernel.wait(1.0)
        if self.watch.exceeded:
            return DeadKernelError(self.watch.exceeded)
        if code is None or code >= 0:
            return DeadKernelError(f"Kernel died: exit code {code}")
        return DeadKernelError(f"Kernel died: {signal.Signals(-code).name}")


class _Limited:
    """Runs cells in a kernel of jupyter_client within the same limits, its own words kept off the terminal."""

    def begin(self, kept: limits.Limits, cwd: Path) -> None:
        """Take what the report may use."""
        self.kept, self.cwd, self.watch = kept, cwd, limits.Watch()

    def execute(self) -> Any:
        """Run every cell."""
        from nbclient.exceptions import DeadKernelError

        env = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
        try:
            return super().execute(  # type: ignore[misc]
                cwd=str(self.cwd), env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
        except DeadKernelError as failure:
            raise DeadKernelError(self.watch.exceeded or str(failure)) from failure

    def papermill_execute_cells(self) -> None:
        """Run every cell while its memory is watched."""
        pid: Any = getattr(self.km.provisioner, "pid", None)  # type: ignore[attr-defined]
        with limits.watched(pid, self.kept, lambda: os.kill(pid, _KILL)) as self.watch:
            super().papermill_execute_cells()  # type: ignore[misc]

    def _get_timeout(self, cell: Any) -> float | None:
        return self.kept.of_this_cell() if cell is not None else None


def _join_streams(outputs: list[Any]) -> None:
    """Join what is printed in a row, so that a notebook does not tell how fast it was printed."""
    if len(outputs) > 1 and [each.output_type for each in outputs[-2:]] == ["stream", "stream"]:
        before, last = outputs[-2:]
        if before.name == last.name:
            before.text += last.text
            del outputs[-1]
