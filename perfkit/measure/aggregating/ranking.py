"""Rankings that judge each unit by the others in the file: for an order, never for a grade."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd

from perfkit.errors import Problem
from perfkit.measure.aggregating.checks import ROUNDING, Array, fail_if_any, inputs
from perfkit.tables import bad_cells, signs


def _turned(
    values: pd.DataFrame, weights: Mapping[str, float] | pd.Series, directions: Mapping[str, str]
) -> tuple[Array, Array, Array]:
    """Return values without gaps, weights, and 1 or -1 by column: whether more or less is better."""
    x, w = inputs(values, weights)
    problems = bad_cells(np.isnan(x), values, ("missing values", "有缺失值"), ("fill them first", "请先补齐"))
    way, undirected = signs(values.columns, directions)
    problems += undirected
    if len(x) < 2:
        problems.append(Problem(("a ranking needs two rows", "排序至少需两行"), got=str(len(x))))
    fail_if_any(problems)
    return x, w, way


def _spread(x: Array, scale: str, allowed: tuple[str, ...]) -> Array:
    """Return each column on the scale asked for; a column that offers no scale (all alike, all zero) is zero."""
    if scale not in allowed:
        fail_if_any([Problem(("unknown scale", "未知的标度"), expected=", ".join(allowed), got=scale)])
    low = x.min(axis=0) if scale == "minmax" else np.zeros(x.shape[1])
    size = {"minmax": np.ptp(x, axis=0), "vector": np.sqrt((x**2).sum(axis=0)), "max": x.max(axis=0)}[scale]
    return np.where(size > 0, (x - low) / np.where(size > 0, size, 1.0), 0.0)


def _ranked(table: pd.DataFrame) -> pd.DataFrame:
    """Add ``rank`` by the first column, best first; equal scores share the better rank."""
    score = (table.iloc[:, 0] / ROUNDING).round()
    return table.assign(rank=score.rank(ascending=False, method="min").astype(int))


def topsis(
    values: pd.DataFrame,
    weights: Mapping[str, float] | pd.Series,
    directions: Mapping[str, str],
    *,
    scale: Literal["vector", "minmax"] = "vector",
) -> pd.DataFrame:
    """Rank units by closeness to the best and distance from the worst values in the file (TOPSIS).

    **Every score depends on who else is in the file**: scale, best and worst are the file's own. One more unit can
    change all scores and turn the order of the others (rank reversal), which no scorecard of perfkit does.

    Parameters
    ----------
    values
        One row a unit (two at least), one column an indicator, no gaps.
    weights, directions
        By column: shares that sum to one; ``ge`` (more is better) or ``le``.
    scale
        ``vector``: divided by the root of the sum of squares; ``minmax``: from 0 at the least to 1 at the greatest.
        A constant column decides nothing under either.

    Returns
    -------
    DataFrame
        By unit: ``closeness`` (0 to 1), ``distance_best``, ``distance_worst``, ``rank`` (1 best, ties share).

    Raises
    ------
    ScoreError
        If a value is missing, weights or directions do not fit, or all units are alike.

    Notes
    -----
    v = w r; d+, d- = Euclidean distances to the best and the worst v by column; closeness = d- / (d+ + d-).
    *Checked against*: Hwang & Yoon (1981), fighter aircraft, and pymcdm 1.4.0.

    Examples
    --------
    >>> table = pd.DataFrame({"output": [3, 4], "cost": [9, 8]}, index=["甲", "乙"])
    >>> topsis(table, {"output": 0.5, "cost": 0.5}, {"output": "ge", "cost": "le"})["rank"].to_dict()
    {'甲': 2, '乙': 1}
    """
    x, w, way = _turned(values, weights, directions)
    v = _spread(x, scale, ("vector", "minmax")) * w * way
    best, worst = (np.sqrt(((v - ideal) ** 2).sum(axis=1)) for ideal in (v.max(axis=0), v.min(axis=0)))
    if not (best + worst > 0).all():
        fail_if_any([Problem(("all units are alike: there is nothing to rank", "各单位完全相同，无从排序"))])
    columns = {"closeness": worst / (best + worst), "distance_best": best, "distance_worst": worst}
    return _ranked(pd.DataFrame(columns, index=values.index))


def saw(
    values: pd.DataFrame,
    weights: Mapping[str, float] | pd.Series,
    directions: Mapping[str, str],
    *,
    scale: Literal["minmax", "max"] = "minmax",
) -> pd.DataFrame:
    """Rank units by the weighted sum of rescaled values (simple additive weighting): ``score`` (0 to 1), ``rank``.

    **Every score depends on who else is in the file**, as in ``topsis``, whose parameters and errors it shares.
    ``minmax`` puts the worst value at 0, the best at 1; a constant column gets no weight, the others share its.
    ``max`` divides by the greatest, or the least by the value where less is better; all values must be positive.

    Examples
    --------
    >>> table = pd.DataFrame({"output": [3, 4, 5], "cost": [6, 9, 8]})
    >>> saw(table, {"output": 0.5, "cost": 0.5}, {"output": "ge", "cost": "le"})["score"].round(4).tolist()
    [0.5, 0.25, 0.6667]
    """
    x, w, way = _turned(values, weights, directions)
    if scale == "max":
        fail_if_any(bad_cells(x <= 0, values, ("scale 'max' needs positive values", "max 标度要求数值为正")))
        r = _spread(np.where(way > 0, x, 1 / np.where(x > 0, x, 1.0)), scale, ("max",))
    else:
        r = _spread(x * way, scale, ("minmax", "max"))
        w = w * (np.ptp(x, axis=0) > 0)
        if not w.sum() > 0:
            fail_if_any([Problem(("no column with a weight varies", "有权重的各列均无差异，无从排序"))])
        w = w / w.sum()
    return _ranked(pd.DataFrame({"score": r @ w}, index=values.index))


def outranking(
    values: pd.DataFrame, weights: Mapping[str, float] | pd.Series, directions: Mapping[str, str]
) -> pd.DataFrame:
    """Return for each pair of units the weight of the indicators on which the row beats the column; a tie is halved.

    Examples
    --------
    >>> table = pd.DataFrame({"a": [3, 1], "b": [2, 2]})
    >>> outranking(table, {"a": 0.5, "b": 0.5}, {"a": "ge", "b": "ge"}).values.tolist()
    [[0.0, 0.75], [0.25, 0.0]]
    """
    x, w, way = _turned(values, weights, directions)
    won = np.zeros((len(x), len(x)))
    for column, weight in zip((x * way).T, w, strict=True):
        won += weight * (1 + np.sign(column[:, None] - column[None, :])) / 2
    np.fill_diagonal(won, 0.0)
    return pd.DataFrame(won, index=values.index, columns=values.index)


def copeland(
    values: pd.DataFrame, weights: Mapping[str, float] | pd.Series, directions: Mapping[str, str]
) -> pd.DataFrame:
    """Rank units by pairs won less pairs lost by weight (``outranking`` above or below a half): ``score``, ``rank``.

    Only the order on each indicator enters, so a rescaled column changes nothing; **the score still depends on who
    else is in the file**, and n units take n x n numbers. *Checked against*: COINr 1.1.14.

    Examples
    --------
    >>> table = pd.DataFrame({"a": [3, 1], "b": [2, 2]})
    >>> copeland(table, {"a": 0.5, "b": 0.5}, {"a": "ge", "b": "ge"})["score"].tolist()
    [1.0, -1.0]
    """
    won = outranking(values, weights, directions)
    ahead = np.sign(np.round((won.to_numpy() - won.to_numpy().T) / ROUNDING))
    return _ranked(pd.DataFrame({"score": ahead.sum(axis=1)}, index=values.index))
