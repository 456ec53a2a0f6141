"""What contradicts itself or the rules among the self-evaluations of a year, and what is to be explained."""

from __future__ import annotations

from typing import Any

import pandas as pd

from perfkit import tables
from perfkit.cycle.self_evaluation.projects import Listing, Pair, Year
from perfkit.measure.explaining import number
from perfkit.tables.columns import FINDINGS


def findings(year: Year) -> pd.DataFrame:
    """Return table ``findings``: what contradicts itself or the rules, and what is to be explained.

    Scores above the full points, grades that do not follow from the score or are no grade of the pack, more spent
    than the budget, and self-evaluations without a score. Nothing is changed.
    """
    rule_set, whole = year.rule_set, year.projects
    full = number(float(rule_set.value("full_points")))
    names = "、".join(zh for zh, _ in year.grades)
    rows: list[dict[str, Any]] = []

    def add(project: Any, kind: str, severity: str, reported: str, computed: str, zh: str, en: str) -> None:
        said = {"reported": reported, "computed": computed, "message_zh": zh, "message_en": en}
        rows.append({"unit_id": project.unit_id, "kind": kind, "severity": severity, **said, **rule_set.mark})

    for each in whole[whole["points_reported"].notna() & whole["points"].isna()].itertuples():
        got = number(float(each.points_reported))
        zh, en = (
            f"自评得分 {got} 分，超过满分 {full} 分，请更正。",
            f"The self-score {got} is above {full}: correct it.",
        )
        add(each, "points_above_full", "contradiction", got, f"≤{full}", zh, en)
    blank = whole["grade_reported"].fillna("").str.strip().eq("")
    for each in whole[~blank & whole["given"].isna()].itertuples():
        zh = f"填报等级“{each.grade_reported}”不是规定的等级（{names}），请更正。"
        en = f"'{each.grade_reported}' is no grade of the rules: correct it."
        add(each, "grade_unknown", "contradiction", str(each.grade_reported), names, zh, en)
    differs = whole["given"].notna() & whole["by_points"].notna() & whole["given"].ne(whole["by_points"])
    for each in whole[differs.fillna(False)].itertuples():
        got = number(float(each.points))
        zh = f"自评得分 {got} 分对应等级“{each.by_points}”，填报为“{each.grade_reported}”，请更正。"
        en = f"{got} points make '{each.by_points}', '{each.grade_reported}' is given: correct it."
        add(each, "grade_does_not_follow", "contradiction", str(each.grade_reported), str(each.by_points), zh, en)
    for each in whole[whole["spent"] > whole["budget"]].itertuples():
        spent, budget = number(float(each.spent), 2), number(float(each.budget), 2)
        zh = f"全年执行数 {spent} 元超过全年预算数 {budget} 元，请说明。"
        en = f"Spent {spent} yuan of a budget of {budget}: say why."
        add(each, "over_budget", "explain", spent, budget, zh, en)
    none = whole["handed_in"] & whole["points_reported"].isna()
    for each in whole[none].itertuples():
        add(each, "total_missing", "explain", "", "", "已报送而未填自评得分，请补充。", "Handed in without a score.")
    order = ("contradiction", "explain")
    return tables.check_rows(sorted(rows, key=lambda row: order.index(row["severity"])), "findings")


def findings_text(year: Year, found: pd.DataFrame) -> Pair:
    """Count the findings by kind."""
    if found.empty:
        return (
            "得分、等级、资金和满分核对未发现不符。",
            "Scores, grades, money and full points were checked against each other: nothing was found.",
        )
    counts = found["kind"].value_counts()
    zh = "；".join(f"{FINDINGS[str(kind)][0]} {n:,} 处" for kind, n in counts.items())
    en = "; ".join(f"{FINDINGS[str(kind)][1]}: {n:,}" for kind, n in counts.items())
    return (f"核对发现：{zh}。只列出，未作改动。", f"Found: {en}. They are listed, nothing was changed.")


def first_findings(year: Year, found: pd.DataFrame) -> Listing:
    """Return the first findings, as many as the pack shows."""
    shown = int(year.settings["shown"])
    note = (f"共 {len(found):,} 处，列前 {shown} 处。", f"{len(found):,} in all, the first {shown} are shown.")
    return Listing(found.head(shown), len(found), note if len(found) > shown else ("", ""))
