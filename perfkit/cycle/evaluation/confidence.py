"""How sure a grade is, when the weights might have been others and the shares were measured or judged imperfectly.

The amounts varied are parameters of the rule pack; nobody official has published any, and a report prints them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from perfkit import tables
from perfkit.cycle.evaluation.standing import Pair, alike, kinds, of_its_year, of_year
from perfkit.measure import grading, uncertainty
from perfkit.measure.explaining import number, percent
from perfkit.measure.scorecard import Scorecard
from perfkit.rules import RuleSet
from perfkit.tables.columns import INDICATOR_KINDS

_SHOWN = 5
_MANY = 100  # units scored alike, from which on comparing them beforehand pays
_SCORED = ("reported", "unverified")
_NO_AMOUNTS: Pair = (
    "规则包未设定权重与测量的变动幅度，不作把握程度分析。",
    "The rule pack sets no amounts to vary: how sure the grade is cannot be said.",
)
_NOTHING_COUNTS: Pair = ("没有计入评分的指标，不作把握程度分析。", "No item counts: there is no grade to be sure of.")


@dataclass(frozen=True)
class Confidence:
    """How sure the grade of one unit is.

    ``odds`` has a row a grade, best first: ``grade, grade_en, percent`` (of the draws). ``drivers`` is the table
    ``total_drivers``, the largest parts first; ``facts`` say what both show and what was varied. Where nothing can be
    computed both are empty and the one fact says why.
    """

    odds: pd.DataFrame
    drivers: pd.DataFrame
    facts: tuple[Pair, ...]


@dataclass(frozen=True)
class _Varied:
    """Units varied together: their points, shares and deviations, the weights drawn, what came of it."""

    points: pd.Series
    shares: pd.DataFrame
    sd: pd.DataFrame
    weights: pd.DataFrame | None
    found: uncertainty.Simulation


def confidence(card: Scorecard, unit_id: str) -> Confidence:
    """Score a unit again and again with other weights and measurements, and say how often its grade stands.

    Parameters
    ----------
    card
        The scorecard of all units; those scored by the same indicators are varied and ranked together.
    unit_id
        The unit.

    Returns
    -------
    Confidence
        Weights vary around the points of the items that count, shares around those scored, by the amounts of the
        pack's parameter ``uncertainty``. What is missing and scored as zero stays zero: the bounds of the total say
        what it may cost. A total that is open or has points without detail is not simulated; the fact says why.

    Raises
    ------
    ScoreError
        If the unit was not scored, or for several years.

    Notes
    -----
    See :mod:`perfkit.measure.uncertainty`. Shares are those of the rounded points, so that the total is the one
    printed. The parts of the variance are by formula (``drivers``); with weights that vary they are no Sobol indices.
    """
    card = of_its_year(card, unit_id)
    mine = card.of(unit_id)
    why = why_not(mine)
    return _computed(card, mine) if why is None else _nothing(why)


def why_not(mine: Scorecard) -> Pair | None:
    """Return why nothing can be said of how sure the grade of one unit is; None where it can."""
    items, result, rule_set = mine.items, mine.results.iloc[0], mine.rule_set
    if "uncertainty" not in rule_set.in_force():
        return _NO_AMOUNTS
    if _act(items, rule_set).eq("open").any():
        return _open_total(mine)
    counted = _counted(items)
    if counted.empty:
        return _NOTHING_COUNTS
    if counted["kind"].eq("reported").any():
        return _no_detail(counted)
    amounts = rule_set.value("uncertainty")
    unset = sorted(set(counted["kind"]) - {*amounts["measurement"], *amounts["raters"]})
    if unset:
        zh, en = ("、".join(INDICATOR_KINDS[kind][lang] for kind in unset) for lang in (0, 1))
        said = f"规则包未设定“{zh}”类指标的误差，不作把握程度分析。"
        return (said, f"The rule pack sets no error for {en}: how sure the grade is cannot be said.")
    if _place(mine)["grade"] != result["grade"]:
        said = f"等级“{result['grade']}”并非由得分决定，不作把握程度分析。"
        en = f"The grade '{result['grade_en']}' does not follow from the points: how sure it is cannot be said."
        return (said, en)
    return None


def odds_text(found: Confidence) -> Pair:
    """Return the chart of the grades' probabilities in words."""
    if found.odds.empty:
        return found.facts[0]
    zh = "、".join(f"{row.grade} {number(row.percent, 2)}%" for row in found.odds.itertuples())
    en = ", ".join(f"{row.grade_en} {number(row.percent, 2)}%" for row in found.odds.itertuples())
    return (f"各等级在抽取中所占比例：{zh}。", f"Share of the draws that give each grade: {en}.")


