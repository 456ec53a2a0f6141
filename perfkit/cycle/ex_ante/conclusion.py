"""The conclusion: one of the four official wordings, each reason pointing to what it rests on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from perfkit.cycle.ex_ante.money import Economy
from perfkit.cycle.ex_ante.panel import shortcomings
from perfkit.cycle.ex_ante.proposal import YUAN, Pair, money_unit
from perfkit.measure.explaining import number
from perfkit.rules import RuleSet

_CENT = 0.01
_NONE = ("不出具总体结论", "no overall conclusion")


@dataclass(frozen=True)
class Conclusion:
    """The conclusion of an assessment.

    ``code`` is support, adjust, part, reject, or none (the panel has not scored); ``words`` the official wording;
    ``reasons`` sentences; ``points`` the panel's total (NaN if none); ``requested`` and ``recommended`` amounts in
    the proposal's unit of money (NaN where they cannot be told).
    """

    code: str
    words: Pair
    reasons: tuple[Pair, ...]
    points: float
    requested: float
    recommended: float

    @property
    def text(self) -> Pair:
        """The conclusion as one sentence."""
        if self.code == "none":
            return ("本报告不出具总体结论。", "No overall conclusion is given.")
        return (f"总体结论：{self.words[0]}。", f"Overall conclusion: {self.words[1]}.")


def conclude(
    proposal: pd.Series,
    panel: pd.DataFrame,
    scored: pd.DataFrame,
    economics: Economy,
    review: pd.DataFrame,
    rule_set: RuleSet,
) -> Conclusion:
    """Decide by rule.

    Never recommends more than was requested. Each finding (documents, panel, points, cost items, present value)
    asks for a conclusion by ``conclusion_rules``, ``conclusion_cuts``, ``documents_rule`` and ``negative_npv``; the
    strictest in ``order`` stands. Without a panel there is none, unless documents are missing. What is configured
    rather than official stands in the report.

    Parameters
    ----------
    proposal
        Row of table ``proposals``.
    panel
        Table ``panel``; one that is not composed as the rule asks is a reason against plain support.
    scored
        From :func:`panel_scores`.
    economics
        From :func:`economy`.
    review
        From :func:`cost_review`.
    rule_set
        Pack with ``conclusions``, ``conclusion_cuts``, ``documents_rule``, ``negative_npv``.
    """
    names, cuts, rules = (rule_set.value(n) for n in ("conclusions", "conclusion_cuts", "conclusion_rules"))
    unit = money_unit(proposal)
    requested = float(proposal["requested"]) if pd.notna(proposal["requested"]) else float("nan")
    points = float(scored["points"].sum().round(6)) if len(scored) else float("nan")
    found: list[tuple[str, Pair]] = []
    if pd.notna(proposal["documents_complete"]) and not bool(proposal["documents_complete"]):
        rule = rule_set.value("documents_rule")
        found.append(
            (
                rule["conclusion"],
                (
                    (
                        f"限期（{rule['supplement_days']} 个工作日）补充后资料仍不齐全，提请专家组讨论，拟定结论为"
                        f"“{names[rule['conclusion']]['zh']}”（{rule_set.cite('documents_rule')[0]}）。"
                    ),
                    f"Documents are still incomplete after {rule['supplement_days']} working days.",
                ),
            )
        )
    if len(scored):
        found.append(_by_points(points, cuts))
        found += [(rules["panel_short"], short) for short in shortcomings(panel, proposal["unit_id"], rule_set)]
    found += _by_costs(review, unit, rules) + _by_sum(review, requested, unit, rules)
    found += _by_value(economics, rule_set, unit)
    decisive = [code for code, _ in found]
    code = max(decisive, key=rules["order"].index, default="support")
    if not len(scored) and code != "reject":
        code = "none"
        found.append(
            ("none", ("未提供专家评分，不出具总体结论。", "Without a panel no overall conclusion is given."))
        )
    words = (str(names[code]["zh"]), str(names[code]["en"])) if code in names else _NONE
    accepted = float(review["accepted"].sum()) if len(review) else requested
    accepted = min(accepted, requested) if not np.isnan(requested) else accepted
    recommended = {"reject": 0.0, "none": float("nan")}.get(code, accepted)
    return Conclusion(code, words, tuple(reason for _, reason in found), points, requested, recommended)


def _by_points(points: float, cuts: dict[str, float]) -> tuple[str, Pair]:
    code = "support" if points >= cuts["support"] else "adjust" if points >= cuts["adjust"] else "reject"
    upper, lower, mine = number(cuts["support"]), number(cuts["adjust"]), number(points)
    where = {
        "support": (f"达到 {upper} 分", f"at least {upper}"),
        "adjust": (f"在 {lower} 至 {upper} 分之间", f"between {lower} and {upper}"),
        "reject": (f"低于 {lower} 分", f"below {lower}"),
    }[code]
    return code, (
        f"专家组综合评分 {mine} 分，{where[0]}（分数界限为工具设定，非官方规定）。",
        f"The panel's total is {mine}, {where[1]} (cuts are configured, not official).",
    )


def _by_costs(review: pd.DataFrame, unit: str, rules: dict[str, str]) -> list[tuple[str, Pair]]:
    found: list[tuple[str, Pair]] = []
    if review.empty:
        return found
    refused = review[~review["supported"].fillna(True).astype(bool)]
    if len(refused):
        names = "、".join(refused["item"])
        total = number(float(refused["cut"].sum()), 2)
        found.append(
            (
                rules["not_supported"],
                (f"不支持的内容：{names}，计 {total} {unit}。", f"Not supported: {names}, {total} {unit} in all."),
            )
        )
    above = review[review["above"].notna() & review["supported"].fillna(True).astype(bool)]
    if len(above):
        names = "、".join(above["item"])
        total = number(float(above["cut"].sum()), 2)
        found.append(
            (
                rules["above_standard"],
                (
                    f"单价高于支出标准的有：{names}，核减 {total} {unit}。",
                    f"Above the standards: {names}; cut by {total} {unit}.",
                ),
            )
        )
    return found


def _by_sum(review: pd.DataFrame, requested: float, unit: str, rules: dict[str, str]) -> list[tuple[str, Pair]]:
    """Say so if the cost items do not add up to what is requested."""
    total = float(review["amount"].sum()) if len(review) else requested
    if not abs(total - requested) > _CENT:
        return []
    zh = f"费用明细合计 {number(total, 2)} {unit}，与申请金额 {number(requested, 2)} {unit} 不一致，请核实。"
    en = f"The cost items add up to {number(total, 2)}, not to the {number(requested, 2)} requested."
    return [(rules["sum_differs"], (zh, en))]


def _by_value(economics: Economy, rule_set: RuleSet, unit: str) -> list[tuple[str, Pair]]:
    if economics.best is None:
        return []
    npv = float(economics.options.set_index("option_id").loc[economics.best, "npv"])
    shown = f"{number(npv, 2)}{f' {unit}' if unit in YUAN else ''}"
    if npv >= 0:
        return [
            (
                "support",
                (
                    f"“{economics.best}”经济净现值 {shown}，不为负。",
                    f"'{economics.best}' has a net present value of {shown}.",
                ),
            )
        ]
    worst = str(rule_set.value("negative_npv")["at_best"])
    return [
        (
            worst,
            (
                f"各方案经济净现值均为负，最高为 {shown}。",
                f"Every option has a negative net present value; the best is {shown}.",
            ),
        )
    ]


def reductions(review: pd.DataFrame, conclusion: Conclusion) -> list[tuple[str, float]]:
    """Return a waterfall from requested to recommended: signed steps that add up.

    Empty without cost items, without a requested amount, or where nothing is recommended.
    """
    asked, left = conclusion.requested, conclusion.recommended
    if review.empty or np.isnan(asked) or np.isnan(left) or conclusion.code == "reject":
        return []
    total, accepted = float(review["amount"].sum()), float(review["accepted"].sum())
    steps = [("申请金额", asked)]
    if abs(total - asked) > _CENT:
        steps.append(("费用明细合计与申请额之差", total - asked))
    steps += [(str(r.item), -float(r.cut)) for r in review[review["cut"] > 0].itertuples()]
    if accepted - left > _CENT:
        steps.append(("以申请金额为限", left - accepted))
    return [*steps, ("建议金额", left)]
