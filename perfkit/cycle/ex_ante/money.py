"""The money: present values at the pack's rate, published figures beside ours, unit costs against standards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from perfkit import tables
from perfkit.errors import Problem, ScoreError
from perfkit.measure.explaining import number, percent
from perfkit.methods import appraisal
from perfkit.rules import RuleSet

Pair = tuple[str, str]

_CURVE_POINTS = 41
_DUST = 1e-12
_TABLE_DECIMALS = 3


@dataclass(frozen=True)
class Economy:
    """The appraisal of a proposal's options.

    ``options`` is one row an option (see :func:`perfkit.methods.appraisal.appraise`) with ``irr_shown`` for print;
    ``best`` the option with the highest net present value, or None without flows; ``curve`` the present values over
    constant rates (index: percent); ``rate_words`` names the rate; ``facts`` are sentences.
    """

    options: pd.DataFrame
    best: str | None
    curve: pd.DataFrame
    rate: float
    rate_words: Pair
    facts: tuple[Pair, ...]


def economy(flows: pd.DataFrame, unit_id: str, rule_set: RuleSet, rate: str) -> Economy:
    """Appraise the options of a proposal at the discount rate that the pack calls ``rate``.

    Raises
    ------
    ScoreError
        If the pack has no rate of that name.
    """
    named = _rate_named(rule_set, rate)
    steps = named["steps"]
    first = float(steps[0]["rate"])
    schedule = "" if len(steps) == 1 else f"（第 {steps[1]['from_year']} 年起递减）"
    declining = "" if len(steps) == 1 else f", declining from year {steps[1]['from_year']}"
    words = (f"{named['zh']} {percent(first)}{schedule}", f"{named['en']} {percent(first)}{declining}")
    mine = flows[flows["unit_id"] == unit_id]
    if mine.empty:
        return Economy(_no_options(), None, pd.DataFrame(), first, words, (_NO_FLOWS,))
    options = rule_set.stamp(appraisal.appraise(mine, steps))
    options["irr_shown"] = [_irr_shown(roots) for roots in options["irr"]]
    best = str(options.loc[options["npv"].idxmax(), "option_id"])
    curve = appraisal.npv_curve(mine, np.linspace(0.0, 2.5 * first, _CURVE_POINTS))
    curve = curve.set_index(100.0 * curve.pop("rate"))
    return Economy(options, best, curve, first, words, tuple(_sentences(options, best, words)))


def _no_options() -> pd.DataFrame:
    columns = [*tables.contract("options").columns, "irr"]
    return pd.DataFrame(columns=columns)


_NO_FLOWS = ("未提供现金流量，不作经济性测算。", "No cash flows were given: no appraisal is made.")


def _rate_named(rule_set: RuleSet, rate: str) -> dict[str, Any]:
    named = {k: v for name in rule_set.in_force("discount_rates") for k, v in rule_set.value(name).items()}
    if rate not in named:
        raise ScoreError(
            (f"no discount rate {rate!r}", f"没有名为“{rate}”的折现率"),
            [Problem(("unknown discount rate", "未知的折现率"), rule_set.pack.id, ", ".join(named), rate)],
        )
    return dict(named[rate])


def _irr_shown(roots: list[float]) -> str:
    return "、".join(percent(r) for r in roots) if roots else "—"


def _sentences(options: pd.DataFrame, best: str, words: Pair) -> list[Pair]:
    lines = []
    for row in options.itertuples():
        signs = {1.0: ("为正", "positive"), 0.0: ("为零", "zero"), -1.0: ("为负", "negative")}
        sign = signs[float(np.sign(row.npv))]
        bcr = number(row.bcr, 3)
        ratio = ("", "") if np.isnan(row.bcr) else (f"，经济效益费用比 {bcr}", f", benefit-cost ratio {bcr}")
        irr_zh = f"经济内部收益率 {row.irr_shown}" if row.irr else "经济内部收益率不存在"
        irr_en = (
            f"internal rate of return {row.irr_shown.replace('、', ', ')}"
            if row.irr
            else "no internal rate of return"
        )
        if len(row.irr) > 1:
            irr_zh += "（有多个，应以经济净现值为准）"
            irr_en += " (several: rest on the present value)"
        lines.append(
            (
                (
                    f"{row.option_id}：按折现率（{words[0]}）计算，"
                    f"经济净现值 {number(row.npv, 2)}（{sign[0]}），{irr_zh}{ratio[0]}；"
                    f"{_switch(row)[0]}。"
                ),
                (
                    f"{row.option_id}: at {words[1]} the net present value is {number(row.npv, 2)} ({sign[1]}), "
                    f"{irr_en}{ratio[1]}; {_switch(row)[1]}."
                ),
            )
        )
    if len(options) > 1:
        lines.append(
            (f"经济净现值最高的方案为“{best}”。", f"The option with the highest net present value is '{best}'.")
        )
    return lines


def _switch(row: Any) -> Pair:
    """Say how far benefit or investment may move before the sign of the net present value turns."""
    moves = [("效益", "benefit", row.switch_benefit), ("投资", "investment", row.switch_investment)]
    possible = [each for each in moves if each[2] >= -1.0]  # nothing can fall by more than all of it; NaN is left out
    if not possible:
        return ("没有单项变化能使经济净现值为零", "no change of one of them alone makes it zero")
    zh = " 或".join(f"{z}{'提高' if v > 0 else '降低'} {percent(abs(v))}" for z, _, v in possible)
    en = " or ".join(f"{e} {'up' if v > 0 else 'down'} {percent(abs(v))}" for _, e, v in possible)
    return (f"{zh} 时，经济净现值为零", f"switching values: {en}")


def published_check(
    flows: pd.DataFrame, published: pd.DataFrame, unit_id: str, rule_set: RuleSet, rate: str
) -> pd.DataFrame:
    """Set published figures beside exact ones.

    Returns
    -------
    DataFrame
        Table ``published_check``: what was published, the exact figure, the interpolated one where a textbook
        interpolates, each printed with one digit more than the publication has, and whether they agree to the digits
        printed there.

    Raises
    ------
    ScoreError
        If a figure is published for an option without cash flows, or the pack has no such rate.
    """
    rows = []
    mine = published[published["unit_id"] == unit_id]
    steps = _rate_named(rule_set, rate)["steps"]
    for row in mine.itertuples():
        each = flows[(flows["unit_id"] == unit_id) & (flows["option_id"] == row.option_id)]
        if each.empty:
            there = ", ".join(flows.loc[flows["unit_id"] == unit_id, "option_id"].unique())
            raise ScoreError(
                (f"option {row.option_id!r} has no cash flows", f"方案“{row.option_id}”没有现金流量"),
                [
                    Problem(
                        ("unknown option", "未知的方案"),
                        tables.place(published, row.Index, "option_id", name="published"),
                        there,
                        str(row.option_id),
                    )
                ],
            )
        yearly = appraisal.net(each)
        schedule = steps if np.isnan(row.rate) else [{"from_year": 0, "rate": row.rate}]
        by_hand = np.nan
        if row.measure == "npv":
            computed = appraisal.present_value(yearly, schedule)
        elif row.measure == "bcr":
            computed = float(appraisal.appraise(each, schedule)["bcr"].iloc[0])
        else:
            roots = appraisal.rates_of_return(yearly)
            computed = roots[0] if len(roots) == 1 else np.nan
            if row.measure == "irr_interpolated":
                by_hand = appraisal.interpolated_rate(yearly, row.rate, row.rate_high)
        nearest = by_hand if not np.isnan(by_hand) else computed
        decimals = int(row.decimals)
        agrees = bool(abs(nearest - row.value) <= 0.5 * 10.0**-decimals + _DUST)
        # Each factor of a printed interest table is off by at most half a unit of its last decimal.
        bound = 0.5 * 10.0**-_TABLE_DECIMALS * float(yearly.abs().sum())
        zh, en = _why(row, agrees, nearest, bound)
        shown = [
            _printed(v, row.measure, decimals + more) for v, more in ((row.value, 0), (computed, 1), (by_hand, 1))
        ]
        rows.append((row.option_id, row.measure, _rate_shown(row), *shown, agrees, zh, en))
    columns = [c for c in tables.contract("published_check").columns if c not in ("pack", "on")]
    return tables.check(rule_set.stamp(pd.DataFrame(rows, columns=columns)), "published_check")


def _rate_shown(row: Any) -> str | None:
    if np.isnan(row.rate):
        return None
    return percent(row.rate) if np.isnan(row.rate_high) else f"{percent(row.rate)}～{percent(row.rate_high)}"


def _printed(value: float, measure: str, decimals: int) -> str | None:
    if np.isnan(value):
        return None
    return f"{100 * value:.{max(decimals - 2, 0)}f}%" if measure.startswith("irr") else f"{value:.{decimals}f}"


def _why(row: Any, agrees: bool, ours: float, bound: float) -> Pair:
    if row.measure == "irr_interpolated" and agrees:
        return ("内插值与公布值一致；精确值另列", "the interpolated figure agrees; the exact one stands beside it")
    if agrees:
        return ("精确值与公布值一致", "agrees to the digits printed")
    gap, limit = abs(ours - row.value), number(bound, 2)
    if row.measure == "npv" and gap <= bound:
        return (
            f"精确值与公布值相差 {number(gap, 3)}；原例取值位数未载明，"
            f"复利系数取 {_TABLE_DECIMALS} 位小数时误差可达 {limit}",
            f"differs by {number(gap, 3)}, which factors rounded to {_TABLE_DECIMALS} decimals explain (≤ {limit})",
        )
    return (f"相差 {number(gap, 3)}，请核对", f"differs by {number(gap, 3)}: to be checked")


def cost_review(costs: pd.DataFrame, unit_id: str) -> pd.DataFrame:
    """Review each cost item against its standard.

    Returns
    -------
    DataFrame
        ``item_id, item, unit, quantity, unit_cost, standard, above`` (share above the standard), ``amount``
        (requested), ``accepted`` (at the standard where it is exceeded; nothing where not supported), ``cut``,
        ``standard_source, reason_zh, reason_en``.
    """
    mine = costs[costs["unit_id"] == unit_id].copy()
    supported = mine["supported"].fillna(True).astype(bool)
    over = mine["standard"].notna() & (mine["unit_cost"] > mine["standard"])
    amount = mine["quantity"] * mine["unit_cost"]
    accepted = (mine["quantity"] * mine["standard"].where(over, mine["unit_cost"])).where(supported, 0.0)
    mine = mine.assign(
        above=((mine["unit_cost"] / mine["standard"]) - 1.0).where(over),
        amount=amount.round(6),
        accepted=accepted.round(6),
        cut=(amount - accepted).round(6),
    )
    reasons = [_reason(row, ok) for row, ok in zip(mine.itertuples(), supported, strict=True)]
    mine["reason_zh"] = [zh for zh, _ in reasons]
    mine["reason_en"] = [en for _, en in reasons]
    return mine.reset_index(drop=True)


def _reason(row: Any, supported: bool) -> Pair:
    note = "" if pd.isna(row.note) else str(row.note)
    if not supported:
        return (f"不予支持：{note}" if note else "不予支持", f"not supported: {note}" if note else "not supported")
    if not np.isnan(row.above):
        return (
            f"单价高于标准 {percent(row.above)}，按标准核定",
            f"unit cost {percent(row.above)} above the standard",
        )
    if pd.isna(row.standard):
        return ("无标准，按申报价列示", "no standard: as requested")
    return ("不高于标准", "within the standard")
