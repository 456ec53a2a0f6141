"""How a unit stands among its peers: those scored by the same indicators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from perfkit.errors import Problem, ScoreError
from perfkit.measure.explaining import number, percent
from perfkit.measure.scorecard import Scorecard
from perfkit.methods import peers

Pair = tuple[str, str]


@dataclass(frozen=True)
class Standing:
    """Where a unit stands: its score among all peers, among the most similar, and against what is expected of it.

    ``scores`` are the peers' totals (the unit included), ``similar`` a table of the most similar units, ``facts``
    sentences as (zh, en) pairs. Without enough peers ``scores`` is empty and the one sentence says so.
    """

    scores: pd.Series
    mine: float
    similar: pd.DataFrame
    facts: tuple[Pair, ...]


def standing(card: Scorecard, units: pd.DataFrame, unit_id: str, context: pd.DataFrame | None = None) -> Standing:
    """Compare a unit with the units that were scored by exactly the same indicators.

    Parameters
    ----------
    card
        The scorecard of all units.
    units
        Table ``units`` (for names).
    unit_id
        The unit.
    context
        Table ``context``: circumstances the unit cannot choose. With it the most similar units are found and a
        score is expected by regression.

    Returns
    -------
    Standing
        Rank 1 is best; equal scores share the better rank.

    Raises
    ------
    ScoreError
        If the unit was not scored, or for several years.
    """
    wanted = card.rule_set.value("peers")
    card = of_its_year(card, unit_id)
    scores = card.results.set_index("unit_id")["points"].reindex(alike(card, unit_id)).dropna()
    mine = float(card.of(unit_id).results["points"].iloc[0])
    nobody = pd.DataFrame(columns=["unit_id", "name", "points", "grade_zh", "grade_en"])
    if len(scores) < wanted["least"] or unit_id not in scores.index:
        text = (
            f"用同一指标体系评价的对象不足 {wanted['least']} 个，不作同类比较。",
            f"Fewer than {wanted['least']} units were scored by the same indicators: no comparison with peers.",
        )
        return Standing(pd.Series(dtype=float), mine, nobody, (text,))
    rank = int((scores > mine).sum()) + 1
    others = scores.drop(unit_id)
    below = float((others < mine).mean())
    low, middle, high = (float(scores.quantile(q)) for q in (0.25, 0.5, 0.75))
    lines = [
        (
            (
                f"在用同一指标体系评价的 {len(scores)} 个对象中列第 {rank} 位，"
                f"得分高于其余 {len(others)} 个中的 {percent(below)}；"
                f"全体中位数 {number(middle, 2)} 分，中间一半在 {number(low, 2)} 至 {number(high, 2)} 分之间。"
            ),
            (
                f"Rank {rank} of {len(scores)} units scored by the same indicators, "
                f"above {percent(below)} of the other {len(others)}; the median is {number(middle, 2)}, "
                f"the middle half lies between {number(low, 2)} and {number(high, 2)}."
            ),
        )
    ]
    similar = nobody
    known = context[context["unit_id"].isin(scores.index)] if context is not None else None
    described = peers.wide(known).index if known is not None else ()
    if known is not None and unit_id in described and len(described) > 1:
        near = peers.similar(known, unit_id, n=wanted["similar"])
        table = card.results.set_index("unit_id").reindex(near)[["points", "grade", "grade_en"]].reset_index()
        table = table.rename(columns={"grade": "grade_zh"})
        similar = table.merge(units[["unit_id", "name"]].drop_duplicates("unit_id"), on="unit_id", how="left")[
            list(nobody.columns)
        ]
        lines.append(_near(similar, mine))
        lines.append(_given_context(known, scores, unit_id, float(card.rule_set.value("full_points"))))
    return Standing(scores, mine, similar, tuple(lines))


def alike(card: Scorecard, unit_id: str) -> pd.Index:
    """Return the units that were scored by exactly the same indicators as ``unit_id``, itself included."""
    codes = kinds(card)
    return codes.index[codes == codes[unit_id]]


def kinds(card: Scorecard) -> pd.Series:
    """Return by unit a number: those of the same number were scored by exactly the same indicators."""
    if "kinds" not in card.kept:
        items = card.plain_items
        told = pd.MultiIndex.from_frame(items[["indicator_id", "level3", "rule", "points_full"]].astype(str))
        codes = pd.Series(pd.factorize(told)[0]).groupby(items["unit_id"].to_numpy(), sort=False).agg(tuple)
        card.kept["kinds"] = pd.Series(pd.factorize(codes)[0], codes.index)
    found: pd.Series = card.kept["kinds"]
    return found


def of_its_year(card: Scorecard, unit_id: str) -> Scorecard:
    """Keep what was scored for the unit's year: a standing compares totals of one."""
    own = card.of(unit_id).results["year"]
    if len(own) != 1:
        raise ScoreError(
            (f"unit {unit_id!r} was scored for several years", f"评价对象“{unit_id}”评了多个年度"),
            [
                Problem(
                    ("one year at a time", "一次只比较一个年度"),
                    got=", ".join(str(y) for y in own),
                    do=("name the year", "请指定年度"),
                )
            ],
        )
    return of_year(card, own.iloc[0])