def _nothing(why: Pair) -> Confidence:
    drivers = pd.DataFrame(columns=list(tables.contract("total_drivers").columns))
    return Confidence(pd.DataFrame(columns=["grade", "grade_en", "percent"]), drivers, (why,))


def _act(items: pd.DataFrame, rule_set: RuleSet) -> pd.Series:
    """Return what the status of each item means for its points: score, zero, exclude, open."""
    return items["status"].map({"not_seen": "open", **rule_set.value("missing_evidence"), "reported": "score"})


def _bands(rule_set: RuleSet) -> dict[str, float]:
    falling = sorted(rule_set.value("grade_bands"), key=lambda band: -band["min"])
    return {str(band["grade"]): float(band["min"]) for band in falling}


def _open_total(mine: Scorecard) -> Pair:
    """Say why nothing can be simulated, and between which grades the total lies."""
    result, items = mine.results.iloc[0], mine.items
    ends = grading.grade([result["points_low"], result["points_high"]], mine.rule_set.value("grade_bands"))
    unseen = number(float(items.loc[_act(items, mine.rule_set).eq("open"), "points_full"].sum()))
    low, high = number(float(result["points_low"])), number(float(result["points_high"]))
    worst, best = ends.iloc[0], ends.iloc[1]
    zh, en = f"等级均为“{best['grade']}”", f"the grade is '{best['grade_en']}' either way"
    if worst["grade"] != best["grade"]:
        zh = f"等级在“{worst['grade']}”与“{best['grade']}”之间"
        en = f"the grade between '{worst['grade_en']}' and '{best['grade_en']}'"
    return (
        f"分值 {unseen} 分的指标在所见原件中不可见，没有可供变动的得分，故不作抽取、不列各等级的可能；"
        f"总分在 {low} 至 {high} 分之间，{zh}。",
        f"Items worth {unseen} points are not in the document seen: there is no score to vary, so nothing is drawn "
        f"and no odds are given. The total lies between {low} and {high}, {en}.",
    )


def _no_detail(counted: pd.DataFrame) -> Pair:
    """Say why points without detail are not varied."""
    lump = number(float(counted.loc[counted["kind"].eq("reported"), "points_full"].sum()))
    return (
        f"分值 {lump} 分只有得分、没有指标明细：不知由几项指标、如何得来，整块变动没有依据，"
        "故不作抽取、不列各等级的可能。",
        f"Points worth {lump} come without detail. How many indicators made them and how is not known: there is no "
        "ground for varying them as one, so nothing is drawn and no odds are given.",
    )


def _counted(items: pd.DataFrame) -> pd.DataFrame:
    """Return the items that count and have points to earn, by indicator."""
    return items[items["points"].notna() & items["points_full"].gt(0)].set_index("indicator_id")


def _place(mine: Scorecard) -> pd.Series:
    """Return where the unit's total stands between the bounds of the grades."""
    totals = mine.results.set_index("unit_id")["points"]
    return uncertainty.to_boundary(totals, _bands(mine.rule_set)).iloc[0]


