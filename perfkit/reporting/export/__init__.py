"""One report, three formats, from a notebook that has run: no code, nothing fetched, nothing executed.

The cleaned page is the document: HTML is that page, and Word and PDF are written from the blocks read off it
(:mod:`perfkit.reporting.export.blocks`), so that the three cannot say different things.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path

from nbformat import NotebookNode

from perfkit.errors import PerfkitError, Problem, fail_if_any
from perfkit.reporting.export import blocks, page, pdf, word
from perfkit.reporting.export.page import TEMPLATES, safe, summary_of

__all__ = ["FORMATS", "TEMPLATES", "html", "render", "safe", "summary_of", "unfit"]

FORMATS = ("html", "docx", "pdf")
# Neither the exporter nor the compiler, both kept for the next report, can serve two threads.
_ONE_AT_A_TIME = threading.Lock()


def render(
    notebook: NotebookNode,
    formats: Iterable[str] = FORMATS,
    *,
    lang: str = "zh",
    title: str | None = None,
    reference: Path | None = None,
) -> dict[str, bytes]:
    """Return ``notebook`` as whole documents that need no other file and no network, by format.

    Code, prompts, what went to stderr, the summary for the index, and cells tagged ``note``, ``parameters``,
    ``injected-parameters`` or ``remove`` are left out; of cells tagged ``zh`` or ``en`` those in ``lang`` stay.
    The same notebook gives the same bytes.

    Parameters
    ----------
    notebook
        A notebook that has run.
    formats
        Of ``html``, ``docx`` and ``pdf``.
    lang
        ``zh`` or ``en``.
    title
        The title; by default that of the notebook's summary, else its first heading.
    reference
        A Word document whose styles, page, header and footer the Word report takes: any report, restyled in Word
        and saved. What else it holds is left out.

    Raises
    ------
    PerfkitError
        If ``lang`` or a format is unknown, a picture cannot be read, or the reference lacks a style.
    FontError
        If a character of a PDF is in no font; the message names it.
    """
    asked = tuple(formats)
    fail_if_any(PerfkitError, "formats", unfit(asked))
    with _ONE_AT_A_TIME:
        return _made(notebook, asked, lang, title, reference)


def _made(
    notebook: NotebookNode, asked: tuple[str, ...], lang: str, title: str | None, reference: Path | None
) -> dict[str, bytes]:
    cleaned = page.clean(notebook, lang=lang, title=title)
    read = blocks.read(cleaned, lang) if set(asked) - {"html"} else None
    made: dict[str, bytes] = {}
    for each in asked:
        if each == "html" or read is None:
            made[each] = str(cleaned).encode()
        else:
            made[each] = word.written(read, reference) if each == "docx" else pdf.written(read)
    return made


def unfit(formats: Iterable[str], reference: Path | None = None, where: str = "") -> list[Problem]:
    """Return what is wrong with ``formats`` and with the document that Word reports are to be written on."""
    asked = tuple(formats)
    problems = [
        Problem(
            ("format not available", "不支持该格式"),
            f"{where} › formats" if where else "",
            ", ".join(FORMATS),
            str(each) or "[]",
        )
        for each in asked or [""]
        if each not in FORMATS
    ]
    if reference is None:
        return problems
    if "docx" not in asked:
        problems.append(
            Problem(
                ("a reference, but no Word reports", "给出了参照文档，但不生成 Word 报告"),
                f"{where} › reference",
                "docx in formats",
                ", ".join(asked),
            )
        )
    try:
        word.opened(reference)
    except PerfkitError as error:
        problems.extend(error.problems)
    return problems


def html(notebook: NotebookNode, *, lang: str = "zh", title: str | None = None) -> str:
    """Return ``notebook`` as HTML only; see :func:`render`."""
    return render(notebook, ["html"], lang=lang, title=title)["html"].decode()