def of_year(card: Scorecard, year: Any) -> Scorecard:
    """Keep what was scored for a year; a missing one: for none."""
    key = ("year", None if pd.isna(year) else year)
    if key not in card.kept:
        years = card.results["year"]
        mine = years.isna() if pd.isna(year) else years.eq(year).fillna(False)
        card.kept[key] = card.part(mine.to_numpy(dtype=bool))
    found: Scorecard = card.kept[key]
    return found


def _near(similar: pd.DataFrame, mine: float) -> Pair:
    low, mean, high = (float(v) for v in (similar["points"].min(), similar["points"].mean(), similar["points"].max()))
    over = mine - mean
    word = ("高", "above") if over >= 0 else ("低", "below")
    span_zh, span_en = f"最低 {number(low, 2)}、最高 {number(high, 2)}", f"{number(low, 2)} to {number(high, 2)}"
    return (
        f"背景条件最相近的 {len(similar)} 个对象平均 {number(mean, 2)} 分（{span_zh}），"
        f"本对象比平均{word[0]} {number(abs(over), 2)} 分。",
        f"The {len(similar)} units in the most similar circumstances average {number(mean, 2)} ({span_en}); "
        f"this unit is {number(abs(over), 2)} points {word[1]} that.",
    )


def _given_context(context: pd.DataFrame, scores: pd.Series, unit_id: str, full: float) -> Pair:
    """Say what a regression on circumstances expects; too few units are said to be too few."""
    try:
        fit = peers.expected(context, scores, unit_id)
    except ScoreError as error:
        return (f"{error.head[1]}。", f"{error.head[0]}.")
    mine = float(scores[unit_id])
    low, high = max(0.0, fit.low), min(full, fit.high)
    side = ("高于区间", "above") if mine > high else ("低于区间", "below") if mine < low else ("在区间之内", "inside")
    names = "、".join(fit.variables)
    return (
        f"以背景变量（{names}）作最小二乘回归（{fit.n} 个其他对象，R²={number(fit.r_squared, 2)}，未作异方差修正），"
        f"预期得分 {number(fit.estimate, 2)} 分，95% 预测区间 {number(low, 2)} 至 {number(high, 2)} 分"
        f"（以 0 至 {number(full)} 分为限），实际得分{side[0]}；这是相关关系，不是因果效应。",
        f"A regression on circumstances ({', '.join(fit.variables)}; OLS, {fit.n} other units, "
        f"R² {number(fit.r_squared, 2)}, no correction for unequal variance) expects {number(fit.estimate, 2)} "
        f"points, 95 % prediction interval {number(low, 2)} to {number(high, 2)} (kept within 0 and {number(full)}); "
        f"the score is {side[1]} the interval. This is an association, not an effect.",
    )
