"""Past checks as a table to learn from: which self-scores did not survive, and what was known before the check."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from perfkit import tables
from perfkit.errors import Problem, SampleError, fail_if_any

FEWEST_CHECKS = 50
FEWEST_OF_A_KIND = 10
WHERE = "past checks 以往抽评"
_KEYS = {"unit_id", "note"}
_TEXTS = ("department", "fund_type", "grade_reported")


@dataclass(frozen=True)
class Known:
    """What is known of a unit before it is checked, and how to read it.

    Parameters
    ----------
    cut_offs
        Points at which the grades begin: how far a self-score lies above and below the nearest says how much a
        generous point was worth.
    extra
        Columns of the frame to learn from beside the kit's own; numbers stay numbers, all else is a category.
    """

    cut_offs: tuple[float, ...] = ()
    extra: tuple[str, ...] = ()

    def features(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return what is known of each unit: numbers, missing ones as NaN, and texts, missing ones empty."""
        known = {
            "points": _number(frame, "points_reported"),
            "budget": np.log10(_number(frame, "budget").where(lambda money: money > 0)),
            "execution": _number(frame, "spent") / _number(frame, "budget").where(lambda money: money > 0),
            "previous": _number(frame, "points_reported_previous") - _number(frame, "points_previous"),
            "checked_previous": _number(frame, "checked_previous"),
        }
        if self.cut_offs:
            edges = np.array([-math.inf, *sorted(self.cut_offs), math.inf])
            points = known["points"].to_numpy()
            at = np.searchsorted(edges, points, side="right")
            apart = pd.DataFrame({"above": points - edges[np.clip(at - 1, 0, None)]}, index=frame.index)
            apart["below"] = edges[np.clip(at, None, len(edges) - 1)] - points
            known |= dict(apart.where(np.isfinite(apart)).items())
        for name in self.extra:
            known[name] = frame[name] if pd.api.types.is_numeric_dtype(frame[name]) else _text(frame, name)
        texts = {name: _text(frame, name) for name in _TEXTS}
        return pd.DataFrame({**known, **texts}).astype({name: "float64" for name in known if _is_number(known[name])})


def past_checks(
    frame: pd.DataFrame, checks: pd.DataFrame, *, grades: Sequence[str] = (), beyond: float | None = None
) -> pd.DataFrame:
    """Join the frame of one past year with its checks and say which self-scores failed.

    Parameters
    ----------
    frame, checks
        Tables ``frame`` and ``checks`` of the year; several years are put together with :func:`pandas.concat`.
    grades
        Grades from best to worst: a self-score fails if the checked grade is lower than the self-grade.
    beyond
        Points: a self-score fails if it exceeds the checked score by more.

    Returns
    -------
    DataFrame
        The rows of the frame that were checked, the columns of the checks, and ``failed``. Units that could not be
        checked or were not of the population are left out.

    Raises
    ------
    SampleError
        If neither ``grades`` nor ``beyond`` is given, a checked unit is not in the frame, a grade is none of
        ``grades``, or there is nothing to compare in a row.

    Examples
    --------
    >>> frame = pd.DataFrame({"unit_id": ["a", "b"], "points_reported": [95, 88]})
    >>> checks = pd.DataFrame({"unit_id": ["a", "b"], "points_checked": [81, 87]})
    >>> past_checks(frame, checks, beyond=10)["failed"].tolist()
    [True, False]
    """
    if not grades and beyond is None:
        what = ("nothing says when a self-score fails", "没有说明何种自评结果视为不实")
        fail_if_any(SampleError, WHERE, [Problem(what, do=("give grades, or points beyond", "请给出等级或允许偏差"))])
    if "outcome" in checks:
        checks = checks[checks["outcome"].isna() | checks["outcome"].eq("checked")]
    outside = checks.loc[~checks["unit_id"].isin(frame["unit_id"]), "unit_id"]
    problems = [
        Problem(("a checked unit is not in the frame", "抽评单位不在抽样框中"), str(unit)) for unit in outside
    ]
    for table in (frame, checks):
        twice = sorted(set(table.loc[table["unit_id"].duplicated(), "unit_id"].astype(str)))
        problems += [Problem(("a unit stands twice in one year", "同一年度单位重复"), unit) for unit in twice]
    fail_if_any(SampleError, WHERE, problems)
    joined = frame.merge(checks, on="unit_id", suffixes=("", "_of_check"))
    lower, problems = _lower(joined, grades)
    gap = _number(joined, "points_reported") - _number(joined, "points_checked")
    far = pd.Series(pd.NA, index=joined.index, dtype="boolean")
    if beyond is not None:
        far = (gap > beyond).astype("boolean").where(gap.notna())
    silent = lower.isna() & far.isna()
    if not problems:
        what = ("neither grades nor scores to compare", "没有可比较的等级或得分")
        problems += [Problem(what, str(unit), column="silent") for unit in joined.loc[silent, "unit_id"]]
    fail_if_any(SampleError, WHERE, problems)
    return joined.assign(failed=(lower.fillna(False) | far.fillna(False)).astype(bool))


