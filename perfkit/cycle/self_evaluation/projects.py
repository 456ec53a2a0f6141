"""A year's self-evaluations as the rules see them: what was handed in, when, with which score and grade."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from perfkit.errors import Problem, ScoreError
from perfkit.measure import grading
from perfkit.measure.explaining import number
from perfkit.rules import RuleSet

Pair = tuple[str, str]

_WAN, _MILLION = 1e4, 1e6
_TOTAL: Pair = ("合计", "total")
_UNNAMED: Pair = ("（未填）", "(not given)")


@dataclass(frozen=True)
class Year:
    """The self-evaluations of one year.

    ``projects`` is table ``frame`` with further columns: ``handed_in``; ``points``, the self-score unless it is above
    the full points; ``given``, the self-grade in the words of the pack; ``by_points``, the grade of the score;
    ``grade``, that of the score, or the one given where there is no score; ``execution`` (spent over budget) and
    ``days_late`` (negative: early).
    """

    projects: pd.DataFrame
    rule_set: RuleSet

    @property
    def handed_in(self) -> pd.DataFrame:
        """The projects whose self-evaluation was handed in."""
        return self.projects[self.projects["handed_in"]]

    @property
    def scored(self) -> pd.DataFrame:
        """The projects with a self-score."""
        return self.projects[self.projects["points"].notna()]

    @property
    def settings(self) -> dict[str, Any]:
        """The pack's parameters of this account (``few``, ``shown``, ``high_score`` …)."""
        return dict(self.rule_set.value("self_evaluation"))

    @property
    def grades(self) -> list[tuple[str, str]]:
        """The grades of the pack, best first, in zh and en."""
        bands = sorted(self.rule_set.value("grade_bands"), key=lambda band: -band["min"])
        return [(str(band["grade"]), str(band["en"])) for band in bands]

    @property
    def number(self) -> int | None:
        """The year, if the table gives it."""
        known = self.projects["year"].dropna()
        return int(known.iloc[0]) if len(known) else None


@dataclass(frozen=True)
class Listing:
    """The first ``rows`` of a list of projects that has ``count``, and a note where not all are shown."""

    rows: pd.DataFrame
    count: int
    note: Pair


def of_frame(frame: pd.DataFrame, rule_set: RuleSet) -> Year:
    """Look at a year's self-evaluations by the rules.

    Parameters
    ----------
    frame
        Table ``frame``: every project that has to evaluate itself, handed in or not.
    rule_set
        A pack with ``grade_bands``, ``self_evaluation``, ``no_further_budget`` and ``spot_check_floor``.

    Raises
    ------
    ScoreError
        If the table has no project, or those of several years.
    RuleError
        If the pack lacks one of these parameters.

    Notes
    -----
    A self-evaluation was handed in if there is a day of submission, a score or a grade.
    """
    _fail_if_not_one_year(frame)
    for name in ("grade_bands", "self_evaluation", "no_further_budget", "spot_check_floor"):
        rule_set.entry(name)
    full = float(rule_set.value("full_points"))
    found = frame.copy()
    word = found["grade_reported"].str.strip().replace("", pd.NA)
    found["handed_in"] = found["submitted_on"].notna() | found["points_reported"].notna() | word.notna()
    found["points"] = found["points_reported"].where(found["points_reported"] <= full)
    found["given"] = word.map(_words(rule_set)).astype("str")
    by_points = grading.grade(found["points"].to_numpy(), rule_set.value("grade_bands"))["grade"]
    found["by_points"] = by_points.set_axis(found.index)
    found["grade"] = found["by_points"].fillna(found["given"])
    found["execution"] = (found["spent"] / found["budget"]).where(found["budget"] > 0)
    days = pd.to_datetime(found["submitted_on"]) - pd.to_datetime(found["due_on"])
    found["days_late"] = days.dt.days.astype(float)
    return Year(found, rule_set)


