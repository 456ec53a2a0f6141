"""Regression of the whole population's values on others, from a sample."""

from __future__ import annotations

import numpy as np
import pandas as pd

from perfkit.errors import Problem, SampleError, fail_if_any
from perfkit.estimation.design import Design
from perfkit.estimation.inputs import Values, fail_if_not_as_long, numbers
from perfkit.estimation.intervals import WHOLE, estimates


def regression(values: Values, on: pd.DataFrame, design: Design, *, confidence: float = 0.95) -> pd.DataFrame:
    r"""Return the weighted least-squares coefficients of ``values`` on the columns of ``on``, constant first.

    Parameters
    ----------
    values
        A number a row of the sample.
    on
        Numbers, a row of the sample each.
    design
        How the rows came in.
    confidence
        Of the intervals, with t at the design's degrees of freedom less the slopes.

    Returns
    -------
    DataFrame
        Of the table ``estimates``: a row a coefficient, named in ``measure``.

    Raises
    ------
    SampleError
        If numbers are missing or columns are collinear.

    Notes
    -----
    :math:`b = (X'WX)^{-1} X'Wy`; linearised :math:`z = (y - Xb) X (X'WX)^{-1}`.

    *Checked against*: R survey 4.1.1 (svyglm, gaussian).

    Examples
    --------
    >>> found = regression([1, 3, 5, 8], pd.DataFrame({"x": [0, 1, 2, 3]}), Design.simple(4, 10))
    >>> found[["measure", "estimate"]].round(6).to_numpy().tolist()
    [['constant', 0.8], ['x', 2.3]]
    """
    y = numbers(values, design)
    fail_if_not_as_long(len(on), design)
    x = np.column_stack([np.ones(design.n), *[numbers(on[name], design) for name in on.columns]])
    scale = np.abs(x).max(axis=0)
    scale[scale == 0] = 1
    curve = (x / scale).T @ (x / scale * design.weights[:, None])
    if np.linalg.cond(curve) > 1e12:
        what = ("the columns are collinear", "各列共线")
        fail_if_any(SampleError, "regression 回归", [Problem(what, ", ".join(map(str, on.columns)))])
    inverse = np.linalg.inv(curve) / np.outer(scale, scale)
    b = inverse @ (x.T @ (design.weights * y))
    z = (y - x @ b)[:, None] * (x @ inverse)
    se = np.sqrt(design.covariance(z).diagonal())
    k = len(b)
    return estimates(
        [WHOLE] * k,
        "regression",
        [design.n] * k,
        [design.weights.sum()] * k,
        b,
        se,
        [max(design.df - (k - 1), min(design.df, 1))] * k,
        confidence=confidence,
        measure=["constant", *map(str, on.columns)],
    )
