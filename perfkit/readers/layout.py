"""Where things stand on a form in the official layout: found by the words on it, not by their place.

The layout is annex 1 of 财预〔2020〕10号: head, money, goal, indicators, total. Offices add columns and rows, merge
cells and write a label over two lines; the words stay.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from perfkit.tables import Sheet

Labels = Mapping[str, Sequence[str]]

INDICATOR_LABELS: Labels = {
    "level1": ("一级指标",),
    "level2": ("二级指标",),
    "level3": ("三级指标", "指标名称"),
    "target": ("年度指标值", "年初指标值", "预期指标值", "指标值", "年度目标值", "年初目标值", "目标值"),
    "actual": ("实际完成值", "全年实际值", "全年完成值", "实际完成", "实际值", "完成值", "实际完成情况"),
    "points": ("分值", "权重", "分值权重", "权重分值"),
    "score": ("得分", "自评得分"),
    "note": ("偏差原因分析及改进措施", "偏差原因分析", "偏差原因", "未完成原因分析", "原因分析", "备注"),
}
MONEY_LABELS: Labels = {
    "budget_initial": ("年初预算数", "年初预算"),
    "budget": ("全年预算数", "全年预算", "调整后预算数", "预算数"),
    "spent": ("全年执行数", "全年执行", "实际执行数", "执行数", "实际支出数"),
    "points": ("分值",),
    "rate": ("执行率", "预算执行率"),
    "score": ("得分",),
}
HEAD_LABELS: Labels = {
    "name": ("项目名称",),
    "department": ("主管部门", "主管部门及代码", "主管单位"),
    "implementer": ("实施单位", "项目单位", "项目实施单位"),
    "year": ("年度", "评价年度", "自评年度", "预算年度"),
    "grade": ("自评等级", "评价等级", "评价等次", "自评等次", "等级", "等次"),
    "period": ("项目起止时间", "起止时间", "项目实施期", "实施期限", "项目结束时间"),
}
GOAL_LABELS: Labels = {"goal": ("预期目标", "年初目标", "年度目标"), "outcome": ("实际完成情况", "目标完成情况")}
MONEY_TOTAL = ("年度资金总额", "资金总额", "合计", "总计")
TOTAL = ("总分", "合计", "总计", "总得分", "自评得分", "自评总分")


@dataclass(frozen=True)
class Header:
    """A row of labels: its number, and for each label the columns that belong to it (first, one past the last)."""

    row: int
    columns: Mapping[str, tuple[int, int]]


def label(value: object) -> str:
    """Fold what a cell says into a label: half width, no blanks, nothing in brackets, no colon.

    Examples
    --------
    >>> label("全年 预算数（A）："), label("满意度指标(10分)")
    ('全年预算数', '满意度指标')
    """
    bare = re.sub(r"\s+", "", unicodedata.normalize("NFKC", words(value)))
    return re.sub(r"\([^()]*\)", "", bare).strip(":*")


def words(value: object) -> str:
    """Return a cell as text: a whole number without a point, a day as 2023-12-31.

    Examples
    --------
    >>> words(735.0), words(dt.datetime(2023, 10, 1)), words(None)
    ('735', '2023-10-01', '')
    """
    if value is None:
        return ""
    if isinstance(value, dt.datetime | dt.date):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, int | float):
        return f"{value:.12g}" if abs(value) < float("1e12") else str(value)
    return str(value).strip()


def find_header(sheet: Sheet, labels: Labels, needed: Sequence[str], start: int = 0) -> Header | None:
    """Return the first row from ``start`` on that carries the ``needed`` labels, or None."""
    for row in range(start, len(sheet.cells)):
        at: dict[str, int] = {}
        for column, value in enumerate(sheet.cells[row]):
            said = label(value) if isinstance(value, str) else ""
            name = next((name for name, named in labels.items() if said in named and name not in at), None)
            if said and name:
                at[name] = column
        if all(name in at for name in needed):
            return Header(row, _spans(sheet, row, at))
    return None


def _spans(sheet: Sheet, row: int, at: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    """Give each label the columns up to the next cell of its row that says something."""
    line = sheet.cells[row]
    spans = {}
    for name, column in at.items():
        width = sheet.merged.get((row, column), 1)
        following = next((c for c in range(column + 1, len(line)) if words(line[c])), column + width)
        spans[name] = (column, max(following, column + 1))
    return spans


def under(sheet: Sheet, row: int, header: Header, name: str) -> Any:
    """Return what stands in ``row`` under a label of ``header``, or None."""
    if name not in header.columns or row >= len(sheet.cells):
        return None
    first, stop = header.columns[name]
    return next((value for value in sheet.cells[row][first:stop] if words(value)), None)


def beside(sheet: Sheet, names: Sequence[str], stop: int) -> Any:
    """Return what stands right of the first label in ``names`` above row ``stop``, or behind its colon, or None."""
    known = {each for held in (HEAD_LABELS, MONEY_LABELS, GOAL_LABELS) for named in held.values() for each in named}
    for line in sheet.cells[:stop]:
        for column, value in enumerate(line):
            said = label(value) if isinstance(value, str) else ""
            if said in names:
                right = next((v for v in line[column + 1 :] if words(v)), None)
                return None if label(right) in known else right
            inline = re.fullmatch(rf"({'|'.join(names)})(?:\([^()]*\))?:(.+)", said)
            if inline:
                return re.split(r"[:：]", words(value), maxsplit=1)[-1].strip()
    return None


def row_labelled(sheet: Sheet, names: Sequence[str], start: int, stop: int, before: int) -> int | None:
    """Return the first row between ``start`` and ``stop`` that has one of ``names`` left of column ``before``."""
    for row in range(start, min(stop, len(sheet.cells))):
        if any(isinstance(value, str) and label(value) in names for value in sheet.cells[row][:before]):
            return row
    return None
