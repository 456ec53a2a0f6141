"""Read people's files (CSV, XLSX, Parquet; headers in zh or en) into tables that keep their contract.

What a cell shows is what is read: a number formatted as a percentage reads as "98%". The index of a table read
from a file is the row in that file, so that a later error can still name the cell.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pandas as pd
from openpyxl import load_workbook

from perfkit.errors import Problem, TableError, fail_if_any
from perfkit.tables.checking import is_called, make
from perfkit.tables.columns import Contract
from perfkit.tables.contracts import contract

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LINKS = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_SUFFIXES = (".csv", ".xlsx", ".xlsm", ".parquet")
# No form has more rows or columns; a sheet may be formatted down to row 1,048,576.
_ROWS, _COLUMNS = 5000, 256
_BYTES = 200_000_000  # unpacked: more is no form, and may be meant to fill the memory


@dataclass(frozen=True)
class Sheet:
    """A sheet as its user sees it, row by row; ``merged`` gives the width of a merged block by its first cell.

    Rows and columns count from 0.
    """

    title: str
    cells: list[list[Any]]
    merged: dict[tuple[int, int], int]


def read(path: str | Path, name: str, *, sheet: str | None = None) -> pd.DataFrame:
    """Read one table from a CSV, XLSX or Parquet file.

    Parameters
    ----------
    path
        The file. CSV may be UTF-8 or GB18030.
    name
        The table's name (:func:`perfkit.tables.dictionary` lists the columns).
    sheet
        The sheet of a workbook; by default the one named after the table, else the first.

    Returns
    -------
    DataFrame
        All columns of the contract in its order (a missing optional column is empty), then any further columns
        of the file as text. The index, called ``row``, is the row in the file.

    Raises
    ------
    TableError
        All problems of the file at once, each with its cell.
    """
    held = contract(name)
    grid, sheet_name = _grid(Path(path), held, sheet)
    where = f"{Path(path).name} › {sheet_name}" if sheet_name else Path(path).name
    return make(grid, held, where)


def read_all(path: str | Path, names: Sequence[str]) -> dict[str, pd.DataFrame]:
    """Read those of ``names`` that are there: files of a folder, or sheets of a workbook.

    A file or sheet belongs to a table when it carries its name or title up to the first dot: ``units.csv``,
    ``评价对象.xlsx``, ``panel.simulated.csv``, sheet ``units``.

    Raises
    ------
    TableError
        If nothing is there, or with all problems of all tables found.
    """
    source = Path(path)
    if source.is_dir():
        found = _files_called(source, names)
    elif source.is_file():
        found = dict.fromkeys(_sheets_called(source, names), source)
    else:
        raise _missing_file(source)
    if not found:
        titles = ", ".join(f"{name}（{contract(name).zh}）" for name in names)
        raise TableError(
            (f"no table found in {source.name}", f"{source.name} 中没有可识别的表"),
            [Problem(("no file or sheet is named after a table", "没有以表名命名的文件或工作表"), expected=titles)],
        )
    tables: dict[str, pd.DataFrame] = {}
    problems: list[Problem] = []
    for name, each in found.items():
        try:
            tables[name] = read(each, name)
        except TableError as error:
            problems.extend(error.problems)
    fail_if_any(TableError, source.name, problems)
    return tables


def sheets(path: str | Path) -> list[Sheet]:
    """Read the sheets of a workbook as they stand: no header, no contract.

    Raises
    ------
    TableError
        If the file cannot be read, or a cell holds a formula that was never calculated.
    """
    source = Path(path)
    with _said_plainly(source):
        with zipfile.ZipFile(source) as archive:
            size = sum(each.file_size for each in archive.infolist())
        if size > _BYTES:
            raise ValueError(f"{size:,} bytes when unpacked")
        book = load_workbook(source, data_only=True)
    found = []
    for sheet in book.worksheets:
        rows = sheet.iter_rows(max_row=min(sheet.max_row, _ROWS), max_col=min(sheet.max_column, _COLUMNS))
        cells = [[_shown(cell) for cell in row] for row in rows]
        blocks = {(at.min_row - 1, at.min_col - 1): at.max_col - at.min_col + 1 for at in sheet.merged_cells.ranges}
        _fail_if_formula_without_value(source, sheet.title)
        found.append(Sheet(sheet.title, cells, blocks))
    return found


def place(frame: pd.DataFrame, row: Hashable, column: str, *, name: str) -> str:
    """Say where a value of ``frame`` stands: file, sheet and cell if it was read from one."""
    where = frame.attrs.get("where", name)
    letter = frame.attrs.get("letters", {}).get(column)
    return f"{where} › {letter}{row}" if letter else f"{where} › {column} [{row}]"


def _grid(path: Path, held: Contract, sheet: str | None) -> tuple[list[Sequence[Any]], str]:
    if not path.is_file():
        raise _missing_file(path)
    suffix = path.suffix.lower()
    with _said_plainly(path):
        if suffix == ".csv":
            return _csv_grid(path), ""
        if suffix == ".parquet":
            frame = pd.read_parquet(path)
            return [list(frame.columns), *frame.astype(object).itertuples(index=False, name=None)], ""
        if suffix in (".xlsx", ".xlsm"):
            return _sheet_grid(path, held, sheet)
    raise TableError(
        (f"{path.name} is of an unknown type", f"不认识的文件类型：{path.name}"),
        [Problem(("unknown type of file", "未知的文件类型"), str(path), ", ".join(_SUFFIXES), suffix or "—")],
    )


@contextmanager
def _said_plainly(path: Path) -> Iterator[None]:
    """Turn what a library says of a damaged file into an error of the kit."""
    try:
        yield
    except (
        zipfile.BadZipFile,
        UnicodeDecodeError,
        OSError,
        KeyError,
        csv.Error,
        ValueError,
        ElementTree.ParseError,
    ) as error:
        raise TableError(
            (f"{path.name} cannot be read", f"{path.name} 无法读取"),
            [
                Problem(
                    ("the file is damaged or not what its name says", "文件损坏，或内容与扩展名不符"),
                    str(path),
                    got=f"{type(error).__name__}: {error}",
                    do=("save it again as .xlsx or .csv", "请另存为 .xlsx 或 .csv 后再试"),
                )
            ],
        ) from error


def _missing_file(path: Path) -> TableError:
    return TableError(
        (f"{path.name} does not exist", f"{path.name} 不存在"),
        [Problem(("no such file or folder", "没有这个文件或文件夹"), str(path), do=("check the path", "请检查路径"))],
    )


def _csv_grid(path: Path) -> list[Sequence[Any]]:
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("gb18030")
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def _sheet_grid(path: Path, held: Contract, sheet: str | None) -> tuple[list[Sequence[Any]], str]:
    book = load_workbook(path, data_only=True)
    if sheet is None:
        named = [title for title in book.sheetnames if is_called(title, held)]
        if len(named) > 1:
            raise TableError(
                (f"two sheets for the table {held.name}", f"“{held.zh}”有两个工作表"),
                [
                    Problem(
                        ("two sheets", "两个工作表"), path.name, got=", ".join(named), do=("keep one", "请只保留一个")
                    )
                ],
            )
        sheet = named[0] if named else book.sheetnames[0]
    elif sheet not in book.sheetnames:
        raise TableError(
            (f"{path.name} has no sheet {sheet!r}", f"{path.name} 中没有工作表“{sheet}”"),
            [Problem(("unknown sheet", "未知的工作表"), path.name, ", ".join(book.sheetnames), sheet)],
        )
    cells: list[Sequence[Any]] = [[_shown(cell) for cell in row] for row in book[sheet].iter_rows()]
    _fail_if_formula_without_value(path, sheet)
    return cells, sheet


def _shown(cell: Any) -> Any:
    """Return a cell's value as the user sees it: a percentage stays one."""
    value = cell.value
    if isinstance(value, int | float) and not isinstance(value, bool) and "%" in str(cell.number_format):
        return f"{value * 100:.12g}%"
    return value


