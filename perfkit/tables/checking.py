"""From a grid of cells to a table that keeps its contract, or to all that is wrong with it."""

from __future__ import annotations

import datetime as dt
import difflib
import math
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
import pandera.pandas as pa
from openpyxl.utils import get_column_letter

from perfkit.errors import Problem, TableError, fail_if_any
from perfkit.tables.columns import Contract
from perfkit.tables.contracts import CONTRACTS, contract

_YES = {"是", "yes", "y", "true", "1", "√"}
_NO = {"否", "no", "n", "false", "0", "×"}
_A_NUMBER = ("a number", "数字")
_DTYPES = {"number": "float64", "rate": "float64", "year": "Int64", "yes_no": "boolean"}  # of other kinds: str


def check(frame: pd.DataFrame, name: str, *, where: str = "") -> pd.DataFrame:
    """Check a frame made in Python against its contract; columns take the contract's names, types and order.

    Raises
    ------
    TableError
        All problems at once; rows are counted by the frame's index.
    """
    held = contract(name)
    columns = list(frame.columns)
    grid = [columns, *frame.astype(object).itertuples(index=False, name=None)]
    return make(grid, held, where or held.name, rows=list(frame.index))


def check_rows(rows: Sequence[Mapping[str, Any]], name: str, *, where: str = "") -> pd.DataFrame:
    """Make a table of rows, each a mapping from column to value; the same as :func:`check` of a frame of them.

    Raises
    ------
    TableError
        All problems at once; rows are counted from 0.

    Examples
    --------
    >>> check_rows([{"unit_id": "a", "name": "甲"}, {"unit_id": "b", "name": "乙", "year": 2022}], "units").shape[0]
    2
    """
    held = contract(name)
    columns = list(dict.fromkeys(column for row in rows for column in row)) or list(held.columns)
    grid: list[Sequence[Any]] = [columns, *([row.get(column) for column in columns] for row in rows)]
    return make(grid, held, where or held.name, rows=list(range(len(rows))))


def is_called(title: str, held: Contract) -> bool:
    """Say whether a file or sheet called ``title`` is the table's."""
    return plain(title) in {plain(held.name), plain(held.zh), plain(held.en)}


def plain(text: object) -> str:
    """Fold a header: width, case, blanks and punctuation do not matter."""
    folded = unicodedata.normalize("NFKC", str(text)).lower()
    return re.sub(r"[\s_()\-*:：]+", "", folded)


def spellings(column: str) -> set[str]:
    """Return every header, folded, that names ``column`` in any table: its own name and its titles."""
    found = {plain(column)}
    for held in CONTRACTS.values():
        if column in held.columns:
            meta = held.columns[column].metadata
            found |= {plain(meta["zh"]), plain(meta["en"]), plain(_bare(meta["zh"]))}
    return found


def is_blank(value: Any) -> bool:
    """Say whether a cell holds nothing."""
    return (
        value is None
        or value is pd.NA
        or value is pd.NaT
        or (isinstance(value, float) and math.isnan(value))
        or (isinstance(value, str) and not value.strip())
    )


