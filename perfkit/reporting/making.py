"""Make one report: run its notebook, print it, let the gate look at it, write it down.

All this is done in a worker, on this machine or on another that sees the same folders: tasks are plain values.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from nbformat import NotebookNode

from perfkit.reporting import export, journal, manifest
from perfkit.reporting.execution import EXPORT_ERROR, KILLED, OK, Ran, count_warnings
from perfkit.reporting.gate import declared
from perfkit.reporting.index.failed import failed_page, failing_cell
from perfkit.reporting.orders import Job
from perfkit.reporting.outcomes import GATE_FAILED, Outcome

Runner = Callable[..., Ran]
"""Runs a notebook, as :func:`perfkit.reporting.execution.execute` does."""
Gate = Callable[[NotebookNode, Mapping[str, bytes]], Sequence["str | tuple[str, str]"]]
"""Says why a report may not be delivered, each reason a text or (zh, en), from its notebook and its documents."""

# A process makes one report at a time: papermill changes the process's working directory.
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class Task:
    """A report to make: ``earlier`` are the paths of what a former run left, ``place`` the subfolder of its files."""

    job: Job
    root: Path
    folder: Path
    place: str
    formats: tuple[str, ...]
    session: int
    fingerprint: str
    made_from: Mapping[str, Any]
    earlier: tuple[str, ...] = ()
    timeout: float | None = None
    reference: Path | None = None

    @property
    def part(self) -> Path:
        """Where the notebook is while it runs."""
        return self.folder / f"notebooks/{self.place}.{self.job.slug}.part.ipynb"


def make(task: Task, runner: Runner, gate: Gate) -> Outcome:
    """Make the report, and put it on record before anybody is told."""
    job = task.job
    with _ONE_AT_A_TIME:
        task.part.parent.mkdir(parents=True, exist_ok=True)
        try:
            settings = {"root": task.root, "kept": task.part, "timeout": task.timeout}
            ran = runner(job.notebook, job.parameters, **settings, inputs=_digest(task.made_from))
        finally:
            task.part.unlink(missing_ok=True)
        documents, ended, error, reasons = _judged(ran, task, gate)
        said = declared(ran.notebook) if ran.notebook is not None else {}
        summary = (export.summary_of(ran.notebook) if ran.notebook is not None else None) or {}
        title = summary.get("title") or job.title
        beside = _beside(ran, task, ended, title, error, said, reasons)
        outcome = Outcome(
            job=job,
            outcome=ended,
            error=error,
            seconds=round(ran.seconds, 3),
            warnings=count_warnings(ran.notebook) if ran.notebook is not None else 0,
            title=title,
            fields=summary.get("fields") or {},
            made_from=task.made_from,
            artefacts=_keep(task, ended, {**documents, "ipynb": _notebook(ran.notebook, job.slug)}, beside),
            cell=failing_cell(ran.notebook) if ran.outcome != OK and ran.notebook is not None else None,
            due_on=said.get("due_on"),
        )
        return _on_record(outcome, task)


def give_up(task: Task, error: str) -> Outcome:
    """Put on record that the workers died that made this report, and keep its notebook as far as it got."""
    kept = b""
    if task.part.is_file():
        kept = task.part.read_bytes()
        task.part.unlink()
    try:
        json.loads(kept)
    except ValueError:
        kept = b""  # it died while it wrote
    artefacts = _keep(task, KILLED, {"ipynb": kept})
    outcome = Outcome(task.job, KILLED, error, 0.0, 0, task.job.title, {}, task.made_from, artefacts)
    return _on_record(outcome, task)


def passes(_notebook: NotebookNode, _documents: Mapping[str, bytes]) -> Sequence[str | tuple[str, str]]:
    """Let every report pass."""
    return ()


def _judged(ran: Ran, task: Task, gate: Gate) -> tuple[dict[str, bytes], str, str, Sequence[str | tuple[str, str]]]:
    """Return the documents of a run by format, how it ended, why, and what the gate had against it."""
    if ran.outcome != OK or ran.notebook is None:
        return {}, ran.outcome, ran.error, ()
    try:
        documents = _documents(ran.notebook, task)
        reasons = gate(ran.notebook, documents)
    except Exception as failure:
        # A report that cannot be printed is that run's failure, not the batch's.
        return {}, EXPORT_ERROR, f"{type(failure).__name__}: {failure}", ()
    said = [each if isinstance(each, str) else each[task.job.lang == "en"] for each in reasons]
    return documents, GATE_FAILED if reasons else OK, "\n".join(said), reasons


def _beside(
    ran: Ran,
    task: Task,
    ended: str,
    title: str,
    error: str,
    said: Mapping[str, Any],
    reasons: Sequence[str | tuple[str, str]],
) -> dict[str, bytes]:
    """Return what lies beside a report, by path: what it declared, and the page that says why it failed."""
    files: dict[str, bytes] = {}
    if ended != OK and ran.notebook is not None:
        back = "../" * (1 + task.place.count("/")) + "index.html"
        page = failed_page(ran.notebook, title=title, outcome=ended, error=error, lang=task.job.lang, back=back)
        files[f"failed/{task.place}{task.job.slug}.html"] = page.encode("utf-8", "backslashreplace")
    if said:
        record = manifest.as_json({"declared": said, "problems": list(reasons)})
        files[f"checks/{task.place}{task.job.slug}.json"] = record.encode("utf-8", "backslashreplace")
    return files


def _digest(made_from: Mapping[str, Any]) -> str:
    """Return a digest of what a report is made from but its parameters, "" if that is not known."""
    if not made_from:
        return ""
    return manifest.digest({name: value for name, value in made_from.items() if name != "parameters"})


def _documents(notebook: NotebookNode, task: Task) -> dict[str, bytes]:
    return export.render(notebook, task.formats, lang=task.job.lang, reference=task.reference)


def _notebook(notebook: NotebookNode | None, slug: str) -> bytes:
    import nbformat

    if notebook is None:
        return b""
    notebook.metadata.setdefault("papermill", {})["output_path"] = f"{slug}.ipynb"
    writes: Any = nbformat.writes
    return f"{writes(notebook, version=4)}\n".encode("utf-8", "backslashreplace")


def _keep(
    task: Task, ended: str, made: Mapping[str, bytes], beside: Mapping[str, bytes] | None = None
) -> dict[str, str]:
    """Write what the run made, and first remove what an earlier run left; return the SHA-256 of each path."""
    slug, place, beside = task.job.slug, task.place, beside or {}
    good = {**{each: f"{place}{slug}.{each}" for each in export.FORMATS}, "ipynb": f"notebooks/{place}{slug}.ipynb"}
    # What the gate holds back bears another name than the page that says why.
    bad = {each: f"failed/{place}{slug}.held.{each}" for each in export.FORMATS}
    bad["ipynb"] = f"failed/{place}{slug}.ipynb"
    paths = good if ended == OK else bad
    documents = {paths[suffix]: content for suffix, content in made.items() if content}
    why = {path: content for path, content in beside.items() if path.startswith("failed/")}
    written = {**why, **documents, **beside}
    others = (f"failed/{place}{slug}.html", f"checks/{place}{slug}.json")
    for path in {*good.values(), *bad.values(), *others, *task.earlier} - written.keys():
        if not PurePosixPath(path).is_absolute() and ".." not in PurePosixPath(path).parts:
            (task.folder / path).unlink(missing_ok=True)
    for path, content in written.items():
        manifest.write(task.folder / path, content)
    return {path: hashlib.sha256(content).hexdigest() for path, content in written.items()}


def _on_record(outcome: Outcome, task: Task) -> Outcome:
    record = {**outcome.record(), "session": task.session, "fingerprint": task.fingerprint}
    journal.append(task.folder, record)
    return outcome
