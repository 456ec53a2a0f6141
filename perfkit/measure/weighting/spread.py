"""Weights from the spread of the values: entropy, CRITIC, standard deviation, principal components."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd

from perfkit.errors import Problem
from perfkit.measure.weighting.checks import ROUNDING, Array, fail_if_any, numbers, shares_of
from perfkit.tables import signs

_NO_SPREAD = ("no column has any spread: all units are alike", "各列均无差异，不能据此定权")


def _varies(x: Array) -> Array:
    """Return per column whether it has more than one value; exactly, not within rounding."""
    return np.asarray(x.max(axis=0) > x.min(axis=0))


def _rescaled(x: Array) -> Array:
    """Return columns on [0, 1] between their least and greatest value; a constant column is zero."""
    low, width = x.min(axis=0), np.ptp(x, axis=0)
    return np.where(width > 0, (x - low) / np.where(width > 0, width, 1.0), 0.0)


def _correlations(x: Array) -> Array:
    """Return the correlations between columns that vary, in [-1, 1], free of rounding next to one."""
    r = np.clip(np.atleast_2d(np.corrcoef(x, rowvar=False)), -1.0, 1.0)
    return np.where(1 - r < ROUNDING, 1.0, r)


def _information(x: Array) -> Array:
    """Return 1 - entropy of each column's shares: zero where all are alike, one where one unit has all."""
    top = x.max(axis=0)
    p = x / np.where(top > 0, top, 1.0)
    p = p / np.where(top > 0, p.sum(axis=0), 1.0)
    known = np.where(p > 0, p * np.log(np.where(p > 0, p * len(x), 1.0)), 0.0)
    return np.where(_varies(x), np.clip(known.sum(axis=0) / np.log(len(x)), 0.0, 1.0), 0.0)


def shannon(values: pd.DataFrame) -> pd.Series:
    """Return the entropy of each indicator: one where all units are alike, zero where one unit has everything.

    Parameters, errors and formula as in ``entropy``.

    Examples
    --------
    >>> shannon(pd.DataFrame({"a": [5, 5], "b": [0, 9]})).tolist()
    [1.0, 0.0]
    """
    return pd.Series(1 - _information(numbers(values, negative=False)), index=values.columns, name="entropy")


def entropy(values: pd.DataFrame) -> pd.Series:
    """Return entropy weights: the more unequally an indicator is spread over units, the more it weighs.

    Parameters
    ----------
    values
        One row a unit, one column an indicator, at least zero. Directions do not enter.

    Returns
    -------
    Series
        Weights by indicator. A constant column (all zeros too) weighs zero.

    Raises
    ------
    ScoreError
        If a value is missing, infinite or negative (pyrepo-mcda returns weights outside [0, 1] there), or no column
        has any spread.

    Notes
    -----
    p_ij = x_ij / sum over i of x_ij; e_j = -1 / ln m * sum of p ln p, with 0 ln 0 = 0; w_j = (1 - e_j) / sum of
    (1 - e). Multiplying a column by a positive number changes nothing; adding one does. *Checked against*: pymcdm
    1.4.0 and pyrepo-mcda 0.1.15 on the table of Hwang & Yoon (1981), and with a zero; a zero keeps its place
    (pymcdm refuses it, pyDecision adds 1e-9).

    Examples
    --------
    >>> entropy(pd.DataFrame({"a": [5, 5, 5], "b": [1, 2, 6], "c": [0, 0, 9]})).round(3).tolist()
    [0.0, 0.185, 0.815]
    """
    return shares_of(_information(numbers(values, negative=False)), values.columns, _NO_SPREAD)


def critic(values: pd.DataFrame, directions: Mapping[str, str]) -> pd.Series:
    """Return CRITIC weights: an indicator weighs by its spread and by how little it agrees with the others.

    Parameters
    ----------
    values
        One row a unit, one column an indicator; any sign.
    directions
        By column: ``ge`` (more is better) or ``le`` (less is better).

    Returns
    -------
    Series
        Weights by indicator. A constant column weighs zero and counts in no other's conflict.

    Raises
    ------
    ScoreError
        If a value is missing or infinite, a direction is missing or unknown, or nothing conflicts: fewer than two
        columns vary, or all that vary rise and fall together.

    Notes
    -----
    z = min-max over units, turned so that more is better; C_j = sd(z_j) * sum over k of (1 - r_jk);
    w_j = C_j / sum of C (Diakoulaki et al. 1995). A change of units or of zero (x -> a x + b, a > 0) changes nothing.
    *Checked against*: Diakoulaki's table of eight companies by pymcdm 1.4.0 and scikit-criteria.

    Examples
    --------
    >>> table = pd.DataFrame({"a": [1, 2, 3], "b": [3, 1, 2], "same": [7, 7, 7]})
    >>> critic(table, {"a": "ge", "b": "le", "same": "ge"}).tolist()
    [0.5, 0.5, 0.0]
    """
    x = numbers(values)
    way, undirected = signs(values.columns, directions)
    fail_if_any(undirected)
    z = _rescaled(x) * way
    varies, conflict = _varies(x), np.zeros(x.shape[1])
    if varies.any():
        conflict[varies] = (1 - _correlations(z[:, varies])).sum(axis=1)
    why = (
        "no two columns that vary disagree: there is no conflict to weigh",
        "没有两列存在差异与冲突，不能用 CRITIC 定权",
    )
    return shares_of(z.std(axis=0) * conflict, values.columns, why)


