"""Options side by side: present values, ratios, yearly equivalents, payback, and what one adds to another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from perfkit.errors import Problem, ScoreError
from perfkit.methods.appraisal.convention import PLAIN, Array, Convention, Steps, factors_of, present_value
from perfkit.methods.appraisal.flows import COMPONENTS, net
from perfkit.methods.appraisal.returns import rates_of_return

ANNUAL = ("option_id", "years", "annuity_factor", "annual_benefit", "annual_cost", "annual_value")
PAYBACK = ("option_id", "payback", "discounted_payback", "stays")
INCREMENTAL = (
    "option_id", "against", "basis", "d_benefit", "d_cost", "d_npv", "d_bcr", "d_irr", "better",
)  # fmt: skip
BASES = ("do nothing", "next dearer", "next best")


def appraise(flows: pd.DataFrame, steps: Steps, convention: Convention = PLAIN) -> pd.DataFrame:
    """Appraise each option.

    Parameters
    ----------
    flows
        Table ``flows`` of one unit: one or several options.
    steps
        The schedule of discount rates.
    convention
        When flows fall and in what prices.

    Returns
    -------
    DataFrame
        One row an option: ``option_id``, ``pv_benefit``, ``pv_cost``, ``npv``, ``bcr`` (benefit / cost), ``irr``
        (list of all rates), ``switch_benefit``, ``switch_investment``, ``switch_operation``: the relative change of
        that component alone that makes the net present value zero.

    Notes
    -----
    *Checked against* the water-supply and Green Book cases (see tests/methods/appraisal).
    """
    rows = []
    for option, each in flows.groupby("option_id", sort=False):
        parts = components(each, steps, convention)
        cost = parts["investment"] + parts["operation"]
        npv = parts["benefit"] - cost
        row: dict[str, Any] = {
            "option_id": option,
            "pv_benefit": parts["benefit"],
            "pv_cost": cost,
            "npv": npv,
            "bcr": parts["benefit"] / cost if cost else np.nan,
            "irr": rates_of_return(net(each), convention),
        }
        for component in COMPONENTS:
            row[f"switch_{component}"] = switching_value(npv, parts[component], component)
        rows.append(row)
    return pd.DataFrame(rows)


def components(flows: pd.DataFrame, steps: Steps, convention: Convention = PLAIN) -> dict[str, float]:
    """Return the present value of benefit, investment and operation of one option."""
    yearly = flows.groupby(flows["year"].astype(int))[list(COMPONENTS)].sum()
    return {c: present_value(yearly[c], steps, convention) for c in COMPONENTS}


def switching_value(npv: float, part: float, component: str) -> float:
    """Return the relative change of one component that alone makes the net present value zero; NaN without it."""
    sign = -1.0 if component == "benefit" else 1.0
    return sign * npv / part if part else float("nan")


def annual_equivalents(flows: pd.DataFrame, steps: Steps, convention: Convention = PLAIN) -> pd.DataFrame:
    """Return each option as a constant amount a year: for options of unequal lives.

    Returns
    -------
    DataFrame
        ``option_id``; ``years`` after the base year; ``annuity_factor``; ``annual_benefit``, ``annual_cost`` (EANC)
        and ``annual_value`` (EANV). NaN for an option without a year after the base year.

    Notes
    -----
    Amount = PV / sum of the factors of years 1 to N at the end of the year; under a constant rate r the sum is
    (1 - (1 + r)^-N) / r. Equal amounts are in prices of the base year.

    *Checked against* the sum of the Green Book's printed factors of years 1 to 15 at 3.5 % (11.5174).
    """
    rows: list[tuple[Any, ...]] = []
    for option, each in flows.groupby("option_id", sort=False):
        parts = components(each, steps, convention)
        years = int(each["year"].max()) - convention.base_year
        ends = np.arange(1, years + 1)
        factor = float(factors_of(ends, steps).sum()) if years > 0 else float("nan")
        cost = parts["investment"] + parts["operation"]
        amounts = [part / factor for part in (parts["benefit"], cost, parts["benefit"] - cost)]
        rows.append((option, years, factor, *amounts))
    return pd.DataFrame(rows, columns=list(ANNUAL))


def payback(flows: pd.DataFrame, steps: Steps, convention: Convention = PLAIN) -> pd.DataFrame:
    """Return how many years each option takes to recover what it costs.

    Returns
    -------
    DataFrame
        ``option_id``; ``payback`` and ``discounted_payback``: years after the base year at which the cumulative net
        flow first returns to zero after having been below it, straight within the year; 0 if it is never below, NaN
        if it never returns; ``stays``: whether the discounted cumulative flow is then never below zero again.
    """
    rows = []
    for option, each in flows.groupby("option_id", sort=False):
        yearly = net(each)
        years = yearly.index.to_numpy(dtype=int)
        amounts = yearly.to_numpy(dtype=float)
        since = years - convention.base_year
        plain, _ = _recovered(amounts, since)
        discounted, stays = _recovered(amounts * factors_of(years, steps, convention), since)
        rows.append((option, plain, discounted, stays))
    return pd.DataFrame(rows, columns=list(PAYBACK))


def _recovered(amounts: Array, since: np.ndarray) -> tuple[float, bool]:
    total = np.cumsum(amounts)
    dust = 1e-9 * max(float(np.abs(amounts).sum()), 1e-300)
    below = np.flatnonzero(total < -dust)
    if not len(below):
        return 0.0, True
    back = np.flatnonzero((np.arange(len(total)) > below[0]) & (total >= -dust))
    if not len(back):
        return float("nan"), False
    first = back[0]
    within = min(-total[first - 1] / amounts[first], 1.0)
    return float(since[first] - 1 + within), bool((total[first:] >= -dust).all())


def incremental(
    flows: pd.DataFrame, steps: Steps, do_nothing: str | None = None, convention: Convention = PLAIN
) -> pd.DataFrame:
    """Return what each option adds: to doing nothing, to the next cheaper option worth having, to the next best.

    Parameters
    ----------
    flows
        Table ``flows`` of one unit.
    steps
        The schedule of discount rates.
    do_nothing
        The option that stands for doing nothing (or the minimum); missing: no cost and no benefit.
    convention
        When flows fall and in what prices.

    Returns
    -------
    DataFrame
        One row a comparison: ``option_id, against`` (missing: no cost and no benefit), ``basis`` (do nothing; next
        dearer: options in order of cost, each against the best of the cheaper ones; next best: each
        against the best of all others), differences ``d_benefit, d_cost, d_npv``, ``d_bcr`` (missing unless the
        option costs more), ``d_irr`` (list of all rates of the difference), ``better`` (d_npv > 0).

    Raises
    ------
    ScoreError
        If ``do_nothing`` is no option of the table.
    """
    table = appraise(flows, steps, convention).set_index("option_id")
    _fail_if_no_option(table, do_nothing)
    yearly = {str(option): net(each) for option, each in flows.groupby("option_id", sort=False)}
    options = [o for o in table.index if o != do_nothing]
    pairs = [(o, do_nothing, BASES[0]) for o in options]
    by_cost = table.sort_values("pv_cost", kind="stable").index
    best = by_cost[0] if len(by_cost) else None
    for option in by_cost[1:]:
        pairs.append((option, best, BASES[1]))
        best = option if table.loc[option, "npv"] > table.loc[best, "npv"] else best
    if len(table) > 1:
        pairs += [(o, table["npv"].drop(o).idxmax(), BASES[2]) for o in table.index]
    rows = [(*pair, *_difference(table, yearly, pair[0], pair[1], convention)) for pair in pairs]
    return pd.DataFrame(rows, columns=list(INCREMENTAL))


def _difference(
    table: pd.DataFrame, yearly: Mapping[str, pd.Series], option: str, against: str | None, convention: Convention
) -> tuple[float, float, float, float, list[float], bool]:
    mine = table.loc[option, ["pv_benefit", "pv_cost"]].to_numpy(dtype=float)
    other = table.loc[against, ["pv_benefit", "pv_cost"]].to_numpy(dtype=float) if against else np.zeros(2)
    benefit, cost = mine - other
    flow = yearly[str(option)]
    flow = flow.sub(yearly[str(against)], fill_value=0.0) if against else flow
    ratio = benefit / cost if cost > 0.0 else float("nan")
    gain = float(benefit - cost)
    return float(benefit), float(cost), gain, float(ratio), rates_of_return(flow, convention), gain > 0.0


def side_by_side(flows: pd.DataFrame, schedules: Mapping[str, Steps], convention: Convention = PLAIN) -> pd.DataFrame:
    """Return net present value and ratio of each option under every schedule of rates that is in use.

    Returns
    -------
    DataFrame
        ``option_id, schedule, npv, bcr, best`` (the highest net present value under that schedule) and ``settled``:
        whether the sign of the option's net present value is the same under all of them.

    Examples
    --------
    >>> flows = pd.DataFrame({"option_id": "A", "year": [0, 1], "investment": [100.0, 0],
    ...                       "operation": 0.0, "benefit": [0, 107.0]})
    >>> rates = {name: [{"from_year": 0, "rate": rate}] for name, rate in (("6 %", 0.06), ("8 %", 0.08))}
    >>> side_by_side(flows, rates)[["schedule", "npv", "settled"]].round(2).values.tolist()
    [['6 %', 0.94, False], ['8 %', -0.93, False]]
    """
    found = []
    for name, steps in schedules.items():
        table = appraise(flows, steps, convention)[["option_id", "npv", "bcr"]]
        found.append(table.assign(schedule=name, best=table["npv"] == table["npv"].max()))
    rows = pd.concat(found, ignore_index=True)
    signs = np.sign(rows["npv"]).groupby(rows["option_id"]).transform("nunique")
    return rows.assign(settled=signs == 1)[["option_id", "schedule", "npv", "bcr", "best", "settled"]]


def _fail_if_no_option(table: pd.DataFrame, do_nothing: str | None) -> None:
    if do_nothing is not None and do_nothing not in table.index:
        there = ", ".join(str(o) for o in table.index)
        raise ScoreError(
            (f"no option {do_nothing!r}", f"没有方案“{do_nothing}”"),
            [Problem(("unknown option", "未知的方案"), "flows", there, do_nothing)],
        )
