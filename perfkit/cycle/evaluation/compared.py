"""Against others and against itself: unit costs of like units, and the values of earlier years."""

from __future__ import annotations

import pandas as pd

from perfkit import tables
from perfkit.cycle.evaluation.account import Pair
from perfkit.measure.explaining import number, percent
from perfkit.rules import RuleSet
from perfkit.tables.columns import PERCENT

_PLACES = 6  # decimals: smaller changes of a value are none


def cost_comparison(costs: pd.DataFrame, unit: pd.Series, rule_set: RuleSet) -> pd.DataFrame:
    """Return table ``cost_comparison``: the unit cost of each item beside those of like units.

    Parameters
    ----------
    costs
        Table ``comparable_costs``; like units are of the same year, peer group, item and unit of measure.
    unit
        The unit's row of table ``units``.
    rule_set
        ``evaluation_inputs`` says how many like units a comparison needs.

    Notes
    -----
    Cost over quantity; a quantity of zero has no unit cost and is no peer. Quartiles are those of the like units,
    the unit itself left out; ``excess`` is (cost - median) times the unit's quantity.
    """
    columns = list(tables.contract("cost_comparison").columns)
    year = unit["year"]
    rows = costs if pd.isna(year) else costs[costs["year"].isna() | costs["year"].eq(year).fillna(False)]
    rows = rows[rows["quantity"] > 0].assign(each=lambda held: held["cost"] / held["quantity"])
    made = []
    for own in rows[rows["unit_id"].eq(unit["unit_id"])].itertuples():
        like = rows[rows["unit_id"].ne(unit["unit_id"]) & rows["item"].eq(own.item) & rows["unit"].eq(own.unit)]
        same = like["peer_group"].isna() if pd.isna(own.peer_group) else like["peer_group"].eq(own.peer_group)
        others = like.loc[same, "each"]
        row = {"item": own.item, "unit": own.unit, "cost": own.each, "n": len(others)}
        if len(others) >= rule_set.value("evaluation_inputs")["cost_least"]:
            low, middle, high = (float(others.quantile(at)) for at in (0.25, 0.5, 0.75))
            over = (own.each - middle) / middle if middle > 0 else float("nan")
            row |= {"p25": low, "median": middle, "p75": high, "over": over}
            row["excess"] = (own.each - middle) * own.quantity
        made.append(row)
    return rule_set.stamp(pd.DataFrame(made, columns=columns[:-2]))[columns]


def cost_text(compared: pd.DataFrame, rule_set: RuleSet) -> list[Pair]:
    """Say of each item how its unit cost stands among like units."""
    if compared.empty:
        return [("未提供可比单位成本。", "No comparable unit costs were given.")]
    least = rule_set.value("evaluation_inputs")["cost_least"]
    lines: list[Pair] = []
    for row in compared.itertuples():
        # What is compared is what is printed: a difference that cannot be seen is none.
        cost, middle, low, high = (round(float(each), 4) for each in (row.cost, row.median, row.p25, row.p75))
        head = (
            f"“{row.item}”单位成本 {number(cost)}（每{row.unit}），同类 {number(row.n)} 个",
            f"'{row.item}': {number(cost)} a unit ({row.unit}); like units: {number(row.n)}",
        )
        if pd.isna(row.median):
            lines.append((f"{head[0]}，不足 {least} 个，不作比较。", f"{head[1]}, fewer than {least}: not compared."))
            continue
        place = ("在上下四分位数之间", "between the quartiles")
        if cost > high:
            place = ("高于上四分位数，偏高", "above the upper quartile: high")
        elif cost < low:
            place = ("低于下四分位数，偏低", "below the lower quartile: low")
        more = ("", "")
        if cost > middle:
            excess = number(float(row.excess), 2)
            more = (f"；按中位数计多支 {excess}", f"; {excess} more than at the median")
        lines.append(
            (
                f"{head[0]}，中位数 {number(middle)}、中间一半 {number(low)} 至 {number(high)}，"
                f"{place[0]}{more[0]}。",
                f"{head[1]}, median {number(middle)}, middle half {number(low)} to {number(high)}; {place[1]}"
                f"{more[1]}.",
            )
        )
    return lines


def year_trend(values: pd.DataFrame, indicators: pd.DataFrame, unit_id: str, year: int) -> pd.DataFrame:
    """Return table ``year_trend``: the values of a unit's indicators up to ``year``, and how they changed.

    Parameters
    ----------
    values
        Table ``values`` of several years (before ``of_year``); a verified value stands before the one reported.
    indicators
        Table ``indicators``: which way is better.
    year
        The year evaluated; 0 keeps all.

    Notes
    -----
    ``change`` is against the last earlier year with a value, whatever lies between; ``better`` is missing where the
    direction does not say, or nothing changed.
    """
    own = indicators[indicators["unit_id"].isna() | indicators["unit_id"].eq(unit_id)].set_index("indicator_id")
    mine = values[values["unit_id"].eq(unit_id) & values["year"].notna() & values["indicator_id"].isin(own.index)]
    mine = mine[mine["year"] <= year] if year else mine
    made = mine.assign(value=mine["verified"].fillna(mine["actual"])).dropna(subset=["value"])
    made = made.sort_values(["indicator_id", "year"], kind="stable")
    made["change"] = made.groupby("indicator_id")["value"].diff().round(_PLACES)
    made = made.join(own[["level3", "name_en", "unit", "direction"]], on="indicator_id")
    sign = made["direction"].map({"ge": 1.0, "le": -1.0})
    moved = (sign * made["change"]).where(lambda each: each.ne(0))
    made["better"] = moved.gt(0).astype("boolean").mask(moved.isna())
    made = made[made.groupby("indicator_id")["year"].transform("size") > 1]
    return made[list(tables.contract("year_trend").columns)].reset_index(drop=True)


def trend_text(trend: pd.DataFrame) -> list[Pair]:
    """Say how the last year compares with the one before it, indicator by indicator in counts."""
    if trend.empty:
        return [("没有两个以上年度的数据，不作历年比较。", "There are no two years to compare.")]
    last = trend.groupby("indicator_id", sort=False).tail(1)
    better, worse = int(last["better"].eq(True).sum()), int(last["better"].eq(False).sum())
    rest = len(last) - better - worse
    lines: list[Pair] = [
        (
            f"{len(last)} 项指标有历年数据：最近一年比上一个有数年度好转 {better} 项、变差 {worse} 项"
            f"{f'，持平或方向未定 {rest} 项' if rest else ''}。",
            f"Indicators with several years: {len(last)}; against the last year known {better} are better, {worse} "
            f"worse{f', {rest} the same or of no direction' if rest else ''}.",
        )
    ]
    for row in last[last["better"].eq(False).fillna(False)].itertuples():
        now, before = float(row.value), float(row.value - row.change)
        gap = ("", "")
        if row.unit in PERCENT:
            points = number(float(row.change), _PLACES)
            gap = (f"（{points} 个百分点）", f" ({points} percentage points)")
        elif before > 0:
            gap = (f"（{percent(row.change / before)}）", f" ({percent(row.change / before)})")
        name = row.name_en if isinstance(row.name_en, str) else row.level3
        shown = (number(before, _PLACES), number(now, _PLACES))
        lines.append(
            (
                f"“{row.level3}”由 {shown[0]} 变为 {shown[1]}{gap[0]}，变差。",
                f"'{name}' went from {shown[0]} to {shown[1]}{gap[1]}: worse.",
            )
        )
    return lines