def prepared(card: Scorecard) -> Scorecard:
    """Return ``card`` after comparing its units: what the confidence and the standing of each ask for is then there.

    Where many units were scored by the same indicators they are varied and ranked together once, not once for each.

    Parameters
    ----------
    card
        The scorecard of all units.
    """
    for year in card.results["year"].unique():
        together = of_year(card, year)
        numbered = kinds(together)
        often = numbered.value_counts()
        for kind in often.index[often.ge(_MANY)]:
            mine = together.of(str(numbered.index[numbered.eq(kind)][0]))
            if why_not(mine) is None:
                _varied(together, mine)
    return card


def _varied(card: Scorecard, mine: Scorecard) -> _Varied:
    """Return the units varied together with this one; once computed, it is there for all of them."""
    unit_id, counted = str(mine.results["unit_id"].iloc[0]), _counted(mine.items)
    key = ("varied", kinds(card)[unit_id], frozenset(counted.index))
    if key not in card.kept:
        amounts = card.rule_set.value("uncertainty")
        points = counted["points_full"] * (float(card.rule_set.value("full_points")) / counted["points_full"].sum())
        group = _group(card, unit_id, counted.index, amounts)
        # pivot refuses a key that stands twice, pivot_table would average it.
        both = group.pivot(index="unit_id", columns="indicator_id", values=["share", "sd"])  # noqa: PD010 - see above
        shares, sd = both["share"], both["sd"]
        weights, seed = None, amounts["seed"]
        if amounts["weights"] and len(points) > 1:
            weights = uncertainty.vary_weights(points, amounts["draws"], seed=seed, spread=amounts["weights"])
        found = uncertainty.simulate(
            shares,
            points,
            _bands(card.rule_set),
            seed=seed,
            weights=weights,
            measurement_sd=sd,
            draws=amounts["draws"],
            confidence=amounts["confidence"],
        )
        held = _Varied(points, shares, sd, weights, found)
        if group["unit_id"].nunique() < card.rule_set.value("peers")["least"]:
            return held  # of this unit alone
        card.kept[key] = held
    kept: _Varied = card.kept[key]
    return kept


def _computed(card: Scorecard, mine: Scorecard) -> Confidence:
    unit_id, counted = str(mine.results["unit_id"].iloc[0]), _counted(mine.items)
    bands, amounts = _bands(card.rule_set), card.rule_set.value("uncertainty")
    held = _varied(card, mine)
    points, shares, sd, weights, found = held.points, held.shares, held.sd, held.weights, held.found
    unit = found.units.loc[unit_id]
    parts = uncertainty.drivers(shares.loc[unit_id], points, weights=weights, measurement_sd=sd.loc[unit_id])
    drivers = _drivers(counted, parts, uncertainty.leave_one_out(shares.loc[[unit_id]], points, bands))
    english = {str(band["grade"]): str(band["en"]) for band in card.rule_set.value("grade_bands")}
    odds = pd.DataFrame(
        [(grade, english[grade], 100 * float(unit[f"p_{grade}"])) for grade in bands],
        columns=["grade", "grade_en", "percent"],
    )
    facts = (
        _grade(unit, odds, _place(mine), amounts),
        *_rank(unit, len(shares), amounts),
        _sources(parts, drivers),
        (found.sentence[1], found.sentence[0]),
        _amounts(counted, amounts, weights is not None, mine.results.iloc[0]),
    )
    table = card.rule_set.stamp(drivers.head(_SHOWN)).reindex(columns=list(tables.contract("total_drivers").columns))
    return Confidence(odds, table, facts)


