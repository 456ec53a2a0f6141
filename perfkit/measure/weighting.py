"""Weights: shares that sum to one."""

from __future__ import annotations

import numpy as np
import pandas as pd

from perfkit.errors import Problem, ScoreError


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
