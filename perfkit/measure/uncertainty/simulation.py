"""Score every unit many times, with other weights and other measurements: how sure are its grade and rank."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit.measure.uncertainty.checks import (
    Array,
    Bands,
    Places,
    Scale,
    by_code,
    fail_if_no_confidence,
    fail_if_no_count,
    matched,
    numbers,
    points_of,
    refuse,
    rounded,
    scale_of,
    shares_of,
)

Ranks = npt.NDArray[np.int32]
Said = tuple[tuple[str, str], ...]
Number = TypeVar("Number", np.float64, np.int32)
_DRAWS = 10_000
_CELLS = 2**21  # totals in one block: 16 MB


@dataclass(frozen=True, eq=False)
class Simulation:
    """What many scorings of the same units found, and what was varied to get them.

    ``units`` has one row a unit: ``total`` as scored, ``mean, sd, low, high`` of the drawn totals, ``grade``,
    ``p_<grade>`` for each grade, ``most_probable`` (the better of two equally probable), ``rank``, ``rank_low``
    (best) and ``rank_high`` (worst), ``note_zh, note_en``.
    """

    units: pd.DataFrame
    draws: int
    confidence: float
    varied: Said
    kept: Said

    @property
    def sentence(self) -> tuple[str, str]:
        """What was varied and what was not, English and Chinese."""
        english, chinese = ([each[lang] for each in self.varied] for lang in (0, 1))
        kept, unvaried = ([each[lang] for each in self.kept] for lang in (0, 1))
        return (
            f"Varied in {self.draws:,} draws: {'; '.join(english) or 'nothing'}. Not varied: {'; '.join(kept)}. "
            f"Intervals hold {self.confidence:.6g} of the draws.",
            f"共抽取 {self.draws:,} 次，变动的有：{'；'.join(chinese) or '无'}。未变动的有：{'；'.join(unvaried)}。"
            f"区间包含 {self.confidence:.6g} 的抽取结果。",
        )


def simulate(
    shares: pd.DataFrame,
    points: pd.Series,
    bands: Bands,
    *,
    seed: int,
    weights: pd.DataFrame | None = None,
    measurement_sd: pd.Series | pd.DataFrame | None = None,
    draws: int | None = None,
    confidence: float = 0.95,
    block: int | None = None,
) -> Simulation:
    """Score every unit with drawn weights and measurements; return how sure its total, grade and rank are.

    Parameters
    ----------
    shares
        Units x indicators: the share of its full points that each indicator earned, 0 to 1, no gaps.
    points
        Full points by indicator, the same codes as the columns of ``shares``.
    bands
        Grades from best to worst with the lower bound of each in points (inclusive): a mapping or pairs.
    seed
        Of the measurement errors. The same seed gives the same result in any order of units and indicators.
    weights
        Draws x indicators of points with the same total, as from ``vary_weights``. None: the points stand.
    measurement_sd
        Standard deviation of the measured shares, in shares: by indicator (Series) or unit by indicator (frame).
        Errors are normal and independent; a share is cut off at 0 and 1. None: the shares stand.
    draws
        How many; as many as ``weights`` has rows if those are given, else 10,000.
    confidence
        Of the intervals: between the quantiles (1 ± confidence) / 2 of the draws.
    block
        Draws computed at a time; by default as many as make 16 MB of totals. It changes memory, not the result.

    Returns
    -------
    Simulation
        ``units`` (one row a unit, in the order given), and ``sentence``, which says what was varied.

    Raises
    ------
    ScoreError
        If a share is missing or outside 0..1, points are negative, weights or deviations do not match the
        indicators, a draw has another total, bands do not descend or do not cover the totals, or an option is off.

    Notes
    -----
    Total = sum(points · share), rounded to 1e-11 before grading and ranking. Rank 1 is the best; ties share the
    better rank. ``low`` and ``high`` interpolate between order statistics as ``numpy.quantile``; the interval of
    the rank takes the whole rank outward. With weights alone a block of draws is one matrix product. Of the drawn
    totals and ranks only the tails are kept, two times (1 - confidence) / 2 of the draws: memory is 2 · draws · (1
    - confidence) numbers a unit plus some blocks, never draws x units. Measurement errors are drawn unit by
    indicator, one draw at a time: that takes as many normal numbers as draws x units x indicators.

    *Checked against*: the normal distribution of a sum of normal errors; the Beta distribution of two Dirichlet
    weights; ``numpy.quantile`` and pandas ``rank`` on all draws at once.

    Examples
    --------
    >>> shares = pd.DataFrame({"产出": [0.9, 0.6], "效益": [0.7, 0.6]}, index=["甲", "乙"])
    >>> points, bands = pd.Series({"产出": 60, "效益": 40}), {"优": 80, "良": 0}
    >>> found = simulate(shares, points, bands, seed=1, measurement_sd=pd.Series({"产出": 0.1, "效益": 0.0}))
    >>> found.units[["total", "grade", "p_优", "rank_high"]].round(1).to_dict("index")["甲"]
    {'total': 82.0, 'grade': '优', 'p_优': 0.6, 'rank_high': 1}
    """
    fail_if_no_confidence(confidence)
    full = points_of(points)
    values, scale = shares_of(shares, full), scale_of(bands, float(full.sum()))
    rows, columns = by_code(shares.index), by_code(full.index)
    values, fixed = values[np.ix_(rows, columns)], full.to_numpy()[columns]
    drawn = None if weights is None else _drawn_points(weights, full)[:, columns]
    error = None if measurement_sd is None else _errors(measurement_sd, shares, full)[np.ix_(rows, columns)]
    draws = _agreed(draws, drawn)
    if block is None:
        block = max(1, _CELLS // len(values))
    fail_if_no_count("block", block)

    scored = rounded(values @ fixed)
    generator = np.random.default_rng(seed)
    tail = (1 - confidence) / 2 * (draws - 1)
    # The position itself and the next above it, which the interpolation needs.
    keep = min(int(tail) + 2, draws)
    totals, ranks = np.empty((len(values), 0)), np.empty((len(values), 0), dtype=np.int32)
    moved, squared = np.zeros(len(values)), np.zeros(len(values))
    reached = np.zeros((len(scale.mins), len(values)))
    for start in range(0, draws, block):
        size = min(block, draws - start)
        some = np.broadcast_to(fixed, (size, len(fixed))) if drawn is None else drawn[start : start + size]
        found = rounded(_totals(values, some, error, generator))
        apart = found - scored
        moved += apart.sum(axis=0)
        squared += np.einsum("ij,ij->j", apart, apart)
        for at, low in enumerate(scale.mins):
            reached[at] += np.count_nonzero(found >= low, axis=0)
        totals = _kept(totals, found, keep)
        ranks = _kept(ranks, ranked(found), keep)
    low, high = _ends(totals, tail)
    # Whole ranks, outward.
    first, last = _ends(ranks, float(int(tail)))
    spread = np.full(len(values), np.nan)
    if draws > 1:
        spread = np.sqrt(np.maximum(squared - moved**2 / draws, 0) / (draws - 1))
    table = _table(scale, scored, scored + moved / draws, spread, low, high, reached / draws)
    table["rank"] = ranked(scored[None, :])[0].astype(np.int64)
    table["rank_low"], table["rank_high"] = first.astype(np.int64), last.astype(np.int64)
    table["note_zh"] = "" if draws > 1 else "只抽取一次，无标准差"
    table["note_en"] = "" if draws > 1 else "one draw only: no standard deviation"
    table.index = shares.index[rows]
    varied, kept = _said(drawn, error)
    return Simulation(table.iloc[np.argsort(rows)], draws, confidence, varied, kept)


def ranked(totals: Array) -> Ranks:
    """Return ranks within each row, 1 for the largest; ties share the better rank.

    Examples
    --------
    >>> ranked(np.array([[5.0, 7.0, 5.0, 3.0]])).tolist()
    [[2, 1, 2, 4]]
    """
    negative = -totals
    order = negative.argsort(axis=1)
    sorted_ = np.take_along_axis(negative, order, axis=1)
    place = np.ones(totals.shape, dtype=np.int32)
    place[:, 1:] = np.where(np.diff(sorted_, axis=1) > 0, np.arange(2, totals.shape[1] + 1, dtype=np.int32), 0)
    np.maximum.accumulate(place, axis=1, out=place)
    found = np.empty_like(place)
    np.put_along_axis(found, order, place, axis=1)
    return found


def _totals(values: Array, points: Array, error: Array | None, generator: np.random.Generator) -> Array:
    """Return the totals of some draws (draws x units)."""
    if error is None:
        found: Array = points @ values.T
        return found
    found = np.empty((len(points), len(values)))
    for at, row in enumerate(points):
        noisy = generator.standard_normal(values.shape)
        noisy *= error
        noisy += values
        found[at] = np.clip(noisy, 0.0, 1.0, out=noisy) @ row
    return found


def _kept(tails: npt.NDArray[Number], found: npt.NDArray[Number], keep: int) -> npt.NDArray[Number]:
    """Return the ``keep`` smallest and largest values of each unit, with those found (draws x units) among them."""
    both = np.concatenate([tails, found.T], axis=1)
    # A whole sort: numpy does it faster than a partition at two places.
    both.sort(axis=1)
    inner = both.shape[1] - keep
    return both if inner <= keep else np.concatenate([both[:, :keep], both[:, inner:]], axis=1)


def _ends(tails: npt.NDArray[Number], position: float) -> tuple[Array, Array]:
    """Return the values at a position of the sorted draws (0: the end), from below and from above."""
    at, last = int(position), tails.shape[1] - 1
    after, part = min(at + 1, last), position - at
    low = tails[:, at] + part * (tails[:, after] - tails[:, at])
    high = tails[:, last - at] - part * (tails[:, last - at] - tails[:, last - after])
    return low, high


def _table(
    scale: Scale, scored: Array, mean: Array, spread: Array, low: Array, high: Array, reached: Array
) -> pd.DataFrame:
    """Return totals, intervals and grades; ``reached`` is the share of draws at or above each bound."""
    names = np.array(scale.grades, dtype=object)
    probable = np.diff(reached, axis=0, prepend=0.0)
    cells = {"total": scored, "mean": mean, "sd": spread, "low": low, "high": high}
    table = pd.DataFrame({**cells, "grade": names[scale.places(scored)]})
    for name, row in zip(scale.grades, probable, strict=True):
        table[f"p_{name}"] = row
    best: Places = np.round(probable, 12).argmax(axis=0)
    table["most_probable"] = names[best]
    return table


def _drawn_points(weights: pd.DataFrame, points: pd.Series) -> Array:
    """Return drawn points in the order of ``points``; refuse a draw that has another total."""
    drawn = numbers(matched(weights, points, "weights"), "weights")
    total = float(points.sum())
    off = np.abs(drawn.sum(axis=1) - total) > 1e-6 * total
    if off.any():
        at = int(off.argmax())
        where = f"weights › {weights.index[at]}"
        what = ("drawn points must have the total of the points", "抽取的分值合计须与原分值合计一致")
        refuse(what, where, f"{total:.10g}", f"{drawn[at].sum():.10g} ({off.sum()}/{len(off)})")
    return drawn


def _errors(given: pd.Series | pd.DataFrame, shares: pd.DataFrame, points: pd.Series) -> Array:
    """Return the standard deviation of every share (units x indicators in the order of ``points``)."""
    if isinstance(given, pd.Series):
        row = numbers(matched(given.to_frame().T, points, "measurement_sd"), "measurement_sd")
        return np.repeat(row, len(shares), axis=0)
    if given.index.has_duplicates or set(given.index) != set(shares.index):
        what = ("deviations and shares must be of the same units", "标准差与得分比例须为同样的单位")
        refuse(what, "measurement_sd", f"{len(shares)}", f"{len(given)}")
    return numbers(matched(given, points, "measurement_sd").loc[shares.index], "measurement_sd")


def _agreed(draws: int | None, drawn: Array | None) -> int:
    """Return the number of draws that option and weights agree on."""
    if draws is None:
        draws = _DRAWS if drawn is None else len(drawn)
    fail_if_no_count("draws", draws)
    if drawn is not None and len(drawn) != draws:
        what = ("weights have another number of draws", "权重的抽取次数不一致")
        refuse(what, "draws", f"{len(drawn)}", f"{draws}")
    return int(draws)


def _said(
    drawn: Array | None, error: Array | None
) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    """Return what was varied and what was not, as (English, Chinese) pairs."""
    varied, kept = [], []
    if drawn is None:
        kept.append(("weights", "权重"))
    else:
        deviation, mean = drawn.std(axis=0), drawn.mean(axis=0)
        cv = deviation[mean > 0] / mean[mean > 0]
        shown = _range(cv)
        varied.append((f"weights (coefficients of variation {shown})", f"权重（变异系数 {shown}）"))
    if error is None:
        kept.append(("measurements", "指标测量值"))
    else:
        shown = _range(error)
        english = f"measurements (standard deviations {shown} of a share, errors normal and independent)"
        varied.append((english, f"指标测量值（得分比例的标准差 {shown}，误差服从正态且相互独立）"))
    kept.extend((("scoring rules and targets", "计分规则与目标值"), ("choice of indicators", "指标选取")))
    kept.append(("aggregation by weighted sum", "加权求和方式"))
    kept.append(("grade bands", "等级划分标准"))
    return tuple(varied), tuple(kept)


def _range(values: Array) -> str:
    low, high = f"{values.min():.3g}", f"{values.max():.3g}"
    return low if low == high else f"{low}–{high}"
