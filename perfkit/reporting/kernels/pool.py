"""The owner's side: one fork server a process, started when a kernel is wanted, replaced if it dies."""

from __future__ import annotations

import atexit
import functools
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Protocol

from perfkit.reporting.kernels import line
from perfkit.reporting.kernels.shells import Kernel, ShellKernel, readable

PRELOAD_VARIABLE = "PERFKIT_PRELOAD"
# What every report of the kit imports sooner or later. What else a report imported is learnt from it for the next.
PRELOAD = (
    "IPython.core.completer,IPython.core.display,comm,ipykernel.debugger,ipykernel.ipkernel,ipykernel.kernelapp,"
    "jupyter_client.session,matplotlib.backends.backend_agg,matplotlib.pyplot,numpy,pandas,perfkit.*,scipy.optimize,"
    "scipy.stats"
)
# Read once, when an interpreter or a library starts: a server serves only requests that agree with it on these.
_READ_AT_START = ("PYTHON", "LD_", "LC_", "LANG", "MPL", "OMP_", "MKL_", "NUMEXPR_", "PATH", "HOME", "VIRTUAL_ENV")
_PATIENCE = 300.0  # seconds the imports may take on a slow, cold disk


class WarmStartError(Exception):
    """No warm kernel can be had here; the text says why."""


