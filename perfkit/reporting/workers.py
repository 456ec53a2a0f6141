"""Where reports are made: in this process, in processes of this machine, or on a Dask cluster.

Each is a :class:`concurrent.futures.Executor`. If the process that did what was submitted dies, the future's
exception is a :class:`concurrent.futures.BrokenExecutor`.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from multiprocessing.connection import Connection, wait
from queue import SimpleQueue
from typing import Any, TypeVar

from perfkit.errors import OrderError, Problem

T = TypeVar("T")
_PATIENCE = 10.0  # seconds that a worker with nothing to do has to go


class Here(Executor):
    """The process that asks: what is submitted is done when submit returns."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Call ``fn`` and return how that ended; an interruption interrupts the caller."""
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as failure:
            future.set_exception(failure)
        return future


class Processes(Executor):
    """Processes of this machine, each with one call at a time: one that dies takes only its own call with it.

    Unlike those of ProcessPoolExecutor they also end, with all that they started, when this process is killed.
    """

    def __init__(self, count: int) -> None:
        self._threads = ThreadPoolExecutor(count, "worker")
        self._idle: SimpleQueue[_Worker | None] = SimpleQueue()
        self._workers: set[_Worker] = set()
        self._closing = False
        for _ in range(count):
            self._idle.put(None)

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Call ``fn`` in the next process that is free."""
        return self._threads.submit(self._ask, fn, args, kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End all processes; with ``cancel_futures`` also what they are at."""
        self._closing = cancel_futures
        if cancel_futures:
            self._threads.shutdown(wait=False, cancel_futures=True)
            for worker in list(self._workers):
                worker.kill()
        self._threads.shutdown(wait=True)
        for worker in list(self._workers):
            worker.dismiss()
        self._workers.clear()

    def _ask(self, fn: Callable[..., T], args: Any, kwargs: Any) -> T:
        worker = self._idle.get()
        try:
            if worker is None:
                worker = _Worker()
                self._workers.add(worker)
                if self._closing:
                    worker.kill()
            good, answer = worker.ask((fn, args, kwargs))
        except (EOFError, OSError) as failure:
            if worker is not None:
                self._workers.discard(worker)
                worker.kill()
                worker = None
            raise BrokenExecutor("the worker process died") from failure
        finally:
            self._idle.put(worker)
        if good:
            return answer  # type: ignore[no-any-return]
        raise answer


class _Worker:
    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), name="perfkit worker")
        self._process.start()
        theirs.close()

    def ask(self, what: Any) -> Any:
        self._pipe.send(what)
        return self._pipe.recv()

    def dismiss(self) -> None:
        with contextlib.suppress(OSError):
            self._pipe.send(None)
        self._process.join(_PATIENCE)
        self.kill()
        self._pipe.close()

    def kill(self) -> None:
        if self._process.is_alive() and self._process.pid is not None:
            _kill_below(self._process.pid, self._process.kill)
        self._process.join()


def _serve(pipe: Connection) -> None:
    # Ctrl-C on the terminal is the first process's business: it ends this one.
    if hasattr(os, "setsid"):
        os.setsid()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # Nobody is left to be told when the pipe breaks.
    with contextlib.suppress(EOFError, OSError, KeyboardInterrupt):
        while _answer(pipe):
            pass


def _answer(pipe: Connection) -> bool:
    """Do what is asked next and say how it ended; return whether more may come."""
    try:
        asked = pipe.recv()
    except (EOFError, OSError):
        raise
    except Exception as failure:  # what was sent cannot be read here
        pipe.send((False, failure))
        return True
    if asked is None:
        return False
    fn, args, kwargs = asked
    try:
        answer = (True, fn(*args, **kwargs))
    except Exception as failure:
        answer = (False, failure)
    try:
        pipe.send(answer)
    except OSError:
        raise
    except Exception as failure:  # what came of it cannot be sent
        pipe.send((False, RuntimeError(f"{type(failure).__name__}: {failure}")))
    return True


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        _kill_below(os.getpid(), lambda: os._exit(1))


def _kill_below(process: int, kill: Callable[[], Any]) -> None:
    """Kill a process in the way given, and all that it started, kernels among them."""
    import psutil

    try:
        below = psutil.Process(process).children(recursive=True)
    except psutil.NoSuchProcess:
        below = []
    if process == os.getpid():
        _kill_all(below)
        kill()
    else:
        kill()
        _kill_all(below)


def _kill_all(processes: list[Any]) -> None:
    import psutil

    for each in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            each.kill()


@contextlib.contextmanager
def opened(jobs: int | None, cluster: str | None) -> Iterator[tuple[Executor, Callable[[], int]]]:
    """Yield an executor, and how many calls it should be given at a time.

    Parameters
    ----------
    jobs
        Processes of this machine; None: this process.
    cluster
        The address of a Dask scheduler whose workers see the same files by the same paths; it goes before ``jobs``.

    Raises
    ------
    OrderError
        If there is no such scheduler, or distributed is not installed.
    """
    if cluster is not None:
        with _client(cluster) as client:
            executor = client.get_executor(pure=False)
            try:
                yield executor, lambda: 16 + 4 * sum(client.nthreads().values())
            finally:
                executor.shutdown(wait=False)
        return
    pool = Processes(jobs) if jobs is not None else Here()
    try:
        yield pool, lambda: jobs or 1
    except BaseException:
        pool.shutdown(cancel_futures=True)
        raise
    pool.shutdown()


def _client(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError as error:
        raise OrderError(
            ("--cluster needs distributed", "--cluster 需要 distributed"),
            [Problem(("not installed", "未安装"), do=("pip install 'perfkit[cluster]'",) * 2)],
        ) from error
    connect: Any = Client
    try:
        return connect(address, timeout=_PATIENCE)
    except (OSError, ValueError) as error:
        raise OrderError(
            (f"no cluster at {address}", f"{address} 没有集群"),
            [
                Problem(
                    ("no scheduler answers", "调度器无应答"),
                    address,
                    "tcp://HOST:8786",
                    str(error)[:200],
                    ("start one: dask scheduler", "请先启动：dask scheduler"),
                )
            ],
        ) from error
