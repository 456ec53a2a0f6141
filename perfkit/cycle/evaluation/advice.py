"""Points lost, and the advice that follows from the numbers."""

from __future__ import annotations

from typing import Any

import pandas as pd

from perfkit.measure.explaining import number
from perfkit.measure.scorecard import Scorecard

Pair = tuple[str, str]


def shortfalls(card: Scorecard) -> pd.DataFrame:
    """Return the items that lost points, most first, with ``lost`` and its share of all points lost."""
    items = card.items[card.items["points"].notna()]
    lost = (items["points_full"] - items["points"]).round(6)
    found = items.assign(lost=lost)[lost > 0].sort_values(["lost", "points_full"], ascending=False, kind="stable")
    return found.assign(lost_share=found["lost"] / found["lost"].sum())


def advice(card: Scorecard, findings: pd.DataFrame) -> list[Pair]:
    """Return numbered advice that follows from the numbers; what only a person can say is marked as missing."""
    lost = shortfalls(card)
    lines: list[Pair] = []
    known = lost[lost["status"].isin(["reported", "unverified"])]
    for item in known[known["kind"] != "reported"].head(5).itertuples():
        lines.append(
            (
                (
                    f"针对“{item.level3}”（目标 {item.target_shown}，实际 {item.actual_shown}，"
                    f"扣 {number(item.lost)} 分），查明原因，提出改进措施并明确期限。"
                ),
                (
                    f"'{_name(item)}' (target {item.target_shown}, actual {item.actual_shown}, "
                    f"{number(item.lost)} points lost): find the cause, set a measure and a date."
                ),
            )
        )
    for item in known[known["kind"] == "reported"].itertuples():
        lines.append(
            (
                f"“{item.level3}”扣 {number(item.lost)} 分而未列明细，原因无从核实，应公布或报送指标明细。",
                f"'{_name(item)}' lost {number(item.lost)} points without detail: the indicators should be supplied.",
            )
        )
    wrong = int(findings["severity"].eq("contradiction").sum())
    if wrong:
        lines.append(
            (
                f"退回自评表，就“填报核对”所列与规则不符的 {wrong} 处逐项更正或说明后重新报送。",
                (
                    f"Send the form back: what the recheck lists as against the rule ({wrong} in all) "
                    "is to be corrected or explained."
                ),
            )
        )
    gaps = int(card.items["status"].isin(["missing", "no_evidence"]).sum())
    if gaps:
        lines.append(
            (f"补充 {gaps} 项缺失指标的完成值与佐证。", f"Supply values and evidence for {gaps} missing items.")
        )
    left_out = int(card.items["status"].isin(["not_due", "not_applicable"]).sum())
    unseen = int(card.items["status"].eq("not_seen").sum())
    if unseen:
        lines.append(
            (
                f"所见原件缺 {unseen} 项，取得完整原件后再定总分与等级。",
                f"{unseen} items are not in what was seen: settle total and grade with the whole document.",
            )
        )
    if not lines and left_out == len(card.items):
        lines.append(("没有计入评分的指标，不提出建议。", "No item counts: there is nothing to advise."))
    elif not lines and left_out:
        lines.append(
            (
                f"计入评分的指标均达到目标；另有 {left_out} 项未到期或不适用，不作判断。",
                f"Every item that counts meets its target; {left_out} are not due or do not apply.",
            )
        )
    elif not lines:
        lines.append(("各项指标均达到目标，未发现须整改的扣分项。", "Every target is met; no item lost points."))
    return lines


def _name(item: Any) -> str:
    return str(item.name_en) if isinstance(item.name_en, str) else str(item.level3)
