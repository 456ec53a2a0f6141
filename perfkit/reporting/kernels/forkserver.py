"""The fork server: a process that has the heavy imports and makes a kernel by forking itself.

It runs by itself (``python -m perfkit.reporting.kernels.forkserver FD MODULES``), has one thread and no ZMQ context,
takes requests from the socket FD, and ends with all its kernels when that socket closes. A kernel's whole process
group ends with it.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import pkgutil
import selectors
import signal
import socket
import sys
from typing import Any

from perfkit.reporting.kernels import forked, line
from perfkit.reporting.kernels.birth import FILES, PRELOADABLE, Request, adopt_orphans, other_threads

# These must see the kernel they are imported in.
_LATE = ("perfkit.reporting.kernels", "perfkit.cli", "perfkit.__main__", "matplotlib.backends", "matplotlib_inline")


class ForkServer:
    """The requests, the kernels that live, and the death of either side."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._living: dict[int, socket.socket] = {}  # process id -> where its end is told
        self._tried: set[str] = set()
        self._waker, wakes = os.pipe()
        for end in (self._waker, wakes):
            os.set_blocking(end, False)
        self._wakes = wakes
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(control, selectors.EVENT_READ)
        self._selector.register(self._waker, selectors.EVENT_READ)

    def preload(self, names: list[str]) -> None:
        """Import modules; what cannot be imported is left to the report that wants it."""
        fresh = [name for name in names if name not in self._tried and not name.startswith(_LATE)]
        self._tried.update(fresh)
        for name in fresh:
            _import(name)
        if fresh:
            gc.collect()
            gc.freeze()  # a kernel that collects garbage would copy every page it only shares

    def serve(self) -> Request | None:
        """Fork kernels until the owner is gone; return in each kernel its request, in the server None."""
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._control:
                    order, files = line.receive(self._control, len(FILES))
                    if order is None:
                        self._end_all()
                        return None
                    request = self._fork(order, dict(zip(FILES, files, strict=True)))
                    if request is not None:
                        return request
                elif key.fileobj == self._waker:
                    with contextlib.suppress(BlockingIOError):
                        os.read(self._waker, 4096)
                    self._bury()
                elif key.data in self._living:
                    # The owner wants no more of this kernel, or is no more.
                    self._selector.unregister(key.fileobj)
                    _end(key.data)

    def _fork(self, order: dict[str, Any], files: dict[str, int]) -> Request | None:
        status = socket.socket(fileno=files["status"])
        self.preload([name for name in order["modules"] if name.split(".")[0] in PRELOADABLE])
        if threads := other_threads():
            # A fork copies only the thread that forks, and every lock as it stands.
            self._tell(status, {"refused": f"the preloaded modules run threads: {', '.join(threads)}"})
            status.close()
            pid = -1
        else:
            server = os.getpid()
            pid = os.fork()
            if pid == 0:
                self._let_go(status)
                return Request(order, {name: fd for name, fd in files.items() if name != "status"}, server, again)
        for name in FILES[1:]:
            os.close(files[name])
        if pid > 0:
            self._living[pid] = status
            self._selector.register(status, selectors.EVENT_READ, pid)
            self._tell(status, {"pid": pid})
        return None

    def _let_go(self, status: socket.socket) -> None:
        """Close in the kernel what belongs to the server."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._selector.close()
        for each in (self._control, status, *self._living.values()):
            each.close()
        os.close(self._waker)
        os.close(self._wakes)

    def _bury(self) -> None:
        while True:
            try:
                # Looked at before it is waited for: as long as it is a zombie its number is no one else's.
                dead = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if dead is None:
                return
            status = self._living.pop(dead.si_pid, None)
            if status is not None:
                _end(dead.si_pid)
            _, code = os.waitpid(dead.si_pid, 0)
            if status is not None:
                with contextlib.suppress(KeyError):
                    self._selector.unregister(status)
                self._tell(status, {"ended": os.waitstatus_to_exitcode(code)})
                status.close()

    def _end_all(self) -> None:
        for pid in self._living:
            _end(pid)
        for pid in self._living:
            os.waitpid(pid, 0)

    @staticmethod
    def _tell(status: socket.socket, what: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):
            line.send(status, what)


def again(control: socket.socket) -> Request | None:
    """Serve in a kernel, which forks others from where it stands."""
    return ForkServer(control).serve()


def main() -> None:
    """Serve, and live on as whatever kernel was forked."""
    control = socket.socket(fileno=int(sys.argv[1]))
    del sys.path[0]  # the empty folder this was started in
    adopt_orphans()
    server = ForkServer(control)
    gc.disable()
    server.preload([each for name in sys.argv[2].split(",") for each in _spelled_out(name)])
    _warm_up()
    gc.collect()
    gc.freeze()
    request = server.serve()
    if request is not None:
        forked.live(request)


def _import(name: str) -> None:
    try:
        importlib.import_module(name)
    except (Exception, SystemExit) as failure:
        sys.stderr.write(f"{name} is not preloaded: {type(failure).__name__}: {failure}\n")


def _spelled_out(name: str) -> list[str]:
    """Return the modules that ``package.*`` stands for, or the name itself."""
    if not name.endswith(".*"):
        return [name] if name else []
    package = importlib.import_module(name.removesuffix(".*"))
    found = pkgutil.walk_packages(package.__path__, f"{package.__name__}.", onerror=lambda _: None)
    return [package.__name__, *(each.name for each in found if not each.name.startswith(_LATE))]


def _warm_up() -> None:
    """Read the fonts and draw a chart of each kind: what is kept from that is the same for every report."""
    if "matplotlib" not in sys.modules or "perfkit" not in sys.modules:
        return
    import pandas as pd

    from perfkit.errors import FontError
    from perfkit.reporting.figures import Document

    page, words = Document("zh"), "预算绩效 2022"
    frame = pd.DataFrame({"label": [words, "产出"], "value": [80.5, 9.0], "full": [90.0, 10.0]})
    with contextlib.suppress(FontError):
        page.bars(frame, ("label", "value", "full"), words, words, xlabel="分")
        page.distribution(range(100), 50.5, words, words, xlabel="分", cuts=[(60, "中")])
        page.table(frame, words)


def _end(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)  # it may not yet lead a group


if __name__ == "__main__":
    main()
