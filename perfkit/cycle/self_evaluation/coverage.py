"""Who handed in a self-evaluation, and when."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from perfkit.cycle.self_evaluation.projects import Listing, Pair, Year, first, groups, money, ratio, table, wan
from perfkit.measure.explaining import number, percent

_COVERAGE = "group_zh group_en projects handed_in missing share budget budget_handed_in budget_share"
_TIMELINESS = "group_zh group_en handed_in on_time late undated on_time_share days_median days_most"
# Classes of days late to print: the first day of each.
_LATE_FROM = (1, 4, 8, 15, 29)


def coverage(year: Year) -> pd.DataFrame:
    """Return table ``self_coverage``: by department and in all, how many projects handed in, by count and money."""
    rows = []
    for (zh, en), part in groups(year.projects, "department"):
        came = part[part["handed_in"]]
        rows.append(
            {
                "group_zh": zh,
                "group_en": en,
                "projects": len(part),
                "handed_in": len(came),
                "missing": len(part) - len(came),
                "share": ratio(len(came), len(part)),
                "budget": wan(part["budget"]),
                "budget_handed_in": wan(came["budget"]) if len(came) else 0.0,
                "budget_share": _by_money(came, part),
            }
        )
    return table(year, rows, _COVERAGE)


def coverage_text(year: Year) -> list[Pair]:
    """Return the coverage in words."""
    whole, came = year.projects, year.handed_in
    n, k = len(whole), len(came)
    all_money, share = money(whole["budget"]), percent(_by_money(came, whole))
    lines: list[Pair] = [
        (
            f"应开展自评项目 {n:,} 个，全年预算 {all_money[0]}；已报送自评 {k:,} 个，报送率 {percent(k / n)}，"
            f"按预算计 {share}；未报送 {n - k:,} 个，涉及预算 {money(whole.loc[~whole['handed_in'], 'budget'])[0]}。",
            f"Projects that have to evaluate themselves: {n:,}, with a budget of {all_money[1]}. Handed in: {k:,}, "
            f"{percent(k / n)} of the projects and {share} of the budget. Missing: {n - k:,}, with a budget of "
            f"{money(whole.loc[~whole['handed_in'], 'budget'])[1]}.",
        )
    ]
    departments = whole["department"].dropna().nunique()
    if departments:
        lacking = whole.loc[~whole["handed_in"], "department"].dropna().nunique()
        lines.append(
            (
                f"涉及主管部门 {departments} 个，其中 {departments - lacking} 个全部报送。",
                f"Departments: {departments}; all projects handed in: {departments - lacking}.",
            )
        )
    gaps = (
        (whole["department"].isna().sum(), "未填主管部门", "without a department"),
        (
            whole["budget"].isna().sum(),
            "未填全年预算数（金额未含）",
            "without a budget (sums leave them out)",
        ),
        (came["points"].isna().sum(), "已报送但没有可用的自评得分", "handed in without a usable self-score"),
    )
    there = [(int(count), zh, en) for count, zh, en in gaps if count]
    if there:
        lines.append(
            (
                "；".join(f"{zh}的 {count:,} 个" for count, zh, _ in there) + "。",
                "Projects " + "; ".join(f"{en}: {count:,}" for count, _, en in there) + ".",
            )
        )
    return lines


def missing(year: Year) -> Listing:
    """Return the projects that handed in nothing, the largest budgets first."""
    lacking = year.projects[~year.projects["handed_in"]]
    return first(year, lacking.sort_values(["budget", "unit_id"], ascending=[False, True], kind="stable"))


def timeliness(year: Year) -> pd.DataFrame:
    """Return table ``self_timeliness``: the departments with late projects or unknown dates, and all."""
    rows = [_timely(name, part) for name, part in groups(year.handed_in, "department")]
    kept = [row for row in rows[:-1] if row["late"] or row["undated"]]
    return table(year, [*kept, rows[-1]] if year.handed_in["days_late"].notna().any() else [], _TIMELINESS)


def timeliness_text(year: Year) -> list[Pair]:
    """Return the timeliness in words; dates that are not known are counted."""
    came = year.handed_in
    known = came["days_late"].dropna()
    no_day, no_due = int(came["submitted_on"].isna().sum()), int(came["due_on"].isna().sum())
    unknown: Pair = (
        f"缺报送日期的 {no_day:,} 个、缺应报日期的 {no_due:,} 个",
        f"no day of submission: {no_day:,}; no due day: {no_due:,}",
    )
    if came.empty:
        return [("没有报送的自评，不作及时性分析。", "Nothing was handed in: there is no timeliness to tell.")]
    if known.empty:
        text = f"已报送的 {len(came):,} 个项目中{unknown[0]}，不能判断是否按期。"
        english = f"Of the {len(came):,} handed in ({unknown[1]}) none can be told on time or late."
        return [(text, english)]
    late = known[known > 0]
    lines: list[Pair] = [
        (
            f"已报送的 {len(came):,} 个项目中，应报日期和报送日期齐全的有 {len(known):,} 个：按期 "
            f"{len(known) - len(late):,} 个（{percent(1 - len(late) / len(known))}），逾期 {len(late):,} 个。",
            f"Handed in: {len(came):,}; with due day and day of submission: {len(known):,}, of them on time: "
            f"{len(known) - len(late):,} ({percent(1 - len(late) / len(known))}), late: {len(late):,}.",
        )
    ]
    if len(late):
        middle, most = number(float(late.median()), 1), number(float(late.max()))
        lines.append(
            (
                f"逾期天数中位数 {middle} 天，最长 {most} 天。",
                f"The median of the late is {middle} days, the most {most} days.",
            )
        )
    if no_day or no_due:
        lines.append(
            (
                f"{unknown[0]}，不计入按期率。",
                f"Left out of the share on time: {unknown[1]}.",
            )
        )
    return lines


def days_late(year: Year) -> pd.DataFrame:
    """Return table ``self_late``: how many projects are how many days late."""
    tardy = year.handed_in[year.handed_in["days_late"] > 0]
    rows = []
    for low, after in zip(_LATE_FROM, (*_LATE_FROM[1:], np.inf), strict=True):
        part = tardy[(tardy["days_late"] >= low) & (tardy["days_late"] < after)]
        zh = f"{low} 天及以上" if after == np.inf else f"{low}～{after - 1} 天"
        en = f"{low} days or more" if after == np.inf else f"{low} to {after - 1} days"
        counted = {"projects": len(part), "share": ratio(len(part), len(tardy)), "budget": wan(part["budget"])}
        rows += [{"group_zh": zh, "group_en": en, **counted}] if len(part) else []
    return table(year, rows, "group_zh group_en projects share budget")


def late(year: Year) -> Listing:
    """Return the late projects, the latest first."""
    tardy = year.handed_in[year.handed_in["days_late"] > 0]
    return first(year, tardy.sort_values(["days_late", "unit_id"], ascending=[False, True], kind="stable"))


def submitted_text(year: Year) -> Pair:
    """Return the distribution of the days of submission in words."""
    days = year.handed_in["days_late"].dropna()
    if days.empty:
        return ("没有报送日期。", "No days of submission are known.")
    low, middle, high = (number(float(each), 1) for each in (days.min(), days.median(), days.max()))
    return (
        f"报送日期距应报日期的天数（负为提前）：最早 {low} 天，中位数 {middle} 天，最晚 {high} 天。",
        f"Days from due to submission (negative: early): first {low}, median {middle}, last {high}.",
    )


def _timely(name: Pair, part: pd.DataFrame) -> dict[str, Any]:
    known = part["days_late"].dropna()
    tardy = known[known > 0]
    return {
        "group_zh": name[0],
        "group_en": name[1],
        "handed_in": len(part),
        "on_time": len(known) - len(tardy),
        "late": len(tardy),
        "undated": len(part) - len(known),
        "on_time_share": ratio(len(known) - len(tardy), len(known)),
        "days_median": float(tardy.median()) if len(tardy) else np.nan,
        "days_most": float(tardy.max()) if len(tardy) else np.nan,
    }


def _by_money(part: pd.DataFrame, whole: pd.DataFrame) -> float:
    return ratio(float(part["budget"].sum()), float(whole["budget"].sum()))
