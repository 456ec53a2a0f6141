"""What the report and the batch index show around the tables: subtitle, notices, alt texts, cuts, index columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from perfkit.cycle.evaluation.account import Pair
from perfkit.cycle.evaluation.confidence import why_not
from perfkit.cycle.evaluation.standing import Standing
from perfkit.cycle.evaluation.written import missing_fields
from perfkit.measure.explaining import number, percent
from perfkit.measure.scorecard import Scorecard
from perfkit.rules import RuleSet, configured


def subtitle(unit: pd.Series, card: Scorecard) -> Pair:
    """Return the line under the title: year, rule pack and day."""
    pack, on = card.rule_set.pack, card.rule_set.on
    zh = "年度未载明" if pd.isna(unit["year"]) else f"{int(unit['year'])} 年度"
    en = "year not given" if pd.isna(unit["year"]) else f"{int(unit['year'])}"
    return (f"{zh}　规则：{pack.zh}（{on} 有效）", f"{en} · rules: {pack.en}, in force on {on}")


def title(unit: pd.Series, card: Scorecard) -> Pair:
    """Return the title: a recheck where the unit scored itself, else a key evaluation."""
    name = str(unit["name"])
    gap = " " if name[-1:].isascii() else ""
    judged = str(unit["evaluator"]) if isinstance(unit["evaluator"], str) else ""
    if card.items["points_reported"].notna().any() and "评价" not in judged:
        return (f"{name}{gap}项目支出绩效自评复核报告", f"Recheck of the self-evaluation: {name}")
    return (f"{name}{gap}重点绩效评价报告", f"Key evaluation: {name}")


def notices(
    unit: pd.Series,
    card: Scorecard,
    findings: pd.DataFrame,
    indicators: pd.DataFrame,
    form: Mapping[str, str] | None = None,
) -> list[tuple[Pair, str]]:
    """Return what a reader must know first, each with its kind (simulated, configured, warning).

    ``form`` is what the evaluator has written (:func:`written`): each field still missing has a notice of its own.
    """
    mine = indicators[indicators["unit_id"].isna() | indicators["unit_id"].eq(unit["unit_id"])]
    found: list[tuple[Pair, str]] = []
    if unit["reality"] == "simulated":
        found.append(
            (
                ("本报告所用数据为模拟数据，不反映任何真实项目。", "Simulated data: no real project is described."),
                "simulated",
            )
        )
    if card.rule_set.pack.invented:
        found.append(
            (("规则为教学虚构，不得用于实际评价。", "Invented rules for teaching, not for real use."), "simulated")
        )
    if mine["reality"].eq("configured").any():
        found.append(
            (
                (
                    "指标值与分值为演示自设，不是被评价单位的绩效目标；所用等级划分仅作演示，不构成对该单位的评价。",
                    "Targets and points are configured for demonstration: they are not the unit's own, and the grade "
                    "is no judgement of it.",
                ),
                "configured",
            )
        )
    wrong = int(findings["severity"].eq("contradiction").sum())
    if wrong:
        found.append(
            (
                (
                    f"填报内容与计分规则或其自身不符 {wrong} 处，详见“填报核对”；本报告只列出，未作改动。",
                    f"Reported figures against the rules or each other: {wrong} (see the recheck); none was changed.",
                ),
                "warning",
            )
        )
    own = len(configured(bases(card, unit)))
    if own:
        found.append(
            (
                (
                    f"所用规则中有 {own} 项为工具设定或二手依据，并非官方规定，列于第七部分。",
                    f"Choices that are configured or second-hand, not official: {own}; see section 7.",
                ),
                "configured",
            )
        )
    if form is not None:
        return [*found, *((pair, "warning") for pair in missing_fields(form))]
    found.append(
        (
            (
                "待补充：主要经验及做法、扣分原因分析须由评价人撰写（第五部分）。",
                "To be added by the evaluator: what worked, and why points were lost (section 5).",
            ),
            "warning",
        )
    )
    return found


def bases(card: Scorecard, unit: pd.Series, further: Sequence[str] = ()) -> pd.DataFrame:
    """Return the table ``bases`` of a report on one unit: of the points, and of the recheck and comparison.

    ``further`` names the parameters of what else the report shows: ``panel_rule``, ``evaluation_inputs``,
    ``budget_consequence`` ...
    """
    key = ("bases", tuple(further))
    if key not in card.kept:
        card.kept[key] = _bases(card, unit, further)
    found: pd.DataFrame = card.kept[key]
    return found


def _bases(card: Scorecard, unit: pd.Series, further: Sequence[str]) -> pd.DataFrame:
    there = card.rule_set.in_force()
    also = ["peers"] if why_not(card) else ["peers", "uncertainty"]
    if card.items["points_reported"].notna().any():
        also += ["recheck_tolerance", *card.rule_set.in_force("self_weights_")]
    else:
        also.append("result_weight_minimum")
    if isinstance(unit["grade_reported"], str):
        also.append("grade_words")
    return card.bases([name for name in [*also, *further] if name in there])


def score_columns(card: Scorecard) -> list[str]:
    """Return the columns of the printed score table; reported points only where the form has them."""
    reported = ["points_reported"] if card.items["points_reported"].notna().any() else []
    second = ["level2"] if card.items["level2"].notna().any() else []
    return ["level1", *second, "level3", "target_shown", "actual_shown", "points_full", "points", *reported, "why_zh"]


def levels_text(levels: pd.DataFrame) -> Pair:
    """Return the bars of the levels in words."""
    zh, en = [], []
    for row in levels.itertuples():
        got, full = number(row.points), number(row.points_full)
        none = pd.isna(row.points)
        zh.append(f"{row.level1}未计分（满分 {full} 分）" if none else f"{row.level1}得 {got} 分（满分 {full} 分）")
        en.append(f"{row.level1} not scored (of {full})" if none else f"{row.level1} {got} of {full}")
    return ("；".join(zh) + "。", "; ".join(en) + ".")


def standing_text(standing: Standing) -> Pair:
    """Return the distribution of the peers in words."""
    return standing.facts[0]


def band_cuts(rule_set: RuleSet) -> list[tuple[float, str]]:
    """Return the lower bounds of the grades for a chart: (points, grade), the lowest left out."""
    bands = sorted(rule_set.value("grade_bands"), key=lambda band: band["min"])
    return [(float(band["min"]), str(band["grade"])) for band in bands[1:]]


def published(units: pd.DataFrame) -> pd.DataFrame:
    """Return table ``published_scores``: what was published of units whose items are not known."""
    names = {"department": "place", "budget": "amount", "points_reported": "points", "grade_reported": "grade"}
    return units.rename(columns=names)[["unit_id", "name", "place", "amount", "evaluator", "points", "grade"]]


def published_text(units: pd.DataFrame) -> Pair:
    """Return the distribution of published scores in words."""
    scores = units["points_reported"].dropna()
    if scores.empty:
        return ("没有公布得分。", "No scores are published.")
    low, middle, high = (number(float(v), 2) for v in (scores.min(), scores.median(), scores.max()))
    none = int(units["points_reported"].isna().sum())
    return (
        f"{len(scores)} 个项目公布得分，最低 {low}、中位数 {middle}、最高 {high}；另有 {none} 个未公布得分。",
        f"{len(scores)} projects publish scores: lowest {low}, median {middle}, highest {high}; {none} publish none.",
    )


def index_fields(unit: pd.Series, card: Scorecard, findings: pd.DataFrame, lang: str = "zh") -> dict[str, Any]:
    """Return the columns that the batch index shows of one report."""
    result = card.results.iloc[0]
    zh = lang == "zh"
    wrong = int(findings["severity"].eq("contradiction").sum())
    return {
        "年度" if zh else "year": None if pd.isna(unit["year"]) else int(unit["year"]),
        "得分" if zh else "score": None if pd.isna(result["points"]) else float(result["points"]),
        "等级" if zh else "grade": result["grade"] if zh else result["grade_en"],
        "原件总分" if zh else "reported": None
        if pd.isna(unit["points_reported"])
        else float(unit["points_reported"]),
        "有据分值" if zh else "coverage": percent(float(result["coverage"])),
        "不符" if zh else "against rule": wrong,
    }
