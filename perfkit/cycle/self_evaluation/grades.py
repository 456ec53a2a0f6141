"""Scores and grades of the year: in all, by department and type of funds, and whether the grade given follows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from perfkit.cycle.self_evaluation.projects import Pair, Year, groups, ratio, table, wan
from perfkit.measure.explaining import number, percent

_GRADES = "grade_zh grade_en projects share budget budget_share"
_SCORES = "group_zh group_en projects mean low median high share_best share_worst"
_PAIRS = "given_zh given_en grade_zh grade_en projects agrees"
_SMALL = ("mean", "low", "median", "high", "share_best", "share_worst")


def grades(year: Year) -> pd.DataFrame:
    """Return table ``self_grades``: the grades, best first, by count and by money; empty where none has a grade."""
    graded = year.projects[year.projects["grade"].notna()]
    if graded.empty:
        return table(year, [], _GRADES)
    rows = []
    for zh, en in [*year.grades, ("合计", "total")]:
        part = graded if zh == "合计" else graded[graded["grade"].eq(zh)]
        rows.append(
            {
                "grade_zh": zh,
                "grade_en": en,
                "projects": len(part),
                "share": len(part) / len(graded),
                "budget": wan(part["budget"]) if len(part) else 0.0,
                "budget_share": ratio(float(part["budget"].sum()), float(graded["budget"].sum())),
            }
        )
    return table(year, rows, _GRADES)


def grades_text(year: Year) -> list[Pair]:
    """Return scores and grades in words: where the scores lie, and how the grades come about."""
    scores, came = year.scored["points"], year.handed_in
    only = int((came["points"].isna() & came["grade"].notna()).sum())
    if scores.empty and not only:
        return [("没有自评得分和等级，不作分布分析。", "No scores and no grades are given: nothing to distribute.")]
    lines: list[Pair] = []
    if len(scores):
        mean, sd = number(float(scores.mean()), 2), number(float(scores.std(ddof=0)), 2)
        low, q1, middle, q3, high = (number(float(scores.quantile(q)), 2) for q in (0, 0.25, 0.5, 0.75, 1))
        full = number(float(year.rule_set.value("full_points")))
        whole = int(scores.eq(float(year.rule_set.value("full_points"))).sum())
        lines.append(
            (
                f"{len(scores):,} 个项目有自评得分，平均 {mean} 分（标准差 {sd}），中位数 {middle} 分，"
                f"中间一半在 {q1} 至 {q3} 分之间，最低 {low} 分、最高 {high} 分；满分 {full} 分的 {whole:,} 个"
                f"（{percent(whole / len(scores))}）。",
                f"Projects with a self-score: {len(scores):,}; mean {mean} (standard deviation {sd}), median "
                f"{middle}, the middle half between {q1} and {q3}, lowest {low}, highest {high}; with the full "
                f"{full} points: {whole:,} ({percent(whole / len(scores))}).",
            )
        )
    bands = sorted(year.rule_set.value("grade_bands"), key=lambda band: -band["min"])
    zh = "、".join(f"{band['grade']}（{number(float(band['min']))} 分起）" for band in bands)
    en = ", ".join(f"{band['en']} (from {number(float(band['min']))})" for band in bands)
    lines.append(
        (
            f"等级按得分划分：{zh}。" + (f"其中 {only:,} 个没有可用得分，按填报等级计。" if only else ""),
            f"Grades follow from the score: {en}."
            + (f" Without a usable score, by the grade given: {only:,}." if only else ""),
        )
    )
    return lines


def distribution_text(year: Year) -> Pair:
    """Return the distribution of the scores in words."""
    found = grades(year)
    if found.empty:
        return ("没有自评得分。", "There are no self-scores.")
    body = found.iloc[:-1]
    zh = "、".join(f"{row.grade_zh} {row.projects:,} 个（{percent(row.share)}）" for row in body.itertuples())
    en = ", ".join(f"{row.grade_en} {row.projects:,} ({percent(row.share)})" for row in body.itertuples())
    return (f"自评得分分布：{zh}。", f"Distribution of the self-scores: {en}.")


def cuts(year: Year, lang: str = "zh") -> list[tuple[float, str]]:
    """Return the lower bounds of the grades for a chart: (points, grade), the lowest left out."""
    bands = sorted(year.rule_set.value("grade_bands"), key=lambda band: band["min"])
    return [(float(band["min"]), str(band["grade" if lang == "zh" else "en"])) for band in bands[1:]]


def pairs(year: Year) -> pd.DataFrame:
    """Return table ``self_grade_pairs``: the grade given against that of the score, where there are both."""
    both = year.projects[year.projects["given"].notna() & year.projects["by_points"].notna()]
    english = dict(year.grades)
    counted = both.groupby(["given", "by_points"]).size()
    rows = [
        {
            "given_zh": given,
            "given_en": english[given],
            "grade_zh": follows,
            "grade_en": english[follows],
            "projects": int(counted[given, follows]),
            "agrees": given == follows,
        }
        for given in english
        for follows in english
        if (given, follows) in counted.index
    ]
    return table(year, rows, _PAIRS)


def pairs_text(year: Year) -> Pair:
    """Say whether the grades given follow from the scores."""
    found = pairs(year)
    if found.empty:
        return (
            "没有同时填报得分和等级的项目，等级一律按得分划分，不作核对。",
            "No project gives both score and grade: the grades are those of the scores, nothing is compared.",
        )
    n, wrong = int(found["projects"].sum()), int(found.loc[~found["agrees"].astype(bool), "projects"].sum())
    return (
        f"同时填报得分和等级的 {n:,} 个项目中，{wrong:,} 个的填报等级与得分不符（分布按得分对应的等级计）。",
        f"Of the {n:,} projects that give both, {wrong:,} give a grade that does not follow from the score (the "
        "distribution goes by the score).",
    )


def scores(year: Year, by: str) -> pd.DataFrame:
    """Return table ``self_scores`` by ``department`` or ``fund_type``: the largest first, not ranked by score.

    Groups with fewer scores than the pack's ``few`` come last with their number alone: two projects are no average.
    """
    if year.scored.empty or (by != "department" and year.scored[by].isna().all()):
        return table(year, [], _SCORES)
    few = int(year.settings["few"])
    best, worst = year.grades[0][0], year.grades[-1][0]
    rows = []
    for (zh, en), part in groups(year.scored, by):
        points, grade = part["points"], part["by_points"]
        row: dict[str, Any] = {
            "group_zh": zh,
            "group_en": en,
            "projects": len(part),
            "mean": float(points.mean()),
            "low": float(points.quantile(0.25)),
            "median": float(points.median()),
            "high": float(points.quantile(0.75)),
            "share_best": float(grade.eq(best).mean()),
            "share_worst": float(grade.eq(worst).mean()),
        }
        rows.append({**row, **dict.fromkeys(_SMALL, np.nan)} if len(part) < few and zh != "合计" else row)
    return table(year, rows, _SCORES)


def scores_note(year: Year, found: pd.DataFrame) -> Pair:
    """Say which groups of table ``self_scores`` are too small for an average, and in which order all stand."""
    few = int(year.settings["few"])
    small = int((found["projects"].iloc[:-1] < few).sum()) if len(found) else 0
    kept: Pair = (
        (
            f"有得分项目不足 {few} 个的 {small} 个分组只列项目数，不列平均分和占比。",
            f" Groups with fewer than {few} scores ({small}) show their number alone, no averages and no shares.",
        )
        if small
        else ("", "")
    )
    return (f"按项目数排列，不按得分排名。{kept[0]}", f"In order of size, not a ranking by score.{kept[1]}")
