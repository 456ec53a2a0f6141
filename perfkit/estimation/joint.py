"""Variances of a Horvitz-Thompson total where the joint inclusion probabilities of all pairs are known."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from perfkit.errors import Problem, SampleError, fail_if_any
from perfkit.estimation.design import Design, Floats
from perfkit.estimation.inputs import Values, numbers
from perfkit.estimation.intervals import WHOLE, estimates

Formula = Literal["yates_grundy", "horvitz_thompson"]
BELOW_ZERO = ("方差估计为负，没有标准误", "the variance estimate is below zero: no standard error")


def total_by_joint(
    values: Values, joint: Floats, *, formula: Formula = "yates_grundy", confidence: float = 0.95
) -> pd.DataFrame:
    r"""Return the Horvitz-Thompson total with the variance that the joint inclusion probabilities imply.

    Parameters
    ----------
    values
        A number a row of the sample.
    joint
        Probabilities that both of a pair come in (rows x rows), the units' own on the diagonal.
    formula
        ``yates_grundy`` for designs of fixed size, ``horvitz_thompson`` for any; the latter may fall below zero.
    confidence
        Of the interval, with t at rows - 1.

    Returns
    -------
    DataFrame
        One row of the table ``estimates``; without an error, and a note, where the variance falls below zero.

    Raises
    ------
    SampleError
        If the probabilities are not symmetric, not rows x rows, not above zero (no variance can then be estimated),
        or a pair's exceeds one of its units'.

    Notes
    -----
    Yates-Grundy :math:`\frac12 \sum_{k \ne l} \frac{\pi_k \pi_l - \pi_{kl}}{\pi_{kl}} (y_k / \pi_k - y_l / \pi_l)^2`;
    Horvitz-Thompson :math:`\sum_{k, l} \frac{\pi_{kl} - \pi_k \pi_l}{\pi_{kl}} \frac{y_k}{\pi_k} \frac{y_l}{\pi_l}`.
    Where they are not known, :func:`~perfkit.estimation.total` has Deville's approximation by the units' own.

    *Checked against*: R sampling 2.9 (varHT, methods 1 and 2) with maximum-entropy probabilities.

    Examples
    --------
    >>> joint = np.array([[0.5, 1 / 6], [1 / 6, 0.5]])
    >>> found = total_by_joint([1, 2], joint)
    >>> found[["estimate", "se"]].round(6).iloc[0].tolist()
    [6.0, 1.414214]
    """
    joint = np.asarray(joint, dtype=float)
    y = numbers(values, Design.simple(len(pd.Series(values))))
    _fail_if_not_joint(joint, len(y), formula)
    pi = joint.diagonal()
    expanded = y / pi
    apart = 1 - np.outer(pi, pi) / joint
    if formula == "yates_grundy":
        variance = -0.5 * float((apart * (expanded[:, None] - expanded) ** 2).sum())
    else:
        variance = float(expanded @ apart @ expanded)
    whole = estimates(
        [WHOLE],
        f"total · {formula}",
        len(y),
        (1 / pi).sum(),
        expanded.sum(),
        np.sqrt(variance) if variance >= 0 else np.nan,
        len(y) - 1,
        confidence=confidence,
    )
    return whole if variance >= 0 else whole.assign(note_zh=BELOW_ZERO[0], note_en=BELOW_ZERO[1])


def _fail_if_not_joint(joint: Floats, n: int, formula: str) -> None:
    problems = []
    if formula not in ("yates_grundy", "horvitz_thompson"):
        what = ("no such formula", "没有这种方差公式")
        problems.append(Problem(what, "", "yates_grundy, horvitz_thompson", formula))
    if joint.shape != (n, n):
        what = ("joint inclusion probabilities have a row and a column for each unit", "联合入样概率应为方阵")
        problems.append(Problem(what, "", f"{n} x {n}", " x ".join(map(str, joint.shape))))
    elif not np.isfinite(joint).all() or (joint <= 0).any():
        what = (
            "a pair cannot come in together: no variance can be estimated",
            "有两个单位不可能同时入样，无法估计方差",
        )
        do = ("use total with Deville's approximation", "请用 total（Deville 近似）")
        problems.append(Problem(what, got=f"{int((~(joint > 0)).sum())}", do=do))
    elif not np.allclose(joint, joint.T) or (joint > np.minimum.outer(joint.diagonal(), [1] * n) + 1e-12).any():
        what = (
            "joint inclusion probabilities are symmetric and below the units' own",
            "联合入样概率应对称且不大于单位自身的概率",
        )
        problems.append(Problem(what))
    fail_if_any(SampleError, "joint 联合入样概率", problems)
