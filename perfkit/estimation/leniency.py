"""How lenient the reviewers were who did the checks, when each project was checked by one of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse, stats

from perfkit.errors import Problem, SampleError, fail_if_any
from perfkit.estimation.design import Codes, Design, Floats
from perfkit.estimation.inflation import holm
from perfkit.estimation.inputs import Values, complete, numbers
from perfkit.estimation.intervals import fail_if_not_confidence
from perfkit.estimation.shrinkage import fay_herriot


def reviewer_leniency(
    reported: Values,
    checked: Values,
    reviewers: Values,
    by: Values | None = None,
    *,
    confidence: float = 0.95,
) -> pd.DataFrame:
    r"""Return how many points each reviewer gives above the average reviewer, for like self-scores and departments.

    For projects that several reviewers scored, compare them on the same projects (``perfkit.reliability.leniency``);
    this is for checks where each project had one reviewer, so that projects alike have to stand in for the same ones.

    Parameters
    ----------
    reported, checked
        Self-score and checked score of each project checked, random and recommended alike.
    reviewers
        Who checked it.
    by
        Its department, so that nobody is called severe for having been sent to a weak one.
    confidence
        Of the intervals.

    Returns
    -------
    DataFrame
        Of the table ``leniency``: a row a reviewer, the most lenient first: ``n``, ``own`` (as measured) with
        ``own_se``, ``own_weight``, ``shrunk`` with ``se, low, high`` (what is left when chance is discounted), ``p``
        (own is zero), ``p_holm``. With fewer than four reviewers nothing is shrunk: missing.

    Raises
    ------
    SampleError
        If values are missing or differ in number, there is one reviewer, too few checks, or reviewers and departments
        fall into groups that nothing joins: they cannot be compared.

    Notes
    -----
    Least squares of checked on self-score, department and reviewer; effects of reviewers add up to zero, each
    reviewer counting once. Shrunken by :func:`fay_herriot` (``adjusted``) towards zero with the variances of the
    effects.

    *Checked against*: statsmodels OLS with sum coding.

    Examples
    --------
    >>> own = np.tile([70.0, 80, 90, 85], 3)
    >>> seen = own - 5 + np.repeat([0.0, 1.0, 5.0], 4) + np.tile([1.0, -1, 1, -1], 3)
    >>> found = reviewer_leniency(own, seen, np.repeat(["甲", "乙", "丙"], 4))
    >>> found[["reviewer_id", "own"]].round(6).to_numpy().tolist()
    [['丙', 3.0], ['乙', -1.0], ['甲', -2.0]]
    """
    fail_if_not_confidence(confidence)
    rows = Design.simple(len(pd.Series(checked)))
    x, y = numbers(reported, rows), numbers(checked, rows)
    who, names = pd.factorize(complete(reviewers, rows).astype(str), sort=True)
    label = np.zeros(rows.n) if by is None else complete(by, rows).astype(str)
    where, places = pd.factorize(label, sort=True)
    k, d = len(names), len(places)
    _fail_if_apart(who, where, list(names), d)
    effects, covariance, df = _effects(x, y, who, where, (k, d))
    se = np.sqrt(np.diag(covariance))
    p = 2 * stats.t.sf(np.abs(effects) / np.where(se > 0, se, np.nan), df)
    made = pd.DataFrame(
        {
            "reviewer_id": names,
            "n": np.bincount(who, minlength=k),
            "own": effects,
            "own_se": se,
            "own_weight": np.nan,
            "shrunk": np.nan,
            "se": np.nan,
            "p": p,
            "p_holm": holm(p),
        }
    )
    if k >= 4 and (se > 0).all():
        model = fay_herriot(effects, se**2, method="adjusted")
        made = made.assign(own_weight=model.own, shrunk=model.estimates, se=np.sqrt(model.mse))
    reach = stats.norm.ppf((1 + confidence) / 2) * made["se"]
    made = made.assign(low=made["shrunk"] - reach, high=made["shrunk"] + reach, confidence=confidence)
    order = [
        "reviewer_id",
        "n",
        "own",
        "own_se",
        "p",
        "p_holm",
        "own_weight",
        "shrunk",
        "se",
        "low",
        "high",
        "confidence",
    ]
    made = made[order]
    return made.sort_values(["own", "reviewer_id"], ascending=[False, True], ignore_index=True)


def _effects(x: Floats, y: Floats, who: Codes, where: Codes, shape: tuple[int, int]) -> tuple[Floats, Floats, int]:
    """Return the effects of reviewers, which add up to zero, their covariance and the degrees of freedom."""
    k, d = shape
    reviewer = (who[:, None] == np.arange(k - 1)).astype(float) - (who == k - 1)[:, None]
    department = (where[:, None] == np.arange(d)).astype(float)
    columns = (
        np.column_stack([reviewer, department, x - x.mean()])
        if np.ptp(x)
        else np.column_stack([reviewer, department])
    )
    df = len(y) - int(np.linalg.matrix_rank(columns))
    if df < 1:
        problem = Problem(
            ("too few checks for so many reviewers and departments", "相对于复核人和部门，核查数过少"),
            expected=f"> {columns.shape[1]}",
            got=str(len(y)),
            do=("leave departments out", "可不区分部门"),
        )
        fail_if_any(SampleError, "checks 核查", [problem])
    inverse = np.linalg.pinv(columns.T @ columns)
    found = inverse @ columns.T @ y
    left = y - columns @ found
    covariance = inverse[: k - 1, : k - 1] * float(left @ left) / df
    spread = np.vstack([np.eye(k - 1), -np.ones(k - 1)])
    return spread @ found[: k - 1], spread @ covariance @ spread.T, df


def _fail_if_apart(who: Codes, where: Codes, names: list[str], departments: int) -> None:
    k = len(names)
    problems = []
    if k < 2:
        problems.append(
            Problem(("fewer than 2 reviewers", "复核人少于 2 位"), expected="≥ 2", got=str(k), column="reviewer_id")
        )
    joined = sparse.coo_array((np.ones(len(who)), (who, k + where)), shape=(k + departments, k + departments))
    groups, label = sparse.csgraph.connected_components(joined, directed=False)
    if groups > 1:
        sets = [[names[at] for at in np.flatnonzero(label[:k] == each)[:5]] for each in range(min(groups, 5))]
        problems.append(
            Problem(
                (
                    "reviewers fall into groups that checked no department in common",
                    "复核人分成互无共同部门的组，无法相互比较",
                ),
                got=" | ".join(", ".join(each) for each in sets),
                do=(
                    "send reviewers across departments, or leave departments out and accept that they are mixed up",
                    "请安排跨部门复核；或不区分部门，但部门差异会混入结果",
                ),
                column="reviewer_id",
            )
        )
    fail_if_any(SampleError, "checks 核查", problems)
