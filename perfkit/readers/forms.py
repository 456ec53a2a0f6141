"""Filled self-evaluation forms (项目支出绩效自评表), read into units, indicators and values.

A form is a sheet in the official layout (annex 1 of 财预〔2020〕10号), or tables of the kit. What is printed is kept;
how it was read, and what could not be, is said in remarks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from perfkit import tables
from perfkit.errors import TableError
from perfkit.readers import layout, targets
from perfkit.readers.files import refusal
from perfkit.readers.opening import open_data
from perfkit.readers.rows import YUAN, Remark, Row, execution_row, indicator_row, number
from perfkit.tables import Sheet

FORM_TABLES = ("units", "indicators", "values")
WORKBOOKS = (".xlsx", ".xlsm")

_ENCRYPTED = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PARTS = tuple(
    re.compile(rf"(?:其中:)?{part}") for part in ("(?:当年|本年|年度)?财政拨款", "上年结转(?:资金)?", "其他资金")
)
_YEAR = r"((?:19|20)\d{2})"
_MONEY_UNIT = re.compile(r"(?:资金|预算|执行|金额|单位).*?[（(:：]\s*(亿元|万元|元)\s*[）)]?", re.DOTALL)
_SUBTOTAL = ("小计", "分项小计")
_TEMPLATE_NAME = re.compile(r"(?:指标\d*[:：、.]?)?[.…·\s]*")


@dataclass(frozen=True)
class Form:
    """One filled form, or a set of tables that may hold many units.

    ``sheet`` names the sheet where a workbook has several forms; ``tables`` are units, indicators and values;
    ``remarks`` say how the form was read; ``parts`` gives for each column of money the total and the sum of its
    parts, as printed.
    """

    sheet: str
    tables: Mapping[str, pd.DataFrame]
    remarks: tuple[Remark, ...] = ()
    parts: Mapping[str, tuple[float, float]] = field(default_factory=dict)


def holds_tables(folder: Path) -> bool:
    """Say whether a folder holds the kit's tables ``indicators`` and ``values`` (see :func:`table_files`)."""
    called = {_table_of(path.name.split(".")[0]) for path in table_files(folder)}
    return {"indicators", "values"} <= called


def table_files(folder: Path) -> list[Path]:
    """Return the files of a folder that are called after a table of forms."""
    suffixes = (*WORKBOOKS, ".csv", ".parquet")
    files = [
        each for each in sorted(folder.iterdir()) if each.suffix.lower() in suffixes and each.name[0] not in ".~"
    ]
    return [each for each in files if _table_of(each.name.split(".")[0])]


def open_forms(path: Path) -> list[Form | TableError]:
    """Read every form of a workbook, or the tables of a folder.

    Returns
    -------
    list
        One :class:`Form` for each sheet in the official layout, or one for the kit's tables; a sheet that is a form
        but cannot be read gives its error in its place.

    Raises
    ------
    TableError
        If the file cannot be read or holds no form.
    """
    if path.is_dir():
        return [_tables_of(path)]
    _fail_if_encrypted(path)
    sheets = [sheet for sheet in tables.sheets(path) if any(layout.words(v) for line in sheet.cells for v in line)]
    if {"indicators", "values"} <= {_table_of(sheet.title) for sheet in sheets}:
        return [_tables_of(path)]
    headers = {sheet.title: _indicator_header(sheet) for sheet in sheets}
    forms = [sheet for sheet in sheets if headers[sheet.title]]
    if not forms:
        raise _no_form(path, sheets)
    other = [sheet.title for sheet in sheets if not headers[sheet.title]]
    found: list[Form | TableError] = []
    for sheet in forms:
        try:
            found.append(_official(sheet, headers[sheet.title], path, alone=len(forms) == 1, other=other))
        except TableError as error:
            found.append(error)
    return found


def _tables_of(path: Path) -> Form:
    return Form("", open_data(path, FORM_TABLES, need=["indicators", "values"]))


def _table_of(title: str) -> str:
    """Return the table of a form that a file or sheet called ``title`` holds, or nothing."""
    for name in FORM_TABLES:
        held = tables.contract(name)
        if tables.folded(title) in {tables.folded(each) for each in (held.name, held.zh, held.en)}:
            return name
    return ""


