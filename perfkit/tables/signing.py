"""Write a table as a sheet to print and sign: title, facts, rows, and who prepared, checked and approved it."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from perfkit.tables.contracts import contract, labels
from perfkit.tables.writing import HEAD, put, save

_EDGE = Side(style="thin", color="808080")
_SIGNED = {
    "zh": ("编制：", "审核：", "批准：", "日期：      年    月    日"),
    "en": ("Prepared by:", "Checked by:", "Approved by:", "Date:"),
}
_OTHER = {"zh": "_en", "en": "_zh"}
# In characters of half width: what landscape A4 takes at full size, and the widest and narrowest column.
_PAGE, _WIDEST, _NARROWEST = 150, 46, 6
_LINE_HEIGHT, _HIGHEST = 15, 409


def write_signable(
    frame: pd.DataFrame, name: str, path: str | Path, *, title: str, facts: Sequence[str] = (), lang: str = "zh"
) -> Path:
    """Write a table as one sheet that an official can sign: landscape A4, one page wide, the header on each page.

    Parameters
    ----------
    frame, name
        The table and its contract; columns of the other language and columns without a value are left out.
    path
        The workbook.
    title
        What stands on top.
    facts
        Lines under the title: the days compared, counts by kind.

    Returns
    -------
    Path
        The workbook.

    Notes
    -----
    Below the rows stands a line for who prepared, checked and approved it, and the date.
    """
    held = contract(name)
    kept = [column for column in frame.columns if not column.endswith(_OTHER[lang]) and frame[column].notna().any()]
    printed = labels(frame[kept or list(held.columns)], name, lang)
    printed.insert(0, "序号" if lang == "zh" else "no.", range(1, len(printed) + 1))
    widths = _widths(printed)
    book = Workbook()
    sheet = book.active
    sheet.title = held.zh if lang == "zh" else held.en
    for at, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(at)].width = width + 2
    _line(sheet, title, widths, Font(bold=True, size=16), "center")
    for fact in facts:
        _line(sheet, fact, widths, Font(), "left")
    head = sheet.max_row + 1
    for row in [tuple(printed.columns), *printed.itertuples(index=False, name=None)]:
        _cells(sheet, row, widths, is_head=sheet.max_row + 1 == head)
    _line(sheet, "", widths, Font(), "left")
    quarter = sum(widths) // len(_SIGNED[lang])
    signed = (word + "\u3000" * ((quarter - _width(word)) // 2) for word in _SIGNED[lang])
    _line(sheet, "".join(signed), widths, Font(), "left")
    _set_page(sheet, head, lang)
    return save(book, Path(path))


def _line(sheet: Worksheet, text: str, widths: list[int], font: Font, at: str) -> None:
    """Add a line across all columns."""
    row = sheet.max_row + (sheet.max_row > 1 or sheet["A1"].value is not None)
    cell = sheet.cell(row, 1)
    put(cell, text)
    cell.font, cell.alignment = font, Alignment(horizontal=at, vertical="center", wrap_text=True)
    sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=len(widths))
    sheet.row_dimensions[row].height = _height([text], [sum(widths)]) * (2 if font.b else 1)


def _cells(sheet: Worksheet, values: Sequence[Any], widths: list[int], *, is_head: bool) -> None:
    """Add a row of the table."""
    row = sheet.max_row + 1
    for at, value in enumerate(values, 1):
        cell = sheet.cell(row, at)
        put(cell, value)
        cell.border = Border(_EDGE, _EDGE, _EDGE, _EDGE)
        cell.alignment = Alignment(
            horizontal="center" if is_head or at == 1 else "left", vertical="center", wrap_text=True
        )
        if is_head:
            cell.font, cell.fill = Font(bold=True), HEAD
    # Not every program fits the height of a row to wrapped text.
    sheet.row_dimensions[row].height = _height([_text(value) for value in values], widths)


def _set_page(sheet: Worksheet, head: int, lang: str) -> None:
    sheet.print_title_rows = f"{head}:{head}"
    sheet.freeze_panes = f"A{head + 1}"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_options.horizontalCentered = True
    sheet.oddFooter.center.text = "第 &P 页 共 &N 页" if lang == "zh" else "page &P of &N"


def _widths(printed: pd.DataFrame) -> list[int]:
    """Return each column's width: no wider than its texts; together no wider than the page if that can be."""
    longest = [
        max(_width(str(column)), *(_width(_text(value)) for value in printed[column]), _NARROWEST)
        for column in printed.columns
    ]
    limit = _WIDEST
    while limit > 2 * _NARROWEST and sum(min(each, limit) for each in longest) > _PAGE:
        limit -= 1
    return [min(each, limit) for each in longest]


def _text(value: object) -> str:
    return "" if value is None or (not isinstance(value, str) and pd.isna(value)) else str(value)


def _width(text: str) -> int:
    """Return how wide a text is on paper: two for a character of full width."""
    return max(sum(2 if unicodedata.east_asian_width(c) in "WFA" else 1 for c in line) for line in text.split("\n"))


def _height(texts: Sequence[str], widths: Sequence[int]) -> int:
    """Return how high a row must be for the tallest of its texts, in points."""
    lines = [
        sum(max(1, math.ceil(_width(line) / width)) for line in text.split("\n"))
        for text, width in zip(texts, widths, strict=True)
    ]
    return min(_HIGHEST, _LINE_HEIGHT * max(lines) + 5)
