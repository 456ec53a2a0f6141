"""The experts' scores of one unit: do they agree, who is severe or lenient, which scores stand far off, the mean."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from perfkit import reliability, tables
from perfkit.cycle.evaluation.account import Pair
from perfkit.errors import Problem, ScoreError, fail_if_any
from perfkit.measure import grading
from perfkit.measure.explaining import number
from perfkit.rules import RuleSet

_NONE: Pair = ("未提供专家评分。", "No panel scores were given.")
# Of a normal distribution, in standard deviations: the median and the mean distance from the median.
_MAD, _MEAN = 0.6745, 0.7979


@dataclass(frozen=True)
class Panel:
    """What a panel gave: ``items`` and ``experts`` (tables ``panel_items``, ``panel_experts``), ``facts`` in words.

    Without scores both tables are empty and the one fact says so.
    """

    items: pd.DataFrame
    experts: pd.DataFrame
    facts: tuple[Pair, ...]


def panel_review(panel: pd.DataFrame, unit_id: str, indicators: pd.DataFrame, rule_set: RuleSet) -> Panel:
    """Combine and examine the experts' scores of a unit.

    Parameters
    ----------
    panel
        Table ``panel``; an expert may leave items out.
    unit_id
        The unit.
    indicators
        Table ``indicators``: its items and their full points.
    rule_set
        ``panel_rule`` says how scores are combined, when experts disagree and when a score stands far off.

    Returns
    -------
    Panel
        Scores far off are listed, never left out of the mean.

    Raises
    ------
    ScoreError
        With every item that is unknown and every score above the full points.

    Notes
    -----
    A score is far off if 0.6745 |x - median| / MAD of its item is above the pack's bound; where the MAD is zero,
    0.7979 |x - median| over the mean distance (Iglewicz and Hoaglin 1993). Agreement is of the shares of the full
    points: ICC(2,1) and ICC(2,k) (agreement) and Kendall's W over the items that all scored; severity from
    :func:`perfkit.reliability.leniency`.
    """
    mine = panel[panel["unit_id"].eq(unit_id)]
    empty = {
        name: pd.DataFrame(columns=list(tables.contract(name).columns)) for name in ("panel_items", "panel_experts")
    }
    if mine.empty:
        return Panel(empty["panel_items"], empty["panel_experts"], (_NONE,))
    own = indicators[indicators["unit_id"].isna() | indicators["unit_id"].eq(unit_id)].set_index("indicator_id")
    _fail_if_scores_wrong(mine, own["points"])
    rule = rule_set.value("panel_rule")
    scored = mine.assign(far=_far(mine, rule["outlier"]))
    items = _items(scored, own, rule_set)
    ratings = mine.pivot(index="indicator_id", columns="expert_id", values="points")  # noqa: PD010 - refuses doubles
    experts, facts = _experts(scored, rule_set), [_combined(items, rule_set)]
    facts += _agreement(ratings.div(own["points"].reindex(ratings.index), axis=0), rule["confidence"])
    facts += _leniency(experts) + _split(items)
    return Panel(items, experts, tuple(facts))


def _far(mine: pd.DataFrame, bound: float) -> pd.Series:
    middle = mine.groupby("indicator_id")["points"].transform("median")
    off = (mine["points"] - middle).abs()
    by = mine["indicator_id"]
    mad, mean = off.groupby(by).transform("median") / _MAD, off.groupby(by).transform("mean") / _MEAN
    spread = mad.where(mad > 0, mean)
    return (off / spread.where(spread > 0)).gt(bound)


def _items(scored: pd.DataFrame, own: pd.DataFrame, rule_set: RuleSet) -> pd.DataFrame:
    rule = rule_set.value("panel_rule")
    grouped = scored.groupby("indicator_id")["points"]
    made = pd.DataFrame(
        {"points": grouped.mean(), "low": grouped.min(), "high": grouped.max(), "experts": grouped.size()}
    )
    made["points"] = grading.round_points(made["points"], **rule_set.value("rounding"))
    far = scored[scored["far"]].groupby("indicator_id")["expert_id"].agg("；".join)
    made = own[["level3", "name_en", "points"]].rename(columns={"points": "points_full"}).join(made, how="inner")
    made["split"] = (made["high"] - made["low"]) > rule["spread"] * made["points_full"]
    made["outliers"] = far.reindex(made.index)
    table = rule_set.stamp(made.reset_index())
    return table[list(tables.contract("panel_items").columns)]


def _experts(scored: pd.DataFrame, rule_set: RuleSet) -> pd.DataFrame:
    grouped = scored.groupby("expert_id", sort=True)
    made = pd.DataFrame(
        {
            "expert_kind": grouped["expert_kind"].first(),
            "total": grouped["points"].sum(),
            "severity": np.nan,
            "low": np.nan,
            "high": np.nan,
            "outliers": grouped["far"].sum(),
        }
    )
    try:
        found = reliability.leniency(
            scored, target="indicator_id", confidence=rule_set.value("panel_rule")["confidence"]
        ).set_index("expert_id")
        made[["severity", "low", "high"]] = found[["severity", "ci_low", "ci_high"]].reindex(made.index)
    except ScoreError:  # one expert, or experts who shared no item: nobody to compare with
        pass
    table = rule_set.stamp(made.reset_index())
    return table[list(tables.contract("panel_experts").columns)]


def _combined(items: pd.DataFrame, rule_set: RuleSet) -> Pair:
    rounded = number(float(items["points"].sum()))
    full = number(float(items["points_full"].sum()))
    least, most = int(items["experts"].min()), int(items["experts"].max())
    many = (f"{least}", f"{least}") if least == most else (f"{least} 至 {most}", f"{least} to {most}")
    kit = (
        ("", "")
        if rule_set.is_official("panel_rule")
        else ("（汇总办法为工具设定）", " (the way is configured, not official)")
    )
    return (
        f"专家评分 {len(items)} 项，每项 {many[0]} 人评分，取算术平均后相加为 {rounded} 分"
        f"（满分 {full} 分）{kit[0]}。",
        f"The panel scored {len(items)} items, {many[1]} experts an item; the means add up to {rounded} of "
        f"{full}{kit[1]}.",
    )


def _agreement(shares: pd.DataFrame, confidence: float) -> list[Pair]:
    """Say how far the experts agree; what cannot be computed is said to be so."""
    try:
        forms = reliability.icc(shares, missing="drop", confidence=confidence).set_index("form")
        w = reliability.kendall_w(shares, missing="drop").iloc[0]
    except ScoreError as error:
        return [(f"专家一致性无法计算：{error.problems[0].what[1]}。", f"No agreement: {error.problems[0].what[0]}.")]
    lines: list[Pair] = []
    one, mean = forms.loc["ICC(2,1)"], forms.loc["ICC(2,k)"]
    if pd.isna(one["estimate"]):
        lines.append((f"组内相关系数不可用：{one['note_zh']}。", f"No intraclass correlation: {one['note_en']}."))
    else:
        limits = ("", "")
        if pd.notna(one["ci_low"]):
            low, high = number(float(one["ci_low"]), 2), number(float(one["ci_high"]), 2)
            limits = (f"（区间 {low} 至 {high}）", f" (interval {low} to {high})")
        k, n = int(one["raters"]), int(one["targets"])
        single, joint = number(float(one["estimate"]), 2), number(float(mean["estimate"]), 2)
        lines.append(
            (
                f"{k} 位专家在 {n} 项上得分率的绝对一致性：单个专家 ICC(2,1)={single}{limits[0]}，"
                f"均值 ICC(2,k)={joint}；1 为完全一致，0 及以下为专家间差异不小于各项差异。",
                f"Agreement of {k} experts on {n} items (shares of the points): one expert ICC(2,1) "
                f"{single}{limits[1]}, their mean ICC(2,k) {joint}; 1 is full agreement, 0 or less none.",
            )
        )
    if pd.notna(w["w"]):
        value = number(float(w["w"]), 2)
        lines.append(
            (
                f"各项高低排序的一致性（肯德尔 W）为 {value}（1 为排序完全相同）。",
                f"Agreement on the order of the items (Kendall's W): {value} (1: the same order).",
            )
        )
    return lines


def _leniency(experts: pd.DataFrame) -> list[Pair]:
    lines: list[Pair] = []
    for row in experts.itertuples():
        if pd.isna(row.low) or row.low <= 0 <= row.high:
            continue
        side = ("偏严", "more severe") if row.severity > 0 else ("偏宽", "more lenient")
        amount = number(abs(float(row.severity)), 2)
        lines.append(
            (
                f"专家 {row.expert_id} 比平均{side[0]}，每项 {amount} 分。",
                f"Expert {row.expert_id} is {side[1]} than the average, by {amount} points an item.",
            )
        )
    if not lines and experts["severity"].notna().any():
        lines.append(("没有专家显著偏严或偏宽。", "No expert is clearly severe or lenient."))
    far = experts[experts["outliers"] > 0]
    if len(far):
        count = int(far["outliers"].sum())
        who_zh, who_en = "、".join(far["expert_id"]), ", ".join(far["expert_id"])
        lines.append(
            (
                f"离群评分 {count} 处（{who_zh}），已列出，未从平均中剔除，须核实理由。",
                f"Scores far off: {count} ({who_en}); listed, not left out; their reasons are to be asked.",
            )
        )
    return lines


def _split(items: pd.DataFrame) -> list[Pair]:
    split = items[items["split"].astype(bool)]
    if split.empty:
        return [("各项评分分歧均在界限之内。", "On no item do the experts differ beyond the bound.")]
    n, names = len(split), "、".join(split["level3"])
    english = ", ".join(split["name_en"].fillna(split["level3"]))
    return [
        (
            f"分歧较大的有 {n} 项：{names}。",
            f"Items on which experts differ beyond the bound: {n} ({english}).",
        )
    ]


def _fail_if_scores_wrong(mine: pd.DataFrame, full: pd.Series) -> None:
    problems = []
    for row, code, points in zip(mine.index, mine["indicator_id"], mine["points"], strict=True):
        at = tables.place(mine, row, "points", name="panel")
        if code not in full.index:
            problems.append(Problem(("unknown indicator code", "未知的指标编码"), at, got=str(code)))
        elif points > full[code]:
            what = ("more points than the item has", "评分超过满分")
            problems.append(Problem(what, at, f"≤ {number(float(full[code]))}", number(float(points))))
    fail_if_any(ScoreError, str(mine.attrs.get("where", "panel")), problems)