def standard_deviation(values: pd.DataFrame, *, scale: Literal["minmax", "raw"] = "minmax") -> pd.Series:
    """Return weights in proportion to the standard deviation of each indicator; a constant column weighs zero.

    Parameters
    ----------
    values
        One row a unit, one column an indicator; any sign.
    scale
        ``minmax``: each column is put on [0, 1] first, so that its unit and zero do not matter. ``raw``: as it
        stands, for columns already on one scale (shares of full points); a change of unit then changes the weights.

    Raises
    ------
    ScoreError
        If a value is missing or infinite, the scale is unknown, or no column has any spread.

    Notes
    -----
    w_j = sd_j / sum of sd; n or n - 1 makes no difference. *Checked against*: pymcdm 1.4.0, both scales.

    Examples
    --------
    >>> standard_deviation(pd.DataFrame({"a": [0, 1, 0, 1], "b": [0, 100, 100, 0], "c": [3, 3, 3, 3]})).tolist()
    [0.5, 0.5, 0.0]
    """
    if scale not in ("minmax", "raw"):
        fail_if_any([Problem(("unknown scale", "未知的标度"), expected="minmax, raw", got=str(scale))])
    x = numbers(values)
    spread = (_rescaled(x) if scale == "minmax" else x).std(axis=0)
    return shares_of(np.where(_varies(x), spread, 0.0), values.columns, _NO_SPREAD)


def pca(values: pd.DataFrame, *, components: int | None = None) -> pd.Series:
    """Return weights from principal components: how much of an indicator the leading components carry.

    Parameters
    ----------
    values
        One row a unit, one column an indicator; any sign. Directions do not enter.
    components
        How many components to keep; None: those with an eigenvalue of at least one (Kaiser).

    Returns
    -------
    Series
        Weights by indicator, at least zero. A constant column weighs zero. Keeping every component gives equal
        weights to all that vary.

    Raises
    ------
    ScoreError
        If a value is missing or infinite, no column has any spread, there are not so many components, or the last
        one kept has the same eigenvalue as the next, so that no one can say which to keep.

    Notes
    -----
    R = correlations of the columns that vary = V diag(l) V'; communality h_j = sum over components kept of l_k
    v_jk^2; w_j = h_j / sum of h. Rotating the components (varimax) changes no h. A change of units or of zero, or of
    sign, changes nothing. *Checked against*: scikit-learn's PCA on standardised columns.

    Examples
    --------
    >>> pca(pd.DataFrame({"a": [1, 2, 3, 4], "b": [2, 4, 6, 8], "c": [1, -1, -1, 1]}), components=1).round(6).tolist()
    [0.5, 0.5, 0.0]
    """
    x = numbers(values)
    varies, carried = _varies(x), np.zeros(x.shape[1])
    if varies.any():
        size, vectors = np.linalg.eigh(_correlations(_rescaled(x[:, varies])))
        size, vectors = np.clip(size[::-1], 0.0, None), vectors[:, ::-1]
        keep = int((size >= 1 - ROUNDING).sum()) if components is None else components
        if not 1 <= keep <= len(size):
            what = ("there are not so many components", "主成分个数超出范围")
            fail_if_any([Problem(what, expected=f"1 ... {len(size)}", got=str(keep))])
        if keep < len(size) and size[keep - 1] - size[keep] < ROUNDING * len(size):
            what = ("the last component kept ties with the next", "保留的最后一个主成分与下一个特征值相同")
            got = ", ".join(f"{each:.4g}" for each in size)
            fail_if_any([Problem(what, got=got, do=("keep more or fewer components", "请增减保留个数"))])
        carried[varies] = (size[:keep] * vectors[:, :keep] ** 2).sum(axis=1)
    return shares_of(carried, values.columns, _NO_SPREAD)
