"""Weights that people give: points, equal shares, the mean of experts; and how to join them with others."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from perfkit.errors import Problem, ScoreError
from perfkit.measure.weighting.checks import SUM_ROUNDING, fail_if_any, numbers, shares_of


def given(points: pd.Series) -> pd.Series:
    """Return the weights that the points of an indicator system imply: points / sum of points.

    Raises
    ------
    ScoreError
        If a point is missing or negative, or all are zero.

    Examples
    --------
    >>> given(pd.Series([10, 50, 30, 10])).tolist()
    [0.1, 0.5, 0.3, 0.1]
    """
    values = points.astype(float)
    if values.isna().any() or (values < 0).any() or not values.sum() > 0:
        raise ScoreError(
            ("points do not make weights", "分值不能作为权重"),
            [
                Problem(
                    ("missing, negative or all zero", "缺失、为负或全为零"), got=", ".join(map(str, values.tolist()))
                )
            ],
        )
    return values / values.sum()


def equal(levels: pd.DataFrame) -> pd.Series:
    """Return equal weights at every node of a tree: level 1 shares alike, each divided alike below.

    Parameters
    ----------
    levels
        One row a leaf; the columns are the levels from the top down (one column: plain equal weights by group).

    Returns
    -------
    Series
        Shares that sum to one, indexed as ``levels``.

    Examples
    --------
    >>> equal(pd.DataFrame({"level1": ["产出", "产出", "效益"], "level3": ["a", "b", "c"]})).tolist()
    [0.25, 0.25, 0.5]
    """
    shares = pd.Series(1.0, index=levels.index)
    filled = levels.astype(object).where(levels.notna(), "")
    above: list[str] = []
    for column in filled.columns:
        within = filled.groupby(above, sort=False)[column].transform("nunique") if above else filled[column].nunique()
        shares = shares / within
        above.append(column)
    leaves = filled.groupby(above, sort=False)[above[0]].transform("size")
    weights = shares / leaves
    return weights / np.float64(weights.sum())


def expert_mean(weights: pd.DataFrame) -> pd.DataFrame:
    """Return the mean weight of each indicator over experts, and how far the experts disagree.

    Parameters
    ----------
    weights
        One row an expert (at least two), one column an indicator; points or shares, each row is made to sum to one.

    Returns
    -------
    DataFrame
        One row an indicator: ``weight`` (the mean, sums to one), ``sd`` (of the experts, n - 1), ``low``, ``high``,
        ``range``, ``experts``.

    Raises
    ------
    ScoreError
        If a weight is missing or negative, an expert gives none, or there is one expert only (then use ``given``).

    Examples
    --------
    >>> expert_mean(pd.DataFrame({"产出": [50, 30], "效益": [50, 70]}, index=["甲", "乙"])).round(3)["sd"].tolist()
    [0.141, 0.141]
    """
    values = numbers(weights, negative=False)
    sums = values.sum(axis=1)
    what = ("this expert gives no weight to anything", "该专家未对任何指标赋权")
    fail_if_any([Problem(what, str(expert)) for expert in weights.index[~(sums > 0)]])
    shares = pd.DataFrame(values / sums[:, None], columns=weights.columns)
    table = pd.DataFrame({"weight": shares.mean(), "sd": shares.std(), "low": shares.min(), "high": shares.max()})
    return table.assign(range=table["high"] - table["low"], experts=len(shares))


def combined(
    subjective: pd.Series,
    objective: pd.Series,
    *,
    rule: Literal["multiply", "mean"] = "multiply",
    share: float | None = None,
) -> pd.Series:
    """Return weights that join what people say (``subjective``) with what the values show (``objective``).

    Parameters
    ----------
    subjective, objective
        Weights by indicator, each summing to one; the same indicators in any order.
    rule
        ``multiply``: the product, made to sum to one; an indicator that either side gives nothing gets nothing.
        ``mean``: ``share`` of the subjective, the rest of the objective.
    share
        Between 0 and 1; needed by ``mean``, refused by ``multiply``.

    Returns
    -------
    Series
        Weights in the order of ``subjective``.

    Raises
    ------
    ScoreError
        If either is no set of weights, the indicators differ, ``share`` does not fit the rule, or no product is
        above zero.

    Notes
    -----
    multiply: w_j = s_j o_j / sum of s o. mean: w_j = share s_j + (1 - share) o_j.

    Examples
    --------
    >>> said, shown = pd.Series({"a": 0.5, "b": 0.5}), pd.Series({"a": 0.25, "b": 0.75})
    >>> combined(said, shown).tolist(), combined(said, shown, rule="mean", share=0.5).tolist()
    ([0.25, 0.75], [0.375, 0.625])
    """
    problems = []
    for name, each in (("subjective", subjective), ("objective", objective)):
        if not ((each >= 0).all() and abs(each.sum() - 1) <= SUM_ROUNDING):
            what = ("weights must be at least zero and sum to one", "权重须非负且合计为一")
            problems.append(Problem(what, name, got=f"{each.to_dict()}", do=("use given()", "请先用 given() 折算")))
    if subjective.index.has_duplicates or sorted(map(str, subjective.index)) != sorted(map(str, objective.index)):
        got = f"{list(subjective.index)}, {list(objective.index)}"
        problems.append(
            Problem(("both must weigh the same indicators, each once", "两组权重的指标须相同且不重复"), got=got)
        )
    if rule not in ("multiply", "mean") or (share is None) == (rule == "mean") or not 0 <= (share or 0) <= 1:
        what = (
            "multiply takes no share, mean needs one between 0 and 1",
            "乘法合成不用 share，加权平均须给出 0 至 1 的 share",
        )
        problems.append(Problem(what, got=f"rule={rule}, share={share}"))
    fail_if_any(problems)
    other = objective.reindex(subjective.index)
    joined = subjective * other if share is None else share * subjective + (1 - share) * other
    why = ("no indicator has weight on both sides", "没有指标在两组权重中均大于零")
    return shares_of(joined.to_numpy(dtype=float), subjective.index, why)
