"""What a fork of the server becomes: a shell that runs cells over a socket, or an ipykernel over ZMQ."""

from __future__ import annotations

import asyncio
import atexit
import base64
import contextlib
import gc
import io
import logging
import os
import pickle
import random
import signal
import socket
import sys
import threading
import time
import traceback
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from perfkit.reporting.kernels import line
from perfkit.reporting.kernels.birth import PRELOADABLE, Request, die_with, other_threads

_EVERY = 0.1  # seconds between two pieces of a long cell's printed output
_PIECE = 1 << 16  # characters after which a piece goes out anyway
INLINE = "module://matplotlib_inline.backend_inline"


def live(request: Request) -> None:
    """Be the kernel that was asked for, to the end of this process."""
    code = 1
    try:
        _be_oneself(request)
        if request.order["kind"] == "shell":
            code = _run_cells(request)
        else:
            os.close(request.files["channel"])
            code = _run_ipykernel(request)
    except BaseException:
        traceback.print_exc(file=sys.__stderr__)
    finally:
        with contextlib.suppress(BaseException):
            atexit._run_exitfuncs()
        for stream in (sys.__stdout__, sys.__stderr__):
            with contextlib.suppress(BaseException):
                stream.flush()  # type: ignore[union-attr]
        # The interpreter's own end would take apart, page by page, all that was only shared.
        os._exit(code)


def _be_oneself(request: Request) -> None:
    """Share nothing with the server or the next kernel but the imports."""
    _be_apart(request)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    order = request.order
    os.environ.clear()
    os.environ.update(order["env"])
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    time.tzset()
    os.chdir(order["cwd"])
    sys.argv = order["argv"][:1]
    _reseed()
    gc.enable()


def _be_apart(request: Request) -> None:
    """Be a session of one's own that ends with its server, and speak through one's own files."""
    os.setsid()
    die_with(request.server)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for fd, place in ((nothing, 0), (request.files["stdout"], 1), (request.files["stderr"], 2)):
        os.dup2(fd, place)
        os.close(fd)


def _reseed() -> None:
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()


def _random_state() -> bytes:
    drawn = sys.modules["numpy"].random.get_state() if "numpy" in sys.modules else None
    return pickle.dumps((random.getstate(), drawn))


def _run_ipykernel(request: Request) -> int:
    from ipykernel.kernelapp import IPKernelApp
    from traitlets.config import Config

    # Nobody reads a kernel's history or its log: the terminal is the batch's.
    quiet = {"IPKernelApp": {"log_level": 50, "parent_handle": request.server}, "HistoryManager": {"enabled": False}}
    app: Any = IPKernelApp.instance(config=Config(quiet))
    app.initialize(request.order["argv"][1:])
    app.start()
    return 0


def _run_cells(request: Request) -> int:
    """Run what arrives, cell by cell, until the owner closes the channel; return the exit code.

    One that is asked to share becomes a fork server itself: what it forks goes on where it stands.
    """
    kernel, voice = _kernel(socket.socket(fileno=request.files["channel"]))
    begun, files, drawn = set(sys.modules), _open_files(), _random_state()
    voice.say({"ready": True, "language_info": kernel.language_info})
    try:
        while asyncio.run(_answer(kernel, voice, begun)):
            why = _cannot_be_shared(files)
            voice.say({"refused": why})
            forked = None if why else _serve(request, voice.channel)
            if forked is None:
                break
            _be_apart(forked)
            if _random_state() == drawn:
                _reseed()
            voice.speak_through(socket.socket(fileno=forked.files["channel"]))
            voice.say({"ready": True, "language_info": kernel.language_info})
    finally:
        # A file that the report left open is written to its end.
        kernel.shell.user_ns.clear()
        gc.collect()
    return 0


def _serve(request: Request, control: socket.socket) -> Request | None:
    gc.collect()
    gc.freeze()  # as in the first server
    return request.again(control)


def _open_files() -> frozenset[str]:
    told = Path("/proc/self/fd")
    return frozenset(each.name for each in (told if told.is_dir() else Path("/dev/fd")).iterdir())


def _cannot_be_shared(files: frozenset[str]) -> str:
    """Return why reports cannot go on from here, each in its own fork; empty if they can."""
    if threads := other_threads():
        return f"shared cells left threads running: {', '.join(threads)}"
    if _open_files() - files:
        return "shared cells left files open"
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return ""
    return "shared cells left processes running"


async def _answer(kernel: Any, voice: _Voice, begun: set[str]) -> bool:
    """Run what arrives; return whether what stands then is to be shared."""
    while True:
        await _readable(voice.channel)
        message, _ = line.receive(voice.channel)
        if message is None:
            return False
        kind = message["header"]["msg_type"]
        if kind == "goodbye":
            fresh = [name for name in sys.modules if name not in begun]
            voice.say({"imported": [name for name in fresh if name.split(".")[0] in PRELOADABLE]})
            return False
        if kind == "share":
            return True
        kernel.set_parent([], message, channel="shell")
        if kind != "execute_request":
            with contextlib.suppress(Exception):
                kernel.shell_handlers[kind](None, [], message)
            continue
        kernel.shell.execution_count = message["content"]["count"]
        kernel.session.send(None, "execute_input", {"execution_count": kernel.execution_count}, parent=message)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            reply = await kernel.do_execute(message["content"]["code"], silent=False, allow_stdin=False)
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        sys.stdout.flush()
        sys.stderr.flush()
        kernel.session.send(None, "execute_reply", reply, parent=message)
        if kernel.shell.exit_now:
            return False


