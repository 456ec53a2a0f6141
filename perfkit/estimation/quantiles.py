"""Quantiles of the whole and of domains, with Woodruff's intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from perfkit.errors import Problem, SampleError, fail_if_any
from perfkit.estimation.design import Design, Floats
from perfkit.estimation.inputs import Domains, Values, domains, numbers
from perfkit.estimation.intervals import estimates, fail_if_not_confidence


def quantile(
    values: Values,
    design: Design,
    q: Sequence[float] = (0.25, 0.5, 0.75),
    by: Values | None = None,
    *,
    confidence: float = 0.95,
) -> pd.DataFrame:
    r"""Return weighted quantiles of ``values`` with Woodruff's intervals.

    Parameters
    ----------
    q
        Shares between 0 and 1.
    values, design, by, confidence
        As in :func:`total`.

    Returns
    -------
    DataFrame
        Of the table ``estimates``: a row a domain and quantile; ``measure`` is the share asked for; ``se`` is the
        length of the interval over twice t.

    Raises
    ------
    SampleError
        As in :func:`total`, or if a share is not between 0 and 1.

    Notes
    -----
    The smallest value at which the weighted distribution reaches q; its limits are the quantiles at the limits (with
    t) of the share of units at or below it.

    *Checked against*: R survey 4.1.1 (svyquantile).

    Examples
    --------
    >>> quantile([1, 2, 3, 4], Design.simple(4, 10), [0.5])["estimate"].tolist()
    [2.0]
    """
    y, split = numbers(values, design), domains(by, design)
    fail_if_not_confidence(confidence)
    wrong = [
        Problem(("a quantile lies between 0 and 1", "分位点应在 0 与 1 之间"), got=str(each))
        for each in q
        if not 0 < each < 1
    ]
    fail_if_any(SampleError, "q 分位点", wrong)
    if (design.weights < 0).any():
        what = ("weights below zero have no distribution", "权重为负，无法得出分布")
        do = ("calibrate with method='raking' or with bounds", "请用 method='raking' 或设上下限重新校准")
        raise SampleError(("quantile: not possible", "分位数：无法计算"), [Problem(what, do=do)])
    order = np.argsort(y, kind="stable")
    parts = []
    for place, name in enumerate(split.names):
        inside = order[split.codes[order] == place]
        at, cumulated = y[inside], np.cumsum(design.weights[inside])
        for each in q:
            parts.append(
                _woodruff(each, y, at, cumulated / cumulated[-1], split, place, design, confidence).assign(
                    domain=name
                )
            )
    return pd.concat(parts, ignore_index=True)


def _woodruff(
    q: float,
    y: Floats,
    at: Floats,
    reached: Floats,
    split: Domains,
    place: int,
    design: Design,
    confidence: float,
) -> pd.DataFrame:
    inside = split.codes == place

    def smallest(share: float) -> float:
        # Cumulated weights carry rounding: a share reached to the last digits is reached.
        return float(at[min(int(np.searchsorted(reached, share - 1e-12)), len(at) - 1)])

    found = smallest(q)
    below = np.where(inside, (y <= found).astype(float), 0.0)
    weight = float(split.units[place])
    share = float(design.weights @ below) / weight
    z = np.where(inside, (below - share) / weight, 0.0)
    se = float(np.sqrt(design.covariance(z)[0, 0]))
    reach = float(stats.t.ppf((1 + confidence) / 2, max(split.df[place], 1)))
    low, high = smallest(max(share - reach * se, 0)), smallest(min(share + reach * se, 1))
    name = " · ".join(filter(None, ["quantile", design.label]))
    made = estimates([""], name, split.n[place], weight, found, (high - low) / (2 * reach), split.df[place])
    return made.assign(low=low, high=high, confidence=confidence, interval="woodruff", measure=f"{q:g}")
