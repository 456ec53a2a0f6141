"""Carry out an order: every report, a manifest that can reproduce them, and an index that lists them.

Nothing that fails stops what comes after it, and whatever is killed, what is made stays made: see
:mod:`perfkit.reporting.journal`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Protocol

from perfkit.reporting import export, index, journal, manifest, orders, progress, workers
from perfkit.reporting.dispatch import carry_out
from perfkit.reporting.execution import execute
from perfkit.reporting.gate import problems
from perfkit.reporting.journal import Journal
from perfkit.reporting.making import Gate, Runner, Task
from perfkit.reporting.occupation import WHOLE, occupied
from perfkit.reporting.orders import Order
from perfkit.reporting.orders.names import is_of, subfolder
from perfkit.reporting.outcomes import Outcome, recorded
from perfkit.reporting.planning import Planned, Selection, plan

Progress = Callable[[str], None]
GATE_FAILED = "gate failed"


@dataclass(frozen=True)
class Batch:
    """An order carried out: its folder, the index page, and the runs it was about.

    ``made`` counts the runs made this time; ``index`` is None where other shards have still to do theirs.
    """

    order: Order
    folder: Path
    index: Path | None
    shard: tuple[int, int]
    made: int
    held: Journal

    def results(self) -> Iterator[Outcome]:
        """Yield how each run ended that has been made, now or earlier, in the order's order."""
        return _results(self.order, self.held, self.shard)

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """How each run ended, see :meth:`results`."""
        return tuple(self.results())

    @property
    def counts(self) -> Counter[str]:
        """How many runs ended in which way; ``""``: not made."""
        entries = (self.held.latest.get(job.slug) for job in self.order.jobs if is_of(job.slug, self.shard))
        return Counter(entry.outcome if entry else "" for entry in entries)

    @property
    def exit_code(self) -> int:
        """1 if any run failed, else 0."""
        return int(bool(self.counts.keys() - {"", "ok"}))


def run(
    order_path: str | Path,
    *,
    out: str | Path | None = None,
    selection: Selection | None = None,
    jobs: int | None = None,
    cluster: str | None = None,
    max_failures: int | None = None,
    timeout: float | None = None,
    show: Progress | None = None,
    runner: Runner | None = None,
    gate: Gate = problems,
) -> Batch:
    """Check an order, then make those of its reports that are not there as they would be made now.

    The folder gets the index (page, CSV and workbook), ``manifest.json``, each report that came about and passed the
    gate in the formats asked for, the notebook behind it in ``notebooks/``, what it declared in ``checks/``, the
    notebooks that failed, as far as they got, in ``failed/``, each with a page that opens at the cell, and what has
    become of each run in ``journal/``. An order of more than two thousand runs gets subfolders.

    Parameters
    ----------
    order_path
        The order file.
    out
        The folder to build; by default beside the order, with its name.
    selection
        Which runs to make; by default those without a report, or made from something that has changed, or failed.
    jobs
        Processes of this machine that make reports; None: this process, one after another. A script that asks for
        processes keeps what it does behind ``if __name__ == "__main__":``, as always with multiprocessing.
    cluster
        The address of a Dask scheduler to make the reports instead; its workers see the same files by the same paths.
    max_failures
        Begin no more runs after so many have failed.
    timeout
        Seconds a cell may take; None: as long as it needs.
    show
        Called with a line after each report; by default a progress bar on a terminal, and a line a minute in a pipe.
    runner
        What runs a notebook, by default :func:`perfkit.reporting.execution.execute`.
    gate
        What says why a report may not be delivered, see :data:`perfkit.reporting.making.Gate`.

    Raises
    ------
    OrderError
        Before anything runs, if the order cannot be carried out as written.
    """
    order, folder, selection = *_ordered(order_path, out), selection or Selection()
    home = folder / journal.FOLDER
    home.mkdir(parents=True, exist_ok=True)
    with occupied(home, selection.shard):
        _sweep(folder, selection.shard)
        held, hashes, started = journal.read(folder), manifest.Hashes(), manifest.now()
        planned = plan(order, folder, held, hashes, selection)
        if selection.what == "fresh":
            journal.start_over(folder, held.session, selection.shard)
        tasks = _tasks(order, folder, planned, held, hashes, timeout)
        count = _Count(len(planned))
        going_on = takewhile(lambda _: max_failures is None or count.failed < max_failures, tasks)
        try:
            with workers.opened(jobs, cluster) as (executor, room), _telling(show) as tell:
                made = carry_out(going_on, executor, runner or execute, gate, room=room, tick=lambda: tell(count))
                for outcome in made:
                    count.add(outcome)
                    tell(count, outcome)
        finally:
            # Interrupted or not, what has been made is on record.
            if cluster is None:
                _sweep(folder, selection.shard)
            held = journal.read(folder)
            index = _record(order, folder, started, held, selection.shard)
    return Batch(order, folder, index, selection.shard, count.made, held)


def preview(
    order_path: str | Path, *, out: str | Path | None = None, selection: Selection | None = None
) -> tuple[Order, list[Planned]]:
    """Check an order and return it with the runs that :func:`run` would make; nothing is run or written.

    Raises
    ------
    OrderError
        If the order cannot be carried out as written.
    """
    order, folder = _ordered(order_path, out)
    return order, plan(order, folder, journal.read(folder), manifest.Hashes(), selection or Selection())


