"""How many units an estimate of given precision needs, with the finite population correction."""

from __future__ import annotations

import math
from typing import Literal

import pandas as pd

from perfkit.errors import Problem, SampleError, fail_if_any
from perfkit.sampling.size.need import SampleSize, at_least, fail_if_unfit, one_of, positive, quantile, share

Interval = Literal["normal", "wilson"]


def for_mean(
    sd: float,
    *,
    se: float | None = None,
    margin: float | None = None,
    units: float = math.inf,
    confidence: float = 0.95,
) -> SampleSize:
    r"""Return the simple random sample that estimates a mean to a given standard error or margin.

    Parameters
    ----------
    sd
        Standard deviation in the population. Give it relative to the mean (the population's coefficient of variation)
        and the targets are relative too: ``se`` is then the cv of the estimate.
    se, margin
        Standard error, or half the width of the interval with ``confidence``; one of the two.
    units
        Units of the population; infinite: no finite population correction.
    confidence
        Of the margin.

    Raises
    ------
    SampleError
        If not exactly one target is given, or a number is out of range.

    Notes
    -----
    :math:`n = S^2 / (V + S^2 / N)` with V = ``se``² or (``margin`` / z)².

    *Checked against*: PracTools 1.7.5, nCont and nContMoe.

    Examples
    --------
    >>> for_mean(2, se=0.05).n, for_mean(2, se=0.05, units=500).n
    (1600, 381)
    """
    fail_if_unfit(one_of(se=se, margin=margin), positive(sd=sd, units=units), share(confidence=confidence))
    variance = _variance(se, margin, confidence)
    return SampleSize(sd**2 / (variance + sd**2 / units), _goal(("mean", "均值"), se, margin, confidence), units)


def for_total(
    sd: float, units: float, *, se: float | None = None, margin: float | None = None, confidence: float = 0.95
) -> SampleSize:
    """Return the simple random sample that estimates a total: ``se`` and ``margin`` are the total's, not the mean's.

    Raises
    ------
    SampleError
        As :func:`for_mean`; the units must be finite.

    Notes
    -----
    The total is N times the mean, and so is its error.

    Examples
    --------
    >>> for_total(10, 500, margin=980, confidence=0.95).n == for_mean(10, margin=1.96, units=500).n
    True
    """
    fail_if_unfit(one_of(se=se, margin=margin), positive(sd=sd, units=units), _finite(units))
    scaled = [None if target is None else target / units for target in (se, margin)]
    need = for_mean(sd, se=scaled[0], margin=scaled[1], units=units, confidence=confidence)
    return SampleSize(need.exact, _goal(("total", "总量"), se, margin, confidence), units)


def for_ratio(
    cv_numerator: float,
    cv_denominator: float,
    correlation: float,
    *,
    se: float | None = None,
    margin: float | None = None,
    units: float = math.inf,
    confidence: float = 0.95,
) -> SampleSize:
    r"""Return the simple random sample that estimates a ratio of totals (money spent / budget).

    Parameters
    ----------
    cv_numerator, cv_denominator
        Standard deviation / mean in the population, of either.
    correlation
        Between them, -1 to 1.
    se, margin
        Relative to the ratio (0.02 is 2 % of it); one of the two.
    units, confidence
        As in :func:`for_mean`.

    Raises
    ------
    SampleError
        If not exactly one target is given, or a number is out of range.

    Notes
    -----
    The linearised ratio has relvariance
    :math:`C_y^2 + C_x^2 - 2 \rho C_y C_x` a unit (Cochran 1977, section 6.3); in large samples.

    Examples
    --------
    >>> for_ratio(0.5, 0.4, 0.8, se=0.02).n
    225
    """
    wrong = [] if -1 <= correlation <= 1 else [_out("correlation", "-1 … 1", correlation)]
    relvariance = cv_numerator**2 + cv_denominator**2 - 2 * correlation * cv_numerator * cv_denominator
    fail_if_unfit(wrong, at_least(0, cv_numerator=cv_numerator, cv_denominator=cv_denominator))
    need = for_mean(math.sqrt(max(relvariance, 1e-300)), se=se, margin=margin, units=units, confidence=confidence)
    return SampleSize(need.exact, _goal(("ratio", "比率"), se, margin, confidence), units)


