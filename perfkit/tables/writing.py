"""Write tables for people: workbooks with zh titles, and empty templates to fill in."""

from __future__ import annotations

import os
import re
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from perfkit.errors import Problem, TableError
from perfkit.tables.contracts import CONTRACTS, contract, dictionary, labels

HEAD = PatternFill("solid", fgColor="E8EEF4")
_NEED = PatternFill("solid", fgColor="F9E2D2")
_TEMPLATE_ROWS = 2000


def write(frames: Mapping[str, pd.DataFrame], path: str | Path, *, lang: str = "zh") -> Path:
    """Write frames to one workbook, a sheet each, whole or not at all.

    A frame named after a table gets that table's titles; text that looks like a formula stays text.

    Returns
    -------
    Path
        The workbook.
    """
    book = Workbook()
    book.remove(book.active)
    for name, frame in frames.items():
        held = CONTRACTS.get(name)
        shown = labels(frame, name, lang) if held else frame
        sheet = book.create_sheet((held.zh if lang == "zh" else held.en) if held else name)
        _fill(sheet, list(shown.columns), shown.itertuples(index=False, name=None))
    return save(book, Path(path))


def template(name: str, path: str | Path, *, lang: str = "zh") -> Path:
    """Write an empty workbook for the table ``name``: headers, drop-down lists, and a sheet that explains them.

    Needed columns are shaded orange.

    Raises
    ------
    TableError
        If there is no such table.
    """
    held = contract(name)
    book = Workbook()
    sheet = book.active
    sheet.title = held.zh if lang == "zh" else held.en
    _fill(sheet, [held.title(c, lang) for c in held.columns], [])
    for at, (column, spec) in enumerate(held.columns.items(), start=1):
        head, meta = sheet.cell(1, at), spec.metadata
        if spec.required:
            head.fill = _NEED
        if meta["note"]:
            head.comment = Comment(meta["note"], "perfkit")
        letter = get_column_letter(at)
        words = [pair[0 if lang == "zh" else 1] for pair in meta["choices"].values()] or (
            ["是", "否"] if meta["kind"] == "yes_no" else []
        )
        if words:
            rule = DataValidation("list", formula1=f'"{",".join(words)}"', allow_blank=not spec.required)
            sheet.add_data_validation(rule)
            rule.add(f"{letter}2:{letter}{_TEMPLATE_ROWS}")
        if meta["kind"] == "text" and (column.endswith("_id") or meta["code"]):
            for row in range(2, 202):
                sheet.cell(row, at).number_format = "@"
    about = dictionary(name)
    _fill(
        book.create_sheet("说明" if lang == "zh" else "columns"),
        list(about.columns),
        about.itertuples(index=False, name=None),
    )
    return save(book, Path(path))


def put(cell: Cell, value: Any) -> None:
    """Write one value: gaps stay empty, text that looks like a formula stays text."""
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return
    plain = value.item() if hasattr(value, "item") else value
    cell.value = plain if isinstance(plain, bool | int | float) else ILLEGAL_CHARACTERS_RE.sub("", str(plain))
    if isinstance(cell.value, str) and cell.data_type == "f":
        cell.data_type, cell.quotePrefix = "s", True


def _fill(sheet: Worksheet, header: list[str], rows: Any) -> None:
    sheet.append(header)
    for cell in sheet[1]:
        cell.font, cell.fill = Font(bold=True), HEAD
        cell.alignment = Alignment(wrap_text=True, vertical="center")
    for row, line in enumerate(rows, start=2):
        for at, value in enumerate(line, start=1):
            put(sheet.cell(row, at), value)
    for at, title in enumerate(header, start=1):
        longest = max([2 * len(str(title)), *(len(str(c.value or "")) for c in sheet[get_column_letter(at)][1:50])])
        sheet.column_dimensions[get_column_letter(at)].width = min(60, longest + 2)
    sheet.freeze_panes = "A2"


def _take_out_the_time(path: Path) -> None:
    """Write a workbook again without the time of writing: the same tables make the same file."""
    with zipfile.ZipFile(path) as archive:
        parts = {each.filename: archive.read(each) for each in archive.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in parts.items():
            if name == "docProps/core.xml":
                body = re.sub(rb"(<dcterms:(created|modified)[^>]*>)[^<]*", rb"\g<1>2000-01-01T00:00:00Z", body)
            archive.writestr(zipfile.ZipInfo(name), body, zipfile.ZIP_DEFLATED)


def save(book: Workbook, path: Path) -> Path:
    """Write a workbook whole or not at all."""
    part: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
        part = Path(name)
        os.close(handle)
        book.save(part)
        _take_out_the_time(part)
        # mkstemp shuts everybody else out, and workbooks are there to be opened.
        part.chmod(0o644)
        part.replace(path)
    except OSError as error:
        raise TableError(
            (f"{path} cannot be written", f"{path} 无法写入"),
            [Problem(("the file cannot be written", "文件无法写入"), str(path), got=str(error.strerror or error))],
        ) from error
    finally:
        if part is not None:
            part.unlink(missing_ok=True)
    return path
