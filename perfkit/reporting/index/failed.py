"""A notebook that failed, as a page that opens at the cell that failed: code and outputs, all of it as text."""

from __future__ import annotations

from typing import Any

from nbformat import NotebookNode

from perfkit.reporting.execution import plain
from perfkit.reporting.index.pages import rendered
from perfkit.reporting.index.words import outcomes, words

# What a cell printed beyond this many characters is counted, not shown.
_SHOWN = 20_000


def failing_cell(notebook: NotebookNode) -> int | None:
    """Return the number of the cell that failed, counted from 1; None if no cell did.

    It is the cell with an error, else the last that was begun before the kernel ended (papermill calls all of
    them completed then), else the first that did not run.
    """
    cells = [(at, cell) for at, cell in enumerate(_own(notebook), start=1) if cell.cell_type == "code"]
    for at, cell in cells:
        if any(output.output_type == "error" for output in cell.get("outputs", [])):
            return at
    begun = [at for at, cell in cells if cell.metadata.get("papermill", {}).get("start_time")]
    return begun[-1] if begun else next((at for at, cell in cells if _unrun(cell)), None)


def failed_page(notebook: NotebookNode, *, title: str, outcome: str, error: str, lang: str, back: str = "") -> str:
    """Return a failed notebook as an HTML page; cell N has the anchor ``cell-N``.

    Parameters
    ----------
    notebook
        As far as it got.
    title, outcome, error
        Of the run.
    lang
        ``zh`` or ``en``.
    back
        The index, relative to the page.
    """
    failing = failing_cell(notebook) if outcome not in ("export error", "gate failed") else None
    cells = [
        {
            "number": at,
            "code": cell.cell_type == "code",
            "source": cell.source,
            "outputs": [_shown(output, lang) for output in cell.get("outputs", [])],
            "failing": at == failing,
        }
        for at, cell in enumerate(_own(notebook), start=1)
    ]
    said = {"title": title, "outcome": outcomes(lang).get(outcome, outcome), "error": error, "back": back}
    return rendered("failed.html.j2", lang=lang, words=words(lang), cells=cells, failing=failing, **said)


def _own(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the cells without those that papermill puts in to point at an error."""
    return [cell for cell in notebook.cells if "papermill-error-cell-tag" not in cell.metadata.get("tags", [])]


def _unrun(cell: NotebookNode) -> bool:
    return cell.get("execution_count") is None and bool(cell.source.strip())


def _shown(output: NotebookNode, lang: str) -> dict[str, Any]:
    if output.output_type == "error":
        text = plain("\n".join(output.get("traceback", []))) or f"{output.ename}: {output.evalue}"
    elif output.output_type == "stream":
        text = plain(output.text)
    else:
        held = output.get("data", {}).get("text/plain", "")
        text = "".join(held) if isinstance(held, list) else str(held)
    more = len(text) - _SHOWN
    if more > 0:
        text = f"{text[:_SHOWN]}\n{words(lang)['cut'].format(f'{more:,}')}"
    return {"error": output.output_type == "error", "text": text}
