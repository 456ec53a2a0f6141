"""What one scorecard of many units says about its indicators."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from perfkit.cycle.item_review.columns import NAMES, Pair, named
from perfkit.measure import items
from perfkit.measure.explaining import number, percent
from perfkit.measure.scorecard import Scorecard


@dataclass(frozen=True)
class Review:
    """What the scores of many units say about their indicators.

    ``items`` has a row an indicator (``indicator_id, level3, name_en, mean, ceiling, floor, discrimination``,
    ``alpha`` without it, ``partner, correlation, kept``); ``steps`` is the order of removal (``items.core_set``),
    ``ranking`` a row a unit (``unit_id, name, points, rank, core_rank, move``), ``drift`` the change over years;
    ``facts`` says it in sentences.
    """

    items: pd.DataFrame
    steps: pd.DataFrame
    ranking: pd.DataFrame
    drift: pd.DataFrame
    facts: tuple[Pair, ...]


def review(card: Scorecard, units: pd.DataFrame, *, alike: float, tolerance: float = 0.05) -> Review:
    """Return what one scorecard of many units says about its indicators.

    Parameters
    ----------
    card
        Units scored by the same indicators.
    units
        Table ``units``, for the names.
    alike
        From which absolute correlation on two indicators say the same.
    tolerance
        How far the agreement of a core set with the full ranking may fall below one.

    Raises
    ------
    ScoreError
        If there are fewer than three units or two indicators, or totals do not tell units apart.
    """
    scored = card.items.dropna(subset=["share"])
    keys = ["unit_id", "year"]
    # pivot refuses a key that stands twice, pivot_table would average it.
    shares = scored.assign(year=scored["year"].fillna(0)).pivot(index=keys, columns="indicator_id", values="share")  # noqa: PD010
    shares = shares[list(scored["indicator_id"].unique())]
    about = named(scored)
    found = items.diagnose(shares, missing="rescale").set_index("indicator_id")
    found["alpha"] = items.alpha_if_dropped(shares, missing="pairwise").set_index("indicator_id")["alpha"]
    same = items.redundancy(shares, alike, missing="pairwise").set_index("indicator_id")
    steps = items.core_set(shares, about["points_full"], tolerance=tolerance, missing="rescale")
    proposed = steps[steps["still_within"]].iloc[-1]
    dropped = steps.loc[steps["step"].between(1, proposed["step"]), "dropped"]
    table = about[NAMES].join(found).join(same[["cluster", "size", "partner", "correlation"]])
    table["ceiling_percent"] = 100 * table["ceiling"]
    table["kept"] = ~table.index.isin(dropped)
    drift = items.drift(shares.reset_index(level="year").reset_index(drop=True))
    kept = table.index[table["kept"]]
    lines = [
        _ceilings(table, len(shares)),
        _discrimination(table),
        _consistency(shares),
        _redundant(table, alike),
        _core(proposed, table, tolerance),
        _drifting(drift),
    ]
    return Review(
        items=table.reset_index(),
        steps=steps,
        ranking=_ranking(shares, about["points_full"], kept, units),
        drift=drift.merge(about[NAMES], left_on="indicator_id", right_index=True),
        facts=tuple(lines),
    )


def _ceilings(table: pd.DataFrame, n: int) -> Pair:
    top = table.loc[table["ceiling"].idxmax()]
    return (
        f"{n} 个对象、{len(table)} 项指标。得满分最多的是“{top['level3']}”，{percent(top['ceiling'])} 的对象得满分："
        "满分的人越多，该项越分不出好与不好。",
        f"{n} units, {len(table)} indicators. '{top['name_en']}' has most full marks, {percent(top['ceiling'])} of "
        "the units: the more have them, the less it tells good from ordinary.",
    )


def _discrimination(table: pd.DataFrame) -> Pair:
    known = table.dropna(subset=["discrimination"])
    if known.empty:
        return ("各项均无区分度可言。", "No indicator has a discrimination.")
    low, high = known.loc[known["discrimination"].idxmin()], known.loc[known["discrimination"].idxmax()]
    against = known[known["discrimination"] < 0]
    zh = (
        f"与其余指标最一致的是“{high['level3']}”（区分度 {number(high['discrimination'], 2)}），"
        f"最不一致的是“{low['level3']}”（{number(low['discrimination'], 2)}）。"
    )
    en = (
        f"'{high['name_en']}' agrees most with the rest (discrimination {number(high['discrimination'], 2)}), "
        f"'{low['name_en']}' least ({number(low['discrimination'], 2)})."
    )
    if len(against):
        zh += f"{len(against)} 项为负：该项得分高的对象在其余各项上反而低，合成总分前应弄清两者为何相反。"
        en += (
            f" {len(against)} below zero: who scores well there scores badly on the rest; find out why before adding "
            "them up."
        )
    return zh, en


def _consistency(shares: pd.DataFrame) -> Pair:
    one = items.alpha(shares, missing="listwise").iloc[0]
    whole = items.omega(shares).iloc[0]
    low, high = number(one["ci_low"], 2), number(one["ci_high"], 2)
    zh = f"各项得分率的克朗巴赫 α 为 {number(one['alpha'], 2)}（95% 区间 {low} 至 {high}）"
    en = f"Cronbach's alpha of the shares is {number(one['alpha'], 2)} (95 % interval {low} to {high})"
    if pd.isna(whole["omega"]):
        return f"{zh}；ω 不可得（{whole['note_zh']}）。", f"{en}; omega is not available ({whole['note_en']})."
    return f"{zh}，ω 为 {number(whole['omega'], 2)}。", f"{en}, omega {number(whole['omega'], 2)}."


def _redundant(table: pd.DataFrame, alike: float) -> Pair:
    groups = [own for _, own in table[table["size"].fillna(1) > 1].groupby("cluster")]
    if not groups:
        return (
            f"没有两项指标的相关达到 {number(alike)}。",
            f"No two indicators correlate {number(alike)} or more.",
        )
    zh = "；".join("、".join(own["level3"]) for own in groups)
    en = "; ".join(", ".join(own["name_en"]) for own in groups)
    return (
        f"相关达到 {number(alike)}、所说大致相同的指标：{zh}。",
        f"Indicators that correlate {number(alike)} or more and say much the same: {en}.",
    )


def _core(proposed: pd.Series, table: pd.DataFrame, tolerance: float) -> Pair:
    kept = table[table["kept"]]
    zh, en = "、".join(kept["level3"]), ", ".join(kept["name_en"])
    tau, move = number(proposed["agreement"], 3), int(proposed["largest_move"])
    return (
        f"保留 {len(kept)} 项（{zh}）时，与全部 {len(table)} 项的排名一致性 τ 为 {tau}"
        f"（容许 {number(1 - tolerance)} 以上），单个对象名次最多变动 {move} 位。",
        f"With {len(kept)} of {len(table)} ({en}) the ranking agrees with the full one at tau {tau} "
        f"({number(1 - tolerance)} or more is allowed); no unit moves more than {move} places.",
    )


def _drifting(drift: pd.DataFrame) -> Pair:
    known = drift[drift["slope"].notna()]
    if known.empty:
        note = drift.iloc[0]
        return f"逐年变化：{note['note_zh']}。", f"Change over the years: {note['note_en']}."
    counts = known["verdict_en"].value_counts()
    up, down = int(counts.get("rises", 0)), int(counts.get("falls", 0))
    return (
        f"逐年变化：{len(known)} 个数列中 {up} 个上升、{down} 个下降，其余没有明确趋势或无法判断。",
        f"Change over the years: of {len(known)} series {up} rise and {down} fall; the others show no clear trend.",
    )


def _ranking(shares: pd.DataFrame, points: pd.Series, kept: pd.Index, units: pd.DataFrame) -> pd.DataFrame:
    """Return ranks by all indicators and by the core set, the best first; ties share the better rank."""

    def total(codes: pd.Index) -> pd.Series:
        held = shares[codes].notna() @ points[codes]
        return ((shares[codes].fillna(0) @ points[codes]) / held * 100).round(9)

    full, core = total(shares.columns), total(kept)
    table = pd.DataFrame({"points": full, "rank": full.rank(ascending=False, method="min").astype(int)})
    table["core_rank"] = core.rank(ascending=False, method="min").astype(int)
    table["move"] = table["core_rank"] - table["rank"]
    names = units.drop_duplicates("unit_id").set_index("unit_id")["name"]
    table = table.reset_index("year", drop=True).join(names)
    return table.sort_values("rank", kind="stable").reset_index()[
        ["unit_id", "name", "points", "rank", "core_rank", "move"]
    ]
