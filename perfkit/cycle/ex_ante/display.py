"""What the assessment and the batch index show around the tables: subtitle, notices, advice, alt texts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from perfkit.cycle.ex_ante.conclusion import Conclusion
from perfkit.cycle.ex_ante.money import Economy
from perfkit.cycle.ex_ante.proposal import YUAN, Pair, money_unit
from perfkit.measure.explaining import number, percent
from perfkit.rules import RuleSet


def subtitle(proposal: pd.Series, rule_set: RuleSet) -> Pair:
    """Return the line under the title: year, rule pack and day."""
    pack, on = rule_set.pack, rule_set.on
    zh = "" if pd.isna(proposal["year"]) else f"{int(proposal['year'])} 年度　"
    en = "" if pd.isna(proposal["year"]) else f"{int(proposal['year'])} · "
    return (f"{zh}规则：{pack.zh}（{on} 有效）", f"{en}rules: {pack.en}, in force on {on}")


def notices(proposal: pd.Series, conclusion: Conclusion) -> list[tuple[Pair, str]]:
    """Return what a reader must know first, each with its kind."""
    found: list[tuple[Pair, str]] = []
    if proposal["reality"] == "simulated":
        found.append(
            (
                ("本报告所用数据为模拟数据，不反映任何真实项目。", "Simulated data: no real project is described."),
                "simulated",
            )
        )
    if conclusion.code == "none":
        found.append((("未提供专家评分，本报告不出具总体结论。", "No panel: no overall conclusion."), "warning"))
    found.append(
        (
            (
                "各维度分值、结论的分数界限等为工具设定，并非官方规定，列于第五部分。",
                (
                    "Points of the dimensions and the cuts of the conclusion are configured, not official; "
                    "see section 5."
                ),
            ),
            "configured",
        )
    )
    return found


def method(economics: Economy, rule_set: RuleSet) -> Pair:
    """Say how the dimensions, the money and the standards are assessed."""
    names = "、".join(rule_set.value("dimensions"))
    english = ", ".join(rule_set.value("dimensions_en").values())
    return (
        (
            f"评估内容为{names}五个维度，由专家逐项评分取平均；经济性采用成本效益分析法，折现率为{economics.rate_words[0]}；"
            f"经济性按申报费用测算；费用按支出标准逐项核对，高于标准的按标准核定。"
        ),
        (
            f"Five dimensions ({english}) are scored by the panel and averaged; "
            f"the money is appraised at {economics.rate_words[1]}; "
            "cost items above their standard are accepted at the standard."
        ),
    )


def amounts(proposal: pd.Series, conclusion: Conclusion) -> list[tuple[Pair, Any]]:
    """Return requested, cut and recommended amounts as (label, value) pairs."""
    unit = money_unit(proposal)
    if np.isnan(conclusion.requested):
        rows: list[tuple[Pair, Any]] = [(("申请金额", "requested"), ("未列", "not given"))]
        if not np.isnan(conclusion.recommended):
            rows.append(((f"建议金额（{unit}）", f"recommended ({unit})"), conclusion.recommended))
        return rows
    asked: list[tuple[Pair, Any]] = [((f"申请金额（{unit}）", f"requested ({unit})"), conclusion.requested)]
    cut = conclusion.requested - conclusion.recommended
    if np.isnan(cut):
        return asked
    return [
        *asked,
        ((f"较申请额核减（{unit}）", f"cut from the request ({unit})"), cut),
        ((f"建议金额（{unit}）", f"recommended ({unit})"), conclusion.recommended),
        (
            ("较申请额核减比例", "share of the request cut"),
            percent(cut / conclusion.requested) if conclusion.requested else None,
        ),
    ]


def dimensions_text(dimensions: pd.DataFrame) -> Pair:
    """Return the bars of the dimensions in words."""
    if dimensions.empty:
        return ("没有专家评分。", "There are no panel scores.")
    zh = "；".join(
        f"{r.level1}得 {number(r.points)} 分（满分 {number(r.points_full)} 分）" for r in dimensions.itertuples()
    )
    en = "; ".join(f"{r.level1} {number(r.points)} of {number(r.points_full)}" for r in dimensions.itertuples())
    return (f"{zh}。", f"{en}.")


def curve_text(economics: Economy) -> Pair:
    """Return the curve of present values in words."""
    if economics.best is None:
        return ("没有现金流量。", "There are no cash flows.")
    zh, en = [], []
    for row in economics.options.itertuples():
        if not row.irr:
            zh.append(f"{row.option_id}的经济净现值不过零点")
            en.append(f"{row.option_id} never crosses zero")
            continue
        zh.append(f"{row.option_id}的经济净现值在经济内部收益率 {row.irr_shown} 处为零")
        en.append(f"{row.option_id} crosses zero at {row.irr_shown}")
    return ("；".join(zh) + "。", "; ".join(en) + ".")


def reductions_text(review: pd.DataFrame, proposal: pd.Series, conclusion: Conclusion) -> Pair:
    """Return the waterfall in words: requested, what the items come to, what is cut, what is recommended."""
    if review.empty:
        return ("没有费用明细，不作支出标准核对。", "There are no cost items to compare with standards.")
    unit = money_unit(proposal)
    total, cut = number(float(review["amount"].sum()), 2), number(float(review["cut"].sum()), 2)
    zh = f"费用明细合计 {total} {unit}，按支出标准和支持范围核减 {cut} {unit}"
    en = f"The cost items come to {total}, of which {cut} is cut"
    if np.isnan(conclusion.recommended) or conclusion.code == "reject":
        return (f"{zh}；按本报告结论不提出建议金额。", f"{en}; no amount is recommended.")
    limited = not np.isnan(conclusion.requested) and float(review["accepted"].sum()) > conclusion.requested
    more = (
        ("；核定额仍高于申请额，以申请额为限", "; what is accepted is above the request, which limits it")
        if limited
        else ("", "")
    )
    asked = "未列" if np.isnan(conclusion.requested) else f" {number(conclusion.requested, 2)} {unit}"
    asked_en = "not given" if np.isnan(conclusion.requested) else number(conclusion.requested, 2)
    left = number(conclusion.recommended, 2)
    return (
        f"{zh}；申请金额{asked}，建议金额 {left} {unit}{more[0]}。",
        f"{en}; requested {asked_en}, recommended {left} {unit}{more[1]}.",
    )


def advice(
    proposal: pd.Series, scored: pd.DataFrame, economics: Economy, review: pd.DataFrame, conclusion: Conclusion
) -> list[Pair]:
    """Return numbered advice that follows from the numbers, each pointing to what it rests on."""
    unit = f" {money_unit(proposal)}" if money_unit(proposal) in YUAN else ""
    lines: list[Pair] = []
    for row in review[review["cut"] > 0].itertuples() if len(review) and conclusion.code != "reject" else ():
        lines.append(
            (
                f"“{row.item}”核减 {number(row.cut, 2)}{unit}（{row.reason_zh}）。",
                f"Cut '{row.item}' by {number(row.cut, 2)} ({row.reason_en}).",
            )
        )
    if len(scored):
        weak = scored.assign(share=scored["points"] / scored["points_full"]).nsmallest(3, "share")
        for row in weak[weak["share"] < 1].itertuples():
            lines.append(
                (
                    (
                        f"就“{row.level3}”一项（{row.level1}，得 {number(row.points)} 分，"
                        f"满分 {number(row.points_full)} 分）补充论证材料。"
                    ),
                    f"Strengthen '{row.name_en}' ({number(row.points)} of {number(row.points_full)} points).",
                )
            )
    if economics.best is not None and len(economics.options) > 1 and conclusion.code not in ("reject", "none"):
        lines.append((f"在所列方案中优先采用“{economics.best}”。", f"Of the options prefer '{economics.best}'."))
    if conclusion.code == "reject":
        lines.append(
            ("不予支持的理由见上；不提出金额建议。", "Not supported, for the reasons above: no amount is advised.")
        )
    if conclusion.code == "none":
        lines.append(("组织专家组评分后再出具总体结论。", "Have a panel score the proposal before concluding."))
    if not lines:
        lines.append(("未发现须补充或核减的内容。", "Nothing to add or to cut."))
    return lines


def index_fields(proposal: pd.Series, conclusion: Conclusion, lang: str = "zh") -> dict[str, Any]:
    """Return the columns that the batch index shows of one report."""
    zh = lang == "zh"
    return {
        "年度" if zh else "year": None if pd.isna(proposal["year"]) else int(proposal["year"]),
        "得分" if zh else "score": None if np.isnan(conclusion.points) else conclusion.points,
        "结论" if zh else "conclusion": conclusion.words[0 if zh else 1],
    }
