"""From the items of a budget to economic flows: transfers and sunk costs left out, market prices turned to shadow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from perfkit.errors import Problem, ScoreError, fail_if_any
from perfkit.tables.printing import number

COMPONENTS = ("benefit", "investment", "operation")

_TRANSFER = (
    "转移支付（税费、补贴、债务收支）不是资源耗费或效益，不计入",
    "a transfer (tax, subsidy, debt service): no resource is used or gained",
)
_SUNK = ("已发生的沉没成本，不因本决策改变，不计入", "sunk: already spent whatever is decided")


@dataclass(frozen=True)
class Economic:
    """The economic flows of a project, and how they came from its items.

    ``flows`` is table ``flows`` (``option_id, year, investment, operation, benefit``); ``items`` one row an item:
    ``option_id, item, component, amount`` (at market prices, all years), ``factor`` (shadow price / market price),
    ``economic`` (what counts), ``counted``, ``reason_zh, reason_en``.
    """

    flows: pd.DataFrame
    items: pd.DataFrame


def net(flows: pd.DataFrame) -> pd.Series:
    """Return the net flow of each year (benefit - investment - operation), indexed by year without gaps.

    The index starts at 0, or at the first year where that is earlier.

    Parameters
    ----------
    flows
        Table ``flows`` of one option.
    """
    filled = flows[list(COMPONENTS)].fillna(0.0)
    yearly = (filled["benefit"] - filled["investment"] - filled["operation"]).groupby(flows["year"].astype(int)).sum()
    if yearly.empty:
        return yearly
    first = min(0, int(yearly.index.min()))
    return yearly.reindex(range(first, int(yearly.index.max()) + 1), fill_value=0.0)


def shadow_priced(flows: pd.DataFrame, factors: Mapping[str, float]) -> pd.DataFrame:
    """Return the flows with each component (investment, operation, benefit) times its factor; 1 where none is given.

    Raises
    ------
    ScoreError
        If a factor is for something else, or is not a number of at least zero.

    Examples
    --------
    >>> market = pd.DataFrame({"year": [0], "investment": [100.0], "operation": [20.0], "benefit": [0.0]})
    >>> shadow_priced(market, {"investment": 1.1})["investment"].round(2).tolist()
    [110.0]
    """
    _fail_if_bad_factor(factors, set(COMPONENTS))
    return flows.assign(**{c: flows[c] * factors.get(c, 1.0) for c in COMPONENTS})


def economic(items: pd.DataFrame, factors: Mapping[str, float] | None = None) -> Economic:
    """Return the economic flows of a table of items.

    Parameters
    ----------
    items
        ``option_id, item, component`` (investment, operation, benefit), ``year, amount`` at market prices,
        ``transfer`` and ``sunk`` (true or false; missing: false).
    factors
        Shadow price over market price by item, or by component for the items that have none; else 1.

    Raises
    ------
    ScoreError
        If a component is unknown, an amount missing, or a factor fits no item and no component.

    Examples
    --------
    >>> items = pd.DataFrame({
    ...     "option_id": "A", "item": ["堤身", "增值税", "人工"], "component": "investment", "year": 0,
    ...     "amount": [100.0, 9.0, 50.0], "transfer": [False, True, False], "sunk": False,
    ... })
    >>> economic(items, {"人工": 0.5}).flows["investment"].tolist()
    [125.0]
    """
    given = dict(factors or {})
    _fail_if_bad_item(items)
    _fail_if_bad_factor(given, {*COMPONENTS, *items["item"]})
    flagged = {
        name: items.get(name, pd.Series(False, index=items.index)).fillna(False).astype(bool)
        for name in ("transfer", "sunk")
    }
    by_component = items["component"].map(given).fillna(1.0)
    factor = items["item"].map(given).fillna(by_component).astype(float)
    counted = ~(flagged["transfer"] | flagged["sunk"])
    rows = items.assign(factor=factor, counted=counted, transfer=flagged["transfer"], sunk=flagged["sunk"])
    rows = rows.assign(economic=(rows["amount"] * factor).where(counted, 0.0))
    flows = rows.pivot_table(
        index=["option_id", "year"], columns="component", values="economic", aggfunc="sum", fill_value=0.0, sort=False
    )
    flows = flows.reindex(columns=["investment", "operation", "benefit"], fill_value=0.0).reset_index()
    flows.columns.name = None
    keys = ["option_id", "item", "component", "factor", "counted", "transfer", "sunk"]
    summed = rows.groupby(keys, sort=False, as_index=False)[["amount", "economic"]].sum()
    reasons = [_reason(row.transfer, row.sunk, row.factor) for row in summed.itertuples()]
    summed["reason_zh"] = [zh for zh, _ in reasons]
    summed["reason_en"] = [en for _, en in reasons]
    columns = ["option_id", "item", "component", "amount", "factor", "economic", "counted", "reason_zh", "reason_en"]
    return Economic(flows.sort_values(["option_id", "year"], kind="stable", ignore_index=True), summed[columns])


def _reason(transfer: bool, sunk: bool, factor: float) -> tuple[str, str]:
    if transfer:
        return _TRANSFER
    if sunk:
        return _SUNK
    if factor == 1.0:
        return ("按市场价格计入", "at market prices")
    shown = number(factor, 4)
    return (f"按影子价格换算系数 {shown} 计入", f"at shadow prices, factor {shown}")


def _fail_if_bad_item(items: pd.DataFrame) -> None:
    unknown = items.index[~items["component"].isin(COMPONENTS)]
    empty = items.index[items["amount"].isna()]
    problems = [
        Problem(
            ("unknown component", "未知的组成"),
            str(items.loc[i, "item"]),
            ", ".join(COMPONENTS),
            str(items.loc[i, "component"]),
            column="component",
        )
        for i in unknown
    ]
    what = ("no amount", "缺少金额")
    problems += [Problem(what, str(items.loc[i, "item"]), column="amount") for i in empty]
    fail_if_any(ScoreError, "items", problems)


def _fail_if_bad_factor(factors: Mapping[str, float], known: set[str]) -> None:
    stray = ("this factor fits no item and no component", "换算系数没有对应的费用项目或组成")
    bad = ("a factor must be a number of at least zero", "换算系数须为不小于零的数")
    problems = [Problem(stray, name, column="name") for name in factors if name not in known]
    problems += [
        Problem(bad, name, got=str(value), column="value")
        for name, value in factors.items()
        if not (np.isfinite(value) and value >= 0.0)
    ]
    fail_if_any(ScoreError, "factors", problems)
