"""By how much self-scores stand above checked scores: in the mean, by group, by money, and between which limits."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from perfkit.estimation.design import Design, Floats
from perfkit.estimation.few import without_error
from perfkit.estimation.inputs import Values, domains, numbers
from perfkit.estimation.intervals import Interval, estimates
from perfkit.estimation.totals import mean, ratio, shares

Against = Literal["zero", "all"]
_DECIMALS = 9  # differences of printed scores are exact to this many places


def inflation(
    reported: Values,
    checked: Values,
    design: Design,
    by: Values | None = None,
    *,
    against: Against = "zero",
    confidence: float = 0.95,
) -> pd.DataFrame:
    r"""Return the mean of self-score minus checked score, of the whole or of each group, tested with care.

    Parameters
    ----------
    reported, checked
        Self-score and checked score of each row, in points.
    design
        How the rows came in.
    by
        The group of each row: department, self-grade.
    against
        ``zero``: is the group inflated at all. ``all``: the group's mean less the mean of all, does it stand out.
    confidence
        Of the intervals.

    Returns
    -------
    DataFrame
        Of the table ``inflation``: those of ``estimates``, then ``p`` (two-sided, each group by itself), ``p_holm``
        (adjusted for the number of groups), ``low_joint, high_joint`` (all groups at once hold with ``confidence``).
        A group with one random check has no error, interval or test; its note says so.

    Raises
    ------
    SampleError
        If scores or groups are missing, another number of them than rows, or a lonely stratum.

    Notes
    -----
    With d the difference and m its weighted mean in the group: linearised :math:`z = (d - m_g) 1_g / \sum_g w`, less
    :math:`(d - m) / \sum w` against all. Student's t on the group's first-stage units less the strata they lie in.
    Joint intervals by Šidák: each at :math:`c^{1/G}`, G the groups tested, valid for any correlation between them.

    *Checked against*: R survey 4.1.1 (svymean, svyby); statsmodels (multipletests, holm).

    Examples
    --------
    >>> found = inflation([90, 88, 86, 84], [84, 86, 80, 82], Design.simple(4, 40))
    >>> found[["estimate", "se", "p"]].round(3).iloc[0].tolist()
    [4.0, 1.095, 0.035]
    """
    gap = _gap(reported, checked, design)
    made = (
        mean(gap, design, by, confidence=confidence) if against == "zero" else _less_all(gap, design, by, confidence)
    )
    made = without_error(made.assign(measure="inflation"), design, by)
    return _jointly(made, confidence)


def share_inflated(
    reported: Values,
    checked: Values,
    design: Design,
    points: float,
    by: Values | None = None,
    *,
    confidence: float = 0.95,
    interval: Interval = "wilson",
) -> pd.DataFrame:
    """Return the share of units whose self-score stands at least ``points`` above the checked score.

    Returns
    -------
    DataFrame
        Of the table ``estimates``, a row a group.

    *Checked against*: R survey 4.1.1 (svymean of a factor).

    Examples
    --------
    >>> share_inflated([90.1, 88, 86, 84], [85.1, 86, 80, 82], Design.simple(4), 5)["estimate"].item()
    0.5
    """
    far = _gap(reported, checked, design) >= points
    found = shares(far, design, by, levels=[True, False], confidence=confidence, interval=interval)
    found = found[found["measure"].eq("True")].reset_index(drop=True)
    return without_error(found.assign(measure=f"inflated by {points:g} or more"), design, by)


def money_inflation(
    reported: Values,
    checked: Values,
    money: Values,
    design: Design,
    by: Values | None = None,
    *,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Return self-score and checked score as means over money, their difference and their ratio.

    Parameters
    ----------
    money
        The budget of each row, in yuan: a project of ten million counts ten times one of a million.
    reported, checked, design, by, confidence
        As in :func:`inflation`.

    Returns
    -------
    DataFrame
        Of the table ``estimates``: for each group the measures ``reported``, ``checked``, ``inflation`` and
        ``reported over checked``.

    *Checked against*: R survey 4.1.1 (svyratio).

    Examples
    --------
    >>> found = money_inflation([90, 80], [80, 80], [3, 1], Design.simple(2))
    >>> found[["measure", "estimate"]].round(4).to_numpy().tolist()[:3]
    [['reported', 87.5], ['checked', 80.0], ['inflation', 7.5]]
    """
    own, seen, weight = numbers(reported, design), numbers(checked, design), numbers(money, design)
    pairs = {
        "reported": (own * weight, weight),
        "checked": (seen * weight, weight),
        "inflation": ((own - seen) * weight, weight),
        "reported over checked": (own * weight, seen * weight),
    }
    parts = [
        ratio(above, below, design, by, confidence=confidence).assign(measure=measure)
        for measure, (above, below) in pairs.items()
    ]
    return pd.concat(parts, ignore_index=True)


