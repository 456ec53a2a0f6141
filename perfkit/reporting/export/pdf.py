"""A report as PDF: set by typst (its compiler is a library), fonts embedded, tagged for those who listen."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from perfkit.errors import PerfkitError, Problem
from perfkit.reporting.export import pictures
from perfkit.reporting.export.blocks import (
    Block,
    Cell,
    Figure,
    Heading,
    Items,
    Notice,
    Paragraph,
    Preformatted,
    Report,
    Runs,
    Table,
    plain,
)
from perfkit.reporting.export.page import TEMPLATES
from perfkit.reporting.export.widths import GROUP, fitted
from perfkit.reporting.typefaces import typefaces

# The text of a page of an official document (GB/T 9704) is 156 mm wide.
_WIDTH = 442.0
_TEMPLATE = TEMPLATES / "report" / "report.typ"


def written(report: Report) -> bytes:
    """Return ``report`` as a PDF that meets PDF/UA-1; the same report gives the same bytes.

    What the report says goes to the template as data, so that it can never become code.

    Raises
    ------
    PerfkitError
        If a picture cannot be read.
    FontError
        If a character is in no font.
    """
    import typst

    faces = typefaces()
    faces.fail_if_lacking("".join(_text(report)))
    figures: list[Figure] = []
    data = {
        "title": report.title,
        "name": report.name,
        "lang": report.lang,
        "fonts": faces.roles,
        "blocks": [_data(block, figures) for block in report.blocks],
    }
    with tempfile.TemporaryDirectory() as home:
        for at, figure in enumerate(figures):
            (Path(home) / _name(at, figure)).write_bytes(pictures.alone(figure))
        (Path(home) / "report.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        try:
            made = faces.compiler.compile(
                _TEMPLATE.read_bytes(), root=home, format="pdf", pdf_standards="ua-1", sys_inputs={}
            )
        except typst.TypstError as error:
            for figure in figures:
                pictures.png(figure)
            raise PerfkitError(
                ("the report cannot be set as PDF", "报告无法排成 PDF"),
                [Problem(("typst refuses it", "排版程序拒绝"), got=str(error))],
            ) from error
    return bytes(made)


def _name(at: int, figure: Figure) -> str:
    return f"picture-{at}.{figure.kind}"


def _data(block: Block, figures: list[Figure]) -> dict[str, Any]:
    """Return what the template needs to know of a block; its pictures join ``figures``."""
    kind = type(block).__name__.lower()
    match block:
        case Heading():
            return {"type": kind, "level": block.level, "runs": _runs(block.runs)}
        case Paragraph():
            return {"type": kind, "kind": block.kind, "runs": _runs(block.runs)}
        case Notice():
            return {"type": kind, "runs": _runs(block.runs)}
        case Preformatted():
            return {"type": kind, "text": block.text}
        case Items():
            items = [
                {"runs": _runs(item.runs), "below": [_data(each, figures) for each in item.below]}
                for item in block.items
            ]
            return {"type": kind, "ordered": block.ordered, "start": block.start, "items": items}
        case Table():
            fit = fitted(block, _WIDTH)
            rows = [[_cell(cell) for cell in row if cell is not None] for row in block.grid]
            return {
                "type": kind,
                "caption": _runs(block.caption),
                "rows": rows,
                "heads": block.heads,
                "facts": block.facts,
                **asdict(fit),
            }
        case Figure():
            name = f"/{_name(len(figures), block)}"
            figures.append(block)
            return {"type": kind, "file": name, "alt": block.alt, "caption": _runs(block.caption)}
        case _:
            return {"type": kind}


def _cell(cell: Cell) -> dict[str, Any]:
    return {
        "runs": _runs(cell.runs),
        "rows": cell.rows,
        # A group that breaks leaves its label on the page before.
        "breakable": cell.rows > GROUP or cell.rows == 1,
        "columns": cell.columns,
        "heading": cell.heading,
        "number": cell.number,
    }


def _runs(runs: Runs) -> list[dict[str, Any]]:
    return [{"text": run.text, "marks": sorted(run.marks), "link": run.link} for run in runs]


def _text(report: Report) -> Iterator[str]:
    yield report.title
    for block in report.blocks:
        yield from _said(block)


def _said(block: Block) -> Iterator[str]:
    match block:
        case Heading() | Paragraph() | Notice():
            yield plain(block.runs)
        case Preformatted():
            yield block.text
        case Items():
            for item in block.items:
                yield plain(item.runs)
                for each in item.below:
                    yield from _said(each)
        case Table():
            yield plain(block.caption)
            yield from (cell.text for row in block.grid for cell in row if cell is not None)
        case Figure():
            yield plain(block.caption)
        case _:
            return
