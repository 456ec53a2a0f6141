"""The expert panel: scores by item and dimension, its composition, and where it disagrees."""

from __future__ import annotations

from collections.abc import Hashable

import pandas as pd

from perfkit import tables
from perfkit.errors import Problem, ScoreError, fail_if_any
from perfkit.measure import grading
from perfkit.measure.explaining import number
from perfkit.rules import RuleSet
from perfkit.tables.columns import EXPERT_KINDS

Pair = tuple[str, str]

_COLUMNS = [
    "indicator_id",
    "level1",
    "level3",
    "check_points",
    "name_en",
    "points_full",
    "points",
    "low",
    "high",
    "experts",
    "split",
]


def panel_scores(panel: pd.DataFrame, unit_id: str, rule_set: RuleSet) -> pd.DataFrame:
    """Return each item's mean over the experts.

    Parameters
    ----------
    panel
        Table ``panel`` (may hold several units).
    unit_id
        The proposal.
    rule_set
        Its indicators are the items; ``panel_rule`` says how scores are combined and when experts disagree.

    Returns
    -------
    DataFrame
        ``indicator_id, level1, level3, name_en, points_full, points`` (mean, rounded), ``low, high`` (of the
        experts), ``experts`` (how many), ``split`` (range above the pack's spread). Empty if nobody scored the
        proposal.

    Raises
    ------
    ScoreError
        An unknown item, more points than the item has, or an expert who left items out: all at once.
    """
    items = rule_set.indicators()
    mine = panel[panel["unit_id"] == unit_id]
    if mine.empty:
        return pd.DataFrame(columns=[*_COLUMNS, "pack", "on"])
    _fail_if_panel_wrong(mine, items)
    rule, rounding = rule_set.value("panel_rule"), rule_set.value("rounding")
    grouped = mine.groupby("indicator_id")["points"]
    stats = pd.DataFrame(
        {"points": grouped.mean(), "low": grouped.min(), "high": grouped.max(), "experts": grouped.size()}
    )
    scored = items.rename(columns={"points": "points_full"}).merge(stats, left_on="indicator_id", right_index=True)
    scored["points"] = grading.round_points(scored["points"], **rounding)
    scored["split"] = (scored["high"] - scored["low"]) > rule["spread"] * scored["points_full"]
    return rule_set.stamp(scored[_COLUMNS].reset_index(drop=True))


def by_dimension(scored: pd.DataFrame) -> pd.DataFrame:
    """Return table ``dimensions``: for each dimension its full points, points and their share."""
    kept = {"points_full": "sum", "points": "sum", "pack": "first", "on": "first"}
    sums = scored.groupby("level1", sort=False).agg(kept).reset_index()
    sums.insert(3, "share", sums["points"] / sums["points_full"])
    return sums


def panel_facts(panel: pd.DataFrame, unit_id: str, rule_set: RuleSet) -> list[Pair]:
    """Say who sat on the panel, and whether its composition is as the rule asks."""
    mine = panel[panel["unit_id"] == unit_id].drop_duplicates("expert_id")
    if mine.empty:
        return [
            (
                "未提供专家评分，五个维度不打分，本报告只作经济性分析。",
                (
                    "No panel has scored this proposal: "
                    "the dimensions are not scored and no overall conclusion is given."
                ),
            )
        ]
    counts = mine["expert_kind"].value_counts()
    zh = "、".join(f"{EXPERT_KINDS[kind][0]} {n} 人" for kind, n in counts.items())
    en = ", ".join(f"{EXPERT_KINDS[kind][1]} {n}" for kind, n in counts.items())
    lines = [(f"专家组共 {len(mine)} 人：{zh}。", f"The panel: {en}; {len(mine)} in all.")]
    short = shortcomings(panel, unit_id, rule_set)
    cited = rule_set.cite("experts")
    return lines + (short or [(f"专家组组成符合{cited[0]}的要求。", f"Its composition is as {cited[1]} asks.")])