def _ordered(order_path: str | Path, out: str | Path | None) -> tuple[Order, Path]:
    order = orders.load(order_path)
    return order, Path(out).resolve() if out is not None else order.path.with_suffix("")


def _sweep(folder: Path, shard: tuple[int, int]) -> None:
    """Remove what was left unfinished by processes that were killed, but not what other shards are at."""

    def ours(unfinished: str) -> bool:
        slug, _, _ = unfinished.partition(".")
        return shard == WHOLE or (re.search("-[0-9a-f]{8}$", slug) is not None and is_of(slug, shard))

    manifest.sweep(folder, ours)


def _tasks(
    order: Order,
    folder: Path,
    planned: list[Planned],
    held: Journal,
    hashes: manifest.Hashes,
    timeout: float | None,
) -> Iterator[Task]:
    for job in (each.job for each in planned):
        # Just before the run: what it was made from, not what it may leave behind.
        made_from = hashes.provenance(job, order.root)
        before = held.record(job.slug)["outputs"] if job.slug in held.latest else []
        yield Task(
            job=job,
            root=order.root,
            folder=folder,
            place=subfolder(job.slug, len(order.jobs)),
            formats=order.formats,
            reference=order.reference,
            session=held.session,
            fingerprint=manifest.fingerprint(made_from, job.lang, order),
            made_from=made_from,
            earlier=tuple(each["path"] for each in before),
            timeout=timeout,
        )


def _results(order: Order, held: Journal, shard: tuple[int, int]) -> Iterator[Outcome]:
    for job in order.jobs:
        if job.slug in held.latest and is_of(job.slug, shard):
            yield recorded(job, held.record(job.slug))


def _record(order: Order, folder: Path, started: str, held: Journal, shard: tuple[int, int]) -> Path | None:
    """Write manifest and index; of a shard only if it is the last: two that end at once must not hide each other."""
    if shard != WHOLE and not all(job.slug in held.latest for job in order.jobs):
        return None
    manifest.write(folder / "manifest.json", _manifest(order, folder, started, held))
    return _index(order, folder, held)


def _manifest(order: Order, folder: Path, started: str, held: Journal) -> Iterator[str]:
    """Yield the manifest piece by piece: it may be longer than memory is wide."""
    head = {
        "order": {"path": order.path.name, "sha256": order.sha256, "title": order.title},
        "root": manifest.from_there(folder, order.root),
        "started": started,
        "finished": manifest.now(),
        "jobs": len(order.jobs),
        "formats": list(order.formats),
        "versions": manifest.versions(),
    }
    yield manifest.as_json(head).removesuffix("\n}\n") + ',\n  "runs": ['
    comma = ""
    for outcome in _results(order, held, WHOLE):
        record = manifest.as_json(outcome.record()).rstrip("\n")
        yield f"{comma}\n    " + record.replace("\n", "\n    ")
        comma = ","
    yield "\n  ]\n}\n"


def _index(order: Order, folder: Path, held: Journal) -> Path:
    done = list(_results(order, held, WHOLE))
    lang = "en" if done and all(each.job.lang == "en" for each in done) else "zh"
    made = {each.job.slug: _row(each) for each in done}
    rows = [
        made.get(job.slug) or index.Row(title=job.title, outcome="missing", heading=job.heading) for job in order.jobs
    ]
    return index.write(folder, order.title, rows, lang=lang, beside=["manifest.json"])


def _row(each: Outcome) -> index.Row:
    wanted = export.FORMATS if each.ok else ("ipynb",)
    links = {path.rpartition(".")[2]: path for path in each.outputs if path.rpartition(".")[2] in wanted}
    return index.Row(
        title=each.title,
        outcome=each.outcome,
        heading=each.job.heading,
        links=links,
        fields=each.fields,
        error=each.error,
        warnings=each.warnings,
        seconds=each.seconds,
        failed="" if each.ok else next((path for path in each.outputs if path.endswith(".html")), ""),
        cell=each.cell,
        due_on=each.due_on,
        made_on=each.finished[:10] or manifest.now()[:10],
    )


@dataclass
class _Count:
    """How many runs there are to make, how many are made, and how many of those failed."""

    planned: int
    made: int = 0
    failed: int = 0

    def add(self, outcome: Outcome) -> None:
        self.made += 1
        self.failed += not outcome.ok


class _Tell(Protocol):
    def __call__(self, count: _Count, outcome: Outcome | None = None) -> None: ...


@contextmanager
def _telling(show: Progress | None) -> Iterator[_Tell]:
    """Yield what to call as the batch goes on, with the outcome if a run has ended."""
    if show is None:
        with progress.shown("reports 报告") as draw:
            yield lambda count, outcome=None: draw(count.made, count.planned, count.failed)
        return

    def tell(count: _Count, outcome: Outcome | None = None) -> None:
        if outcome is not None:
            show(f"{count.made}/{count.planned} {outcome.title} · {outcome.outcome} · {outcome.seconds:.1f} s")

    yield tell
