"""Items one by one: every unit and year has a row for each of its indicators, with all that a reader wants to see."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit import tables
from perfkit.measure import explaining, scoring
from perfkit.measure.scorecard.judging import STATES, Judge, Judged, Sums, numbers_of
from perfkit.measure.scorecard.keys import Keys
from perfkit.measure.scorecard.used import FROM, Used, column_of, is_percent, with_rates
from perfkit.rules import RuleSet

_DUST = 1e-9


def scored(
    values: pd.DataFrame,
    keys: Keys,
    used: Used,
    library: pd.DataFrame,
    rates: npt.NDArray[np.float64] | None,
    rule_set: RuleSet,
) -> pd.DataFrame:
    """Return the items of all units with their working columns, in the order of units and of the library.

    ``rates`` are the execution rates from the money, one for each of ``keys.known``, or None.
    """
    items = _grid(values, keys, used, library)
    items["rule"] = items.pop("rule_used")
    percent = np.where(is_percent(items["unit"]), 100.0, 1.0)
    if rates is not None:
        _take_computed(items, rates, percent)
    status = items["status"].astype(object).fillna("reported")
    items = items.assign(used_rate=items["used"] / percent, target_rate=items["target"] / percent, status=status)
    return _points(_shares(items, rule_set), rule_set)


def _grid(values: pd.DataFrame, keys: Keys, used: Used, library: pd.DataFrame) -> pd.DataFrame:
    """Give every unit and year a row for each of its indicators, in the library's order, with its value if any."""
    leaves = library.drop(columns="source").assign(leaf=np.arange(len(library)))
    known = keys.known.assign(at=np.arange(len(keys.known)))
    common = leaves[leaves["unit_id"].isna()].drop(columns="unit_id")
    own = known.merge(leaves[leaves["unit_id"].notna()], on="unit_id")
    crossed = known.merge(common, how="cross")
    full = pd.concat([crossed, own], ignore_index=True) if len(own) else crossed
    full = full.sort_values(["at", "leaf"], kind="stable")
    of_values = [name for name in tables.contract("values").columns if name not in ("note", "unit_id", "year")]
    filled = values.reindex(columns=[name for name in of_values if name != "indicator_id"]).assign(
        leaf=keys.leaf, at=keys.unit, used=used.value, reached=used.reached, used_from=np.array(FROM)[used.origin]
    )
    merged = full.merge(filled, on=["at", "leaf"], how="left")
    merged["used_from"] = merged["used_from"].fillna(FROM[0])
    return merged.rename(columns={"points": "points_full"})


def _take_computed(items: pd.DataFrame, rates: npt.NDArray[np.float64], percent: npt.NDArray[np.float64]) -> None:
    """Take the execution rate that follows from the money, unless a check found another."""
    rate = np.where(items["kind"].eq("execution") & items["verified"].isna(), rates[items["at"]], np.nan)
    items["used"] = with_rates(items["used"].to_numpy(), rate, percent)
    items["used_from"] = items["used_from"].mask(np.isfinite(rate), "computed")


def _shares(items: pd.DataFrame, rule_set: RuleSet) -> pd.DataFrame:
    """Score each group of items under one rule."""
    share = np.full(len(items), np.nan)
    counted = items["kind"].eq("quantitative")
    for (name, quantitative), rows in items.groupby(["rule", counted], sort=False).indices.items():
        part, numbers = items.iloc[rows], numbers_of(rule_set, name, quantitative=quantitative)
        function = part["function"].iloc[0]
        fed = {
            name: column_of(part, name) if name in ("finished", "judged") else part[name].to_numpy()
            for name in scoring.KINDS[function].columns
        }
        share[rows] = scoring.shares(fed, function, numbers)
    rate = scoring.completion(items["used"], items["target"], items["direction"].fillna("ge"))
    over = rate - 1.0
    flagged = items["kind"].eq("quantitative") & items["direction"].eq("ge")
    choice = rule_set.value("over_fulfilment") if "over_fulfilment" in rule_set.parameters else {"policy": "ignore"}
    limit = float("inf" if choice["policy"] == "ignore" else choice["tolerance"])
    return items.assign(share=share, rate=rate, over=np.where(flagged & (over > limit + _DUST), over, np.nan))


def _points(items: pd.DataFrame, rule_set: RuleSet) -> pd.DataFrame:
    """Turn shares into rounded points with their bounds; what a gap costs is the pack's choice."""
    codes = items["status"].map({name: at for at, name in enumerate(STATES)}).to_numpy(dtype=np.int8)
    judged = Judge.of(rule_set).of_items(items["share"].to_numpy(), items["points_full"].to_numpy(), codes)
    return items.assign(
        code=judged.status,
        status=np.array(STATES, dtype=object)[judged.status],
        counts=judged.counts,
        points=judged.points,
        points_low=judged.low,
        points_high=judged.high,
    )


def sums_of(items: pd.DataFrame, n: int) -> Sums:
    """Add up scored items of ``n`` units."""
    sums = Sums(n)
    _add(items, sums.add, items["points_full"].to_numpy(), items["function"].ne("reported").to_numpy())
    _add(items[items["veto"].fillna(False).astype(bool)], sums.veto)
    return sums


def _add(items: pd.DataFrame, to: Any, *more: Any) -> None:
    columns = (items[name].to_numpy() for name in ("code", "counts", "points", "points_low", "points_high"))
    to(items["at"].to_numpy(), Judged(*columns), *more)


def as_table(items: pd.DataFrame, rule_set: RuleSet, *, explain: bool, shown: bool = True) -> pd.DataFrame:
    """Return scored items as the table ``scores``, without texts if nobody is ``shown`` them."""
    if shown:
        targets, actuals = explaining.shown_targets(items), explaining.shown_actuals(items)
        items = items.assign(target_shown=targets, actual_shown=actuals)
    items = rule_set.stamp(items)
    if explain and shown:
        items = items.join(explaining.sentences(items, _rules_of(items, rule_set)))
    return items.reindex(columns=list(tables.contract("scores").columns))


def _rules_of(items: pd.DataFrame, rule_set: RuleSet) -> dict[str, dict[str, Any]]:
    """Return the rules that the items use, each with its numbers and its kind's sentence."""
    common = rule_set.value("over_fulfilment") if "over_fulfilment" in rule_set.parameters else {}
    rules = {}
    for name in items["rule"].dropna().unique():
        rule = rule_set.value(f"rule_{name}")
        kind = scoring.KINDS[rule["function"]]
        rules[name] = {**common, **rule, "sentence": (kind.zh, kind.en)}
    return rules
