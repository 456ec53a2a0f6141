"""What a total owes its uncertainty to: by formula for one unit's weighted sum, by Sobol indices for any function."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit.measure.uncertainty.checks import (
    Array,
    by_code,
    fail_if_no_confidence,
    fail_if_no_count,
    matched,
    numbers,
    points_of,
    refuse,
)

Source = tuple[float, float] | Callable[[Array], npt.ArrayLike]
_BITS = 32  # of the Sobol sequence
_FAR = 38.0  # standard deviations beyond which a normal density is zero in floats
_CERTAIN = ("结果没有变异，指数没有定义", "the result does not vary: the shares are not defined")


def drivers(
    shares: pd.Series,
    points: pd.Series,
    *,
    weights: pd.DataFrame | None = None,
    measurement_sd: pd.Series | None = None,
) -> pd.DataFrame:
    """Return what drives the uncertainty of one unit's total, by formula; the parts add up to its variance.

    Parameters
    ----------
    shares
        Of one unit, by indicator, 0 to 1.
    points
        Full points by indicator.
    weights
        Draws x indicators, as in ``simulate``; only their means and covariances count. None: the points stand.
    measurement_sd
        By indicator, in shares, as in ``simulate``.

    Returns
    -------
    DataFrame
        By indicator: ``points, share, from_weights`` and ``from_measurement`` (points²), ``variance`` (their sum),
        ``part`` of the variance of the total (sums to one; NaN if the total does not vary), ``note_zh, note_en``.

    Raises
    ------
    ScoreError
        If shares, points, weights or deviations have gaps, are out of range or do not match.

    Notes
    -----
    T = sum(p_i s_i). With m_i and v_i the mean and variance of a share (normal, cut off at 0 and 1), q_i and C the
    means and covariances of the points and M = sum(q_i m_i) / sum(q_i): from measurement v_i (q_i² + C_ii), from
    weights (m_i - M) sum_j C_ij m_j. As drawn points keep their total, only a share that differs from M makes its
    weight matter. Without ``weights`` the parts are the Sobol indices, first order and total alike. With them the
    points depend on each other: parts are covariances with T, may be negative, and are not Sobol indices.

    *Checked against*: case ``sobol_indices``, weighted mean; the variance of ``simulate``; quadrature of the density.

    Examples
    --------
    >>> shares, points = pd.Series({"产出": 0.5, "效益": 0.5}), pd.Series({"产出": 60, "效益": 40})
    >>> drivers(shares, points, measurement_sd=pd.Series({"产出": 0.05, "效益": 0.05}))["part"].round(4).tolist()
    [0.6923, 0.3077]
    """
    full = points_of(points)
    values = numbers(matched(pd.Series(shares).to_frame().T, full, "shares"), "shares", 1.0)[0]
    mean, spread = values, np.zeros(len(values))
    if measurement_sd is not None:
        row = matched(pd.Series(measurement_sd).to_frame().T, full, "measurement_sd")
        mean, spread = _cut_off(values, numbers(row, "measurement_sd")[0])
    centre, covariance = full.to_numpy(), np.zeros((len(full), len(full)))
    if weights is not None:
        drawn = numbers(matched(weights, full, "weights"), "weights")
        if len(drawn) < 2:
            refuse(("a covariance needs two draws", "协方差至少需要两次抽取"), "weights", "≥ 2", str(len(drawn)))
        totals = drawn.sum(axis=1)
        if np.ptp(totals) > 1e-6 * totals[0]:
            refuse(("drawn points must all have the same total", "抽取的分值合计须一致"), "weights")
        centre = drawn.mean(axis=0)
        covariance = np.atleast_2d(np.cov(drawn, rowvar=False))
    level = float(centre @ mean / centre.sum())
    by_weights = (mean - level) * (covariance @ mean)
    by_measurement = spread * (centre**2 + np.diag(covariance))
    variance = by_weights + by_measurement
    total = float(variance.sum())
    certain = not total > 1e-18 * float(centre.sum()) ** 2
    table = pd.DataFrame({"points": full, "share": values, "from_weights": by_weights}, index=full.index)
    table["from_measurement"], table["variance"] = by_measurement, variance
    table["part"] = np.nan if certain else variance / total
    table["note_zh"], table["note_en"] = _CERTAIN if certain else ("", "")
    return table


def _cut_off(mean: Array, sd: Array) -> tuple[Array, Array]:
    """Return mean and variance of a normal variable cut off at 0 and 1 (all beyond lies on the bound)."""
    from scipy import special

    safe = np.where(sd > 0, sd, 1.0)
    low, high = (np.clip((bound - mean) / safe, -_FAR, _FAR) for bound in (0.0, 1.0))
    below, above = special.ndtr(low), special.ndtr(-high)
    at_low, at_high = (np.exp(-(at**2) / 2) / math.sqrt(2 * math.pi) for at in (low, high))
    moved = safe * (at_low - at_high) + above * (1 - mean) - below * mean
    inside = safe**2 * (1 - below - above + low * at_low - high * at_high)
    square = inside + above * (1 - mean) ** 2 + below * mean**2
    varies = sd > 0
    return np.where(varies, mean + moved, mean), np.where(varies, np.maximum(square - moved**2, 0), 0.0)


def sobol(
    function: Callable[[pd.DataFrame], npt.ArrayLike],
    sources: Mapping[str, Source],
    n: int = 8192,
    *,
    seed: int,
    confidence: float = 0.95,
    bootstrap: int = 200,
) -> pd.DataFrame:
    """Return the Sobol indices of a function of independent inputs, with bootstrap intervals (thin over scipy).

    Parameters
    ----------
    function
        Takes a frame, a row a draw and a column an input, and returns one number a row.
    sources
        By input: (low, high) of a uniform distribution, or an inverse distribution function such as
        ``scipy.stats.norm(0.8, 0.05).ppf``.
    n
        Draws, a power of two; the function is asked for n · (inputs + 2) rows.
    seed
        Of the shift of the sequence and of the bootstrap. Same seed, same indices, in any order of inputs.
    confidence, bootstrap
        Of the intervals, and how many resamples make them; 0: no interval, NaN.

    Returns
    -------
    DataFrame
        By input: ``first, first_low, first_high`` (the part of the variance it explains alone), ``total, total_low,
        total_high`` (with its interactions), ``note_zh, note_en``. A constant function: NaN.

    Raises
    ------
    ScoreError
        If ``n`` is no power of two, a source is neither bounds nor a function, or the function returns gaps or
        another number of values than rows.

    Notes
    -----
    A and B are n points of a Sobol sequence with a random digital shift, AB_i is A with column i of B;
    first S_i = mean(f(B) (f(AB_i) - f(A))) / V (Saltelli et al. 2010), total mean((f(A) - f(AB_i))²) / 2V (Jansen
    1999). Intervals are percentiles over resampled rows; they treat the points as random and so are rather too wide.
    An index may come out a little below 0 by sampling.

    *Checked against*: cases ``sobol_ishigami`` and ``sobol_indices`` (closed forms; SALib 1.4.8 and 1.6.0).

    Examples
    --------
    >>> found = sobol(lambda x: x["a"] + 2 * x["b"], {"a": (0, 1), "b": (0, 1)}, 1024, seed=1)
    >>> found["first"].round(2).tolist(), found["total"].round(2).tolist()
    ([0.2, 0.8], [0.2, 0.8])
    """
    from scipy import stats

    fail_if_no_confidence(confidence)
    fail_if_no_count("n", n)
    if n & (n - 1) or n < 2:
        refuse(("must be a power of two", "须为 2 的幂"), "n", "2, 4, 8, ...", str(n))
    if bootstrap:
        fail_if_no_count("bootstrap", bootstrap)
    names = pd.Index(sources)
    if not len(names):
        refuse(("there is no input", "没有输入变量"), "sources")
    order, d = by_code(names), len(names)
    generator = np.random.default_rng(seed)
    # The shift is made here: its words differ between versions of scipy, and so might its numbers.
    shift = generator.integers(0, 2**_BITS, 2 * d)
    grid = np.round(stats.qmc.Sobol(2 * d, scramble=False, bits=_BITS).random(n) * 2**_BITS).astype(np.int64)
    uniform = ((grid ^ shift) + 0.5) / 2**_BITS
    a, b = np.empty((n, d)), np.empty((n, d))
    for at, place in enumerate(order):
        name = names[place]
        a[:, place], b[:, place] = (_sampled(name, sources[name], uniform[:, at + k * d]) for k in (0, 1))
    mixed = []
    for place in range(d):
        turned = a.copy()
        turned[:, place] = b[:, place]
        mixed.append(_asked(function, turned, names))
    f_a, f_b, f_ab = _asked(function, a, names), _asked(function, b, names), np.stack(mixed)
    columns = ["first", "first_low", "first_high", "total", "total_low", "total_high"]
    cells = np.full((d, len(columns)), np.nan)
    both = np.concatenate([f_a, f_b])
    certain = float(np.ptp(both)) <= 1e-12 * float(np.abs(both).max())
    if not certain:
        cells[:, [0, 3]] = _indices(f_a, f_b, f_ab).T
        if bootstrap:
            picks = (generator.integers(0, n, n) for _ in range(bootstrap))
            again = np.stack([_indices(f_a[pick], f_b[pick], f_ab[:, pick]) for pick in picks])
            tail = (1 - confidence) / 2
            low, high = np.quantile(again, [tail, 1 - tail], axis=0)
            cells[:, [1, 4]], cells[:, [2, 5]] = low.T, high.T
    table = pd.DataFrame(cells, columns=columns, index=names)
    unasked = ("", "") if bootstrap else ("未要求置信区间", "no interval was asked for")
    table["note_zh"], table["note_en"] = _CERTAIN if certain else unasked
    return table


def _sampled(name: str, source: Source, uniform: Array) -> Array:
    """Return draws of one input from uniform numbers between 0 and 1."""
    if callable(source):
        found: Array = np.asarray(source(uniform), dtype=np.float64)
    else:
        bounds = np.asarray(source, dtype=np.float64)
        if bounds.shape != (2,) or not np.isfinite(bounds).all() or bounds[0] > bounds[1]:
            what = ("must be (low, high) or an inverse distribution function", "须为（下限，上限）或逆分布函数")
            refuse(what, f"sources › {name}", got=repr(source))
        found = bounds[0] + (bounds[1] - bounds[0]) * uniform
    if found.shape != uniform.shape or not np.isfinite(found).all():
        refuse(("the inverse distribution function gives gaps", "逆分布函数返回缺失值"), f"sources › {name}")
    return found


def _asked(function: Callable[[pd.DataFrame], npt.ArrayLike], inputs: Array, names: pd.Index) -> Array:
    found: Array = np.asarray(function(pd.DataFrame(inputs, columns=names)), dtype=np.float64)
    if found.shape != (len(inputs),) or not np.isfinite(found).all():
        what = ("the function must return one finite number a row", "函数须对每行返回一个有限的数")
        refuse(what, "function", str((len(inputs),)), f"{found.shape}, {int((~np.isfinite(found)).sum())} not finite")
    return found


def _indices(f_a: Array, f_b: Array, f_ab: Array) -> Array:
    """Return first-order and total indices (2 x inputs)."""
    from scipy import stats

    evaluated = {"f_A": f_a[None, :], "f_B": f_b[None, :], "f_AB": f_ab[:, None, :]}
    found = stats.sobol_indices(func=evaluated, n=len(f_a), method="saltelli_2010")
    both: Array = np.stack([np.ravel(found.first_order), np.ravel(found.total_order)])
    return both
