"""Departments ranked with uncertainty: each one's checks weighed against what all departments show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import optimize, stats

from perfkit.errors import Problem, SampleError, fail_if_any
from perfkit.estimation.design import Design, Floats
from perfkit.estimation.inputs import Values, domains, numbers
from perfkit.estimation.intervals import fail_if_not_confidence

Fit = Literal["reml", "adjusted"]
_FEW = 2  # checks that leave a department to what all departments show


@dataclass(frozen=True)
class AreaModel:
    """Areas as draws from one distribution around a line, each measured with a known error.

    Parameters
    ----------
    estimates, mse
        Shrunken estimate of each area and its mean squared error (k,).
    own
        The weight of the area's own figure, 0 to 1 (k,).
    fitted
        What the line says of each area (k,).
    coefficients, errors
        Of the line, with standard errors.
    variance
        Between areas, beyond the line.
    """

    estimates: Floats
    mse: Floats
    own: Floats
    fitted: Floats
    coefficients: Floats
    errors: Floats
    variance: float


def fay_herriot(
    estimates: npt.ArrayLike,
    variances: npt.ArrayLike,
    covariates: npt.ArrayLike | None = None,
    *,
    method: Fit = "reml",
) -> AreaModel:
    r"""Return shrunken estimates of areas whose own figures have known sampling variances (Fay and Herriot 1979).

    Parameters
    ----------
    estimates, variances
        Own figure of each area and its sampling variance (k,). An area that was not sampled has both missing.
    covariates
        Columns of the line (k, p), a column of ones among them; the common mean alone if left out.
    method
        ``reml``: restricted maximum likelihood, as R sae does; it may find no spread between areas and then gives all
        the same estimate. ``adjusted``: the likelihood times the variance (Li and Lahiri 2010), never zero.

    Raises
    ------
    SampleError
        If there are fewer areas sampled than columns and three more, variances not above zero, or figures that are
        no numbers.

    Notes
    -----
    :math:`\hat\theta_i = x_i'b + \gamma_i (y_i - x_i'b)`, :math:`\gamma_i = A / (A + D_i)`. Mean squared error of
    Prasad and Rao (1990): :math:`\gamma_i D_i + (1 - \gamma_i)^2 x_i' (X'V^{-1}X)^{-1} x_i + 2 D_i^2 (A + D_i)^{-3}
    \cdot 2 / \sum (A + D_i)^{-2}`; of an area not sampled :math:`A + x_i' (X'V^{-1}X)^{-1} x_i`.

    *Checked against*: R sae (eblupFH, mseFH) on the expenditure on fresh milk of 43 areas; coverage by simulation.

    Examples
    --------
    >>> model = fay_herriot([1.0, 3.0, 5.0, 7.0, 9.0], [4.0] * 5)
    >>> model.estimates.round(2).tolist(), round(model.variance, 2)
    ([2.6, 3.8, 5.0, 6.2, 7.4], 6.0)
    """
    y, d = np.asarray(estimates, dtype=float), np.asarray(variances, dtype=float)
    x = np.ones((len(y), 1)) if covariates is None else np.asarray(covariates, dtype=float)
    seen = ~np.isnan(y)
    _fail_if_unfit(y, d, x, seen)
    variance = _between(y[seen], d[seen], x[seen], method)
    weight = 1 / (variance + d[seen])
    inverse = np.linalg.inv((x[seen] * weight[:, None]).T @ x[seen])
    coefficients = inverse @ (x[seen] * weight[:, None]).T @ y[seen]
    fitted: Floats = x @ coefficients
    own: Floats = np.zeros(len(y))
    own[seen] = variance * weight
    shrunk = fitted + np.where(seen, own * np.where(seen, y - fitted, 0.0), 0.0)
    line = np.einsum("ij,jk,ik->i", x, inverse, x)
    mse = variance + line
    third = d[seen] ** 2 * weight**3 * 2 / float((weight**2).sum())
    mse[seen] = own[seen] * d[seen] + (1 - own[seen]) ** 2 * line[seen] + 2 * third
    return AreaModel(shrunk, mse, own, fitted, coefficients, np.sqrt(np.diag(inverse)), variance)


def smoothed_variances(values: Values, design: Design, by: Values, areas: Sequence[object] | None = None) -> Floats:
    r"""Return the sampling variance of each area's mean, from the spread within all areas together.

    A variance from one or two checks is itself noise: one of two alike would look exact.

    Parameters
    ----------
    values
        A number a row of the sample.
    design
        How the rows came in; certain rows add no variance.
    by
        The area of each row.
    areas
        The areas to report, in this order; those of the sample sorted by name if left out. One without random rows is
        missing (NaN).

    Raises
    ------
    SampleError
        If values or areas are missing, or no area has two random rows.

    Notes
    -----
    :math:`D_i = s^2 \sum_i w^2 (1 - \pi) / (\sum_i w)^2`, s² pooled over areas from their random rows with weights
    :math:`w`: :math:`s^2 = \sum w (y - \bar y_i)^2 / \sum_i \sum w (1 - w / \sum_i w)`.

    Examples
    --------
    >>> smoothed_variances([1, 3, 5, 9], Design.simple(4), ["a", "a", "b", "b"]).tolist()
    [2.5, 2.5]
    """
    y, split = numbers(values, design), domains(by, design)
    names = split.names if areas is None else [str(each) for each in areas]
    k, w = len(split.names), design.weights
    random = design.inclusion < 1
    at, drawn = split.codes[random], w[random]
    total = np.bincount(at, drawn, k)
    centre = np.divide(np.bincount(at, drawn * y[random], k), total, out=np.zeros(k), where=total > 0)
    apart = float(drawn @ (y[random] - centre[at]) ** 2)
    freedom = float((drawn * (1 - drawn / total[at])).sum())
    if freedom <= 1e-9 * float(drawn.sum()):
        what = ("no area has two random checks", "没有任何部门随机抽查了两个以上单位")
        fail_if_any(SampleError, "sample 样本", [Problem(what, column="domain")])
    moving = np.bincount(at, drawn**2 * (1 - design.inclusion[random]), k)
    found = np.where(total > 0, apart / freedom * moving / split.units**2, np.nan)
    held = dict(zip(split.names, found, strict=True))
    return np.array([held.get(name, np.nan) for name in names])


def ranked_departments(
    reported: Values,
    checked: Values,
    design: Design,
    by: Values,
    areas: Sequence[object] | None = None,
    *,
    few: int = _FEW,
    confidence: float = 0.95,
) -> pd.DataFrame:
    r"""Return departments from the most to the least inflated, with what of the order is sure.

    Parameters
    ----------
    reported, checked
        Self-score and checked score of each row.
    design
        How the rows came in.
    by
        The department of each row.
    areas
        All departments, those without a check too; those of the sample if left out.
    few
        Up to so many random checks a department's own figure is not held against it; its note says so.
    confidence
        Of the intervals, each by itself; of the ranks, all at once.

    Returns
    -------
    DataFrame
        Of the table ``ranking``: ``own`` (mean self less checked, of its own checks) with ``own_se``, ``shrunk`` with
        ``se, low, high``, ``own_weight`` (what its own checks count for), ``rank`` (1: most inflated, by the shrunken
        figure), ``rank_low, rank_high``, notes.

    Raises
    ------
    SampleError
        If values or departments are missing, fewer than four departments have random checks, or none has two.

    Notes
    -----
    Sampling variances by :func:`smoothed_variances`, estimates by :func:`fay_herriot`, ``adjusted``; limits: shrunken
    ± the normal quantile times the root of its mean squared error. Ranks as in Mogstad, Romano, Shaikh and Wilhelm
    (2024), in one step: one plus the departments whose own figure is surely above, to all less those surely below,
    each pair tested with Šidák's level for all pairs; a department without random checks may have any rank.

    Examples
    --------
    >>> gap = np.repeat([1.0, 2.0, 3.0, 9.0], 10) + np.tile([-1.0, 1.0], 20)
    >>> found = ranked_departments(80 + gap, np.full(40, 80.0), Design.simple(40, 400), np.repeat(list("abcd"), 10))
    >>> found[["domain", "rank", "rank_low", "rank_high"]].to_numpy().tolist()[0]
    ['d', 1, 1, 1]
    """
    fail_if_not_confidence(confidence)
    gap = numbers(reported, design) - numbers(checked, design)
    split = domains(by, design)
    names = split.names if areas is None else [str(each) for each in areas]
    _fail_if_not_among(split.names, names)
    k = len(split.names)
    random = design.inclusion < 1
    own = np.bincount(split.codes, design.weights * gap, k) / split.units
    held = pd.DataFrame(
        {"own": own, "n": split.n, "random": np.bincount(split.codes[random], minlength=k)}, index=split.names
    ).reindex(names)
    variance = smoothed_variances(gap, design, by, names)
    # What certain units alone show was not drawn: it says nothing of the department.
    measured = np.where(np.isnan(variance), np.nan, held["own"])
    model = fay_herriot(measured, variance, method="adjusted")
    se = np.sqrt(model.mse)
    reach = stats.norm.ppf((1 + confidence) / 2) * se
    low, high = _rank_limits(measured, variance, confidence)
    made = pd.DataFrame(
        {
            "domain": names,
            "n": held["n"].fillna(0).to_numpy(dtype=float),
            "n_random": held["random"].fillna(0).to_numpy(dtype=float),
            "own": held["own"].to_numpy(),
            "own_se": np.sqrt(variance),
            "own_weight": model.own,
            "shrunk": model.estimates,
            "se": se,
            "low": model.estimates - reach,
            "high": model.estimates + reach,
            "confidence": confidence,
            "rank": pd.Series(-model.estimates).rank(method="min").astype(int),
            "rank_low": low,
            "rank_high": high,
        }
    )
    said = [_said(int(n), weight, few) for n, weight in zip(made["n_random"], made["own_weight"], strict=True)]
    made = made.assign(note_zh=[zh for zh, _ in said], note_en=[en for _, en in said])
    return made.sort_values(["rank", "domain"], ignore_index=True)


def _said(n: int, weight: float, few: int) -> tuple[str, str]:
    if n == 0:
        return (
            "没有随机抽查的项目，估计值取自全体部门，不作单独评价",
            "no random check: the figure is that of all departments and says nothing of this one",
        )
    if n > few:
        return "", ""
    return (
        f"只随机抽查了 {n} 个项目，自身结果只占 {weight:.0%}，其余取自全体部门，不宜单独通报",
        f"{n} random check{'s' if n > 1 else ''}: its own result counts {weight:.0%}, the rest is that of all "
        "departments; not to be named for it",
    )


def _rank_limits(own: Floats, variance: Floats, confidence: float) -> tuple[Floats, Floats]:
    """Return the best and worst rank each area may have, all at once."""
    k = len(own)
    seen = ~np.isnan(variance)
    pairs = max(int(seen.sum()) * (int(seen.sum()) - 1) // 2, 1)
    reach = stats.norm.ppf((1 + confidence ** (1 / pairs)) / 2)
    apart = own[None, :] - own[:, None]
    sure = reach * np.sqrt(variance[None, :] + variance[:, None])
    above, below = apart > sure, apart < -sure
    return 1 + above.sum(axis=1), k - below.sum(axis=1)


def _between(y: Floats, d: Floats, x: Floats, method: Fit) -> float:
    """Return the variance between areas at which the likelihood is highest."""

    def unlikely(a: float) -> float:
        weight = 1 / (a + d)
        crossed = (x * weight[:, None]).T @ x
        left = y - x @ np.linalg.solve(crossed, (x * weight[:, None]).T @ y)
        value = 0.5 * (-np.log(weight).sum() + np.linalg.slogdet(crossed)[1] + float(weight @ left**2))
        return float(value - (np.log(a) if method == "adjusted" else 0.0))

    centre = float(np.var(y)) + float(d.mean())
    grid = centre * np.geomspace(1e-8, 1e3, 221)
    best = int(np.argmin([unlikely(a) for a in grid]))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    found = optimize.minimize_scalar(
        lambda log: unlikely(float(np.exp(log))),
        bounds=(np.log(low), np.log(high)),
        method="bounded",
        options={"xatol": 1e-10},
    )
    a = float(np.exp(found.x))
    return 0.0 if method == "reml" and unlikely(0.0) <= unlikely(a) else a


def _fail_if_unfit(y: Floats, d: Floats, x: Floats, seen: npt.NDArray[np.bool_]) -> None:
    least = x.shape[1] + 3
    problems = []
    if int(seen.sum()) < least:
        problems.append(
            Problem(
                ("too few areas to tell their spread from chance", "部门过少，无法区分差异与偶然"),
                expected=f"≥ {least}",
                got=str(int(seen.sum())),
                do=("look at each by itself", "请逐个查看"),
            )
        )
    problems += [
        Problem(
            ("a sampling variance must lie above zero", "抽样方差须大于零"),
            f"area {at + 1} 第 {at + 1} 个部门",
            "> 0",
            f"{d[at]:g}",
            ("smooth the variances, see smoothed_variances", "请先平滑方差，见 smoothed_variances"),
        )
        for at in np.flatnonzero(seen & ~(d > 0))
    ]
    fail_if_any(SampleError, "areas 部门", problems)


def _fail_if_not_among(found: Sequence[str], names: Sequence[str]) -> None:
    problems = [
        Problem(("a department of the sample is not among the areas", "样本中的部门不在部门名单中"), name)
        for name in found
        if name not in set(names)
    ]
    fail_if_any(SampleError, "areas 部门", problems)
