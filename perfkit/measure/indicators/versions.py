"""Versions of the library's indicators: which are in force on a day, and what they take from those they extend."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pandas as pd

from perfkit import tables
from perfkit.errors import Problem, TableError, fail_if_any
from perfkit.measure.indicators import faults
from perfkit.measure.indicators.rows import rows_of
from perfkit.tables.library import BUDGETS, PARTS

# Fields that are taken together or not at all, and those that come with them where they are blank: what describes
# one name, standard or list of points would be wrong beside another.
_TOGETHER = (
    (("level3",), ("name_en",)),
    (("target", "target_high", "floor", "target_text"), ("basis",)),
    (("check_points",), ("check_weights",)),
)
_OF_THE_VERSION = {"indicator_id", "since", "until", "part", "extends", "reality", "source"}


def in_force(library: pd.DataFrame, on: str | dt.date) -> pd.DataFrame:
    """Return the versions in force on the day ``on``, as they are stated and in the library's order.

    A version is in force from ``since`` to ``until``, both days included.

    Raises
    ------
    TableError
        If ``on`` is not a day.

    Examples
    --------
    >>> library = pd.DataFrame({"since": ["2020-01-01", "2022-01-01"], "until": ["2021-12-31", None]})
    >>> [len(in_force(library, day)) for day in ("2019-12-31", "2021-12-31", "2022-01-01")]
    [0, 1, 1]
    >>> in_force(library, "2021-12-31").index.tolist()
    [0]
    """
    day = as_day(on)
    return library[(library["since"] <= day) & (library["until"].isna() | (library["until"] >= day))]


def as_of(
    library: pd.DataFrame, on: str | dt.date, *, part: str | None = None, budget: str | None = None
) -> pd.DataFrame:
    """Return what is in force on a day, each indicator whole, ready to score by.

    Parameters
    ----------
    library
        Table ``library``.
    on
        The day.
    part
        ``common``, ``individual`` or ``transfer``; by default all three.
    budget
        ``general``, ``fund``, ``capital`` or ``insurance``; by default all four.

    Returns
    -------
    DataFrame
        Table ``indicators`` without unit codes (common to all units), in the library's order, then the further
        columns of ``library``.

    Raises
    ------
    TableError
        If something in force that day is not whole (see :func:`library_problems`), the day is not one, or part or
        budget is unknown.

    Notes
    -----
    An indicator takes each field it leaves blank from the one it extends, and that one from the one it extends in
    its turn. Target, upper target, floor and target as printed are taken together or not at all. The English name
    is taken only with the name, the basis only with the target, the points of check points only with these. A
    version's own part, days, source and reality are never taken. An indicator whose budgets are blank to the end
    serves all four.
    """
    day = as_day(on)
    for asked, known, what in ((part, PARTS, ("part", "指标库类别")), (budget, BUDGETS, ("budget", "预算"))):
        if asked is not None and asked not in known:
            raise TableError(
                (f"no {what[0]} {asked!r}", f"没有{what[1]}“{asked}”"),
                [Problem((f"unknown {what[0]}", f"未知的{what[1]}"), expected=", ".join(known), got=asked)],
            )
    where = str(library.attrs.get("where", "library"))
    live = in_force(library, day)
    fail_if_any(TableError, where, [fault.problem(library) for fault in faults.on_day(library, live, day)])
    whole = filled(live)
    chosen = whole["part"].eq(part) if part else pd.Series(True, index=whole.index)
    if budget:
        chosen &= serves(whole, budget)
    names = [name for name in tables.contract("indicators").columns if name != "unit_id"]
    others = [name for name in whole.columns if name not in names]
    frame = whole.loc[chosen, [*names, *others]]
    frame.insert(0, "unit_id", None)
    return tables.check(frame, "indicators", where=where)


def filled(live: pd.DataFrame) -> pd.DataFrame:
    """Return the versions in force on one day with their blank fields taken from those they extend.

    A chain that breaks or turns in a circle gives what it has up to there (:mod:`faults` says where).
    """

    def held(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in names if name in live.columns)

    rows = rows_of(live)
    stated = {row["indicator_id"]: row for row in rows}
    extends = {code: row["extends"] for code, row in stated.items()}
    grouped = {name for group in _TOGETHER for names in group for name in names}
    groups = [(held(leading), held(following)) for leading, following in _TOGETHER]
    groups += [((name,), ()) for name in live.columns if name not in _OF_THE_VERSION | grouped]
    whole: dict[str, dict[str, Any]] = {}
    for code in stated:
        path = [each for each in faults.chain(code, extends)[0] if each in stated]
        for at in reversed(range(len(path))):
            if path[at] not in whole:
                above = whole[path[at + 1]] if at + 1 < len(path) else {}
                whole[path[at]] = _taking(stated[path[at]], above, groups)
    done = pd.DataFrame([whole[row["indicator_id"]] for row in rows], index=live.index, columns=live.columns)
    done.attrs.update(live.attrs)
    return done


def serves(whole: pd.DataFrame, budget: str) -> pd.Series:
    """Say which whole indicators serve a budget; those that name none serve all four."""
    return whole["budgets"].isna() | whole["budgets"].map(lambda each: budget in str(each).split("；")).astype(bool)


def with_names(live: pd.DataFrame) -> pd.DataFrame:
    """Return the versions in force on one day as stated, but with the names and levels that they take."""
    whole = filled(live)
    named = live.assign(**{name: whole[name] for name in ("level1", "level2", "level3", "name_en")})
    named.attrs.update(live.attrs)
    return named


def last_day(library: pd.DataFrame) -> str:
    """Return the last day on which something changes in the library: a version begins, or the day after one ends.

    Examples
    --------
    >>> last_day(pd.DataFrame({"since": ["2020-01-01", "2022-01-01"], "until": ["2021-12-31", "2022-06-30"]}))
    '2022-07-01'
    """
    return faults.days(library)[-1]


def as_day(on: str | dt.date) -> str:
    """Return a day as it stands in the library, "2022-12-31"; refuse what is not one."""
    try:
        return (on if isinstance(on, dt.date) else dt.date.fromisoformat(on)).strftime("%Y-%m-%d")
    except (TypeError, ValueError):
        raise TableError(
            (f"{on!r} is not a day", f"“{on}”不是日期"),
            [Problem(("not a date", "不是日期"), expected="2022-12-31", got=str(on))],
        ) from None


def _taking(
    row: Mapping[str, Any], above: Mapping[str, Any], groups: list[tuple[tuple[str, ...], tuple[str, ...]]]
) -> dict[str, Any]:
    taken = dict(row)
    for leading, following in groups if above else ():
        if all(row[name] is None for name in leading):
            taken.update({name: above[name] for name in (*leading, *following) if row[name] is None})
    return taken
