"""Totals, means, ratios, shares and quantiles of the whole, and of domains, from the weights of the design."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from perfkit.errors import Problem, SampleError, fail_if_any
from perfkit.estimation.design import Codes, Design, Floats
from perfkit.estimation.few import without_error
from perfkit.estimation.inputs import Values, complete, domains, numbers
from perfkit.estimation.intervals import Interval, estimates


def total(
    values: Values,
    design: Design,
    by: Values | None = None,
    *,
    confidence: float = 0.95,
    interval: Interval = "satterthwaite",
) -> pd.DataFrame:
    r"""Return the Horvitz-Thompson total of ``values``, of the whole or of each domain in ``by``.

    Parameters
    ----------
    values
        A number a row of the sample.
    design
        How the rows came in.
    by
        The domain of each row. All rows stay in: a domain's size is as random as the sample.
    confidence
        Of the limits.
    interval
        ``satterthwaite`` by default: t at the degrees of freedom that the values leave, fewer where a few large units
        make up most of the error, else the design's. ``t`` always has the design's, as R survey. For totals above
        zero that few units dominate, ``log`` is also skewed as they are.

    Returns
    -------
    DataFrame
        Of the table ``estimates``: a row a domain, in the order of their names; ``units`` is the sum of weights.

    Raises
    ------
    SampleError
        If there are values or domains missing, another number of them than rows, or a lonely stratum.

    Notes
    -----
    :math:`\hat t = \sum_k w_k y_k`; its variance by :meth:`Design.covariance`. A domain's degrees of freedom are its
    own first-stage units less the strata they lie in.

    *Checked against*: R survey 4.1.1 (svytotal) on samples of Californian schools.

    Examples
    --------
    >>> found = total([1, 2, 3, 4], Design.simple(4, 10))
    >>> found[["estimate", "se", "df"]].iloc[0].tolist()
    [25.0, 5.0, 3.0]
    """
    y = numbers(values, design)
    return _by_domain(y, None, design, by, "total", confidence, interval)


def mean(
    values: Values,
    design: Design,
    by: Values | None = None,
    *,
    confidence: float = 0.95,
    interval: Interval = "satterthwaite",
) -> pd.DataFrame:
    r"""Return the weighted mean (Hájek) of ``values``, of the whole or of each domain in ``by``.

    Parameters, Returns and Raises as in :func:`total`.

    Notes
    -----
    :math:`\bar y = \sum w y / \sum w`; linearised :math:`z = (y - \bar y) / \sum w` within the domain, zero outside.

    *Checked against*: R survey 4.1.1 (svymean, svyby).

    Examples
    --------
    >>> found = mean([1, 2, 3, 4], Design.simple(4, 10), by=["a", "a", "b", "b"])
    >>> found[["domain", "units", "estimate"]].to_numpy().tolist()
    [['a', 5.0, 1.5], ['b', 5.0, 3.5]]
    """
    y = numbers(values, design)
    return _by_domain(y, np.ones(design.n), design, by, "mean", confidence, interval)


def ratio(
    numerator: Values,
    denominator: Values,
    design: Design,
    by: Values | None = None,
    *,
    confidence: float = 0.95,
    interval: Interval = "satterthwaite",
) -> pd.DataFrame:
    r"""Return the ratio of two totals, of the whole or of each domain in ``by``.

    A mean weighted by money is ``ratio(score * budget, budget, design)``.

    Parameters, Returns and Raises as in :func:`total`; a denominator whose total is zero is an error.

    Notes
    -----
    :math:`R = \sum w y / \sum w x`; linearised :math:`z = (y - R x) / \sum w x`.

    *Checked against*: R survey 4.1.1 (svyratio).

    Examples
    --------
    >>> found = ratio([1, 2, 3, 4], [2, 4, 6, 8], Design.simple(4, 10))
    >>> found[["estimate", "se"]].iloc[0].tolist()
    [0.5, 0.0]
    """
    y, x = numbers(numerator, design), numbers(denominator, design)
    return _by_domain(y, x, design, by, "ratio", confidence, interval)


def shares(
    labels: Values,
    design: Design,
    by: Values | None = None,
    *,
    levels: Sequence[object] | None = None,
    confidence: float = 0.95,
    interval: Interval = "wilson",
) -> pd.DataFrame:
    """Return the share of the population under each label, of the whole or of each domain in ``by``.

    Parameters
    ----------
    labels
        A label a row (a grade; true and false).
    levels
        The labels to report, in this order; labels of the sample are reported sorted if it is left out. One that no
        row has gets share 0 and an interval all the same.
    design, by, confidence, interval
        As in :func:`total`. ``wilson`` by default: it stays within 0 and 1 and holds for few rows and shares near 0
        or 1, where estimate ± t * se does not, with fewer degrees of freedom where weights are uneven;
        ``korn_graubard`` is the cautious one, at least as sure as it says.

    Returns
    -------
    DataFrame
        Of the table ``estimates``: a row a domain and label; ``measure`` is the label.

    Raises
    ------
    SampleError
        As in :func:`total`, or if a row has a label that is not among ``levels``.

    *Checked against*: R survey 4.1.1 (svymean of a factor, svyciprop).

    Examples
    --------
    >>> found = shares(["优", "良", "良", "中"], Design.simple(4, 10), levels=["优", "良", "中", "差"])
    >>> found[["measure", "estimate"]].to_numpy().tolist()
    [['优', 0.25], ['良', 0.5], ['中', 0.25], ['差', 0.0]]
    """
    label = complete(labels, design)
    at, found = pd.factorize(pd.Series(label, dtype=object), sort=levels is None)
    names = list(found if levels is None else levels)
    problems = [
        Problem(("a label that is not among the levels", "标签不在给定的类别中"), got=str(each))
        for each in found
        if each not in names
    ]
    fail_if_any(SampleError, "labels 标签", problems)
    code = {name: place for place, name in enumerate(found)}
    ones = np.ones(design.n)
    parts = [
        _by_domain((at == code.get(name, -1)).astype(float), ones, design, by, "share", confidence, interval).assign(
            measure=str(name)
        )
        for name in names
    ]
    return pd.concat(parts, ignore_index=True)


def pooled_mean(
    values: Values, sample: pd.DataFrame, accept_bias: bool = False, *, confidence: float = 0.95
) -> pd.DataFrame:
    """Return the plain mean of all rows, random and recommended alike: refused unless its bias is accepted.

    Recommended units were not drawn: they say nothing of the units that were not checked, and pooling them with the
    random ones lets the recommenders' choice move the mean.

    Parameters
    ----------
    values
        A number a row of ``sample``.
    sample
        The table ``sample``.
    accept_bias
        Compute it all the same; the note says that it is biased.

    Raises
    ------
    SampleError
        If recommended units would be mixed in and ``accept_bias`` is not true; it says how many.

    Examples
    --------
    >>> sample = pd.DataFrame({"unit_id": ["a", "b", "c"], "part": ["recommended", "random", "random"]})
    >>> pooled_mean([60, 80, 90], sample)
    Traceback (most recent call last):
    perfkit.errors.SampleError: pooled mean: refused
    ...
    >>> pooled_mean([60, 80, 90], sample, accept_bias=True)["estimate"].round(2).tolist()
    [76.67]
    """
    mixed = int(sample["part"].isin(["recommended", "size"]).sum())
    drawn = len(sample) - mixed
    if not (mixed and drawn):
        note = ("不加权", "unweighted")
    elif accept_bias:
        note = (
            f"有偏：{mixed} 个推荐必查等单位与 {drawn} 个随机抽取的单位不加权合并，不能代表总体",
            f"biased: {mixed} recommended or certain units pooled unweighted with {drawn} random ones",
        )
    else:
        what = (
            f"{mixed} recommended or certain units would be mixed with {drawn} random ones: the mean would be biased",
            f"{mixed} 个推荐必查等单位将与 {drawn} 个随机抽取的单位混合，均值有偏",
        )
        do = (
            "use mean(values, Design.of(sample)): they are a stratum of their own; or say accept_bias=True",
            "请用 mean(values, Design.of(sample))，必查单位自成一层；确需合并请设 accept_bias=True",
        )
        raise SampleError(("pooled mean: refused", "合并均值：不予计算"), [Problem(what, do=do, column="part")])
    made = mean(values, Design.simple(len(sample)), confidence=confidence)
    return made.assign(estimator="pooled mean", note_zh=note[0], note_en=note[1])


def _by_domain(
    y: Floats,
    x: Floats | None,
    design: Design,
    by: Values | None,
    estimator: str,
    confidence: float,
    interval: Interval,
) -> pd.DataFrame:
    """Return totals of ``y``, or their ratios to those of ``x``, a row a domain."""
    split = domains(by, design)
    k, w = len(split.names), design.weights
    found: Floats = np.bincount(split.codes, w * y, k).astype(float)
    z = y
    if x is not None:
        below: Floats = np.bincount(split.codes, w * x, k).astype(float)
        _fail_if_zero(below, split.names)
        found = found / below
        z = (y - found[split.codes] * x) / below[split.codes]
    # Rounding leaves errors of the order of 1e-17 where there is none.
    variance, observed = design.variances(z, split.codes, k)
    variance[variance < 1e-28 * np.maximum(found**2, 1e-300)] = 0
    df = split.df.astype(float)
    if interval in ("satterthwaite", "log"):
        df = np.minimum(df, observed)
    elif interval == "wilson":
        df = np.minimum(df, _even_df(split.codes, k, design))
    made = estimates(
        split.names,
        " · ".join(filter(None, [estimator, design.label])),
        split.n,
        split.units,
        found,
        np.sqrt(variance),
        df,
        confidence=confidence,
        interval=interval,
        effective=split.units**2 / np.bincount(split.codes, w**2, k),
    )
    # One random unit is its own mean: the linearised spread is zero because nothing is known of it.
    return without_error(made, design, by) if x is not None and (split.df < 1).any() else made


def _even_df(codes: Codes, k: int, design: Design) -> Floats:
    """Return the degrees of freedom that uneven weights leave values of about the same spread, a domain each."""
    u = (1 - design.inclusion) * design.weights**2
    one, two = (np.bincount(codes, u**power, k) for power in (1, 2))
    return np.divide(one**2, two, out=np.ones(k), where=two > 0).clip(2) - 1


def _fail_if_zero(below: Floats, names: Sequence[Any]) -> None:
    problems = [
        Problem(("the denominator adds up to zero", "分母合计为零"), str(name))
        for name, each in zip(names, below, strict=True)
        if each == 0
    ]
    fail_if_any(SampleError, "ratio 比率", problems)