async def _readable(channel: socket.socket) -> None:
    # Waited for in the loop, so that what a cell left running in it goes on.
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_reader(channel, _set, ready)
    try:
        await ready
    finally:
        loop.remove_reader(channel)


def _set(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


class _Voice:
    """What the kernel says to its owner; only the kernel's own process speaks, one thread at a time."""

    def __init__(self, channel: socket.socket) -> None:
        self.channel = channel
        self.process = os.getpid()
        self._turn = threading.Lock()

    def speak_through(self, channel: socket.socket) -> None:
        """Speak for the process that this one has become."""
        self.channel.close()
        self.channel, self.process = channel, os.getpid()

    def say(self, message: dict[str, Any]) -> None:
        if os.getpid() != self.process:
            return
        try:
            with self._turn:
                line.send(self.channel, message)
        except OSError:
            os._exit(1)  # the owner is gone: nobody wants this report any more


class _Stream(io.TextIOBase):
    """stdout or stderr of a cell; a process that the cell forked writes to the pipe of that name instead."""

    encoding, errors = "utf-8", "replace"

    def __init__(self, name: str, fd: int, kernel: Any, voice: _Voice) -> None:
        self.name, self._fd, self._kernel, self._voice = name, fd, kernel, voice
        self._turn = threading.RLock()
        self._held: list[str] = []
        self._size, self._sent = 0, 0.0
        self.other: _Stream | None = None

    def fileno(self) -> int:
        return self._fd

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False

    def set_parent(self, parent: Any) -> None:
        """Know that a cell begins; what it prints is told of the cell that runs."""

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if os.getpid() != self._voice.process:
            os.write(self._fd, text.encode(self.encoding, self.errors))
            return len(text)
        if self.other is not None and self.other._held:
            self.other.flush()  # what was said first is shown first
        with self._turn:
            self._held.append(text)
            self._size += len(text)
            due = self._size > _PIECE or (text.endswith("\n") and time.monotonic() - self._sent > _EVERY)
        if due:
            self.flush()
        return len(text)

    def flush(self) -> None:
        if os.getpid() != self._voice.process:
            return
        with self._turn:
            text = "".join(self._held)
            self._held, self._size, self._sent = [], 0, time.monotonic()
            if text:
                content = {"name": self.name, "text": text}
                self._kernel.session.send(None, "stream", content, parent=self._kernel.get_parent())


class _NoDebugger:
    def __init__(self, *_: Any) -> None:
        pass


def _kernel(channel: socket.socket) -> tuple[Any, _Voice]:
    """Make the IPython kernel, with a socket in the place of ZMQ's five and no thread."""
    from ipykernel.displayhook import ZMQDisplayHook
    from ipykernel.ipkernel import IPythonKernel
    from ipykernel.kernelapp import IPKernelApp
    from jupyter_client.session import Session
    from traitlets import Any as Anything
    from traitlets import Type
    from traitlets.config import Config

    voice = _Voice(channel)

    class Spoken(Session):
        def send(
            self,
            stream: Any,
            msg_or_type: Any,
            content: Any = None,
            parent: Any = None,
            ident: Any = None,
            buffers: Any = None,
            track: bool = False,
            header: Any = None,
            metadata: Any = None,
        ) -> Any:
            given = isinstance(msg_or_type, dict)
            said = msg_or_type if given else self.msg(msg_or_type, content, parent, header, metadata)
            encoded = [base64.b64encode(bytes(each)).decode("ascii") for each in buffers or said.get("buffers") or []]
            voice.say({**said, "buffers": encoded})
            return said

    class Kernel(IPythonKernel):
        debugger_class = Type(_NoDebugger, klass=object)
        iopub_socket = Anything()

    os.environ.setdefault("MPLBACKEND", INLINE)
    if "matplotlib" in sys.modules and os.environ["MPLBACKEND"] != INLINE:
        sys.modules["matplotlib"].use(os.environ["MPLBACKEND"])
    # By the application's name in the configuration, libraries know a notebook.
    settings = {"HistoryManager": {"enabled": False}, "IPKernelApp": {"connection_file": ""}}
    app: Any = IPKernelApp.instance(config=Config(settings))
    kernel = app.kernel = Kernel.instance(
        parent=app,
        session=Spoken(),
        iopub_socket=object(),
        log=logging.getLogger("ipykernel"),
        shell_channel_thread=SimpleNamespace(parent_thread=None),
    )
    app.shell = kernel.shell
    sys.stdout, sys.stderr = (_Stream(name, fd, kernel, voice) for name, fd in (("stdout", 1), ("stderr", 2)))
    sys.stdout.other, sys.stderr.other = sys.stderr, sys.stdout
    hook: Any = ZMQDisplayHook
    sys.displayhook = hook(kernel.session, kernel.iopub_socket)
    if "" not in sys.path:
        sys.path.insert(_before_packages(sys.path), "")
    return kernel, voice


def _before_packages(path: list[str]) -> int:
    """Return where IPython puts the working directory: behind the standard library, before installed packages."""
    return next((at for at, each in enumerate(path) if each.endswith(("site-packages", "dist-packages"))), 0)
