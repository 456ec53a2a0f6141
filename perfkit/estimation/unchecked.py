"""What a check would have found at each unit that was not checked, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit.errors import Problem, SampleError, fail_if_any
from perfkit.estimation.agreement import DECIMALS, from_worst
from perfkit.estimation.design import Design, Floats
from perfkit.estimation.inputs import Values, complete, numbers
from perfkit.estimation.intervals import Interval, fail_if_not_confidence
from perfkit.estimation.totals import shares

_COMMON = ""  # the group of rows where no groups are told apart


@dataclass(frozen=True)
class CheckedModel:
    """Checked score given self-score, from the random checks alone.

    Parameters
    ----------
    slope
        Points checked for a point reported.
    levels
        Intercept of each group; one, named by the empty text, where no groups are told apart.
    errors, shares
        What each random check was off when the line was fitted without it, in rising order, and its share of the
        weights.
    n
        Random checks.
    """

    slope: float
    levels: Mapping[str, float]
    errors: Floats
    shares: Floats
    n: int

    def line(self, reported: Floats, group: npt.NDArray[np.object_]) -> Floats:
        """Return the expected checked score of each self-score in its group."""
        return np.array([self.levels[name] for name in group]) + self.slope * reported


def model_checked(reported: Values, checked: Values, design: Design, by: Values | None = None) -> CheckedModel:
    r"""Return the line of checked score on self-score through the random checks.

    Recommended and other certain units were not drawn: what they show of themselves says nothing of the others.

    Parameters
    ----------
    reported, checked
        Self-score and checked score of each row.
    design
        How the rows came in; rows of inclusion 1 are left out.
    by
        A group of each row (department) with a level of its own; all groups share the slope.

    Raises
    ------
    SampleError
        If scores or groups are missing, or fewer than two random checks more than groups are there.

    Notes
    -----
    Least squares with the weights of the design; the error of a row without itself is :math:`e_i / (1 - h_i)`.

    *Checked against*: refitting without each row; statsmodels WLS.

    Examples
    --------
    >>> model = model_checked([70, 80, 90, 100], [66, 74, 86, 94], Design.simple(4, 40))
    >>> round(model.slope, 2), {name: round(level, 1) for name, level in model.levels.items()}
    (0.96, {'': -1.6})
    """
    own, seen = numbers(reported, design), numbers(checked, design)
    label = np.full(design.n, _COMMON, dtype=object) if by is None else complete(by, design).astype(str).to_numpy()
    random = design.inclusion < 1
    x, y, w = own[random], seen[random], design.weights[random]
    codes, names = pd.factorize(pd.Series(label[random], dtype=object), sort=True)
    _fail_if_too_few(len(y), len(names) + 3, ("random checks to fit a line", "拟合所需的随机抽查"))
    k = len(names)
    total = np.bincount(codes, w, k)
    x0, y0 = (np.bincount(codes, w * each, k) / total for each in (x, y))
    apart = x - x0[codes]
    spread = float(w @ apart**2)
    slope = float(w @ (apart * (y - y0[codes]))) / spread if spread else 0.0
    # A group's only row lies on its own level: without it there is no level, so it says nothing of errors.
    leverage = w / total[codes] + (w * apart**2 / spread if spread else 0.0)
    alone = leverage > 1 - 1e-9
    off = np.where(alone, 0.0, (y - y0[codes] - slope * apart) / np.where(alone, 1.0, 1 - leverage))
    order = np.argsort(off[~alone], kind="stable")
    counted = w[~alone][order]
    levels = dict(zip(map(str, names), (y0 - slope * x0).tolist(), strict=True))
    return CheckedModel(slope, levels, off[~alone][order], counted / counted.sum(), len(y))


def expected_scores(
    model: CheckedModel,
    reported: pd.Series,
    cuts: Mapping[str, float],
    by: pd.Series | None = None,
    *,
    full: float | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    r"""Return for each unit the checked score to expect, its prediction interval and its likely grade.

    Parameters
    ----------
    model
        Of :func:`model_checked`.
    reported
        Self-scores of units that were not checked, indexed by ``unit_id``.
    cuts
        The lowest score of each grade.
    by
        Their groups, indexed alike, if the model tells groups apart.
    full
        The highest score there is: nothing above it is expected.
    confidence
        That a check of one unit falls within its interval.

    Returns
    -------
    DataFrame
        Of the table ``expected``: a row a unit.

    Raises
    ------
    SampleError
        If self-scores are missing, a group is unknown to the model, or there are fewer random checks than the
        confidence needs (39 for 95 %).

    Notes
    -----
    The line plus quantiles of the weighted errors without each row (split conformal in spirit: no normal errors are
    assumed), at levels widened by (n + 1) / n. A unit's grade is as likely as the errors that lead to it.

    Examples
    --------
    >>> own = np.linspace(60, 99, 40)
    >>> model = model_checked(own, own - 5 + np.tile([-1.0, 1.0], 20), Design.simple(40, 400))
    >>> found = expected_scores(model, pd.Series({"p1": 92.0}), {"优": 90, "良": 80, "中": 60})
    >>> found[["unit_id", "expected", "low", "high", "grade"]].round(1).to_numpy().tolist()
    [['p1', 87.0, 85.9, 88.2, '良']]
    """
    middle = _line(model, reported, by)
    low, high = _reach(model, confidence)
    bounds = (min(cuts.values()), np.inf if full is None else full)
    likely = grade_probabilities(model, reported, cuts, by)
    return pd.DataFrame(
        {
            "unit_id": reported.index.astype(str),
            "points_reported": reported.to_numpy(dtype=float),
            "expected": middle.clip(*bounds),
            "low": (middle + low).clip(*bounds),
            "high": (middle + high).clip(*bounds),
            "confidence": confidence,
            "grade": likely.columns.to_numpy()[likely.to_numpy().argmax(axis=1)] if len(likely) else [],
            "probability": likely.to_numpy().max(axis=1, initial=0.0),
        }
    )


def grade_probabilities(
    model: CheckedModel, reported: pd.Series, cuts: Mapping[str, float], by: pd.Series | None = None
) -> pd.DataFrame:
    """Return how likely each grade is for each unit, were it checked: units by grades, from the best to the worst.

    Parameters, Raises and an example as in :func:`expected_scores`; rows add up to one.
    """
    middle = _line(model, reported, by)
    names = from_worst(cuts)
    below = np.concatenate([[0.0], np.cumsum(model.shares)])
    under = [
        below[np.searchsorted(np.round(model.errors, DECIMALS), np.round(cuts[name] - middle, DECIMALS), side="left")]
        for name in names[1:]
    ]
    edges = np.column_stack([np.zeros(len(middle)), *under, np.ones(len(middle))])
    found = pd.DataFrame(np.diff(edges, axis=1).clip(0, 1), index=reported.index, columns=names)
    return found[names[::-1]]


def prediction_coverage(
    reported: Values,
    checked: Values,
    design: Design,
    by: Values | None = None,
    *,
    groups: Values | None = None,
    folds: int = 10,
    confidence: float = 0.95,
    interval: Interval = "wilson",
) -> pd.DataFrame:
    """Return how often prediction intervals hold for random checks that the model has not seen.

    Parameters
    ----------
    reported, checked, design, by, confidence
        As in :func:`model_checked`; the confidence of the prediction intervals tried and of the limits reported.
    groups
        To report coverage by group (self-grade) instead of as a whole.
    folds
        Rows are dealt out in the order of their self-scores; each fold is predicted from the others. A row of a group
        that no other fold shows counts as missed.

    Returns
    -------
    DataFrame
        Of the table ``estimates``: the share covered, by the weights, a row a group.

    Raises
    ------
    SampleError
        As in :func:`expected_scores`.
    """
    own, seen = numbers(reported, design), numbers(checked, design)
    label = np.full(design.n, _COMMON, dtype=object) if by is None else complete(by, design).astype(str).to_numpy()
    random = np.flatnonzero(design.inclusion < 1)
    fold = np.empty(len(random), dtype=np.int64)
    fold[np.lexsort((seen[random], own[random]))] = np.arange(len(random)) % folds
    covered = np.zeros(len(random), dtype=bool)
    for each in range(folds):
        mine, others = random[fold == each], random[fold != each]
        part = np.isin(np.arange(design.n), others)
        model = model_checked(own[part], seen[part], design.part(part), label[part])
        known = np.array([name in model.levels for name in label[mine]], dtype=bool)
        low, high = _reach(model, confidence)
        off = np.full(len(mine), np.nan)
        off[known] = seen[mine[known]] - model.line(own[mine[known]], label[mine[known]])
        covered[fold == each] = (off >= low - 1e-9) & (off <= high + 1e-9)
    drawn = np.isin(np.arange(design.n), random)
    split = None if groups is None else complete(groups, design)[drawn].reset_index(drop=True)
    found = shares(covered, design.part(drawn), split, levels=[True, False], confidence=confidence, interval=interval)
    found = found[found["measure"].eq("True")].reset_index(drop=True)
    return found.assign(measure=f"covered by {confidence:.0%} prediction", estimator=f"{folds}-fold")


def _line(model: CheckedModel, reported: pd.Series, by: pd.Series | None) -> Floats:
    own = pd.to_numeric(reported, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    label = np.full(len(own), _COMMON, dtype=object) if by is None else by.astype(str).to_numpy()
    problems = [
        Problem(("no self-score", "没有自评得分"), str(reported.index[at]), column="points_reported")
        for at in np.flatnonzero(~np.isfinite(own))
    ]
    problems += [
        Problem(
            ("a group without random checks", "该组没有随机抽查"),
            str(name) or "—",
            ", ".join(filter(None, model.levels)) or ("no groups", "不分组"),
            do=("leave groups out of the model", "请建立不分组的模型"),
            column="group",
        )
        for name in pd.unique(pd.Series(label, dtype=object))
        if name not in model.levels
    ]
    fail_if_any(SampleError, "units 单位", problems)
    return model.line(own, label)


def _reach(model: CheckedModel, confidence: float) -> tuple[float, float]:
    """Return the lowest and the highest error to reckon with."""
    fail_if_not_confidence(confidence)
    n = len(model.errors)
    tail = (1 - confidence) / 2
    _fail_if_too_few(
        n, int(np.ceil(round(1 / tail - 1, 9))), ("random checks for this confidence", "该置信水平所需的随机抽查")
    )
    held = np.cumsum(model.shares)
    reached = min((n + 1) / n * (1 - tail), 1.0)
    upper = int(np.searchsorted(held, reached - 1e-12))
    lower = int(np.searchsorted(held, 1 - reached + 1e-12, side="right"))
    return float(model.errors[min(lower, n - 1)]), float(model.errors[min(upper, n - 1)])


def _fail_if_too_few(n: int, least: int, what: tuple[str, str]) -> None:
    if n < least:
        problem = Problem(
            (f"too few {what[0]}", f"{what[1]}过少"),
            expected=f"≥ {least}",
            got=str(n),
            do=("check more units, or ask for less", "请增加抽查，或降低要求"),
        )
        fail_if_any(SampleError, "sample 样本", [problem])