def for_proportion(
    proportion: float,
    *,
    se: float | None = None,
    cv: float | None = None,
    margin: float | None = None,
    interval: Interval = "normal",
    units: float = math.inf,
    confidence: float = 0.95,
) -> SampleSize:
    r"""Return the simple random sample that estimates a proportion.

    Parameters
    ----------
    proportion
        Expected: 0.5 is the safe choice.
    se, cv, margin
        Standard error, the same relative to the proportion, or half the width of the interval; one of the three.
    interval
        Of the margin: ``normal``, or ``wilson`` (Wilson's score interval, for proportions near 0 or 1).
    units, confidence
        As in :func:`for_mean`.

    Raises
    ------
    SampleError
        If not exactly one target is given, a number is out of range, or no sample's Wilson interval is that wide.

    Notes
    -----
    Without correction :math:`n_0 = pq / V`, or for Wilson's interval of half-width e
    :math:`n_0 = z^2 (pq - 2e^2 + \sqrt{e^2 - pq (4e^2 - pq)}) / 2e^2`; with it
    :math:`n = N n_0 / (N - 1 + n_0)`.

    *Checked against*: PracTools 1.7.5, nProp, nPropMoe, nWilson.

    Examples
    --------
    >>> for_proportion(0.5, margin=0.04, units=5688).n
    544
    >>> for_proportion(0.04, margin=0.01, interval="wilson").n
    1493
    """
    fail_if_unfit(
        one_of(se=se, cv=cv, margin=margin),
        share(proportion=proportion, confidence=confidence),
        positive(units=units),
        [_out("interval", "margin", interval)] if interval == "wilson" and margin is None else [],
    )
    pq, z = proportion * (1 - proportion), quantile(confidence)
    if margin is not None and interval == "wilson":
        root = margin**2 - pq * (4 * margin**2 - pq)
        first = z**2 * (pq - 2 * margin**2 + math.sqrt(max(root, 0))) / (2 * margin**2)
        fail_if_unfit([] if first > 0 else [_out("margin", "< 0.5", margin)])
    else:
        first = pq / _variance(se if cv is None else cv * proportion, margin, confidence)
    exact = first if math.isinf(units) else units * first / (units - 1 + first)
    return SampleSize(exact, _goal(("proportion", "比例"), se or cv, margin, confidence), units)


def margin_of(n: float, units: float = math.inf, *, proportion: float = 0.5, confidence: float = 0.95) -> float:
    r"""Return half the width of the interval of a proportion that a simple random sample of ``n`` gives.

    Raises
    ------
    SampleError
        If a number is out of range, or the sample is larger than the population.

    Notes
    -----
    :math:`z \sqrt{(1 - n / N) \, pq / (n - 1)}`: the unbiased variance that a sample would report, where
    :func:`for_proportion` plans with the population's.

    *Checked against*: R 4.2.2, the 2021 work report's 600 of 5,688.

    Examples
    --------
    >>> round(margin_of(600, 5688), 4)
    0.0379
    """
    fail_if_unfit(
        at_least(2, n=n),
        share(proportion=proportion, confidence=confidence),
        [] if n <= units else [_out("n", f"≤ {units:g}", n)],
    )
    return quantile(confidence) * math.sqrt((1 - n / units) * proportion * (1 - proportion) / (n - 1))


def for_domains(
    domains: pd.DataFrame, *, se: float | None = None, margin: float | None = None, confidence: float = 0.95
) -> pd.DataFrame:
    """Return what a target precision in each domain asks for.

    Parameters
    ----------
    domains
        One row a domain, domains that do not overlap: ``domain, units, sd`` (sqrt(p(1 - p)) for a proportion).
    se, margin, confidence
        As in :func:`for_mean`, the same for each domain.

    Returns
    -------
    DataFrame
        ``domain, units, exact, n`` and ``whole``: the simple random sample of the whole population that brings ``n``
        into the domain in expectation. Where domains are strata take ``n`` of each; where they cut across strata the
        largest ``whole`` binds.

    Raises
    ------
    SampleError
        If a column is missing, or a number is out of range.

    Examples
    --------
    >>> for_domains(pd.DataFrame({"domain": ["甲", "乙"], "units": [900, 100], "sd": [8, 8]}), margin=2)[
    ...     ["n", "whole"]
    ... ].values.tolist()
    [[58, 65], [39, 390]]
    """
    missing = [name for name in ("domain", "units", "sd") if name not in domains]
    fail_if_any(
        SampleError, "domains 范围", [Problem(("a column is missing", "缺少列"), column) for column in missing]
    )
    unfit = ~((domains["units"] > 0) & (domains["sd"] > 0))
    what = ("units or standard deviation are not above zero", "单位数或标准差不大于零")
    problems = [Problem(what, str(domain), "> 0") for domain in domains.loc[unfit, "domain"]]
    fail_if_any(SampleError, "domains 范围", problems)
    total = math.fsum(domains["units"])
    rows = []
    for domain, units, sd in domains[["domain", "units", "sd"]].itertuples(index=False):
        need = for_mean(float(sd), se=se, margin=margin, units=float(units), confidence=confidence)
        whole = SampleSize(need.n * total / float(units), need.goal, total)
        rows.append((domain, units, need.exact, need.n, whole.n))
    return pd.DataFrame(rows, columns=["domain", "units", "exact", "n", "whole"])


def _variance(se: float | None, margin: float | None, confidence: float) -> float:
    return se**2 if se is not None else ((margin or 0) / quantile(confidence)) ** 2


def _goal(what: tuple[str, str], error: float | None, margin: float | None, confidence: float) -> tuple[str, str]:
    if margin is None:
        return f"{what[0]} with error {error:.6g}", f"{what[1]}的误差为 {error:.6g}"
    level = f"{confidence * 100:.6g}%"
    return f"{what[0]} within ±{margin:.6g} ({level})", f"{what[1]}误差不超过 ±{margin:.6g}（置信水平 {level}）"


def _finite(units: float) -> list[Problem]:
    return [_out("units", "< ∞", units)] if math.isinf(units) else []


def _out(name: str, expected: str, got: float | str) -> Problem:
    shown = got if isinstance(got, str) else f"{got:g}"
    return Problem(("an argument is out of range", "参数超出范围"), name, expected, shown, column=name)
