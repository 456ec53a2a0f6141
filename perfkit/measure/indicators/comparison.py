"""What changed between two states of a library, and the proposals that would make one of the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import pandas as pd

from perfkit import tables
from perfkit.errors import Problem, TableError, fail_if_any
from perfkit.measure.indicators.rows import rows_of
from perfkit.tables import folded
from perfkit.tables.library import DIFFERENCES

_KINDS = {
    **dict.fromkeys(("level1", "level2", "level3"), "name"),
    **dict.fromkeys(("part", "extends", "budgets", "field"), "scope"),
    **dict.fromkeys(
        ("direction", "target", "target_high", "floor", "target_text", "unit", "basis", "due_on", "check_points"),
        "standard",
    ),
    **dict.fromkeys(("points", "check_weights"), "weight"),
    **dict.fromkeys(("kind", "rule", "deduct", "veto"), "rule"),
}
# A value longer than this is not repeated in the sentence; of a list only what went and what came.
_LONG = 36
# Where and since when a row stands, not what it says.
_KEYS = ("unit_id", "indicator_id", "since", "until")


def compare(before: pd.DataFrame, after: pd.DataFrame, *, by: Literal["code", "name"] = "code") -> pd.DataFrame:
    """Return what changed, one row a change.

    Parameters
    ----------
    before, after
        What is in force in two libraries or on two days, as stated (:func:`in_force`, with :func:`with_names`), so
        that what several indicators take from one is one change; or each indicator whole (:func:`as_of`); or the
        indicators of two rule packs. No code twice.
    by
        What makes two rows the same indicator: its code, or its name (``level3``, width and blanks apart) where
        two frameworks number their indicators anew (then compare what is whole).

    Returns
    -------
    DataFrame
        Table ``library_differences``: added and retired indicators one row each, of the others one row a field, in
        the order of the kinds and then of the code; columns that only one side has are not compared. Values are
        shown in Chinese words. ``why_zh`` and ``why_en`` say the change in a sentence.

    Raises
    ------
    TableError
        If a code (or name) stands twice on one side, each time naming its cell.

    Examples
    --------
    >>> before = pd.DataFrame({"indicator_id": ["1"], "level1": ["产出"], "level3": ["培训人次"], "points": [10.0]})
    >>> compare(before, before.assign(points=12.0))[["kind", "before", "after", "why_zh"]].values.tolist()
    [['weight', '10', '12', '“培训人次”的分值由“10”改为“12”']]
    """
    key = "indicator_id" if by == "code" else "level3"
    problems = [*_twice(before, key), *_twice(after, key)]
    fail_if_any(TableError, "the two libraries 两个指标库", problems)
    fields = [name for name in before.columns if name in after.columns and name not in _KEYS]
    old, new = _rows(before, key), _rows(after, key)
    found = [*_gone(old, new), *(row for at in new for row in _of_one(old.get(at), new[at], fields))]
    order = list(DIFFERENCES)
    found.sort(key=lambda row: (order.index(row["kind"]), row["indicator_id"]))
    columns = list(tables.contract("library_differences").columns)
    return tables.check(pd.DataFrame(found, columns=columns), "library_differences")


def proposals(differences: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Return the table ``library_changes`` that brings about the listed differences.

    Parameters
    ----------
    differences
        What :func:`compare` returns, by code.
    after
        The library that the differences lead to: the values come from there.

    Raises
    ------
    TableError
        If the differences were found by name: a code is never changed.
    """
    renumbered = differences["replaces"].notna()
    fail_if_any(
        TableError,
        "library_differences",
        [
            Problem(
                ("the indicator has another code", "指标编码不同"),
                tables.place(differences, row, "replaces", name="library_differences"),
                got=f"{differences.loc[row, 'replaces']} → {differences.loc[row, 'indicator_id']}",
                do=("compare by code", "请按编码对照"),
                column="replaces",
            )
            for row in differences.index[renumbered]
        ],
    )
    known = tables.contract("library_changes")
    new = _rows(after, "indicator_id")
    named = {known.title(name): name for name in after.columns}
    found = []
    for code, rows in differences.groupby("indicator_id", sort=False):
        row: dict[str, Any] = {"indicator_id": code}
        kinds = set(rows["kind"])
        if kinds == {"retired"}:
            row["action"] = "retire"
        elif kinds == {"added"}:
            said = {name: value for name, value in new[str(code)].items() if name not in _KEYS}
            row |= {**said, "action": "add"}
        else:
            values = {named[title]: new[str(code)][named[title]] for title in rows["field_zh"]}
            row |= {name: value for name, value in values.items() if value is not None}
            row["action"] = "change"
            row["clears"] = "；".join(known.title(name) for name, value in values.items() if value is None) or None
        found.append(row)
    columns = [*known.columns, *sorted({name for row in found for name in row} - set(known.columns))]
    return tables.check(pd.DataFrame(found, columns=columns).astype(object), "library_changes")


