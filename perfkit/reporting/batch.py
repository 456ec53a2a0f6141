"""Carry out an order: every report, a manifest that can reproduce them, and an index that lists them.

Nothing that fails stops what comes after it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from perfkit.reporting import export, gate, index, manifest, orders
from perfkit.reporting.execution import EXPORT_ERROR, OK, Ran, count_warnings, execute
from perfkit.reporting.orders import FORMATS, Job, Order

Progress = Callable[[str], None]
GATE_FAILED = "gate failed"


@dataclass(frozen=True)
class Outcome:
    """How one run ended, and what it left.

    ``outcome`` is ok, cell error, killed, timeout, export error or gate failed; ``made_from`` what it takes to make
    the report again; ``outputs`` are paths relative to the batch's folder, the one to read first at the front;
    ``cell`` is the number of the cell that failed, if one did; ``due_on`` the day the report says it is due by.
    """

    job: Job
    outcome: str
    error: str
    seconds: float
    warnings: int
    title: str
    fields: dict[str, Any] = field(default_factory=dict)
    made_from: dict[str, Any] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()
    cell: int | None = None
    due_on: str | None = None

    @property
    def ok(self) -> bool:
        """Whether the report is there."""
        return self.outcome == OK

    def line(self, folder: Path) -> str:
        """Return the outcome as a line: the report's path, or why there is none and where the notebook is kept."""
        where = str(folder / self.outputs[0]) if self.outputs else "—"
        return where if self.ok else f"{where} · {self.outcome} · {self.error}"


@dataclass(frozen=True)
class Batch:
    """An order carried out: its folder, the index page, and how each run ended, in the order's order."""

    outcomes: tuple[Outcome, ...]
    folder: Path
    index: Path

    @property
    def exit_code(self) -> int:
        """1 if any run failed, else 0."""
        return int(any(not outcome.ok for outcome in self.outcomes))


def run(
    order_path: str | Path,
    *,
    out: str | Path | None = None,
    show: Progress | None = None,
    timeout: float | None = None,
) -> Batch:
    """Check an order, then make its reports.

    The folder gets the index (page, CSV and workbook), ``manifest.json``, a page for each report that came about and
    passed the gate, the notebook behind it in ``notebooks/``, what it declared in ``checks/``, and the notebooks that
    failed, as far as they got, in ``failed/``, each with a page that opens at the cell.

    Parameters
    ----------
    order_path
        The order file.
    out
        The folder to build; by default beside the order, with its name.
    show
        Called with a line after each report; by default a progress bar on a terminal, and nothing in a pipe.
    timeout
        Seconds a cell may take; None: as long as it needs.

    Raises
    ------
    OrderError
        Before anything runs, if the order cannot be carried out as written.
    """
    order = orders.load(order_path)
    folder = Path(out).resolve() if out is not None else order.path.with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    started, hashes, done = manifest.now(), manifest.Hashes(), list[Outcome]()
    try:
        with _telling(show, len(order.jobs)) as tell:
            for at, job in enumerate(order.jobs, start=1):
                # Before the run: what it was made from, not what it may leave behind.
                made_from = hashes.provenance(job, order.root)
                done.append(_make(job, order, folder, timeout, made_from))
                tell(f"{at}/{len(order.jobs)} {done[-1].title} · {done[-1].outcome} · {done[-1].seconds:.1f} s")
    finally:
        # Interrupted or not, what has been made is on record.
        page = _record(order, folder, started, done)
    return Batch(tuple(done), folder, page)


def _make(job: Job, order: Order, folder: Path, timeout: float | None, made_from: dict[str, Any]) -> Outcome:
    part = folder / "notebooks" / f".{job.slug}.part.ipynb"
    part.parent.mkdir(exist_ok=True)
    try:
        ran = execute(job.notebook, job.parameters, root=order.root, kept=part, timeout=timeout)
    finally:
        part.unlink(missing_ok=True)
    page, error = _page(ran, job)
    summary = (export.summary_of(ran.notebook) if ran.notebook is not None else None) or {}
    declared = gate.declared(ran.notebook) if ran.notebook is not None else {}
    ended = EXPORT_ERROR if ran.outcome == OK and page is None else ran.outcome
    held = gate.problems(ran.notebook, {"html": page}) if page is not None and ran.notebook is not None else []
    if held:
        ended, error = GATE_FAILED, "\n".join(pair[job.lang == "en"] for pair in held)
    title, error = summary.get("title") or job.title, ran.error or error
    cell = index.failing_cell(ran.notebook) if ended != OK and not held and ran.notebook is not None else None
    why = None
    if ended != OK and ran.notebook is not None:
        why = index.failed_page(
            ran.notebook, title=title, outcome=ended, error=error, lang=job.lang, back="../index.html"
        )
    record = manifest.as_json({"declared": declared, "problems": held}) if declared else None
    return Outcome(
        job=job,
        outcome=ended,
        error=error,
        seconds=round(ran.seconds, 3),
        warnings=count_warnings(ran.notebook) if ran.notebook is not None else 0,
        title=title,
        fields=summary.get("fields") or {},
        made_from=made_from,
        outputs=_keep(job.slug, folder, page if ended == OK else None, why, record, ran.notebook),
        cell=cell,
        due_on=declared.get("due_on"),
    )


