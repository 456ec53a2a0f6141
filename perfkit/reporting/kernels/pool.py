"""The owner's side: one fork server a process, started when a kernel is wanted, replaced if it dies."""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from perfkit.reporting.kernels import line

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
_ENDING = 3.0  # seconds a kernel may take to close its files when its report is done


class WarmStartError(Exception):
    """No warm kernel can be had here; the text says why."""


class Kernel:
    """A forked process: whether it lives, how it ended, and the means to end it."""

    stdin = stdout = stderr = None  # as a Popen that captures nothing

    def __init__(self, pid: int, status: socket.socket) -> None:
        self.pid = pid
        self._status: socket.socket | None = status
        self._frames = line.Frames()
        self._code: int | None = None
        self._asking = threading.Lock()

    def poll(self) -> int | None:
        """Return the exit code (negative: the signal that ended it), or None while it runs."""
        return self.wait(0.0)

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for the end, at most ``timeout`` seconds; return the exit code or None."""
        until = None if timeout is None else time.monotonic() + timeout
        with self._asking:
            while self._code is None and self._status is not None:
                left = None if until is None else max(until - time.monotonic(), 0.0)
                if not _readable(self._status, left):
                    return None
                self._hear(self._status)
            return self._code

    def _hear(self, status: socket.socket) -> None:
        try:
            data = status.recv(1 << 16)
        except ConnectionError:
            data = b""
        if not data:
            # The server is gone, and took the kernel with it; what the kernel had started may live on.
            self._code = -signal.SIGKILL
            self.send_signal(signal.SIGKILL)
        for message in self._frames.take(data):
            self._code = message["ended"]
        if self._code is not None:
            self._forget()

    def _forget(self) -> None:
        if self._status is not None:
            self._status.close()
            self._status = None

    def send_signal(self, number: int) -> None:
        """Send a signal to the kernel and to what it has started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def terminate(self) -> None:
        """Ask the kernel to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the kernel and what it has started, now."""
        if self.poll() is None:
            self.send_signal(signal.SIGKILL)


class ShellKernel(Kernel):
    """A forked shell that runs cells one after another and says what they show."""

    def __init__(self, pid: int, status: socket.socket, channel: socket.socket, pipes: Mapping[str, int]) -> None:
        super().__init__(pid, status)
        self.language_info: dict[str, Any] = {}
        self.imported: list[str] = []
        self._channel: socket.socket | None = channel
        self._pipes = dict(pipes)
        self._said = line.Frames()
        self._selector = selectors.DefaultSelector()
        self._selector.register(channel, selectors.EVENT_READ, "channel")
        self._selector.register(status, selectors.EVENT_READ, "status")
        for name, fd in pipes.items():
            os.set_blocking(fd, False)
            self._selector.register(fd, selectors.EVENT_READ, name)

    def say(self, message: Mapping[str, Any]) -> None:
        """Send a request; a kernel that has died since says so when it is listened to."""
        if self._channel is not None:
            with contextlib.suppress(OSError):
                line.send(self._channel, message)

    def hear(self, timeout: float | None) -> list[dict[str, Any]] | None:
        """Return what the kernel said, waiting ``timeout`` seconds at most; None if it is dead."""
        ready = {key.data for key, _ in self._selector.select(timeout)}
        messages = [message for name in ready & set(self._pipes) for message in self._printed(name)]
        data = b""
        if "channel" in ready and self._channel is not None:
            with contextlib.suppress(ConnectionError):
                data = self._channel.recv(1 << 20)
            messages.extend(self._said.take(data))
        # A process that the kernel left behind may hold the channel open: its end is told on another.
        if not data and ready & {"channel", "status"}:
            return messages + self.printed() or None
        return messages

    def printed(self) -> list[dict[str, Any]]:
        """Return what processes that the cell started, and libraries beneath Python, have written."""
        return [message for name in list(self._pipes) for message in self._printed(name)]

    def _printed(self, name: str) -> list[dict[str, Any]]:
        parts: list[bytes] = []
        try:
            while part := os.read(self._pipes[name], 1 << 16):
                parts.append(part)
            self._selector.unregister(self._pipes[name])
            os.close(self._pipes.pop(name))
        except BlockingIOError:
            pass
        text = b"".join(parts).decode("utf-8", "replace")
        return [{"msg_type": "stream", "content": {"name": name, "text": text}}] if text else []

    def close(self) -> None:
        """End the kernel: kindly, so that open files are written and locks released, or else by force."""
        until = time.monotonic() + _ENDING
        self.say({"header": {"msg_type": "goodbye"}})
        told = False
        while not told and (left := until - time.monotonic()) > 0 and (said := self.hear(left)) is not None:
            for message in said:
                told = told or "imported" in message
                self.imported.extend(message.get("imported", []))
        if self.wait(max(until - time.monotonic(), 0.0)) is None:
            self.kill()
            self.wait(_ENDING)
        self.let_go()

    def let_go(self) -> None:
        """Close this side of the channel."""
        self._selector.close()
        if self._channel is not None:
            self._channel.close()
            self._channel = None
        for fd in self._pipes.values():
            os.close(fd)
        self._pipes = {}
        self._forget()


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
        try:
            line.send(self._control, order, files)
        except OSError as failure:
            raise WarmStartError(f"the fork server is gone: {self.last_words() or failure}") from failure
        until = time.monotonic() + _PATIENCE
        while not _readable(status, 1.0):
            if not self.alive() or time.monotonic() > until:
                raise WarmStartError(f"the fork server does not answer: {self.last_words()}")
        try:
            answer, _ = line.receive(status)
        except ConnectionError:
            answer = None
        if answer is None or "pid" not in answer:
            said = (answer or {}).get("refused") or self.last_words()
            raise WarmStartError(f"the fork server made no kernel: {said}")
        return int(answer["pid"])

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


def shell(*, cwd: Path, environment: Mapping[str, str] | None = None, patience: float = 60.0) -> ShellKernel:
    """Fork a kernel that runs cells.

    Parameters
    ----------
    cwd
        Its working directory.
    environment
        Its environment; by default this process's.
    patience
        Seconds within which a forked kernel must be ready.

    Raises
    ------
    WarmStartError
        If there is none to be had.
    """
    ours, theirs = socket.socketpair()
    _ours.add(ours)
    reads, writes = zip(os.pipe(), os.pipe(), strict=True)
    try:
        pid, status = _forked("shell", ["perfkit-warm"], cwd, environment, [theirs.fileno(), *writes])
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
        ours, theirs = socket.socketpair()
        _ours.add(ours)
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


def _readable(each: socket.socket, timeout: float | None) -> bool:
    with selectors.DefaultSelector() as selector:
        selector.register(each, selectors.EVENT_READ)
        return bool(selector.select(timeout))