def fail_if_unfit(history: pd.DataFrame, known: Known) -> None:
    """Raise if there is too little to learn from, or a column tells the outcome."""
    lacking = [name for name in ("unit_id", "failed", *known.extra) if name not in history]
    fail_if_any(SampleError, WHERE, [Problem(("a column is missing", "缺少列"), name) for name in lacking])
    failed = history["failed"].astype(bool)
    outcome = set(tables.contract("checks").columns) - _KEYS | {"failed"}
    do = ("leave it out: it is not known before the check", "请去掉该列：抽评之前无从知道")
    problems = [
        Problem(
            ("a column of the check may not be learned from", "抽评结果列不得用于预测"), name, do=do, column="leak"
        )
        for name in known.extra
        if name in outcome
    ]
    counts = {True: int(failed.sum()), False: int((~failed).sum())}
    if len(history) < FEWEST_CHECKS:
        what = ("too few past checks to learn from", "以往抽评数量不足，无法建模")
        problems.append(Problem(what, expected=f"≥ {FEWEST_CHECKS}", got=str(len(history)), do=_WAIT))
    for kind, words in ((True, ("failures", "不实")), (False, ("self-scores that survived", "属实"))):
        if counts[kind] < FEWEST_OF_A_KIND:
            what = (f"too few {words[0]} among the past checks", f"以往抽评中{words[1]}的自评过少")
            problems.append(Problem(what, expected=f"≥ {FEWEST_OF_A_KIND}", got=str(counts[kind]), do=_WAIT))
    if not problems:
        problems += [
            Problem(("a column tells the outcome by itself", "该列单独即可完全推知结果"), name, do=do, column="leak")
            for name, values in known.features(history).items()
            if tells(values, failed)
        ]
    fail_if_any(SampleError, WHERE, problems)


_WAIT = ("draw at random, and learn from these checks later", "请先随机抽取，积累抽评结果后再建模")


def tells(values: pd.Series, failed: pd.Series) -> bool:
    """Say whether a column parts the failures from the rest without fault: real ones never do."""
    if not _is_number(values):
        each = failed.groupby(values).nunique()
        return bool(1 < len(each) < len(values) / 5 and each.max() == 1)
    given = values.notna()
    bad, good = values[given & failed], values[given & ~failed]
    if len(bad) < FEWEST_OF_A_KIND or len(good) < FEWEST_OF_A_KIND:
        return False
    return bool(bad.min() > good.max() or bad.max() < good.min())


def _lower(joined: pd.DataFrame, grades: Sequence[str]) -> tuple[pd.Series, list[Problem]]:
    """Return whether the checked grade is lower than the self-grade, and the grades that are none."""
    lower = pd.Series(pd.NA, index=joined.index, dtype="boolean")
    if not grades:
        return lower, []
    place = {grade: at for at, grade in enumerate(grades)}
    columns = ("grade_reported", "grade_checked")
    problems = []
    for name in columns:
        given = _text(joined, name)
        for at in np.flatnonzero(~given.isin(["", *grades])).tolist():
            what = ("a grade is none of those given", "等级不在所列等级之中")
            where = f"{joined['unit_id'].iloc[at]} › {name}"
            problems.append(Problem(what, where, " ".join(grades), str(given.iloc[at]), column="grade"))
    reported, checked = (_text(joined, name).map(place) for name in columns)
    both = reported.notna() & checked.notna()
    return (checked > reported).astype("boolean").where(both), problems


def _number(frame: pd.DataFrame, name: str) -> pd.Series:
    if name not in frame:
        return pd.Series(np.nan, index=frame.index)
    return pd.to_numeric(frame[name], errors="coerce").astype("float64")


def _text(frame: pd.DataFrame, name: str) -> pd.Series:
    if name not in frame:
        return pd.Series("", index=frame.index, dtype=object)
    return frame[name].astype(object).where(frame[name].notna(), "").map(str)


def _is_number(values: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(values))