def first(year: Year, projects: pd.DataFrame) -> Listing:
    """Return the first projects of a list as table ``self_projects``, as many as the pack shows."""
    shown, count = int(year.settings["shown"]), len(projects)
    english = dict(year.grades)
    rows = projects.head(shown)
    made = rows.assign(
        budget=rows["budget"] / _WAN,
        unspent=(rows["budget"] - rows["spent"]) / _WAN,
        grade_zh=rows["grade"],
        grade_en=rows["grade"].map(english).astype("str"),
    )
    names = "unit_id name department fund_type budget unspent points grade_zh grade_en execution due_on submitted_on"
    table = year.rule_set.stamp(made[[*names.split(), "days_late"]].reset_index(drop=True))
    left = count - len(rows)
    note = (f"共 {count:,} 个，列前 {shown} 个。", f"{count:,} in all, the first {shown} are shown.")
    return Listing(table, count, note if left else ("", ""))


def groups(projects: pd.DataFrame, by: str) -> list[tuple[Pair, pd.DataFrame]]:
    """Return the projects group by group, the largest first; those without a group, then all, come last."""
    named = projects.groupby(by, sort=False)
    parts = sorted(((str(name), part) for name, part in named), key=lambda each: (-len(each[1]), each[0]))
    found: list[tuple[Pair, pd.DataFrame]] = [((name, name), part) for name, part in parts]
    unnamed = projects[projects[by].isna()]
    if len(unnamed) and parts:
        found.append((_UNNAMED, unnamed))
    return [*found, (_TOTAL, projects)]


def table(year: Year, rows: Sequence[dict[str, Any]], columns: str) -> pd.DataFrame:
    """Return rows as a frame with just these columns, stamped with pack and day."""
    return year.rule_set.stamp(pd.DataFrame(rows, columns=columns.split()))


def wan(amounts: pd.Series) -> float:
    """Return the sum of amounts in yuan in 10,000 yuan; NaN if none is known."""
    return float(amounts.sum(min_count=1)) / _WAN


def money(amounts: pd.Series) -> Pair:
    """Return the sum of amounts in yuan in words.

    Examples
    --------
    >>> money(pd.Series([1_250_000.0, 300_000.0]))
    ('155 万元', '1.55 million yuan')
    >>> money(pd.Series([], dtype=float)), money(pd.Series([np.nan]))
    (('0 万元', '0 million yuan'), ('金额未填', 'amount not given'))
    """
    total = float(amounts.sum(min_count=1)) if len(amounts) else 0.0
    if np.isnan(total):
        return ("金额未填", "amount not given")
    return (f"{number(total / _WAN, 2)} 万元", f"{number(total / _MILLION, 2)} million yuan")


def ratio(part: float, whole: float) -> float:
    """Return part over whole, NaN where there is no whole."""
    return part / whole if whole > 0 else np.nan


def _words(rule_set: RuleSet) -> dict[str, str]:
    """Return every word for a grade: those of the pack in zh and en, and those that public pages use for them."""
    same = rule_set.value("grade_words") if "grade_words" in rule_set.in_force() else {}
    found = {word: str(grade) for grade, words in same.items() for word in words}
    for band in rule_set.value("grade_bands"):
        found |= {str(band["grade"]): str(band["grade"]), str(band["en"]): str(band["grade"])}
    return found


def _fail_if_not_one_year(frame: pd.DataFrame) -> None:
    where = str(frame.attrs.get("where", "frame"))
    years = sorted(int(each) for each in frame["year"].dropna().unique())
    if frame.empty:
        head = ("there is no project to evaluate", "没有应自评的项目")
        what = ("the table has no rows", "表中没有行")
        raise ScoreError(head, [Problem(what, where, do=("list every project", "请列出全部应自评项目"))])
    if len(years) > 1:
        head = ("projects of several years", "项目不属同一年度")
        do = ("one table a year", "每个年度一张表")
        what = ("one year at a time", "一次只分析一个年度")
        raise ScoreError(head, [Problem(what, where, got=", ".join(map(str, years)), do=do)])