class Server:
    """One fork server and the socket that it serves."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="perfkit-", ignore_cleanup_errors=True)
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # as long as the server lives
        self._control, theirs = socket.socketpair()
        _ours.add(self._control)
        names = os.environ.get(PRELOAD_VARIABLE, PRELOAD)
        settings = {"OPENBLAS_NUM_THREADS": "1", "MPLBACKEND": "module://matplotlib_inline.backend_inline"}
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "perfkit.reporting.kernels.forkserver", str(theirs.fileno()), names],
                cwd=self._folder.name,  # nothing of the user's is imported by mistake
                env={**environment, **settings},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._log,
                start_new_session=True,  # Ctrl-C is for the owner, who ends the server
            )

    @property
    def pid(self) -> int:
        """The server's process."""
        return self._process.pid

    def alive(self) -> bool:
        """Whether the server runs."""
        return self._process.poll() is None

    def fork(self, order: Mapping[str, Any], files: Sequence[int], status: socket.socket) -> int:
        """Ask for a kernel; return its process id.

        Raises
        ------
        WarmStartError
            If the server is dead, or cannot fork.
        """
        return ask(self._control, self, order, files, status)

    def last_words(self) -> str:
        """Return the end of what the server wrote to stderr."""
        self._log.seek(0)
        return self._log.read().decode("utf-8", "replace").strip()[-500:]

    def close(self) -> None:
        """End the server and every kernel of its."""
        self._control.close()
        try:
            self._process.wait(5.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()
        self._log.close()


class Forks(Protocol):
    """What can fork a kernel: whether it lives, and what it said last."""

    def alive(self) -> bool:
        """Whether it runs."""

    def last_words(self) -> str:
        """Return what it wrote last."""


def ask(
    control: socket.socket, server: Forks, order: Mapping[str, Any], files: Sequence[int], status: socket.socket
) -> int:
    """Ask a fork server for a kernel; return its process id.

    Raises
    ------
    WarmStartError
        If the server is dead, or cannot fork.
    """
    try:
        line.send(control, order, files)
    except OSError as failure:
        raise WarmStartError(f"the fork server is gone: {server.last_words() or failure}") from failure
    until = time.monotonic() + _PATIENCE
    while not readable(status, 1.0):
        if not server.alive() or time.monotonic() > until:
            raise WarmStartError(f"the fork server does not answer: {server.last_words()}")
    try:
        answer, _ = line.receive(status)
    except ConnectionError:
        answer = None
    if answer is None or "pid" not in answer:
        said = (answer or {}).get("refused") or server.last_words()
        raise WarmStartError(f"the fork server made no kernel: {said}")
    return int(answer["pid"])


_lock = threading.RLock()
_servers: dict[tuple[tuple[str, str], ...], Server] = {}
_learnt: set[str] = set()
_ours: weakref.WeakSet[socket.socket] = weakref.WeakSet()


def supported() -> str:
    """Return why this system has no warm kernels; empty if it has."""
    if not hasattr(os, "fork") or not hasattr(socket, "send_fds"):
        return f"{sys.platform} has no fork"
    if sys.platform == "darwin":
        return "macOS libraries do not survive a fork"
    return ""


def shell(
    *,
    cwd: Path,
    environment: Mapping[str, str] | None = None,
    patience: float = 60.0,
    forked: Callable[[Sequence[int]], tuple[int, socket.socket]] | None = None,
) -> ShellKernel:
    """Fork a kernel that runs cells.

    Parameters
    ----------
    cwd
        Its working directory.
    environment
        Its environment; by default this process's.
    patience
        Seconds within which a forked kernel must be ready.
    forked
        Forks it from elsewhere than the fork server: given the open files of its channel, stdout and stderr.

    Raises
    ------
    WarmStartError
        If there is none to be had.
    """
    ours, theirs = status_pair()
    reads, writes = zip(os.pipe(), os.pipe(), strict=True)
    try:
        files = [theirs.fileno(), *writes]
        pid, status = forked(files) if forked else _forked("shell", [line.ENGINE], cwd, environment, files)
    except BaseException:
        ours.close()
        for fd in reads:
            os.close(fd)
        raise
    finally:
        theirs.close()
        for fd in writes:
            os.close(fd)
    kernel = ShellKernel(pid, status, ours, dict(zip(("stdout", "stderr"), reads, strict=True)))
    until, said = time.monotonic() + patience, ""
    while (left := until - time.monotonic()) > 0 and (heard := kernel.hear(left)) is not None:
        for message in heard:
            if message.get("ready"):
                kernel.language_info = message["language_info"]
                return kernel
            said += message["content"]["text"]
    kernel.kill()
    kernel.let_go()
    raise WarmStartError(f"the kernel did not start: {said[-500:]}")


def ipykernel(
    argv: Sequence[str], *, cwd: Path, environment: Mapping[str, str], stdout: int = 1, stderr: int = 2
) -> Kernel:
    """Fork an ipykernel: ``argv`` is what ``ipykernel_launcher`` would get, its own name first.

    Raises
    ------
    WarmStartError
        If there is none to be had.
    """
    unused = os.open(os.devnull, os.O_RDONLY)
    try:
        return Kernel(*_forked("ipykernel", argv, cwd, environment, [unused, stdout, stderr]))
    finally:
        os.close(unused)


def status_pair() -> tuple[socket.socket, socket.socket]:
    """Return the two ends on which the end of a kernel is told; ours is closed in what this process forks."""
    ours, theirs = socket.socketpair()
    _ours.add(ours)
    return ours, theirs


def learn(modules: Sequence[str]) -> None:
    """Let the next kernels be forked with these modules already there."""
    with _lock:
        _learnt.update(modules)


def close() -> None:
    """End every fork server of this process, and their kernels."""
    with _lock:
        for server in _servers.values():
            server.close()
        _servers.clear()


def servers() -> list[int]:
    """Return the process ids of this process's fork servers."""
    with _lock:
        return [server.pid for server in _servers.values()]


def _forked(
    kind: str, argv: Sequence[str], cwd: Path, environment: Mapping[str, str] | None, files: Sequence[int]
) -> tuple[int, socket.socket]:
    lacking = supported()
    if lacking:
        raise WarmStartError(lacking)
    env = dict(os.environ if environment is None else environment)
    failure: WarmStartError | None = None
    for _ in range(2):  # a server that died meanwhile is replaced once
        ours, theirs = status_pair()
        with theirs, _lock:
            order = {"kind": kind, "argv": list(argv), "cwd": str(cwd), "env": env, "modules": sorted(_learnt)}
            server = _server(env)
            try:
                return server.fork(order, [theirs.fileno(), *files], ours), ours
            except WarmStartError as refused:
                failure = refused
                ours.close()
                _close(server)
                _learnt.clear()
    raise failure or WarmStartError("no kernel")


def _close(server: Server) -> None:
    for key in [key for key, each in _servers.items() if each is server]:
        del _servers[key]
    server.close()


def _server(environment: Mapping[str, str]) -> Server:
    key = tuple(sorted((name, value) for name, value in environment.items() if name.startswith(_READ_AT_START)))
    server = _servers.get(key)
    if server is None or not server.alive():
        if server is not None:
            server.close()
        server = _servers[key] = Server(environment)
        _close_at_exit()
    return server


@functools.cache
def _close_at_exit() -> None:
    atexit.register(close)
    os.register_at_fork(after_in_child=_forget)


def _forget() -> None:
    """In a forked child of this process: the servers are the parent's, and must see the parent end."""
    global _lock
    for each in list(_ours):
        each.close()
    _servers.clear()
    _lock = threading.RLock()
