"""Whether a library is whole on every day: codes that keep their meaning, versions that join, points that add up."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass

import pandas as pd

from perfkit.errors import Problem
from perfkit.measure.indicators import faults
from perfkit.measure.indicators.faults import Fault
from perfkit.measure.indicators.rows import rows_of
from perfkit.measure.indicators.versions import filled, in_force, serves
from perfkit.tables.library import BUDGETS, PARTS

_IDENTITY = ("level1", "level2", "level3")
_SUM_TOLERANCE = 1e-9


def library_problems(library: pd.DataFrame, *, full_points: float | None = None) -> list[Problem]:
    """Return all that is wrong with a library, on any day; it is whole if there is nothing.

    Parameters
    ----------
    library
        Table ``library``.
    full_points
        What points add up to (``full_points`` of the rule pack); by default sums are not checked.

    Returns
    -------
    list of Problem
        Each naming its cell, once, with the first day on which it shows.

    Notes
    -----
    A version ends no earlier than it begins. The versions of a code follow each other without overlap and without
    a gap: a code that was retired never returns. A code keeps its meaning: its name and levels (what it says itself
    or takes from the indicator it extends) are the same in every version; another name is another code.

    What an indicator extends must be in force as long as it is itself, and never leads back to it. An individual or
    special-transfer indicator need not extend another, but then says its own level, name and kind; a common one
    extends only common ones.

    Points are checked in each scope where one is given: a part, a field of use and a budget. All indicators of a
    scope have points, or none has; they add up to ``full_points``, those of a field alone or together with the
    common indicators that the field does not extend.
    """
    found = [*library_faults(library)]
    if full_points is not None:
        found += [fault for day in faults.days(library) for fault in _point_faults(library, day, full_points)]
    first = {(fault.row, fault.column, fault.what): fault for fault in reversed(found)}
    return [fault.problem(library) for fault in reversed(first.values())]


def library_faults(library: pd.DataFrame) -> Iterator[Fault]:
    """Yield what is wrong with the versions of a library, points apart; the same fault may come on several days."""
    for row, since, until, code in zip(
        library.index, library["since"], library["until"], library["indicator_id"], strict=True
    ):
        if pd.notna(until) and until < since:
            yield Fault(
                row,
                "until",
                ("a version ends before it begins", "有效期至早于启用日期"),
                frozenset({code}),
                f"{since} → {until}",
                ("correct the dates", "请更正日期"),
            )
    for day in faults.days(library):
        yield from faults.on_day(library, in_force(library, day), day)
    yield from _returning(library)
    yield from _other_meaning(library)


@dataclass(frozen=True)
class Uneven:
    """A scope whose points do not add up on a day: its part, field of use and indicators, whole.

    ``sums`` is what they add up to, alone and with the common ones that the field does not extend; empty where
    some have no points.
    """

    part: str
    field: str
    rows: pd.DataFrame
    sums: tuple[float, ...]


def uneven(live: pd.DataFrame, full_points: float) -> list[Uneven]:
    """Return the scopes of one day's versions whose points do not add up; budgets served alike make one scope."""
    whole = filled(live)
    weighed = [
        (part, field, rows)
        for (part, field), rows in whole.groupby([whole["part"], whole["field"].fillna("")], sort=False)
        for rows in _by_budget(rows)
    ]
    commons = [rows for part, _, rows in weighed if part == "common" and rows["points"].notna().all()]
    found = []
    for part, field, rows in weighed:
        if rows["points"].isna().all():
            continue
        sums: tuple[float, ...] = ()
        if rows["points"].notna().all():
            beside = [each[~each["indicator_id"].isin(rows["extends"])] for each in commons if part != "common"]
            sums = (_sum(rows), *(_sum(rows) + _sum(each) for each in beside))
        if not any(abs(total - full_points) <= _SUM_TOLERANCE for total in sums):
            found.append(Uneven(str(part), str(field), rows, sums))
    return found


def _by_budget(rows: pd.DataFrame) -> list[pd.DataFrame]:
    """Return the rows that serve each budget, once where several budgets are served by the same."""
    found: dict[tuple[Hashable, ...], pd.DataFrame] = {}
    for budget in BUDGETS:
        own = rows[serves(rows, budget)]
        if len(own):
            found.setdefault(tuple(own.index), own)
    return list(found.values())


def _sum(rows: pd.DataFrame) -> float:
    return float(rows["points"].astype(float).sum())


def _point_faults(library: pd.DataFrame, day: str, full: float) -> Iterator[Fault]:
    for scope in uneven(in_force(library, day), full):
        blank = scope.rows["points"].isna()
        where = f"{PARTS[scope.part][0]} {scope.field}".strip() + f" · {day} · "
        yield Fault(
            scope.rows.index[blank][0] if blank.any() else scope.rows.index[0],
            "points",
            ("some points are missing", "部分指标没有分值")
            if blank.any()
            else ("points do not add up", "分值合计不对"),
            frozenset(scope.rows["indicator_id"]),
            where + (f"{blank.sum()} / {len(blank)}" if blank.any() else f"{scope.sums[0]:g} ≠ {full:g}"),
            ("make the points of the scope add up", "请调整该范围的分值使合计等于满分"),
        )


def _returning(library: pd.DataFrame) -> Iterator[Fault]:
    """Say where a code comes back after it was retired."""
    rows = zip(library.index, rows_of(library[["indicator_id", "since", "until"]]), strict=True)
    ended: dict[str, str | None] = {}
    for at, row in sorted(rows, key=lambda each: str(each[1]["since"])):
        code, since = row["indicator_id"], row["since"]
        until = ended.get(code)
        if until is not None and since > until and faults.day_before(since) > until:
            yield Fault(
                at,
                "indicator_id",
                ("a retired code is used again", "停用的编码被重新使用"),
                frozenset({code}),
                f"{code} · {until} → {since}",
                ("give the indicator a new code", "请为该指标另编新码"),
            )
        ended[code] = row["until"]


def _other_meaning(library: pd.DataFrame) -> Iterator[Fault]:
    """Say where a later version of a code has another name or level."""
    again = set(library.index[library["indicator_id"].duplicated(keep=False)])
    first: dict[str, dict[str, object]] = {}
    for day in sorted(set(library.loc[list(again), "since"])):
        live = in_force(library, day)[["indicator_id", "since", "extends", *_IDENTITY]]
        extends = {row["indicator_id"]: row["extends"] for row in rows_of(live)}
        for row, now in zip(live.index, rows_of(filled(live)), strict=True):
            if row not in again or now["since"] != day:
                continue
            code = now["indicator_id"]
            before = first.setdefault(code, now)
            for name in _IDENTITY:
                if now[name] != before[name]:
                    yield Fault(
                        row,
                        name,
                        ("a code comes to mean something else", "同一编码的名称或层级前后不同"),
                        frozenset(faults.chain(code, extends)[0]),
                        f"{code}: {before[name] or '—'} → {now[name] or '—'}",
                        ("retire the code and add the indicator under a new one", "请停用原编码，另编新码增设指标"),
                    )
