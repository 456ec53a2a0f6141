"""Keep an executor's workers busy, and lose no run to a worker that dies."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from itertools import islice
from queue import Empty, SimpleQueue

from perfkit.reporting import journal
from perfkit.reporting.making import Gate, Runner, Task, give_up, make
from perfkit.reporting.outcomes import Outcome, recorded

_TICK = 1.0  # seconds between two looks at the clock while nothing ends


def carry_out(
    tasks: Iterable[Task],
    executor: Executor,
    runner: Runner,
    gate: Gate,
    *,
    room: Callable[[], int],
    tick: Callable[[], None],
) -> Iterator[Outcome]:
    """Yield how each of ``tasks`` ended, as it ends.

    No more than ``room()`` of them are with the executor at a time, so it makes no difference how many there are.
    A run whose worker died is tried once more, and then given up. ``tick`` is called at least once a second.
    """
    waiting = iter(tasks)
    held: dict[Future[Outcome], Task] = {}
    ended: SimpleQueue[Future[Outcome]] = SimpleQueue()
    died: set[str] = set()

    def give_out(task: Task) -> None:
        future = executor.submit(make, task, runner, gate)
        held[future] = task
        future.add_done_callback(ended.put)

    size, asked = room(), time.monotonic()
    while True:
        for task in islice(waiting, max(size - len(held), 0)):
            give_out(task)
        if not held:
            return
        try:
            future = ended.get(timeout=_TICK)
        except Empty:
            tick()
            continue
        finally:
            if time.monotonic() - asked > _TICK:
                size, asked = room(), time.monotonic()
        task = held.pop(future)
        if not _worker_died(future):
            yield future.result()
        elif (outcome := _recorded_after_all(task)) is not None:
            yield outcome
        elif task.job.slug in died:
            yield give_up(task, str(future.exception()))
        else:
            died.add(task.job.slug)
            give_out(task)


def _worker_died(future: Future[Outcome]) -> bool:
    error = future.exception()
    # Dask's own, by name: nothing of it is imported unless a cluster is asked for.
    return isinstance(error, BrokenExecutor) or type(error).__name__ == "KilledWorker"


def _recorded_after_all(task: Task) -> Outcome | None:
    """Return what the worker put on record before it died."""
    held = journal.read(task.folder)
    entry = held.latest.get(task.job.slug)
    if entry is None or entry.session != task.session:
        return None
    return recorded(task.job, held.record(task.job.slug))