def make(grid: Sequence[Sequence[Any]], held: Contract, where: str, rows: list[Any] | None = None) -> pd.DataFrame:
    """Make a table of a grid of cells (header row first); ``rows`` are the row names if the grid is not a file's."""
    body = [(i, line) for i, line in enumerate(grid) if any(not is_blank(v) for v in line)]
    if not body:
        raise TableError(
            (f"{where} is empty", f"{where} 是空的"),
            [Problem(("no header row", "没有表头"), where, expected=held.title(next(iter(held.columns))))],
        )
    header, lines = body[0][1], body[1:]
    found, problems = _match_header(header, held, where, body[0][0] + 1)
    index = [rows[i - 1] if rows is not None else i + 1 for i, _ in lines]
    columns: dict[str, Any] = {}
    empty: dict[str, Any] = {}
    for name, spec in held.columns.items():
        meta, at = spec.metadata, found.get(name)
        dtype = _DTYPES.get(meta["kind"], "str")
        if at is None:
            if dtype not in empty:
                empty[dtype] = pd.array([None] * len(index), dtype=dtype)
            columns[name] = empty[dtype]
            continue
        values = [line[at] if at < len(line) else None for _, line in lines]
        parsed: list[Any] = []
        for row, value in zip(index, values, strict=True):
            try:
                parsed.append(None if is_blank(value) else _parse(value, meta))
            except ValueError as error:
                cell = f"{get_column_letter(at + 1)}{row}" if rows is None else f"{name} [{row}]"
                wanted, advice = error.args
                problems.append(
                    Problem(
                        (f"wrong value in {name}", f"“{meta['zh']}”的值不对"),
                        f"{where} › {cell}",
                        wanted,
                        repr(value),
                        advice,
                        column=name,
                    )
                )
                parsed.append(None)
        columns[name] = pd.array(parsed, dtype=dtype)
    frame = pd.DataFrame(columns, index=pd.Index(index, name="row"))
    for at, title in enumerate(header):
        if at not in found.values() and not is_blank(title):
            texts = [None if at >= len(line) or is_blank(line[at]) else str(line[at]) for _, line in lines]
            frame[str(title).strip()] = pd.Series(texts, index=index, dtype="str")
    letters = {name: get_column_letter(at + 1) for name, at in found.items()} if rows is None else {}
    already = {(p.column, p.where) for p in problems}
    # A column that is not there is one problem, not one a row.
    absent = {name for name in held.columns if name not in found}
    problems += [
        p
        for p in _contract_problems(frame, held, where, letters)
        if (p.column, p.where) not in already and not absent & set(p.column.split("+")) & _needed(held)
    ]
    fail_if_any(TableError, where, problems)
    frame.attrs.update(where=where, letters=letters)
    return frame


def _bare(title: str) -> str:
    """Return a title without what it has in brackets."""
    return re.sub(r"（.*?）|\(.*?\)", "", title)


def _needed(held: Contract) -> set[str]:
    return {name for name, spec in held.columns.items() if spec.required}


def _match_header(
    header: Sequence[Any], held: Contract, where: str, row: int
) -> tuple[dict[str, int], list[Problem]]:
    # A column's own name comes before any other column's title.
    names: dict[str, str] = {plain(name): name for name in held.columns}
    for name, spec in held.columns.items():
        for title in (
            spec.metadata["zh"],
            spec.metadata["en"],
            _bare(spec.metadata["zh"]),
        ):
            names.setdefault(plain(title), name)
    found: dict[str, int] = {}
    problems = []
    money = {
        plain(_bare(spec.metadata["zh"])): name
        for name, spec in held.columns.items()
        if "（元）" in spec.metadata["zh"]
    }
    for at, title in enumerate(header):
        if is_blank(title):
            continue
        cell = f"{where} › {get_column_letter(at + 1)}{row}"
        known = names.get(plain(title))
        other = re.search(r"[（(](.+?)[）)]\s*$", str(title))
        if known is None and other and plain(_bare(str(title))) in money:
            problems.append(
                Problem(
                    ("amounts in another unit", "金额单位不同"),
                    cell,
                    "元",
                    other[1],
                    (
                        "convert the amounts to yuan, then write 元 in the header",
                        "请先把金额换算为元，再把表头改为元；切勿只改表头",
                    ),
                    column=money[plain(_bare(str(title)))],
                )
            )
            continue
        if known in found:
            problems.append(Problem(("the column stands twice", "列重复"), cell, got=str(title), column=str(known)))
        elif known:
            found[known] = at
        else:
            near = difflib.get_close_matches(plain(title), names, n=1, cutoff=0.7)
            if near and names[near[0]] not in {names.get(plain(t)) for t in header}:
                meant = held.columns[names[near[0]]].metadata
                problems.append(
                    Problem(
                        ("unknown column, perhaps misspelt", "未知的列，疑似笔误"),
                        cell,
                        f"{meant['zh']} / {meant['en']}",
                        str(title),
                        ("correct the header", "请改正表头"),
                        column=names[near[0]],
                    )
                )
    missing = [n for n, spec in held.columns.items() if spec.required and n not in found]
    suspects = {p.column for p in problems}
    for name in [n for n in missing if n not in suspects]:
        meta = held.columns[name].metadata
        problems.append(
            Problem(
                ("a column is missing", "缺少一列"),
                f"{where} › {row}:{row}",
                f"{meta['zh']} / {meta['en']} / {name}",
                "、".join(str(t) for t in header if not is_blank(t)),
                ("add the column", "请补上该列"),
                column=name,
            )
        )
    return found, problems