def said_of(name: str, title: str, column: str, old: Any, new: Any) -> tuple[str, str]:
    """Return a change of one field in a sentence, English and Chinese.

    Examples
    --------
    >>> said_of("people trained", "培训人次", "target", 90.0, None)
    ('target of people trained, 90, is dropped', '“培训人次”的指标值“90”删去')
    """
    held = tables.contract("library")
    zh, en = held.title(column), held.title(column, "en")
    (old_en, old_zh), (new_en, new_zh) = shown(column, old), shown(column, new)
    if old is None:
        return f"{en} of {name} is now {new_en}", f"“{title}”的{zh}增补为“{new_zh}”"
    if new is None:
        return f"{en} of {name}, {old_en}, is dropped", f"“{title}”的{zh}“{old_zh}”删去"
    return f"{en} of {name}, {old_en}, becomes {new_en}", f"“{title}”的{zh}由“{old_zh}”改为“{new_zh}”"


def _in_short(name: str, title: str, column: str, old: Any, new: Any) -> tuple[str, str]:
    """Return a change in a sentence that does not repeat long texts: of a list what went and what came."""
    if max(len(str(old)), len(str(new))) <= _LONG:
        return said_of(name, title, column, old, new)
    held = tables.contract("library")
    zh, en = held.title(column), held.title(column, "en")
    if column != "check_points":
        return f"{en} of {name} is reworded", f"“{title}”的{zh}改写，见调整前后"
    was, now = ([part.strip() for part in str(each or "").split("；")] for each in (old, new))
    gone, come = [part for part in was if part not in now], [part for part in now if part not in was]
    parts = [(f"drops {len(gone)}", f"删去“{'”“'.join(gone)}”")] if gone else []
    parts += [(f"adds {len(come)}", f"新增“{'”“'.join(come)}”")] if come else []
    parts = parts or [("is in another order", "顺序调整")]
    return f"{en} of {name}: {', '.join(en for en, _ in parts)}", f"“{title}”的{zh}{'，'.join(zh for _, zh in parts)}"


def shown(column: str, value: Any) -> tuple[str, str]:
    """Return a value as people read it, English and Chinese: words for codes, no more decimals than it has."""
    if value is None:
        return "", ""
    held = tables.contract("library").columns
    choices = held[column].metadata["choices"] if column in held else {}
    if choices:
        words = [choices.get(each, (each, each)) for each in str(value).split("；")]
        return "; ".join(en for _, en in words), "；".join(zh for zh, _ in words)
    if isinstance(value, bool):
        return ("yes", "是") if value else ("no", "否")
    text = repr(value).removesuffix(".0") if isinstance(value, float) else str(value)
    return text, text


def names_of(row: Mapping[str, Any]) -> tuple[str, str]:
    """Return what to call an indicator, English and Chinese; its code where it has no name of its own."""
    title = row.get("level3") or row["indicator_id"]
    return str(row.get("name_en") or title), str(title)


def _rows(frame: pd.DataFrame, key: str) -> dict[str, dict[str, Any]]:
    rows = rows_of(frame)
    return {folded(row[key] or row["indicator_id"]) if key == "level3" else str(row[key]): row for row in rows}


def _twice(frame: pd.DataFrame, key: str) -> list[Problem]:
    keys = frame[key].map(folded, na_action="ignore") if key == "level3" else frame[key]
    return [
        Problem(
            ("the same code or name stands twice", "编码或名称重复"),
            tables.place(frame, row, key, name="library"),
            got=str(frame.loc[row, key]),
            do=("name a day, or compare by the other", "请指明日期，或改用另一种对应方式"),
            column=key,
        )
        for row in frame.index[keys.duplicated(keep="first")]
    ]


def _gone(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for at, row in old.items():
        if at not in new:
            name, title = names_of(row)
            yield _row("retired", row, before=shown("level3", title)[1], why=(f"{name} is retired", f"停用“{title}”"))


def _of_one(old: Mapping[str, Any] | None, new: Mapping[str, Any], fields: list[str]) -> Iterator[dict[str, Any]]:
    name, title = names_of(new)
    if old is None:
        points = new.get("points")
        worth_en, worth_zh = (f", {points:g} points", f"，{points:g} 分") if points is not None else ("", "")
        yield _row("added", new, after=title, why=(f"{name} is added{worth_en}", f"新增“{title}”{worth_zh}"))
        return
    held = tables.contract("library")
    replaces = old["indicator_id"] if old["indicator_id"] != new["indicator_id"] else None
    for column in fields:
        if old[column] != new[column]:
            yield _row(
                _KINDS.get(column, "wording"),
                new,
                field_zh=held.title(column),
                field_en=held.title(column, "en"),
                before=shown(column, old[column])[1],
                after=shown(column, new[column])[1],
                why=_in_short(*names_of(old), column, old[column], new[column]),
                replaces=replaces,
            )


def _row(kind: str, row: Mapping[str, Any], *, why: tuple[str, str], **more: Any) -> dict[str, Any]:
    return {
        "kind": kind,
        **{name: row.get(name) for name in ("indicator_id", "level1", "level3")},
        "why_en": why[0],
        "why_zh": why[1],
        **more,
    }