def agreement_limits(
    reported: Values, checked: Values, design: Design, *, multiplier: float = 1.96, confidence: float = 0.95
) -> pd.DataFrame:
    r"""Return the limits between which the differences of single units lie (Bland and Altman), for the whole.

    Returns
    -------
    DataFrame
        Of the table ``estimates``: the measures ``bias`` (mean of self less checked), ``lower`` and ``upper``
        (bias ± multiplier standard deviations), each with its interval.

    Notes
    -----
    With :math:`s^2 = n / (n - 1) \sum w (d - m)^2 / \sum w` the spread in the population; the error of a limit from
    the linearised :math:`[(d - m) \pm c ((d - m)^2 - s^2) / (2 s)] / \sum w`, which needs no normal differences.

    *Checked against*: with equal weights, Bland and Altman (1986), peak flow.

    Examples
    --------
    >>> found = agreement_limits([90, 84, 78], [88, 80, 78], Design.simple(3))
    >>> found["estimate"].round(2).tolist()
    [2.0, -1.92, 5.92]
    """
    gap = _gap(reported, checked, design)
    found = mean(gap, design, confidence=confidence)
    bias, units, n = float(found["estimate"].iloc[0]), float(design.weights.sum()), design.n
    apart = gap - bias
    grown = n / (n - 1) if n > 1 else np.nan
    spread = float(np.sqrt(grown * (design.weights @ apart**2) / units))
    bend = (grown * apart**2 - spread**2) / (2 * spread) if spread else np.zeros(n)
    signs = np.array([0.0, -1.0, 1.0]) * multiplier
    se = np.sqrt(np.diag(design.covariance((apart[:, None] + signs * bend[:, None]) / units)))
    return estimates(
        ["all"] * 3,
        "limits of agreement",
        [n] * 3,
        [units] * 3,
        bias + signs * spread,
        se,
        [design.df] * 3,
        confidence=confidence,
        measure=["bias", "lower", "upper"],
    )


def holm(p: npt.ArrayLike) -> Floats:
    """Return p-values adjusted for their number by Holm's steps; missing ones stay missing and do not count.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).round(2).tolist()
    [0.03, 0.06, 0.06]
    """
    given = np.asarray(p, dtype=float)
    adjusted = np.full_like(given, np.nan)
    tested = np.flatnonzero(~np.isnan(given))
    order = tested[np.argsort(given[tested], kind="stable")]
    steps = np.arange(len(order), 0, -1) * given[order]
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0) if len(order) else steps
    return adjusted


def _gap(reported: Values, checked: Values, design: Design) -> Floats:
    return np.round(numbers(reported, design) - numbers(checked, design), _DECIMALS)


def _less_all(gap: Floats, design: Design, by: Values | None, confidence: float) -> pd.DataFrame:
    """Return each group's mean less the mean of all, as one contrast: the group is part of all."""
    split, w = domains(by, design), design.weights
    k, units = len(split.names), float(w.sum())
    centre: Floats = np.bincount(split.codes, w * gap, k) / split.units
    overall = float(w @ gap) / units
    member = split.codes[:, None] == np.arange(k)
    z = member * (gap[:, None] - centre) / split.units - ((gap - overall) / units)[:, None]
    # Rounding leaves errors of the order of 1e-17 where there is none.
    se = np.sqrt(np.diag(design.covariance(z)))
    se[se < 1e-14 * np.maximum(np.abs(centre), 1.0)] = 0.0
    apart = centre - overall
    name = "mean less mean of all"
    return estimates(split.names, name, split.n, split.units, apart, se, split.df, confidence=confidence)


def _jointly(made: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Add the test of each group, adjusted, and intervals that hold for all groups at once."""
    centre, se, df = (made[column].to_numpy(dtype=float) for column in ("estimate", "se", "df"))
    tested = se > 0
    t = np.divide(centre, se, out=np.full_like(se, np.nan), where=tested)
    p = np.where(tested, 2 * stats.t.sf(np.abs(t), df.clip(1)), np.nan)
    level = confidence ** (1 / max(int(tested.sum()), 1))
    reach = stats.t.ppf((1 + level) / 2, df.clip(1)) * se
    return made.assign(p=p, p_holm=holm(p), low_joint=centre - reach, high_joint=centre + reach)
