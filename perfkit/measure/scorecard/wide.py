"""Totals of many units under one library: the values laid out by leaf, scored block by block.

What a block needs stays in the processor's cache, a leaf's target and direction are one number and one word, and no
item is kept: scoring takes hardly more memory than the values themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from os import cpu_count
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit.measure import scoring
from perfkit.measure.scorecard.judging import REPORTED, STATES, Judge, Sums, numbers_of
from perfkit.measure.scorecard.keys import Keys, blocks
from perfkit.measure.scorecard.used import Used, column_of, is_percent, with_rates
from perfkit.rules import RuleSet

Array = npt.NDArray[np.float64]

_BLOCK = 16_384
_ROWS = 1_000_000
# Columns of values that some rule is fed with beside the value used.
_MORE = ("judged", "judged_share", "finished", "points_reported")


def totals(
    values: pd.DataFrame, keys: Keys, used: Used, library: pd.DataFrame, rates: Array | None, rule_set: RuleSet
) -> Sums:
    """Score every unit under a library of common indicators.

    Parameters
    ----------
    values, keys, used
        The values with their keys and the value used for each row.
    library
        Common indicators only, with the rule of each (``rule_used``) and what its check points are worth (``whole``).
    rates
        The execution rate of each unit from its money, NaN where it is not known, infinite where there is none; or
        None.
    """
    n = len(keys.known)
    grid = _laid_out(used.value, keys, len(library), n)
    leaves = [_leaf(values, keys, used, library.iloc[at], at, rule_set) for at in range(len(library))]
    if rates is not None:
        _take_computed(grid, rates, keys, values, leaves)
    judge, sums = Judge.of(rule_set), Sums(n)

    def work(part: slice) -> None:
        for leaf in leaves:
            _score(leaf, grid, part, sums, judge)

    with ThreadPoolExecutor(cpu_count()) as pool:
        list(pool.map(work, blocks(n, _BLOCK)))
    return sums


@dataclass(frozen=True)
class _Leaf:
    """One leaf: its rule, what is the same for all units, and what each unit has beside the value used."""

    at: int
    kind: str
    full: float
    veto: bool
    scale: float
    function: str
    numbers: Mapping[str, Any]
    fixed: Mapping[str, Any]
    more: Mapping[str, npt.NDArray[Any]]
    status: npt.NDArray[np.int8] | None


def _leaf(values: pd.DataFrame, keys: Keys, used: Used, row: pd.Series, at: int, rule_set: RuleSet) -> _Leaf:
    scale = 100.0 if is_percent(pd.Series([row["unit"]], dtype="str")).iloc[0] else 1.0
    fed = scoring.KINDS[row["function"]].columns
    columns = {name: column_of(values, name) for name in _MORE if name in fed and name in values}
    if "reached" in fed and used.reached is not used.value:
        columns["reached"] = used.reached
    with_status = "status" in values and values["status"].notna().any()
    mine = np.flatnonzero(keys.leaf == at) if columns or with_status else np.empty(0, dtype=np.int64)
    status = None
    if with_status:
        status = np.full(len(keys.known), REPORTED, dtype=np.int8)
        given = values["status"].iloc[mine]
        status[keys.unit[mine[given.notna()]]] = [STATES.index(each) for each in given.dropna()]
    return _Leaf(
        at,
        row["kind"],
        float(row["points"]),
        pd.notna(row["veto"]) and bool(row["veto"]),
        scale,
        row["function"],
        numbers_of(rule_set, row["rule_used"], quantitative=row["kind"] == "quantitative"),
        {
            **row[["target", "target_high", "floor", "direction", "deduct", "whole"]].to_dict(),
            "target_rate": row["target"] / scale,
            "points_full": float(row["points"]),
            **{name: np.nan for name in fed if name in _MORE},
        },
        {name: _spread(column, mine, keys) for name, column in columns.items()},
        status,
    )


def _spread(column: npt.NDArray[Any], rows: npt.NDArray[np.int64], keys: Keys) -> npt.NDArray[Any]:
    out = np.full(len(keys.known), np.nan, dtype=column.dtype)
    out[keys.unit[rows]] = column[rows]
    return out


def _laid_out(column: Array, keys: Keys, m: int, n: int) -> Array:
    """Lay a column of values out by leaf and unit; what is not there is NaN."""
    grid = np.full((m, n), np.nan)
    flat = grid.reshape(-1)
    for part in blocks(len(column), _ROWS):
        flat[keys.leaf[part].astype(np.int64) * n + keys.unit[part]] = column[part]
    return grid


def _take_computed(grid: Array, rates: Array, keys: Keys, values: pd.DataFrame, leaves: list[_Leaf]) -> None:
    """Put the execution rates that follow from the money in place of the printed ones, but not of verified ones."""
    for leaf in leaves:
        if leaf.kind == "execution":
            rows = np.flatnonzero(keys.leaf == leaf.at)
            rows = rows[~np.isnan(column_of(values, "verified")[rows])] if "verified" in values else rows[:0]
            own = rates.copy()
            own[keys.unit[rows]] = np.nan
            grid[leaf.at] = with_rates(grid[leaf.at], own, leaf.scale)


def _score(leaf: _Leaf, grid: Array, part: slice, sums: Sums, judge: Judge) -> None:
    """Score one leaf for the units in ``part``."""
    value = grid[leaf.at, part]
    more = {name: column[part] for name, column in leaf.more.items()}
    feed = {"used": value, "reached": value, "used_rate": value / leaf.scale, **leaf.fixed, **more}
    share = scoring.shares(feed, leaf.function, leaf.numbers)
    assessable = leaf.function != "reported"
    if leaf.status is None and not leaf.veto and not np.isnan(share).any():
        points = leaf.full * share
        points = judge.rounded(points) if judge.rounding["of"] == "item" else points
        sums.add_whole(part, points, leaf.full, assessable=assessable)
        return
    status = np.zeros(len(value), dtype=np.int8) if leaf.status is None else leaf.status[part]
    judged = judge.of_items(share, leaf.full, status)
    sums.add(part, judged, leaf.full, assessable)
    if leaf.veto:
        sums.veto(part, judged)