def _indicator_header(sheet: Sheet, start: int = 0) -> layout.Header | None:
    return layout.find_header(sheet, layout.INDICATOR_LABELS, ("level1", "level3", "target", "actual"), start)


def _official(sheet: Sheet, header: layout.Header | None, path: Path, *, alone: bool, other: list[str]) -> Form:
    if header is None or "points" not in header.columns or "score" not in header.columns:
        raise _lacks_columns(path, sheet, header)
    remarks = [_said_other(title) for title in other] if alone else []
    year = _year(sheet, header.row, path, remarks)
    money, execution, parts = _money(sheet, header.row, remarks)
    rows = _rows(sheet, header, year, remarks)
    if execution and any(row.indicator["kind"] == "execution" for row in rows):
        remarks.append(
            Remark(
                "预算执行率列在绩效指标中，资金一栏的分值与得分未再计入", "the execution rate stands twice: once read"
            )
        )
    elif execution:
        rows.insert(0, execution)
    if not any(row.value.get("actual_text") or "points_reported" in row.value for row in rows):
        raise _refused_empty(path, sheet)
    name = layout.words(layout.beside(sheet, layout.HEAD_LABELS["name"], header.row))
    code = path.stem if alone else f"{path.stem} › {sheet.title}"
    unit = {
        "unit_id": code,
        "year": year,
        "name": name or code,
        "kind": "project",
        **{
            key: layout.words(layout.beside(sheet, layout.HEAD_LABELS[key], header.row)) or None
            for key in ("department", "implementer")
        },
        **money,
        **_goal(sheet, header.row),
        "ends_on": _end(sheet, header.row, year),
        "points_reported": _total(sheet, header, remarks),
        "grade_reported": layout.words(layout.beside(sheet, layout.HEAD_LABELS["grade"], len(sheet.cells))) or None,
    }
    for row in rows:
        remarks += row.remarks
    unsigned = sum(row.unsigned for row in rows)
    if unsigned:
        remarks.append(
            Remark(
                f"{unsigned} 行指标值未注明方向，按“不低于”读（金额类成本指标按“不高于”）",
                f"{unsigned} targets have no sign: read as at least (amounts of cost: as at most)",
            )
        )
    key = {"unit_id": code}
    read = {
        "units": [unit],
        "indicators": [{**key, **row.indicator} for row in rows],
        "values": [{**key, "year": year, **row.value} for row in rows],
    }
    where = path.name if alone else f"{path.name} › {sheet.title}"
    held = {name: tables.check_rows(each, name, where=f"{where} › {name}") for name, each in read.items()}
    return Form("" if alone else sheet.title, held, tuple(remarks), parts)


def _rows(sheet: Sheet, header: layout.Header, year: int | None, remarks: list[Remark]) -> list[Row]:
    """Read the rows of indicators down to the total; a level that is blank is the one above it."""
    found: list[Row] = []
    level1 = level2 = ""
    stop = _total_row(sheet, header)
    for at in range(header.row + 1, len(sheet.cells) if stop is None else stop):
        said = {name: layout.under(sheet, at, header, name) for name in layout.INDICATOR_LABELS}
        if layout.label(said["level1"]) in layout.INDICATOR_LABELS["level1"]:
            continue  # the labels again, on another page
        if any(layout.label(said[each]) in _SUBTOTAL for each in ("level1", "level2", "level3")):
            continue
        if layout.words(said["level1"]):
            level1, level2 = layout.label(said["level1"]), ""
        level2 = layout.label(said["level2"]) or level2
        name = re.sub(r"^指标\d+\s*[:：、.]?\s*", "", " ".join(layout.words(said["level3"]).split()))
        filled = any(layout.words(said[each]) for each in ("target", "actual", "points", "score"))
        if not filled:
            if not _TEMPLATE_NAME.fullmatch(name):
                remarks.append(Remark(f"“{name}”一行只有名称，未读", f"'{name}' is a name alone: not read"))
            continue
        levels = {"level1": level1 or "—", "level2": level2 or None, "level3": name or level2 or level1 or "—"}
        found.append(indicator_row(f"r{at + 1}", levels, said, year))
    return found