def _fail_if_formula_without_value(path: Path, sheet: str) -> None:
    """Refuse a formula that was never calculated: it reads as empty and would be lost."""
    with zipfile.ZipFile(path) as archive:
        body = archive.read(_sheet_file(archive, sheet))
    if b"<f" not in body:
        return
    problems = [
        Problem(
            ("a formula was never calculated", "公式尚未计算"),
            f"{path.name} › {sheet} › {cell.get('r')}",
            got=f"={cell.findtext(f'{_MAIN}f') or ''}",
            do=("open the file in Excel or WPS and save it", "请用 Excel 或 WPS 打开并保存一次"),
            column=str(cell.get("r")),
        )
        for cell in _parsed(body).iter(f"{_MAIN}c")
        if cell.find(f"{_MAIN}f") is not None and _is_uncalculated(cell)
    ]
    fail_if_any(TableError, f"{path.name} › {sheet}", problems)


def _is_uncalculated(cell: ElementTree.Element) -> bool:
    """Say whether a formula's cell has no value; text that came out empty is one."""
    value = cell.find(f"{_MAIN}v")
    return (value is None or not value.text) and cell.get("t") != "str"


def _parsed(part: bytes) -> ElementTree.Element:
    # A workbook's parts declare no entities; one that does is not a workbook and is not parsed.
    if b"<!DOCTYPE" in part or b"<!ENTITY" in part:
        raise ValueError("a part of the workbook declares entities")
    return ElementTree.fromstring(part)  # noqa: S314 - see above


def _sheet_file(archive: zipfile.ZipFile, sheet: str) -> str:
    """Return the part of a workbook that holds ``sheet``."""
    book = _parsed(archive.read("xl/workbook.xml"))
    links = _parsed(archive.read("xl/_rels/workbook.xml.rels"))
    wanted = next(each.get(f"{_LINKS}id") for each in book.iter(f"{_MAIN}sheet") if each.get("name") == sheet)
    target = next(str(each.get("Target")) for each in links if each.get("Id") == wanted)
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"


def _files_called(folder: Path, names: Iterable[str]) -> dict[str, Path]:
    """Return the file of each table; two files for one table are refused, since one of them would be lost."""
    there = sorted(each for each in folder.iterdir() if each.suffix.lower() in _SUFFIXES and each.name[0] not in ".~")
    named = {name: [f for f in there if is_called(f.name.split(".")[0], contract(name))] for name in names}
    problems = [
        Problem(
            (f"two files for the table {name}", f"“{contract(name).zh}”有两个文件"),
            folder.name,
            got=", ".join(each.name for each in files),
            do=("keep one of them", "请只保留一个"),
        )
        for name, files in named.items()
        if len(files) > 1
    ]
    fail_if_any(TableError, folder.name, problems)
    return {name: files[0] for name, files in named.items() if files}


def _sheets_called(path: Path, names: Iterable[str]) -> list[str]:
    if path.suffix.lower() not in (".xlsx", ".xlsm"):
        return [name for name in names if is_called(path.stem, contract(name))]
    try:
        titles = load_workbook(path, read_only=True).sheetnames
    except (zipfile.BadZipFile, KeyError, OSError, ValueError, ElementTree.ParseError) as error:
        raise TableError(
            (f"{path.name} cannot be read", f"{path.name} 无法读取"),
            [Problem(("not a workbook", "不是有效的工作簿"), str(path), got=str(error))],
        ) from error
    return [name for name in names if any(is_called(title, contract(name)) for title in titles)]
