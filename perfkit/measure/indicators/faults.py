"""What is wrong with versions of indicators, each fault with the codes it involves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from perfkit import tables
from perfkit.errors import Problem
from perfkit.measure.indicators.rows import rows_of

# Without these an indicator is nobody's, wherever it takes them from.
_NEEDED = ("level1", "level3", "kind")
_FOREVER = dt.date.max.isoformat()


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: the cell, in words (English, Chinese), and ``codes`` that could mend it."""

    row: Hashable
    column: str
    what: tuple[str, str]
    codes: frozenset[str]
    got: str = ""
    do: tuple[str, str] = ("", "")

    def problem(self, library: pd.DataFrame) -> Problem:
        """Return the fault as a problem that names its cell."""
        where = tables.place(library, self.row, self.column, name="library")
        return Problem(self.what, where, got=self.got, do=self.do, column=self.column)


def days(library: pd.DataFrame) -> list[str]:
    """Return the days on which something changes, in order: a version begins, or the day after one ends."""
    ends = {day_after(each) for each in library["until"].dropna() if each < _FOREVER}
    return sorted({*library["since"], *ends})


def day_after(day: str) -> str:
    """Return the day after ``day``."""
    return (dt.date.fromisoformat(day) + dt.timedelta(days=1)).isoformat()


def day_before(day: str) -> str:
    """Return the day before ``day``."""
    return (dt.date.fromisoformat(day) - dt.timedelta(days=1)).isoformat()


def chain(code: str, extends: Mapping[str, str | None]) -> tuple[list[str], bool]:
    """Return ``code`` and what it extends, nearest first, up to the first that is absent or comes again.

    The second value says whether the chain turns in a circle.

    Examples
    --------
    >>> chain("c", {"c": "b", "b": "a", "a": None})
    (['c', 'b', 'a'], False)
    >>> chain("a", {"a": "b", "b": "a"})
    (['a', 'b'], True)
    """
    path = [code]
    while (above := extends.get(path[-1])) is not None:
        if above in path:
            return path, True
        path.append(above)
    return path, False


def on_day(library: pd.DataFrame, live: pd.DataFrame, day: str) -> Iterator[Fault]:
    """Yield what is wrong with the versions ``live`` of ``library`` on the day they are in force."""
    rows = dict(zip(live.index, rows_of(live[["indicator_id", "part", "extends", *_NEEDED]]), strict=True))
    by_code = {row["indicator_id"]: row for row in rows.values()}
    extends = {code: row["extends"] for code, row in by_code.items()}
    ever = set(library["indicator_id"])
    seen: set[str] = set()
    for at, row in rows.items():
        code, above = row["indicator_id"], row["extends"]
        if code in seen:
            yield Fault(
                at,
                "since",
                ("two versions of a code at one time", "同一编码的两个版本时间重叠"),
                frozenset({code}),
                f"{code} · {day}",
                ("end the earlier version before the later begins", "请让前一版本在后一版本启用之前截止"),
            )
        seen.add(code)
        path, circle = chain(code, extends)
        if circle and code in path[path.index(str(extends[path[-1]])) :]:
            yield Fault(
                at,
                "extends",
                ("indicators extend each other in a circle", "指标相互细化，形成循环"),
                frozenset(path),
                " → ".join([*path, code]),
                ("let one of them extend nothing", "请让其中一项不再细化其他指标"),
            )
        elif above is not None and above not in by_code:
            yield _absent_parent(at, code, above, day, above in ever)
        elif above is not None and row["part"] == "common" != by_code[above]["part"]:
            yield Fault(
                at,
                "extends",
                ("a common indicator extends one that is not", "共性指标不能细化非共性指标"),
                frozenset({code, above}),
                above,
                ("extend a common indicator, or none", "请改为细化共性指标，或留空"),
            )
        elif not circle and path[-1] in by_code:
            yield from (
                Fault(
                    at,
                    name,
                    (f"{name} is blank, and nothing gives it", f"“{_title(name)}”为空，也无上位指标可取"),
                    frozenset(path),
                    code,
                    ("fill it in, or name the indicator it extends", "请填写，或填写上位指标编码"),
                )
                for name in _NEEDED
                if all(by_code[each][name] is None for each in path)
            )


def _absent_parent(at: Hashable, code: str, above: str, day: str, known: bool) -> Fault:
    what = (
        ("the indicator extended is not in force", "上位指标当日不在有效期内")
        if known
        else ("the indicator extended is unknown", "没有该上位指标")
    )
    return Fault(
        at,
        "extends",
        what,
        frozenset({code, above}),
        f"{code} → {above} · {day}",
        ("extend an indicator in force, or retire this one too", "请改为细化有效的指标，或一并停用"),
    )


def _title(column: str) -> str:
    return tables.contract("library").title(column)