def _page(ran: Ran, job: Job) -> tuple[str | None, str]:
    if ran.outcome != OK or ran.notebook is None:
        return None, ""
    try:
        return export.html(ran.notebook, lang=job.lang), ""
    except Exception as failure:
        # A report that cannot be printed is that run's failure, not the batch's.
        return None, f"{type(failure).__name__}: {failure}"


def _keep(
    slug: str,
    folder: Path,
    page: str | None,
    why: str | None,
    record: str | None,
    notebook: NotebookNode | None,
) -> tuple[str, ...]:
    """Write what the run made, and remove what an earlier run left in the place of the other outcome."""
    html, good = f"{slug}.html", f"notebooks/{slug}.ipynb"
    shown, bad, checks = f"failed/{slug}.html", f"failed/{slug}.ipynb", f"checks/{slug}.json"
    kept = good if page is not None else bad
    for name in (shown, bad, checks) if page is not None else (html, good, checks):
        (folder / name).unlink(missing_ok=True)
    written = []
    for name, content in ((html, page), (shown, why)):
        if content is not None:
            manifest.write(folder / name, content)
            written.append(name)
    if notebook is not None:
        _write_notebook(notebook, folder / kept)
        written.append(kept)
    if record is not None:
        manifest.write(folder / checks, record)
        written.append(checks)
    return tuple(written)


def _write_notebook(notebook: NotebookNode, path: Path) -> None:
    import nbformat

    notebook.metadata.setdefault("papermill", {})["output_path"] = path.name
    writes: Any = nbformat.writes
    manifest.write(path, writes(notebook, version=4) + "\n")


def _record(order: Order, folder: Path, started: str, done: list[Outcome]) -> Path:
    content = {
        "order": {"path": order.path.name, "sha256": order.sha256, "title": order.title},
        "started": started,
        "finished": manifest.now(),
        "jobs": len(order.jobs),
        "versions": manifest.versions(),
        "runs": [
            {
                "slug": each.job.slug,
                "title": each.title,
                **each.made_from,
                "seconds": each.seconds,
                "outcome": each.outcome,
                "error": each.error,
                "warnings": each.warnings,
                "summary": each.fields,
                "outputs": list(each.outputs),
            }
            for each in done
        ],
    }
    manifest.write(folder / "manifest.json", manifest.as_json(content))
    return _index(order, folder, done)


def _index(order: Order, folder: Path, done: list[Outcome]) -> Path:
    lang = "en" if done and all(each.job.lang == "en" for each in done) else "zh"
    rows = [_row(each) for each in done] + [
        index.Row(title=job.title, outcome="missing", heading=job.heading) for job in order.jobs[len(done) :]
    ]
    return index.write(folder, order.title, rows, lang=lang, beside=["manifest.json"])


def _row(each: Outcome) -> index.Row:
    shown = f"failed/{each.job.slug}.html"
    wanted = FORMATS if each.ok else (".ipynb",)
    return index.Row(
        title=each.title,
        outcome=each.outcome,
        heading=each.job.heading,
        links={path.rpartition(".")[2]: path for path in each.outputs if path.endswith(wanted)},
        fields=each.fields,
        error=each.error,
        warnings=each.warnings,
        seconds=each.seconds,
        failed=shown if shown in each.outputs else "",
        cell=each.cell,
        due_on=each.due_on,
        made_on=manifest.now()[:10],
    )


@contextmanager
def _telling(show: Progress | None, total: int) -> Iterator[Progress]:
    if show is not None:
        yield show
        return
    from tqdm import tqdm

    with tqdm(total=total, disable=not sys.stderr.isatty()) as bar:

        def tell(line: str) -> None:
            bar.set_postfix_str(line, refresh=False)
            bar.update()

        yield tell