def _total_row(sheet: Sheet, header: layout.Header) -> int | None:
    before = header.columns["points"][0]
    return layout.row_labelled(sheet, layout.TOTAL, header.row + 1, len(sheet.cells), before)


def _total(sheet: Sheet, header: layout.Header, remarks: list[Remark]) -> float | None:
    """Return the printed total: under 得分, or the only number beside the label."""
    row = _total_row(sheet, header)
    if row is None:
        return None
    value = layout.under(sheet, row, header, "score")
    others = [each for each in sheet.cells[row] if isinstance(each, int | float)]
    if value is None and layout.under(sheet, row, header, "points") is None and len(others) == 1:
        value = others[0]
    return number(value, "总分", "the total", remarks)


def _money(sheet: Sheet, stop: int, remarks: list[Remark]) -> tuple[dict[str, Any], Row | None, dict[str, Any]]:
    """Return the amounts in yuan, the row of the execution rate, and total and sum of parts of each amount."""
    header = layout.find_header(sheet, layout.MONEY_LABELS, ("budget", "spent"))
    if header is None or header.row >= stop:
        remarks.append(Remark("未找到项目资金一栏", "no block of money was found"))
        return {}, None, {}
    before = min(first for first, _ in header.columns.values())
    row = layout.row_labelled(sheet, layout.MONEY_TOTAL, header.row + 1, stop, before)
    if row is None:
        remarks.append(Remark("未找到年度资金总额一行", "no row with the money of the year was found"))
        return {}, None, {}
    unit = _money_unit(sheet, stop, remarks)
    found: dict[str, float | None] = {}
    parts = {}
    part_rows = _part_rows(sheet, row, stop)
    for name in [each for each in ("budget_initial", "budget", "spent") if each in header.columns]:
        found[name] = _yuan(layout.under(sheet, row, header, name), name, unit, remarks)
        each = [_yuan(layout.under(sheet, at, header, name), name, unit, remarks) for at in part_rows]
        total = found[name]
        if total is not None and any(part is not None for part in each):
            parts[name] = (total, round(sum(part for part in each if part is not None), 2))
    said = {name: layout.under(sheet, row, header, name) for name in ("points", "rate", "score")}
    return found, execution_row(said) if layout.words(said["points"]) or layout.words(said["score"]) else None, parts


def _yuan(value: Any, name: str, unit: str, remarks: list[Remark]) -> float | None:
    """Return an amount in yuan: in the unit written with it, else in the block's."""
    amount = number(value, layout.MONEY_LABELS[name][0], name, remarks)
    written = targets.read_text(layout.words(value)).unit
    return None if amount is None else round(amount * YUAN.get(written, YUAN[unit]), 2)


def _part_rows(sheet: Sheet, total: int, stop: int) -> list[int]:
    """Return the rows of the three parts of the form; what an office lists below a part belongs to that part."""
    found: dict[re.Pattern[str], int] = {}
    for row in range(total + 1, stop):
        for value in sheet.cells[row]:
            said = layout.label(value) if isinstance(value, str) else ""
            part = next((part for part in _PARTS if part.fullmatch(said)), None)
            if part:
                found.setdefault(part, row)
    return sorted(found.values())


def _money_unit(sheet: Sheet, stop: int, remarks: list[Remark]) -> str:
    for line in sheet.cells[:stop]:
        for value in line:
            found = re.search(
                r"(?:资金|预算|执行|金额|单位).*?[（(:：]\s*(亿元|万元|元)\s*[）)]?", layout.words(value), re.S
            )
            if found:
                return found[1]
    remarks.append(
        Remark("资金未注明单位，按官方表式为万元", "the money has no unit: ten thousand yuan, as the form has it")
    )
    return "万元"


def _goal(sheet: Sheet, stop: int) -> dict[str, str | None]:
    header = layout.find_header(sheet, layout.GOAL_LABELS, ("goal", "outcome"))
    if header is None or header.row >= stop:
        return {}
    return {
        name: layout.words(layout.under(sheet, header.row + 1, header, name)) or None for name in ("goal", "outcome")
    }


