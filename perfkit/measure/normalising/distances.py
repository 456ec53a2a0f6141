"""Distances: how far a value has come from the worst, or a low post, to a reference, a target or a high post."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from perfkit.errors import Problem
from perfkit.measure.normalising.checks import (
    Array,
    Constant,
    between,
    fail_if_any,
    framed,
    least_greatest,
    numbers,
    ways,
    with_spread,
)


def _fixed(values: pd.DataFrame, given: Mapping[str, Any], size: int, what: tuple[str, str]) -> Array:
    """Return ``size`` finite numbers by column (numbers x columns), rising if two; name the columns without them."""
    found, problems = [], []
    for name in values.columns:
        try:
            row = np.asarray(given[name], dtype=float).reshape(-1)
        except (KeyError, TypeError, ValueError):
            row = np.empty(0)
        if row.size != size or not np.isfinite(row).all() or not (row[:-1] < row[1:]).all():
            problems.append(Problem(what, str(name), got=str(given.get(name)), column=str(name)))
        found.append(row)
    fail_if_any(problems)
    return np.array(found).T


def _towards(x: Array, aim: Array, cap: bool, values: pd.DataFrame, what: tuple[str, str]) -> pd.DataFrame:
    """Return the share of the way from the worst value to ``aim``; refuse columns where no way is left."""
    worst, _ = least_greatest(x)
    fail_if_any([Problem(what, str(name), column=str(name)) for name in values.columns[aim <= worst]])
    share = between(x, worst, aim)
    return framed(np.minimum(share, 1.0) if cap else share, x, values)


def distance_to_reference(
    values: pd.DataFrame,
    directions: Mapping[str, str],
    reference: Hashable,
    *,
    cap: bool = False,
    constant: Constant = "refuse",
) -> pd.DataFrame:
    """Return the share of the way from the worst unit of the file to a unit taken as reference.

    **Every figure depends on who else is in the file**: the worst is the file's own. The reference stands at 1;
    units beyond it above 1, or at 1 with ``cap``. Other parameters and errors as in ``minmax``.

    Parameters
    ----------
    values, directions, constant
        As in ``minmax``.
    reference
        The row label of the reference.
    cap
        Whether no unit stands above 1.

    Raises
    ------
    ScoreError
        As in ``minmax``; also if the reference is not exactly one row, lacks a value, or is itself the worst.

    Notes
    -----
    1 - (ref - x) / (ref - worst). A change of unit or of zero changes nothing. *Checked against*: COINr 1.1.14
    (n_dist2ref).

    Examples
    --------
    >>> table = pd.DataFrame({"a": [1, 3, 7]}, index=["甲", "乙", "丙"])
    >>> distance_to_reference(table, {"a": "ge"}, "乙")["a"].tolist()
    [0.0, 1.0, 3.0]
    """
    rows = np.flatnonzero(values.index == reference)
    if len(rows) != 1:
        what = ("the reference must be exactly one row", "参照单位须恰为一行")
        fail_if_any([Problem(what, str(reference), got=str(len(rows)))])
    x, way = with_spread(values, directions, constant)
    aim = (x * way)[rows[0]]
    gone = np.isnan(aim) & ~np.isnan(x).all(axis=0)
    what = ("the reference has no value", "参照单位缺失数值")
    fail_if_any([Problem(what, str(name), column=str(name)) for name in values.columns[gone]])
    return _towards(x * way, aim, cap, values, ("the reference is itself the worst", "参照单位本身最差"))


def distance_to_target(
    values: pd.DataFrame,
    directions: Mapping[str, str],
    targets: Mapping[str, float],
    *,
    cap: bool = False,
    constant: Constant = "refuse",
) -> pd.DataFrame:
    """Return the share of the way from the worst unit of the file to a target.

    **Every figure depends on who else is in the file**: only the target is fixed, the worst is the file's own. For
    a score that depends on target and value alone see ``goalposts`` and ``perfkit.measure.scoring``.

    Parameters
    ----------
    values, directions, constant
        As in ``minmax``.
    targets
        By column, in the unit of the values.
    cap
        Whether no unit stands above 1.

    Raises
    ------
    ScoreError
        As in ``minmax``; also if a target is missing or no finite number, or no better than the worst value.

    Notes
    -----
    1 - (target - x) / (target - worst). A change of unit or of zero, of the target too, changes nothing.
    *Checked against*: COINr 1.1.14 (n_dist2targ), both directions.

    Examples
    --------
    >>> table = pd.DataFrame({"days": [30, 20, 5]})
    >>> distance_to_target(table, {"days": "le"}, {"days": 10}, cap=True)["days"].tolist()
    [0.0, 0.5, 1.0]
    """
    x, way = with_spread(values, directions, constant)
    (goal,) = _fixed(values, targets, 1, ("this column needs a target, a finite number", "该列须有目标值（有限数）"))
    what = ("the target is no better than the worst value", "目标值不优于最差值")
    return _towards(x * way, goal * way, cap, values, what)


def goalposts(
    values: pd.DataFrame,
    directions: Mapping[str, str],
    posts: Mapping[str, tuple[float, float]],
    *,
    top: float = 1.0,
    truncate: bool = True,
) -> pd.DataFrame:
    """Return each value between two fixed posts, from 0 at the worse to ``top`` at the better.

    **A figure depends on its own value and the posts alone**, never on who else is in the file; so a constant column
    is no trouble here.

    Parameters
    ----------
    values, directions
        As in ``minmax``.
    posts
        By column: low and high, in the unit of the values, low below high whatever the direction.
    top
        The upper end of the scale, above zero.
    truncate
        Whether values beyond the posts stand at 0 or ``top``; without it they stand outside the scale.

    Returns
    -------
    DataFrame
        Indexed as ``values``; missing values stay missing.

    Raises
    ------
    ScoreError
        If a value is infinite or no number, a column name stands twice, a direction is missing or unknown, or the
        posts of a column are missing or not two finite numbers, low before high.

    Notes
    -----
    top * (x - low) / (high - low), or top * (high - x) / (high - low) where less is better. A change of unit or of
    zero, of the posts too, changes nothing. *Checked against*: COINr 1.1.14 (n_goalposts, n_scaled); the UNDP's human
    development index takes logs of income and its posts first.

    Examples
    --------
    >>> goalposts(pd.DataFrame({"life": [72, 90]}), {"life": "ge"}, {"life": (20, 85)})["life"].tolist()
    [0.8, 1.0]
    """
    if not (np.isfinite(top) and top > 0):
        fail_if_any([Problem(("top must be finite and above zero", "top 须为正的有限数"), got=str(top))])
    x, way = numbers(values), ways(values, directions)
    what = ("this column needs two posts, low before high", "该列须有两个标杆值，先低后高")
    low, high = _fixed(values, posts, 2, what)
    share = np.where(way > 0, between(x, low, high), between(-x, -high, -low))
    if truncate:
        share = np.clip(share, 0.0, 1.0)
    with np.errstate(over="ignore"):
        return framed(top * share, x, values)