def _group(card: Scorecard, unit_id: str, codes: pd.Index, amounts: dict[str, Any]) -> pd.DataFrame:
    """Return share and deviation of the items that count, of the units that can be ranked with this one.

    Those are scored by the same indicators and the same of them count; of too few units only its own are returned.
    """
    items = card.plain_items
    items = items[items["unit_id"].isin(alike(card, unit_id)) & items["points_full"].gt(0)]
    same = items["points"].notna() == items["indicator_id"].isin(codes)
    items = items[same.groupby(items["unit_id"]).transform("all") & items["points"].notna()]
    if items["unit_id"].nunique() < card.rule_set.value("peers")["least"]:
        items = items[items["unit_id"].eq(unit_id)]
    by_kind = items["kind"].map({**amounts["measurement"], **amounts["raters"]}).astype(float)
    sd = np.hypot(by_kind, items["status"].eq("unverified") * amounts["unverified"])
    # The zero of a missing value is a decision, not a measurement.
    sd = sd.where(items["status"].isin(_SCORED), 0.0)
    share = (items["points"] / items["points_full"]).clip(0, 1)
    return items[["unit_id", "indicator_id"]].assign(share=share, sd=sd)


def _drivers(counted: pd.DataFrame, parts: pd.DataFrame, without: pd.DataFrame) -> pd.DataFrame:
    """Return by indicator its part of the variance and what leaving it out changes; the largest parts first."""
    changed = without["grades_changed"].gt(0).astype("boolean").mask(without["grades_changed"].isna())
    table = counted[["level3", "name_en", "points_full"]].assign(
        share=parts["share"], part=parts["part"], change=without["mean_change"], other_grade=changed
    )
    return table.sort_values("part", key=lambda each: -each.abs(), kind="stable").reset_index()


def _grade(unit: pd.Series, odds: pd.DataFrame, place: pd.Series, amounts: dict[str, Any]) -> Pair:
    """Say how often the grade stands, what else comes up, the interval, and how far the nearest bound is."""
    own = odds[odds["grade"].eq(unit["grade"])].iloc[0]
    others = odds[odds["grade"].ne(unit["grade"]) & odds["percent"].gt(0)]
    zh = "".join(f"，“{row.grade}”占 {percent(row.percent / 100)}" for row in others.itertuples())
    en = "".join(f", '{row.grade_en}' in {percent(row.percent / 100)}" for row in others.itertuples())
    low, high, sd, mean = (number(float(unit[name]), 2) for name in ("low", "high", "sd", "mean"))
    sure, draws = percent(amounts["confidence"]), f"{amounts['draws']:,}"
    far_zh, far_en = "", ""
    if pd.notna(place["nearest"]):
        up = place["nearest"] > 0
        bound, step = (place["above"] if up else place["grade"]), abs(float(place["nearest"]))
        side = ("低", "below") if up else ("高", "above")
        times = number(step / float(unit["sd"]), 1) if unit["sd"] > 0 else ""
        named = odds.set_index("grade")["grade_en"][bound]
        far_zh = f"所得总分比最近的界线（“{bound}”的下限）{side[0]} {number(step, 2)} 分"
        far_zh += f"，为该标准差的 {times} 倍。" if times else "。"
        far_en = f" The total is {number(step, 2)} points {side[1]} the nearest bound, the floor of '{named}'"
        far_en += f": {times} standard deviations." if times else "."
    return (
        f"按下列设定变动权重与得分率，重新评分 {draws} 次，"
        f"等级仍为“{own['grade']}”的占 {percent(own['percent'] / 100)}{zh}；"
        f"抽取总分的均值 {mean} 分、标准差 {sd} 分，{sure} 的抽取在 {low} 至 {high} 分之间。{far_zh}",
        f"Scored again {draws} times with weights and shares varied as set out below, the grade is still "
        f"'{own['grade_en']}' in {percent(own['percent'] / 100)} of the draws{en}. The drawn totals have mean {mean} "
        f"and standard deviation {sd}; {sure} of the draws lie between {low} and {high}.{far_en}",
    )


def _rank(unit: pd.Series, n: int, amounts: dict[str, Any]) -> list[Pair]:
    if n < 2:
        return []
    rank, low, high, sure = unit["rank"], unit["rank_low"], unit["rank_high"], percent(amounts["confidence"])
    return [
        (
            f"在一同变动的 {n} 个同类对象中现列第 {rank} 位，{sure} 的抽取列第 {low} 至第 {high} 位。",
            f"Among {n} peers varied together it ranks {rank}; in {sure} of the draws it ranks {low} to {high}.",
        )
    ]


