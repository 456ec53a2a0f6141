"""Replicate weights: jackknife and bootstrap, for any statistic of weights, block by block."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit.errors import Problem, SampleError, fail_if_any
from perfkit.estimation.design import Codes, Design, Floats
from perfkit.estimation.intervals import WHOLE, Interval, estimates

Statistic = Callable[[Floats], Floats]
CELLS = 2_000_000


@dataclass(frozen=True)
class Replicates:
    """Sets of weights whose spread tells the error of a statistic; made by :func:`jackknife` or :func:`bootstrap`.

    Parameters
    ----------
    design
        How the rows came in.
    scales
        What the squared distance of each replicate counts.
    label
        ``jackknife`` or ``bootstrap``.
    make
        From the numbers of some replicates, in order, to the factors on the weights (replicates x first-stage units).
    units
        The first-stage unit of each row.
    """

    design: Design
    scales: Floats
    label: str
    make: Callable[[Codes], Floats]
    units: Codes

    def blocks(self) -> Iterator[Floats]:
        """Yield the weights (replicates x rows), as many replicates at a time as keep memory small."""
        size = max(CELLS // max(self.design.n, 1), 1)
        count = len(self.scales)
        plain = np.array_equal(self.units, np.arange(self.design.n))
        for start in range(0, count, size):
            factors = self.make(np.arange(start, min(start + size, count)))
            yield (factors if plain else factors[:, self.units]) * self.design.weights


def jackknife(design: Design) -> Replicates:
    r"""Return the replicates that leave out one first-stage unit each: JKn, without strata JK1.

    Certain units are never left out.

    Raises
    ------
    SampleError
        If a stratum has one first-stage unit that is not certain.

    Notes
    -----
    The other units of the stratum count :math:`n_h / (n_h - 1)`; squared distances from the replicates' mean count
    :math:`(1 - \pi) (n_h - 1) / n_h`.

    *Checked against*: R survey 4.1.1 (as.svrepdesign, JK1 and JKn, fpc kept).

    Examples
    --------
    >>> next(jackknife(Design.simple(3, 6)).blocks()).tolist()
    [[0.0, 3.0, 3.0], [3.0, 0.0, 3.0], [3.0, 3.0, 0.0]]
    """
    units, stratum, pi, drawn = _first_stage(design)
    left_out = np.flatnonzero(pi < 1)
    grow = drawn / np.maximum(drawn - 1, 1)

    def make(numbers: Codes) -> Floats:
        out = left_out[numbers]
        factors = np.where((stratum == stratum[out][:, None]) & (pi < 1), grow, 1.0)
        factors[np.arange(len(out)), out] = 0
        return factors

    scales = (1 - pi[left_out]) / grow[left_out]
    return Replicates(design, scales, "jackknife", make, units)


def bootstrap(design: Design, replicates: int = 1_000, *, seed: int) -> Replicates:
    r"""Return bootstrap replicates: in each stratum one first-stage unit fewer than drawn, with replacement.

    Certain units are not drawn again. The blocks draw from one stream: take them in order, once an iterator.

    Parameters
    ----------
    replicates
        How many.
    seed
        Of numpy's generator.

    Raises
    ------
    SampleError
        If a stratum has one first-stage unit that is not certain, or fewer than two replicates are asked for.

    Notes
    -----
    Rao and Wu's rescaling (1988, JASA 83) with :math:`m_h = n_h - 1`: a unit drawn r times counts
    :math:`1 - \lambda + \lambda r n_h / (n_h - 1)`, :math:`\lambda = \sqrt{1 - \pi}`. Where these differ within a
    stratum, the sum of all changes is taken off again in shares :math:`(1 - \pi) / \sum (1 - \pi)`: distances then
    are from Deville's centre, and totals proportional to size do not vary. Without finite
    population correction this is R survey's "subbootstrap".

    *Checked against*: R survey 4.1.1 (as.svrepdesign, subbootstrap), and linearised errors.

    Examples
    --------
    >>> weights = next(bootstrap(Design.simple(4), 500, seed=1).blocks())
    >>> weights.shape, sorted(set(weights.ravel().round(6).tolist()))
    ((500, 4), [0.0, 1.333333, 2.666667, 4.0])
    """
    if replicates < 2:
        problem = Problem(("fewer than 2 replicates", "重复次数少于 2"), got=str(replicates))
        fail_if_any(SampleError, "bootstrap 自助法", [problem])
    units, stratum, pi, drawn = _first_stage(design)
    open_ = np.flatnonzero(pi < 1)
    order = open_[np.argsort(stratum[open_], kind="stable")]
    _, first, size = np.unique(stratum[order], return_index=True, return_counts=True)
    begin, among = np.repeat(first, size - 1).astype(float), np.repeat(size, size - 1).astype(float)
    random = np.random.default_rng(seed)
    share = np.sqrt(1 - pi[order])
    grow = share * drawn[order] / np.maximum(drawn[order] - 1, 1)
    parts = [slice(start, start + length) for start, length in zip(first, size, strict=True)]
    uneven = [part for part in parts if np.ptp(share[part]) > 0]

    def make(numbers: Codes) -> Floats:
        at = random.random((len(numbers), len(among)))
        at *= among
        at = np.minimum(np.floor(at), among - 1) + begin
        at += np.arange(len(numbers))[:, None] * len(order)
        times = np.bincount(at.astype(np.int64).ravel(), minlength=len(numbers) * len(order))
        change = times.reshape(len(numbers), len(order)) * grow - share
        for part in uneven:
            change[:, part] -= change[:, part].sum(axis=1, keepdims=True) * (
                share[part] ** 2 / (share[part] @ share[part])
            )
        counted = 1 + change
        if len(order) == len(pi) and np.array_equal(order, np.arange(len(pi))):
            return np.asarray(counted)
        factors = np.ones((len(numbers), len(pi)))
        factors[:, order] = counted
        return factors

    return Replicates(design, np.full(replicates, 1 / (replicates - 1)), "bootstrap", make, units)


def replicated(
    statistic: Statistic,
    replicates: Replicates,
    *,
    names: Sequence[object] | None = None,
    confidence: float = 0.95,
    interval: Interval | Literal["percentile"] = "t",
) -> pd.DataFrame:
    """Return a statistic with the error that its replicates show.

    Parameters
    ----------
    statistic
        From weights (replicates x rows) to numbers (replicates x k), each replicate by itself.
    replicates
        From :func:`jackknife` or :func:`bootstrap`.
    names
        What the k numbers are; column ``measure``.
    confidence, interval
        As in :func:`~perfkit.estimation.total`, or ``percentile`` of bootstrap replicates.

    Returns
    -------
    DataFrame
        Of the table ``estimates``, one row a number.

    Raises
    ------
    SampleError
        If the statistic is no number in some replicates, or percentiles are asked of a jackknife.

    Examples
    --------
    >>> grade = np.array([[1, 0], [1, 0], [0, 1], [1, 0]])
    >>> share = lambda weights: weights @ grade / weights.sum(axis=1, keepdims=True)
    >>> found = replicated(share, jackknife(Design.simple(4, 8)), names=["good", "poor"])
    >>> found[["measure", "estimate", "se"]].round(4).to_numpy().tolist()
    [['good', 0.75, 0.1768], ['poor', 0.25, 0.1768]]
    """
    design, label = replicates.design, replicates.label
    if interval == "percentile" and label != "bootstrap":
        problem = Problem(("only bootstrap replicates have percentiles", "只有自助法重复才有百分位区间"), got=label)
        fail_if_any(SampleError, "interval 区间", [problem])
    found = _columns(statistic(design.weights[None, :]))[0]
    spread = [_columns(statistic(block)) for block in replicates.blocks()]
    each = np.concatenate(spread) if spread else np.empty((0, len(found)))
    _fail_if_no_number(each)
    # A replicate that does not count leaves the centre alone.
    counts = replicates.scales > 0
    centre = each[counts].mean(axis=0) if counts.any() else found
    se = np.sqrt(replicates.scales @ (each - centre) ** 2)
    k = len(found)
    made = estimates(
        [WHOLE] * k,
        label,
        [design.n] * k,
        [design.weights.sum()] * k,
        found,
        se,
        [design.df] * k,
        confidence=confidence,
        interval="t" if interval == "percentile" else interval,
        measure=names,
    )
    if interval == "percentile":
        low, high = np.quantile(each, [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
        made = made.assign(low=low, high=high, interval=interval)
    return made


def _columns(found: npt.ArrayLike) -> Floats:
    numbers = np.asarray(found, dtype=float)
    return numbers[:, None] if numbers.ndim == 1 else numbers


def _first_stage(design: Design) -> tuple[Codes, Codes, Floats, Floats]:
    """Return the unit of each row, and of each unit its stratum, inclusion and the units drawn beside it."""
    # It refuses lonely strata, whatever the design says of them: one unit has no replicates.
    replace(design, lonely="refuse").covariance(np.zeros(design.n))
    _, first, units = np.unique(design.clusters, return_index=True, return_inverse=True)
    stratum, pi = design.strata[first], design.inclusion[first]
    size = int(stratum.max()) + 1 if len(stratum) else 0
    drawn: Floats = np.bincount(stratum, (pi < 1).astype(float), size)[stratum].astype(float)
    return units.astype(np.int64), stratum, pi, drawn


def _fail_if_no_number(each: Floats) -> None:
    bad = int((~np.isfinite(each)).any(axis=1).sum())
    if bad:
        what = ("the statistic is no number in some replicates", "部分重复样本中统计量无定义")
        do = ("take larger domains, or the linearised error", "请合并范围，或使用线性化误差")
        got = f"{bad} / {len(each)}"
        fail_if_any(SampleError, "replicates 重复样本", [Problem(what, got=got, do=do)])
