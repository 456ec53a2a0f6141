"""What every design asks of its frame: the columns, numbers in them, no key twice; rows left out are counted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from perfkit.errors import Problem, TableError, fail_if_any
from perfkit.methods.result import Diagnostic
from perfkit.tables import as_numbers, bad_cells

_MUCH = 0.05  # of the rows left out: from here on the reader is warned


def usable(
    frame: pd.DataFrame,
    *,
    numbers: Sequence[str],
    flags: Sequence[str] = (),
    keys: Sequence[str] = (),
    unique: Sequence[str] = (),
) -> tuple[pd.DataFrame, Diagnostic]:
    """Return the rows that can be used, in columns ``keys``, ``flags`` and ``numbers``, and how many cannot.

    Parameters
    ----------
    frame
        Any frame; rows are named in messages by its index.
    numbers, flags, keys
        Columns with numbers, with 0 or 1 (or true and false), and with names. A row in which a number or flag is
        missing is left out and counted.
    unique
        Columns that together must not repeat.

    Raises
    ------
    TableError
        With every column that is missing or named twice, every column holding text, infinity or flags other than
        0 and 1, every missing or repeated key, and the first row of each; or if no row is complete.
    """
    wanted = [*dict.fromkeys([*keys, *flags, *numbers])]
    problems = [
        Problem(("no such column", "没有这一列"), expected=name, got=", ".join(map(str, frame.columns)), column=name)
        for name in wanted
        if name not in frame.columns
    ]
    problems += [
        Problem(("the column stands twice", "该列出现两次"), str(name), column=str(name))
        for name in wanted
        if list(frame.columns).count(name) > 1
    ]
    if not problems and frame.empty:
        problems = [Problem(("no rows", "没有数据行"))]
    where = str(frame.attrs.get("where", "the data"))
    fail_if_any(TableError, where, problems)
    measured = [name for name in wanted if name in {*numbers, *flags}]
    values, wrong = as_numbers(frame[measured])
    problems = bad_cells(wrong, frame[measured], ("text or infinite, not a number", "文本或无穷，不是数字"))
    is_flag = np.isin(measured, list(flags))
    odd = is_flag & ~wrong & ~np.isnan(values) & (values != 0) & (values != 1)
    problems += bad_cells(odd, frame[measured], ("neither 0 nor 1", "既不是 0 也不是 1"))
    named = frame[[name for name in keys if name not in measured]]
    problems += bad_cells(named.isna().to_numpy(), named, ("the key is missing", "关键字段缺失"))
    if unique:
        again = frame.duplicated([*unique]).to_numpy()
        key = " × ".join(unique)
        problems += bad_cells(again[:, None], frame.iloc[:, :1].set_axis([key], axis=1), ("stands twice", "重复出现"))
    fail_if_any(TableError, where, problems)
    table = named.assign(**dict(zip(measured, values.T, strict=True)))
    kept = table.dropna(subset=measured)
    if kept.empty:
        what = ("no row has a value in all of these columns", "没有一行在这些列都有数值")
        fail_if_any(TableError, where, [Problem(what, ", ".join(measured))])
    return kept, left_out(len(frame) - len(kept), len(frame), ("行", "rows"), ("数值缺失", "a value is missing"))


def left_out(n: int, of: int, things: tuple[str, str], because: tuple[str, str]) -> Diagnostic:
    """Say how many ``things`` of how many were left out and why."""
    share = n / of if of else 0.0
    return Diagnostic(
        name=(f"剔除的{things[0].removeprefix('个')}（{because[0]}）", f"{things[1]} left out ({because[1]})"),
        verdict="pass" if share <= _MUCH else "warn",
        why=(
            f"{of} {things[0]}中剔除 {n} {things[0][:1]}（{share:.1%}）",
            f"{n} of {of} {things[1]} left out ({share:.1%})",
        ),
        statistic=float(n),
    )


def unknown(name: str, got: object, known: Sequence[str]) -> TableError:
    """Return the error for a choice that does not exist."""
    return TableError(
        (f"{name}: no such choice", f"{name}：没有这个选项"),
        [Problem(("unknown choice", "未知选项"), expected=", ".join(known), got=str(got), column=name)],
    )


def fail_if_moving(rows: pd.DataFrame, unit: str, columns: Sequence[str]) -> None:
    """Raise if a unit has several values in one of ``columns``: its group or cluster must not change."""
    problems = []
    for column in columns:
        kinds = rows.groupby(unit, sort=False)[column].nunique()
        what = ("the unit has several values", "同一对象有多个取值")
        problems += [
            Problem(what, f"{column} › {unit} {each}", ("one value", "一个取值"), str(kinds[each]), column=column)
            for each in kinds.index[kinds > 1]
        ]
    fail_if_any(TableError, "the data", problems)
