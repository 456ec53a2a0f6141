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
from urllib.parse import quote

from nbformat import NotebookNode

from perfkit.reporting import export, manifest, orders
from perfkit.reporting.execution import EXPORT_ERROR, OK, Ran, count_warnings, execute
from perfkit.reporting.orders import Job, Order

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Outcome:
    """How one run ended, and what it left.

    ``outcome`` is ok, cell error, killed, timeout or export error; ``made_from`` what it takes to make the report
    again; ``outputs`` are paths relative to the batch's folder, the one to read first at the front.
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

    The folder gets ``index.html``, ``manifest.json``, each report that came about in the formats asked for, the
    notebook behind it in ``notebooks/``, and the notebooks that failed, as far as they got, in ``failed/``.

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
        index = _record(order, folder, started, done)
    return Batch(tuple(done), folder, index)


def _make(job: Job, order: Order, folder: Path, timeout: float | None, made_from: dict[str, Any]) -> Outcome:
    part = folder / "notebooks" / f".{job.slug}.part.ipynb"
    part.parent.mkdir(exist_ok=True)
    try:
        ran = execute(job.notebook, job.parameters, root=order.root, kept=part, timeout=timeout)
    finally:
        part.unlink(missing_ok=True)
    report, error = _report(ran, job, order)
    summary = (export.summary_of(ran.notebook) if ran.notebook is not None else None) or {}
    ended = EXPORT_ERROR if ran.outcome == OK and not report else ran.outcome
    return Outcome(
        job=job,
        outcome=ended,
        error=ran.error or error,
        seconds=round(ran.seconds, 3),
        warnings=count_warnings(ran.notebook) if ran.notebook is not None else 0,
        title=summary.get("title") or job.title,
        fields=summary.get("fields") or {},
        made_from=made_from,
        outputs=_keep(job.slug, folder, report, ran.notebook),
    )


def _report(ran: Ran, job: Job, order: Order) -> tuple[dict[str, bytes], str]:
    """Return the report by format, and why there is none."""
    if ran.outcome != OK or ran.notebook is None:
        return {}, ""
    try:
        return export.render(ran.notebook, order.formats, lang=job.lang, reference=order.reference), ""
    except Exception as failure:
        # A report that cannot be printed is that run's failure, not the batch's.
        return {}, f"{type(failure).__name__}: {failure}"


def _keep(slug: str, folder: Path, report: dict[str, bytes], notebook: NotebookNode | None) -> tuple[str, ...]:
    """Write what the run made, and remove what an earlier run left in another format or for the other outcome."""
    good, bad = f"notebooks/{slug}.ipynb", f"failed/{slug}.ipynb"
    documents = {f"{slug}.{kind}": content for kind, content in report.items()}
    for name in {*(f"{slug}.{kind}" for kind in export.FORMATS), good, bad} - set(documents):
        if name != (good if report else bad):
            (folder / name).unlink(missing_ok=True)
    for name, content in documents.items():
        manifest.write(folder / name, content)
    if notebook is None:
        return tuple(documents)
    kept = good if report else bad
    _write_notebook(notebook, folder / kept)
    return (*documents, kept)


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
    return manifest.write(folder / "index.html", _index(order, done))


def _index(order: Order, done: list[Outcome]) -> str:
    from jinja2 import Environment, FileSystemLoader

    lang = "en" if done and all(each.job.lang == "en" for each in done) else "zh"
    environment = Environment(loader=FileSystemLoader(export.TEMPLATES), autoescape=True, trim_blocks=True)
    headings = list(dict.fromkeys(each.job.heading for each in done))
    groups = [_group(heading, [each for each in done if each.job.heading == heading], lang) for heading in headings]
    good = sum(each.ok for each in done)
    page = environment.get_template("batch_index.html.j2")
    return page.render(
        lang=lang, order=order, groups=groups, good=good, bad=len(done) - good, open=len(order.jobs) - len(done)
    )


def _group(heading: str, done: list[Outcome], lang: str) -> dict[str, Any]:
    """Return one table of the index: the runs under a heading, with the columns that any of them has."""
    names = list(dict.fromkeys(name for each in done for name in each.fields))
    rows: list[dict[str, Any]] = [
        {
            "title": each.title,
            "link": quote(each.outputs[0]) if each.outputs else "",
            "fields": [_cell(name, each.fields.get(name), lang) for name in names],
            "outcome": each.outcome,
            "ok": each.ok,
            "error": each.error,
            "warnings": each.warnings,
            "seconds": f"{each.seconds:.1f}",
        }
        for each in done
    ]
    numeric = [any(row["fields"][at]["number"] for row in rows) for at in range(len(names))]
    return {"heading": heading, "names": names, "numeric": numeric, "rows": rows}


def _cell(name: str, value: Any, lang: str) -> dict[str, Any]:
    from perfkit.reporting import cells

    number = isinstance(value, int | float) and not isinstance(value, bool)
    what = cells.kind("", name, None)
    shown = cells.value(value, decimals=0 if cells.is_whole(value) else 2, what=what, lang=lang)
    return {"text": shown, "number": number}


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
