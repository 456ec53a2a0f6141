"""Money through the year: planned and spent by month, and whether it was spent in a rush at the end."""

from __future__ import annotations

import pandas as pd

from perfkit import tables
from perfkit.cycle.evaluation.account import Pair
from perfkit.errors import Problem, ScoreError, fail_if_any
from perfkit.measure.explaining import number, percent
from perfkit.rules import RuleSet

_YEAR = range(1, 13)


def by_month(months: pd.DataFrame, unit: pd.Series, rule_set: RuleSet) -> pd.DataFrame:
    """Return table ``month_pace`` of a unit: planned and spent by month, and as shares of the year to date.

    Parameters
    ----------
    months
        Table ``months``; a month without a row has neither plan nor spending.
    unit
        The unit's row of table ``units``: its code and year, and the budget that spending is a share of. Without a
        budget above zero there are no shares spent.

    Raises
    ------
    ScoreError
        If a month is no whole number.
    """
    mine = _of_unit(months, unit)
    if mine.empty:
        return pd.DataFrame(columns=list(tables.contract("month_pace").columns))
    wrong = mine[mine["month"] % 1 != 0]
    what = ("a month is a whole number from 1 to 12", "月份应为 1 至 12 的整数")
    problems = [Problem(what, tables.place(mine, row, "month", name="months")) for row in wrong.index]
    fail_if_any(ScoreError, "months", problems)
    made = mine.set_index("month")[["planned", "spent"]].reindex(_YEAR)
    planned, spent = made["planned"].fillna(0).cumsum(), made["spent"].fillna(0).cumsum()
    whole, budget = float(planned.iloc[-1]), _amount(unit["budget"])
    made["planned_to_date"] = planned / whole if whole > 0 else float("nan")
    made["spent_to_date"] = spent / budget if budget > 0 else float("nan")
    table = rule_set.stamp(made.rename_axis("month").reset_index())
    return table[list(tables.contract("month_pace").columns)]


def pace_text(pace: pd.DataFrame, unit: pd.Series, rule_set: RuleSet) -> list[Pair]:
    """Say how far spending ran behind the plan, how much of it fell into the last months, and whether it adds up."""
    if pace.empty:
        return [("未提供分月预算执行数据。", "No budget by month was given.")]
    wanted, total = rule_set.value("evaluation_inputs"), float(pace["spent"].sum())
    lines: list[Pair] = []
    of = "元" if pd.isna(unit["money_unit"]) else str(unit["money_unit"])
    if not total > 0:
        return [("各月均无支出。", "Nothing was spent in any month.")]
    late = pace["month"].isin(wanted["late_months"])
    share = float(pace.loc[late, "spent"].sum()) / total
    named_zh = "、".join(str(month) for month in wanted["late_months"])
    named_en = ", ".join(str(month) for month in wanted["late_months"])
    rush = share >= wanted["late_share"]
    limit = percent(wanted["late_share"])
    words = (f"达到 {limit} 的界限，属年末集中支出", f"at or above {limit}: a rush at the end of the year")
    if not rush:
        near = ("略", "just ") if percent(share) == limit else ("", "")
        words = (f"{near[0]}低于 {limit} 的界限", f"{near[1]}below {limit}")
    lines.append(
        (
            f"全年支出 {number(total)} {of}，其中 {named_zh} 月占 {percent(share)}，{words[0]}（界限为工具设定）。",
            f"Spent in the year: {number(total)} {of}, of which {percent(share)} in month {named_en}, {words[1]} "
            "(the bound is configured).",
        )
    )
    gap = (pace["planned_to_date"] - pace["spent_to_date"]).dropna()
    if len(gap):
        at = gap.idxmax()
        if gap[at] > 0:
            month, plan, done = (pace.loc[at, name] for name in ("month", "planned_to_date", "spent_to_date"))
            lines.append(
                (
                    f"执行落后于计划最多的是 {number(float(month))} 月末：累计计划 {percent(plan)}，"
                    f"累计执行 {percent(done)}。",
                    f"Spending was furthest behind at the end of month {number(float(month))}: "
                    f"planned {percent(plan)}, spent {percent(done)}.",
                )
            )
        else:
            lines.append(
                ("各月末累计执行均不低于计划。", "Spending was never behind the plan at the end of a month.")
            )
    booked = _amount(unit["spent"])
    if booked == booked and abs(booked - total) > rule_set.value("recheck_tolerance")["money"]:
        lines.append(
            (
                f"各月之和 {number(total)} 与全年执行数 {number(booked)} 不符，须核对。",
                f"The months add up to {number(total)}, the year's spending is {number(booked)}: to be checked.",
            )
        )
    return lines


def _of_unit(months: pd.DataFrame, unit: pd.Series) -> pd.DataFrame:
    mine = months[months["unit_id"].eq(unit["unit_id"])]
    if pd.notna(unit["year"]):
        mine = mine[mine["year"].isna() | mine["year"].eq(unit["year"]).fillna(False)]
    return mine


def _amount(value: object) -> float:
    return float("nan") if pd.isna(value) else float(str(value))
