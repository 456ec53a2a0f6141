"""What two-way fixed effects average when adoption is staggered: the comparisons and weights of Goodman-Bacon."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

Array = npt.NDArray[np.float64]
FORBIDDEN = "later against earlier treated"


def comparisons(y: Array, cohort: Array, periods: Array) -> pd.DataFrame:
    """Return every comparison of two cohorts inside the two-way fixed effects estimate, and its weight.

    Parameters
    ----------
    y
        Outcomes, units x periods, complete.
    cohort
        First treated period of each unit; infinity if never.
    periods
        In order.

    Returns
    -------
    pandas.DataFrame
        ``treated``, ``against``, ``kind``, ``weight``, ``estimate``; the weights sum to one and the weighted sum is
        the two-way fixed effects estimate. Comparisons of kind ``later against earlier treated`` use units already
        treated as controls, so that a growing effect enters with the wrong sign.

    Notes
    -----
    Goodman-Bacon (2021), theorem 1: the weight of a comparison is the product of the squared share of units in it and
    the variance of treatment within it.

    *Checked against* Cunningham (2021), chapter 9, on the castle doctrine laws: weights 0.077, 0.024 and 0.899 of
    estimates -0.029, 0.046 and 0.078, in sum 0.069.

    Examples
    --------
    >>> y = np.array([[0.0, 0.0, 2.0], [0.0, 0.0, 0.0]])
    >>> comparisons(y, np.array([3.0, np.inf]), np.array([1.0, 2.0, 3.0]))[["weight", "estimate"]].values.tolist()
    [[1.0, 2.0]]
    """
    groups = np.unique(cohort)
    share = {g: float(np.mean(cohort == g)) for g in groups}
    mean = {g: y[cohort == g].mean(axis=0) for g in groups}
    on = {g: float(np.mean(periods >= g)) for g in groups}
    lines = []
    for g in groups:
        for other in groups:
            if g == other or np.isinf(g) or on[g] == 0:
                continue
            early = g < other
            span = (periods < other) if early else (periods >= other)
            after, before = span & (periods >= g), span & (periods < g)
            if not after.any() or not before.any():
                continue
            change = (mean[g] - mean[other])[after].mean() - (mean[g] - mean[other])[before].mean()
            length = float(span.mean())
            within = float(after.sum() / span.sum())
            # Of two treated cohorts each is compared while the other does not change: the span's share scales it.
            weight = share[g] * share[other] * length**2 * within * (1 - within)
            never = np.isinf(other) or on[other] == 0
            kind = (
                "treated against never treated" if never else "earlier against later treated" if early else FORBIDDEN
            )
            if not early and on[other] == 1:
                kind = "treated against always treated"
            lines.append((g, other, kind, weight, change))
    table = pd.DataFrame(lines, columns=["treated", "against", "kind", "weight", "estimate"])
    return table.assign(weight=table["weight"] / table["weight"].sum())
