"""Make the untreated look like the treated by weights: inverse propensity, plain and doubly robust."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit.methods.effects.intervals import normal
from perfkit.methods.effects.propensity import balance, balanced, overlap, scores
from perfkit.methods.effects.reading import left_out, unknown, usable
from perfkit.methods.effects.sensitivity import unmeasured
from perfkit.methods.effects.sentences import told
from perfkit.methods.result import Diagnostic, Pair, Result

Array = npt.NDArray[np.float64]
Estimand = Literal["att", "ate"]
ESTIMANDS: dict[str, Pair] = {
    "att": ("处理组的平均处理效应（ATT）", "average effect on the treated (ATT)"),
    "ate": ("全体的平均处理效应（ATE）", "average effect on all (ATE)"),
}
_METHODS: dict[str, Pair] = {
    "ipw": ("逆倾向得分加权（Hájek）", "inverse propensity weighting (Hájek)"),
    "aipw": ("增强逆倾向得分加权（双重稳健）", "augmented inverse propensity weighting (doubly robust)"),
}
ASSUMPTIONS: tuple[Pair, ...] = (
    ("条件独立：给定所列协变量，是否受处理与潜在结果无关", "given the covariates, treatment is as good as random"),
    ("重叠：每类对象都有可能受处理，也有可能不受处理", "overlap: every kind of unit may be treated or not"),
    ("无溢出：一个对象的处理不影响其他对象", "no spill-over: the treatment of one does not touch another"),
)
SEPARATED: Pair = (
    "倾向得分无法估计：两组完全可分、协变量共线或一组为空，没有可比的对象。",
    "The propensity score cannot be estimated: the groups separate perfectly, covariates are collinear, or a group "
    "is empty. There is no one to compare with.",
)


def weighting(
    frame: pd.DataFrame,
    *,
    outcome: str,
    treated: str,
    covariates: Sequence[str],
    estimand: Estimand = "att",
    method: Literal["ipw", "aipw"] = "aipw",
    trim: tuple[float, float] | None = None,
    confidence: float = 0.95,
    units: Pair = ("", ""),
) -> Result:
    """Compare treated and untreated units after weighting by a logit score of the covariates.

    Parameters
    ----------
    frame
        One row a unit.
    outcome, treated, covariates
        Columns: a number, a flag of 0 or 1, and numbers; squares and products are the caller's to add.
    trim
        Keep units with a score from the first to the second; the question is then about those alone.

    Raises
    ------
    TableError
        If a column is missing or holds what it cannot, or a choice does not exist.

    Notes
    -----
    Errors are from influence functions that count the estimation of the score. The table ``estimators`` has
    Horvitz and Thompson's, Hájek's and the doubly robust estimate side by side, for all and for the treated.

    *Checked against* the Lalonde data in Cunningham (2021), chapter 5, and Hernán and Robins (2020), chapter 12.
    """
    for name, got, known in (("estimand", estimand, ESTIMANDS), ("method", method, _METHODS)):
        if got not in known:
            raise unknown(name, got, list(known))
    rows, missing = usable(frame, numbers=[outcome, *covariates], flags=[treated])
    y, d = rows[outcome].to_numpy(), rows[treated].to_numpy()
    x = np.column_stack([np.ones(len(rows)), rows[list(covariates)].to_numpy()])
    answer = Result(
        _METHODS[method],
        ESTIMANDS[estimand],
        confidence=confidence,
        units=units,
        assumptions=ASSUMPTIONS,
        diagnostics=(missing,),
        n=len(rows),
    )
    p = scores(d, x) if 1 < d.sum() < len(d) - 1 else None
    if p is None:
        return told(replace(answer, refusals=(SEPARATED,)))
    keep = (p >= trim[0]) & (p <= trim[1]) if trim else np.ones(len(p), dtype=bool)
    checks = [missing, _trimmed(keep)] if trim else [missing]
    if min(keep[d == 1].sum(), keep[d == 0].sum()) < x.shape[1] + 1:
        few = (
            "修剪后两组中有一组对象太少，不能估计。",
            "Too few units of one group are left after trimming for an estimate.",
        )
        return told(replace(answer, refusals=(few,), diagnostics=tuple(checks)))
    found = {(kind, how): _effect(y, d, x, p, keep, kind, how) for kind in ESTIMANDS for how in _METHODS}
    estimate, se, weights = found[estimand, method]
    plain = balance(rows[keep], treated, covariates, weights[keep])
    sure = normal(estimate, se, confidence=confidence, size=float(np.abs(y).max()))
    group_sd = float(y[keep & (d == 0)].std(ddof=1))
    of_all = estimand == "ate"
    checks += [
        *overlap(p[keep], d[keep], weights[keep], of_all=of_all),
        balanced(plain),
        unmeasured(estimate, sure["low"], sure["high"], group_sd),
    ]
    lines = [("ate", "horvitz-thompson", _horvitz_thompson(y, d, p, keep), np.nan)]
    lines += [(kind, how, each[0], each[1]) for (kind, how), each in found.items()]
    return told(
        replace(
            answer,
            **sure,
            se_type="influence function",
            n=int(keep.sum()),
            diagnostics=tuple(checks),
            tables={
                "estimators": pd.DataFrame(lines, columns=["estimand", "estimator", "estimate", "se"]),
                "balance": plain,
                "scores": pd.DataFrame({"score": p, "treated": d, "used": keep, "weight": weights}, index=rows.index),
            },
        )
    )


def _trimmed(keep: npt.NDArray[np.bool_]) -> Diagnostic:
    because = ("倾向得分在修剪范围之外", "score outside the range")
    return left_out(int((~keep).sum()), len(keep), ("个对象", "units"), because)


def _horvitz_thompson(y: Array, d: Array, p: Array, keep: npt.NDArray[np.bool_]) -> float:
    return float(np.mean((d * y / p - (1 - d) * y / (1 - p))[keep]))


def _effect(
    y: Array, d: Array, x: Array, p: Array, keep: npt.NDArray[np.bool_], estimand: str, method: str
) -> tuple[float, float, Array]:
    """Return the estimate, its error and each unit's weight within its group."""
    n = len(y)
    if estimand == "ate":
        weight = d / p, (1 - d) / (1 - p)
        moves = -d * (1 - p) / p, (1 - d) * p / (1 - p)
    else:
        odds = (1 - d) * p / (1 - p)
        weight, moves = (d, odds), (np.zeros(n), odds)
    weight = weight[0] * keep, weight[1] * keep
    asked = keep * (d if estimand == "att" else 1.0)
    predicted = np.zeros((2, n))
    if method == "aipw":
        predicted[1] = _line(y, x, keep & (d == 0))
        predicted[0] = _line(y, x, keep & (d == 1)) if estimand == "ate" else predicted[1]
    hessian = np.linalg.pinv((x * (p * (1 - p))[:, None]).T @ x / n, hermitian=True)
    score = ((d - p)[:, None] * x) @ hessian
    shift = predicted[0] - predicted[1]
    means = [float(asked @ shift / asked.sum())]
    influence = asked * (shift - means[0]) / asked.mean()
    for side, w, move, line in zip((1, -1), weight, moves, predicted, strict=True):
        rest = y - line
        mean = float(w @ rest / w.sum())
        drift = np.mean((move * keep * (rest - mean))[:, None] * x, axis=0)
        influence += side * (w * (rest - mean) + score @ drift) / w.mean()
        means.append(side * mean)
    return sum(means), float(np.sqrt(influence @ influence) / n), weight[0] + weight[1]


def _line(y: Array, x: Array, among: npt.NDArray[np.bool_]) -> Array:
    """Return the fitted line of y on x ``among`` some units, for all."""
    scale = np.abs(x).max(axis=0)
    return np.asarray(x / scale @ np.linalg.lstsq(x[among] / scale, y[among], rcond=None)[0])
