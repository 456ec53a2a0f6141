"""What the tables of an item review print, and under which titles; and which rows name an indicator."""

from __future__ import annotations

import pandas as pd

Pair = tuple[str, str]

NAMES = ["level3", "name_en"]
_NAME = {"level3": ("指标", "indicator")}
ITEM_TITLES = {
    "indicator_id": ("编码", "code"),
    **_NAME,
    "mean": ("平均得分率", "mean"),
    "ceiling": ("满分占比", "full marks"),
    "discrimination": ("区分度", "discrimination"),
    "alpha": ("去掉后 α", "alpha without"),
    "partner": ("最相关指标", "closest"),
    "correlation": ("相关系数", "correlation"),
    "kept": ("保留", "kept"),
}
ITEM_NOTE: Pair = (
    "区分度：与其余指标平均得分率的相关；相关系数为斯皮尔曼秩相关。各列只描述这些对象，不说明指标是否重要。",
    "Discrimination: correlation with the mean of the other shares; correlations are Spearman's. The columns "
    "describe these units and do not say whether an indicator matters.",
)
STEP_TITLES = {
    "step": ("步", "step"),
    "dropped": ("剔除", "dropped"),
    "kept": ("余下", "left"),
    "agreement": ("排名一致性 τ", "agreement (tau)"),
    "largest_move": ("最大名次变动", "largest move"),
    "still_within": ("在容许范围", "within tolerance"),
}
RANKING_TITLES = {
    "name": ("名称", "name"),
    "points": ("全部指标得分", "score, all indicators"),
    "rank": ("名次", "rank"),
    "core_rank": ("核心指标名次", "rank by core set"),
    "move": ("变动", "move"),
}
_STANDARD = {
    "target": ("建议值", "proposed"),
    "low": ("区间下限", "lower end"),
    "high": ("区间上限", "upper end"),
    "met_percent": ("历史达到（%）", "past that met it (%)"),
}
STANDARD_TITLES = {
    **_NAME,
    "level": ("水平", "level"),
    **_STANDARD,
    "present": ("现行指标值", "in force"),
    "present_percent": ("达到现行值（%）", "met the one in force (%)"),
}
GROUP_TITLES = {
    **_NAME,
    "group": ("同类组", "peer group"),
    "n": ("历史值数", "past values"),
    **_STANDARD,
    "note_zh": ("说明", "note"),
}


def named(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row an indicator, by its code; one without an English name keeps its Chinese one."""
    once = table.drop_duplicates("indicator_id").set_index("indicator_id")
    return once.assign(name_en=once["name_en"].fillna(once["level3"]))


def met(past: pd.Series, direction: str, target: float) -> float:
    """Return the share of known past values that meet a target."""
    known = past.dropna()
    if known.empty or pd.isna(target):
        return float("nan")
    return float((known >= target if direction == "ge" else known <= target).mean())