def _sources(parts: pd.DataFrame, drivers: pd.DataFrame) -> Pair:
    """Say what the variance comes from, from which indicator most, and which alone decide the grade."""
    zh, en = "逐项剔除任何一项指标，等级都不改变。", "Leaving out any one indicator does not change the grade."
    changed = drivers[drivers["other_grade"].eq(True).fillna(False)]
    if len(changed):
        zh = f"剔除后等级会改变的指标有 {len(changed)} 项：{'、'.join(changed['level3'])}。"
        en = f"Without any one of these the grade would be another: {', '.join(_english(changed))}."
    if drivers["other_grade"].isna().all():
        zh, en = "只有一项指标，无从剔除。", "There is one indicator only, none can be left out."
    total = float(parts["variance"].sum())
    if parts["part"].isna().any():
        return zh, en
    by_weights = percent(float(parts["from_weights"].sum()) / total)
    by_shares = percent(float(parts["from_measurement"].sum()) / total)
    top, part = drivers["level3"].iloc[0], percent(float(drivers["part"].iloc[0]))
    return (
        f"总分方差的 {by_weights} 来自权重，{by_shares} 来自得分率；影响最大的是“{top}”（{part}）。{zh}",
        f"Of the variance of the total {by_weights} come from the weights and {by_shares} from the shares; most "
        f"comes from '{_english(drivers)[0]}' ({part}). {en}",
    )


def _english(drivers: pd.DataFrame) -> list[str]:
    return [str(name) for name in drivers["name_en"].fillna(drivers["level3"])]


def _amounts(counted: pd.DataFrame, amounts: dict[str, Any], weighed: bool, result: pd.Series) -> Pair:
    """Print the amounts of the pack that were used, that they are not official, and what stays as it is."""
    zh, en = [], []
    if weighed:
        zh.append(f"权重的变异系数 {number(amounts['weights'])}（狄利克雷分布，以平均权重的指标计）")
        en.append(f"weights, coefficient of variation {number(amounts['weights'])} (Dirichlet, at average weight)")
    for name, what in (("measurement", ("测量误差", "measurement")), ("raters", ("评分者差异", "raters"))):
        used = {kind: sd for kind, sd in amounts[name].items() if kind in set(counted["kind"])}
        if used:
            said = [[f"{INDICATOR_KINDS[kind][at]} {number(sd)}" for kind, sd in used.items()] for at in (0, 1)]
            zh.append(f"{what[0]}：{'、'.join(said[0])}")
            en.append(f"{what[1]}: {', '.join(said[1])}")
    if counted["status"].eq("unverified").any():
        zh.append(f"未核实另加 {number(amounts['unverified'])}")
        en.append(f"unverified, in addition {number(amounts['unverified'])}")
    gone_zh, gone_en = "", ""
    zeros = ~counted["status"].isin(_SCORED)
    if zeros.any():
        lost = number(float(counted.loc[zeros, "points_full"].sum()))
        low, high = number(float(result["points_low"])), number(float(result["points_high"]))
        gone_zh = f"缺失或无佐证而记零的分值 {lost} 分按零计，未变动（总分上下限 {low} 至 {high} 分）。"
        gone_en = f" Points worth {lost}, zero for want of evidence, stay so (bounds of the total {low} to {high})."
    return (
        f"变动幅度为工具设定，非官方规定：{'；'.join(zh)}（误差与差异为得分率的标准差，得分率以 0 至 1 为限，"
        f"满分的指标只会变低，均值可低于所得总分）；随机种子 {amounts['seed']}。{gone_zh}",
        f"The amounts are configured, not official: {'; '.join(en)} (errors and spread: standard deviations of a "
        f"share, which stays between 0 and 1: full marks can only fall, so that the mean may lie below the total); "
        f"seed {amounts['seed']}.{gone_en}",
    )