def shortcomings(panel: pd.DataFrame, unit_id: str, rule_set: RuleSet) -> list[Pair]:
    """Say in what the panel falls short of the rule: too few experts, or a kind missing; nothing if it does not."""
    mine = panel[panel["unit_id"] == unit_id].drop_duplicates("expert_id")
    wanted, cited = rule_set.value("experts"), rule_set.cite("experts")
    lines = []
    if len(mine) < wanted["least"]:
        lines.append(
            (
                f"专家组 {len(mine)} 人，少于{cited[0]}要求的 {wanted['least']} 人，应补足后重新评分。",
                f"The panel has {len(mine)} experts, fewer than the {wanted['least']} of {cited[1]}.",
            )
        )
    lacking = [EXPERT_KINDS[kind] for kind in wanted["kinds"] if kind not in set(mine["expert_kind"])]
    if lacking:
        names = "、".join(zh for zh, _ in lacking)
        lines.append(
            (
                f"专家组缺{names}，不符合{cited[0]}的要求，应补足后重新评分。",
                f"The panel lacks: {', '.join(en for _, en in lacking)} ({cited[1]}).",
            )
        )
    return lines


def dissent(panel: pd.DataFrame, scored: pd.DataFrame, unit_id: str) -> list[Pair]:
    """Return the items on which experts disagree, and every opinion they wrote down; without a panel, that."""
    if scored.empty:
        return [("没有专家评分。", "There are no panel scores.")]
    split = scored[scored["split"].astype(bool)]
    lines = [
        (
            (
                f"“{item.level3}”评分分歧较大（{number(item.low)} 至 {number(item.high)} 分，"
                f"满分 {number(item.points_full)} 分）。"
            ),
            (
                f"Experts disagree on '{item.name_en}' "
                f"({number(item.low)} to {number(item.high)} of {number(item.points_full)})."
            ),
        )
        for item in split.itertuples()
    ]
    written = panel[(panel["unit_id"] == unit_id) & panel["opinion"].notna()]
    names = dict(zip(scored["indicator_id"], scored["level3"], strict=True))
    for item, group in written.groupby(["indicator_id", "opinion"], sort=False):
        who = "、".join(group["expert_id"])
        lines.append((f"{who} 就“{names.get(item[0], item[0])}”提出：{item[1]}", f"{who} on {item[0]}: {item[1]}"))
    return lines


def _fail_if_panel_wrong(mine: pd.DataFrame, items: pd.DataFrame) -> None:
    full = dict(zip(items["indicator_id"], items["points"], strict=True))

    def at(row: Hashable, column: str) -> str:
        return tables.place(mine, row, column, name="panel")

    problems = []
    for row, code, points in zip(mine.index, mine["indicator_id"], mine["points"], strict=True):
        if code not in full:
            problems.append(
                Problem(
                    ("unknown indicator code", "未知的指标编码"),
                    at(row, "indicator_id"),
                    ", ".join(full),
                    code,
                    ("correct the code", "请更正编码"),
                    column="indicator_id",
                )
            )
        elif points > full[code]:
            problems.append(
                Problem(
                    ("more points than the item has", "评分超过满分"),
                    at(row, "points"),
                    f"≤ {number(full[code])}",
                    number(points),
                    ("correct the score", "请更正评分"),
                    column="points",
                )
            )
    for expert, group in mine.groupby("expert_id", sort=False):
        left = [code for code in full if code not in set(group["indicator_id"])]
        if left:
            problems.append(
                Problem(
                    ("an expert left items out", "专家漏评"),
                    at(group.index[0], "expert_id"),
                    ", ".join(left),
                    str(expert),
                    ("complete the scores", "请补全评分"),
                    column="expert_id",
                )
            )
    fail_if_any(ScoreError, str(mine.attrs.get("where", "panel")), problems)