def _parse(value: Any, meta: Mapping[str, Any]) -> Any:
    """Return ``value`` as the column's kind; raise ValueError(expected, advice) if it is not one."""
    return _PARSERS[meta["kind"]](value, unicodedata.normalize("NFKC", str(value)).strip(), meta)


def _number(value: Any, text: str, meta: Mapping[str, Any]) -> float:
    advice = ("write the number alone, words go to the note", "请只填数字，文字说明写在备注列")
    if isinstance(value, bool):
        raise ValueError(_A_NUMBER, advice)
    bare = text.replace("¥", "").strip()
    if "," in bare:
        # A comma parts thousands; anything else, a decimal comma above all, is not guessed at.
        if not re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?\s*%?", bare):
            raise ValueError(_A_NUMBER, ("write a decimal point, or no comma", "小数请用小数点，逗号只作千分位"))
        bare = bare.replace(",", "")
    scale = 1.0
    if bare.endswith("%"):
        bare, scale = bare[:-1].strip(), _PERCENT[meta["kind"]]
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", bare, re.IGNORECASE):
        raise ValueError(_A_NUMBER, advice)
    number = float(bare) * scale
    if not math.isfinite(number):
        raise ValueError(("a finite number", "有限的数"), advice)
    return number


def _year(_value: Any, text: str, _meta: Mapping[str, Any]) -> int:
    match = re.fullmatch(r"(\d{1,4})(?:\.0)?(?:年|年度)?", text)
    if not match:
        raise ValueError("2022", ("write the year as four digits", "请填写四位年份"))
    return int(match[1])


def _yes_no(_value: Any, text: str, _meta: Mapping[str, Any]) -> bool:
    if text.lower() in _YES | {"1.0"}:
        return True
    if text.lower() in _NO | {"0.0"}:
        return False
    raise ValueError(("yes / no", "是 / 否"), ("write 是 or 否", "请填写“是”或“否”"))


def _choice(_value: Any, text: str, meta: Mapping[str, Any]) -> str:
    for code, labels in meta["choices"].items():
        if plain(text) in {plain(code), *map(plain, labels)} or text in labels:
            return str(code)
    allowed = " | ".join(f"{zh} ({code})" for code, (zh, _) in meta["choices"].items())
    raise ValueError(allowed, ("choose one of these", "请从中选择一项"))


def _choices(_value: Any, text: str, meta: Mapping[str, Any]) -> str:
    # The text is folded to half width: "、" stays, "；" and "，" do not.
    named = {_choice(each, each.strip(), meta) for each in re.split(r"[;,、\n]", text) if each.strip()}
    return "；".join(code for code in meta["choices"] if code in named)


def _date(value: Any, text: str, _meta: Mapping[str, Any]) -> str:
    if isinstance(value, dt.datetime | dt.date):
        return value.strftime("%Y-%m-%d")
    try:
        return dt.date.fromisoformat(text.replace("/", "-").replace(".", "-")).isoformat()
    except ValueError:
        raise ValueError("2022-12-31", ("write the date as 2022-12-31", "请按 2022-12-31 填写日期")) from None