def _year(sheet: Sheet, stop: int, path: Path, remarks: list[Remark]) -> int | None:
    """Return the form's year: a cell that is nothing but it, the title, the label 年度, or last the file's name."""
    texts = [targets.plain(layout.words(value)) for line in sheet.cells[:stop] for value in line]
    patterns = (
        r"[（(]?((?:19|20)\d{2})年度?[)）]?",
        r".*?((?:19|20)\d{2})年.*自评.*",
        r".*自评表.*?((?:19|20)\d{2})年.*",
    )
    for pattern in patterns:
        for text in texts:
            found = re.fullmatch(pattern, text)
            if found:
                return int(found[1])
    beside = re.search(_YEAR, layout.words(layout.beside(sheet, layout.HEAD_LABELS["year"], stop)))
    if beside:
        return int(beside[0])
    named = re.search(rf"(?<!\d){_YEAR}(?!\d)", f"{sheet.title} {path.stem}")
    if named:
        remarks.append(
            Remark(f"表内未注明年度，按文件名为 {named[1]} 年", f"no year on the form: {named[1]} by its name")
        )
        return int(named[1])
    remarks.append(Remark("表内未注明年度", "no year on the form"))
    return None


def _end(sheet: Sheet, stop: int, year: int | None) -> str | None:
    said = layout.words(layout.beside(sheet, layout.HEAD_LABELS["period"], stop))
    last = re.split(r"至|到|~|～|—|--|(?<=[日月年])-|(?<=\d)-(?=(?:19|20)\d\d)", said)[-1]
    day = targets.read_text(last, year).day
    return day.isoformat() if day else None


def _said_other(title: str) -> Remark:
    return Remark(f"工作表“{title}”不是自评表，未读", f"sheet '{title}' is no form: not read")


def _fail_if_encrypted(path: Path) -> None:
    try:
        with path.open("rb") as file:
            start = file.read(len(_ENCRYPTED))
    except OSError:
        return  # said by whoever reads it
    if start == _ENCRYPTED:
        raise refusal(
            (f"{path.name} is locked or an old workbook", f"{path.name} 已加密或为旧版格式"),
            ("locked with a password, or an .xls under another name", "文件有密码，或是改了扩展名的 .xls"),
            ("open it, take off the password and save it as .xlsx", "请打开文件，取消密码并另存为 .xlsx"),
            where=str(path),
        )


def _no_form(path: Path, sheets: list[Sheet]) -> TableError:
    if not sheets:
        return refusal(
            (f"{path.name} is empty", f"{path.name} 是空的"),
            ("nothing stands in it", "没有任何内容"),
            where=path.name,
        )
    return refusal(
        (f"{path.name} holds no self-evaluation form", f"{path.name} 中没有自评表"),
        ("no row has the form's labels", "没有找到自评表的指标表头"),
        ("use the official form", "请使用官方表式"),
        where=" › ".join([path.name, ", ".join(sheet.title for sheet in sheets)]),
        expected="一级指标、三级指标、年度指标值、实际完成值、分值、得分",
    )


def _lacks_columns(path: Path, sheet: Sheet, header: layout.Header | None) -> TableError:
    there = header.columns if header else {}
    lacking = [layout.INDICATOR_LABELS[name][0] for name in ("points", "score") if name not in there]
    return refusal(
        (f"{path.name} lacks columns", f"{path.name} 缺少列"),
        ("the form's indicators lack columns", "绩效指标部分缺少列"),
        ("use the official form", "请使用官方表式"),
        where=f"{path.name} › {sheet.title}",
        expected="、".join(lacking),
    )


def _refused_empty(path: Path, sheet: Sheet) -> TableError:
    return refusal(
        (f"{path.name} is not filled in", f"{path.name} 尚未填写"),
        ("the form has no indicator with a value or points", "表内没有填写任何指标的完成值或得分"),
        ("fill it in", "请填写后再核对"),
        where=f"{path.name} › {sheet.title}",
    )