def _text(value: Any, _folded: str, meta: Mapping[str, Any]) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dt.datetime):
        return value.strftime("%Y-%m-%d")
    # What cannot be seen must not tell two texts apart, and codes are the same at either width.
    seen = "".join(c for c in str(value) if unicodedata.category(c) not in ("Cf", "Cc") or c in "\n\t")
    return unicodedata.normalize("NFKC", seen).strip() if meta["code"] else seen.strip()


# What a per cent sign does to a number of the kind.
_PERCENT = {"number": 1.0, "rate": 0.01}
# One parser a kind: of the value, its text with width and blanks evened out, and the column's metadata.
_PARSERS: dict[str, Callable[[Any, str, Mapping[str, Any]], Any]] = {
    "text": _text,
    "number": _number,
    "rate": _number,
    "year": _year,
    "yes_no": _yes_no,
    "date": _date,
    "choice": _choice,
    "choices": _choices,
}


def _is_sound(frame: pd.DataFrame, held: Contract) -> bool:
    """Say whether a frame surely keeps its contract, at a tenth of pandera's price; if not, pandera says why."""
    for name, spec in held.columns.items():
        if spec.nullable and not spec.checks:
            continue
        there = [value for value in frame[name].tolist() if not is_blank(value)]
        if not spec.nullable and len(there) < len(frame):
            return False
        for each in spec.checks:
            said = each.statistics
            inside = "allowed_values" in said and set(said["allowed_values"]).issuperset(there)
            above = "min_value" in said and all(value >= said["min_value"] for value in there)
            below = "max_value" in said and all(value <= said["max_value"] for value in there)
            if not (inside or above or below):
                return False
    keys = [[None if is_blank(value) else value for value in frame[name].tolist()] for name in held.key]
    return not keys or len(set(zip(*keys, strict=True))) == len(frame)


def _contract_problems(frame: pd.DataFrame, held: Contract, where: str, letters: dict[str, str]) -> list[Problem]:
    if _is_sound(frame, held):
        return []
    try:
        held.schema.validate(frame.reset_index(drop=True), lazy=True)
    except pa.errors.SchemaErrors as error:
        cases = error.failure_cases
    else:
        return []
    problems = []
    duplicates = frame.duplicated(subset=list(held.key), keep=False) if held.key else pd.Series(dtype=bool)
    for case in cases[cases["check"] != "multiple_fields_uniqueness"].itertuples():
        if pd.isna(case.index):
            continue
        column, row = str(case.column), frame.index[int(case.index)]
        meta = held.columns[column].metadata
        empty = case.check == "not_nullable"
        limits = "; ".join(str(c.error or c.name) for c in held.columns[column].checks)
        problems.append(
            Problem(
                (f"{column} is empty", f"“{meta['zh']}”为空")
                if empty
                else (f"{column} is out of range", f"“{meta['zh']}”超出范围"),
                f"{where} › {letters.get(column, column + ' ')}{row}",
                "" if empty else limits,
                "" if empty else str(case.failure_case),
                ("fill it in", "请填写") if empty else ("correct the value", "请改正"),
                column=column,
            )
        )
    seen: dict[tuple[Any, ...], Any] = {}
    for row, keys in (
        zip(
            frame.index[duplicates],
            frame.loc[duplicates, list(held.key)].itertuples(index=False, name=None),
            strict=True,
        )
        if len(duplicates)
        else ()
    ):
        shown = tuple("" if pd.isna(k) else k for k in keys)
        if shown in seen:
            got = " / ".join(map(str, shown))
            problems.append(
                Problem(
                    ("a key stands twice", "关键字重复"),
                    f"{where} › {letters.get(held.key[-1], '')}{row}",
                    (f"{' + '.join(held.key)} once", f"{' + '.join(map(held.title, held.key))}不重复"),
                    (f"{got}, also in row {seen[shown]}", f"{got}，第 {seen[shown]} 行已有"),
                    ("keep one of the rows", "请只保留一行"),
                    column="+".join(held.key),
                )
            )
        seen.setdefault(shown, row)
    return problems
