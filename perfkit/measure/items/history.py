"""Standards from history: what targets past values suggest, and how sure they are."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit import tables
from perfkit.errors import Problem
from perfkit.measure.items.checks import (
    ROUNDING,
    Floats,
    Note,
    fail_if_any,
    fail_if_not_one_of,
    fail_if_outside,
    joined,
    named,
    numbers,
    refuse,
)

_RESAMPLES = 2000

_NO_LIMITS: Note = ("历史值过少，给不出区间的一端或两端", "too few values for one or both ends of the interval")
_REPEATED: Note = (
    "同一单位有多个年度的值，区间按相互独立计算，偏窄",
    "units have values of several years: the interval takes them as independent and is too narrow",
)


def standards(
    values: pd.DataFrame,
    directions: Mapping[str, str],
    *,
    least: int,
    levels: Sequence[float] = (0.25, 0.5, 0.75),
    groups: pd.Series | None = None,
    confidence: float = 0.95,
    interval: Literal["order", "bootstrap"] = "order",
    seed: int | None = None,
) -> pd.DataFrame:
    """Propose targets from past values: percentiles over all units and over each peer group, with intervals.

    Parameters
    ----------
    values
        Past values, one row a unit (and year), one column an indicator, NaN where missing. The index names the unit:
        one that has several years stands several times.
    directions
        By column: ``ge`` (more is better) or ``le`` (less is better).
    least
        Fewest values from which a standard is proposed. There is no official number, so none is taken unasked.
    levels
        How demanding: the share of past values that do no better than the standard, between 0 and 1. At 0.75 a
        quarter of the past met it: the upper quartile where more is better, the lower where less is.
    groups
        The peer group of each row, on the same index; a row without one counts among all units only.
    confidence
        Of the intervals.
    interval
        ``order``: between two past values, whatever their distribution; values must be independent. ``bootstrap``:
        percentiles over resampled units, each with all its years; needs a ``seed``.
    seed
        Of the bootstrap. The same seed gives the same interval in any order of rows.

    Returns
    -------
    DataFrame
        One row an indicator, group and level: ``indicator_id, group`` (None: all units), ``level, percentile`` (of
        the values), ``n, direction, target, low, high, coverage`` (exact confidence of ``order``, at least that asked
        for), ``met`` (share of these past values that meet the target), ``basis`` and ``basis_en`` (a sentence for
        the column "basis of the target"), ``note_zh, note_en``. Fewer than ``least`` values: no target, and the note
        says so. An end of the interval that so few values cannot give is NaN.

    Raises
    ------
    ScoreError
        If there is no value, a cell is text or infinite, a direction is missing or unknown, groups do not match the
        rows, or a parameter is out of range or, with ``bootstrap``, the seed is missing.

    Notes
    -----
    The target is numpy's (and Excel's PERCENTILE.INC) percentile, linear between neighbours. Order statistics: of n
    independent values the number below the p-quantile is binomial B(n, p), so that [x_(l), x_(u)] covers it with
    probability P(l <= B < u) at least (exactly, where values do not tie); l is the largest and u the smallest with at
    most (1 - confidence) / 2 left on either side (Conover 1999, 3.2). The interval says how far the percentile of
    units like these is known, not whether the target is right: MOF 2020 no. 10, article 15, asks a historical
    standard to be comparatively high where it can be reached.

    *Checked against*: a textbook's table of intervals for the median; scipy's ``quantile_test``; numpy; by hand.

    Examples
    --------
    >>> past = pd.DataFrame({"满意度": [70, 75, 80, 82, 85, 88, 90, 92, 95], "天数": [9, 8, 7, 7, 6, 5, 5, 4, 3]})
    >>> found = standards(past, {"满意度": "ge", "天数": "le"}, least=5, levels=[0.5, 0.75])
    >>> found[["indicator_id", "target", "low", "high", "met"]].round(2).to_numpy().tolist()[:3]
    [['满意度', 85.0, 75.0, 92.0, 0.56], ['满意度', 90.0, 82.0, nan, 0.33], ['天数', 6.0, 4.0, 8.0, 0.56]]
    """
    fail_if_not_one_of("interval", interval, ("order", "bootstrap"))
    fail_if_outside("confidence", confidence, 0, 1 - ROUNDING)
    fail_if_outside("least", least, 1, np.inf, open_low=False)
    for level in levels:
        fail_if_outside("levels", level, 0, 1 - ROUNDING)
    if (interval == "bootstrap") != (seed is not None):
        refuse(
            ("the bootstrap, and nothing else, takes a seed", "自助法须给出 seed，其他方法不用"), got=f"seed={seed}"
        )
    way, undirected = tables.signs(values.columns, directions)
    fail_if_any(undirected)
    x = numbers(values, units=1, indicators=1)
    order = sorted(range(len(x)), key=lambda at: str(values.index[at]))
    rows = []
    for at, name in enumerate(values.columns):
        for group, members in _members(values.index, groups):
            chosen = [each for each in order if members[each] and not np.isnan(x[each, at])]
            own, units = x[chosen, at], pd.factorize(values.index[chosen])[0]
            for level in levels:
                known = _Past(own, units, bool(way[at] > 0), level, confidence)
                rows.append({"indicator_id": name, "group": group, **_proposed(known, group, least, interval, seed)})
    return pd.DataFrame(rows)


def with_standards(
    library: pd.DataFrame, proposed: pd.DataFrame, level: float, group: Hashable | None = None
) -> pd.DataFrame:
    """Return table ``indicators`` with the proposed targets of one level and group, and their basis.

    Parameters
    ----------
    library
        Table ``indicators``.
    proposed
        From ``standards``.
    level, group
        Which of its rows; group None: those of all units.

    Returns
    -------
    DataFrame
        The library with ``target`` and ``basis`` replaced where a target is proposed; ``target_text`` is emptied
        there, for it prints the old one. What has no proposal stays as it is.

    Raises
    ------
    ScoreError
        If nothing is proposed at this level and group, or for the other direction than the library has.

    Examples
    --------
    >>> words = {"indicator_id": "a", "level1": "产出", "level3": "数量", "kind": "quantitative", "direction": "ge"}
    >>> proposed = standards(pd.DataFrame({"a": [1, 2, 3]}), {"a": "ge"}, least=3)
    >>> with_standards(pd.DataFrame([{**words, "target": 5.0}]), proposed, 0.5)["basis"].tolist()
    ['历史标准：全部 3 个历史值的中位数 2，历史值中 66.7% 达到']
    """
    same = proposed["group"].isna() if group is None else proposed["group"].eq(group)
    rows = proposed[same & (proposed["level"] - level).abs().le(ROUNDING) & proposed["target"].notna()]
    rows = rows.set_index("indicator_id")
    if rows.empty or not set(rows.index) & set(library["indicator_id"]):
        what = ("nothing is proposed at this level for this group", "该水平、该组没有可用的历史标准")
        there = ", ".join(f"{each:g}" for each in proposed["level"].unique())
        refuse(what, expected=there, got=f"level={level}, group={group}")
    found = tables.check(library.copy(), "indicators")
    mine = found["indicator_id"].isin(rows.index)
    wrong = found[mine & found["direction"].ne(found["indicator_id"].map(rows["direction"]))]
    what = ("the proposal is for the other direction", "历史标准的方向与指标体系不一致")
    fail_if_any(
        [
            Problem(what, str(each.indicator_id), str(rows.loc[each.indicator_id, "direction"]), str(each.direction))
            for each in wrong.itertuples()
        ]
    )
    for column in ("target", "basis"):
        found.loc[mine, column] = found.loc[mine, "indicator_id"].map(rows[column])
    found.loc[mine, "target_text"] = None
    return tables.check(found, "indicators")


def _members(index: pd.Index, groups: pd.Series | None) -> list[tuple[Any, Any]]:
    """Return all units and each group, by name, with the rows that belong to it."""
    found: list[tuple[Any, Any]] = [(None, np.full(len(index), True))]
    if groups is None:
        return found
    if len(groups) != len(index) or not groups.index.equals(index):
        what = ("groups must stand on the rows of the values", "分组须与历史值逐行对应")
        refuse(what, expected=named(index), got=named(groups.index))
    names = sorted(groups.dropna().unique(), key=str)
    return found + [(name, groups.eq(name).fillna(False).to_numpy(dtype=bool)) for name in names]


class _Past(NamedTuple):
    """Past values of one indicator and group, the unit of each, and what is asked of them."""

    own: Floats
    units: npt.NDArray[np.intp]
    more: bool
    level: float
    confidence: float

    @property
    def percentile(self) -> float:
        # Rounded, so that 1 - 0.9 is 0.1.
        return self.level if self.more else round(1 - self.level, 12)


def _proposed(past: _Past, group: Any, least: int, interval: str, seed: int | None) -> dict[str, Any]:
    """Return one row but for its indicator and group."""
    n, p = len(past.own), past.percentile
    row = {"level": past.level, "percentile": p, "n": n, "direction": "ge" if past.more else "le"}
    none = dict.fromkeys(("target", "low", "high", "coverage", "met"), np.nan)
    if n < least:
        zh, en = (
            f"仅有 {n} 个历史值，不足 {least} 个，不提出标准",
            f"{n} values, fewer than {least}: none is proposed",
        )
        return {**row, **none, "basis": None, "basis_en": None, "note_zh": zh, "note_en": en}
    target = float(np.quantile(past.own, p))
    if interval == "order":
        low, high, coverage = _between(past)
    else:
        low, high, coverage = *_resampled(past, int(seed or 0)), np.nan
    slack = ROUNDING * float(np.abs(past.own).max())
    met = float((past.own >= target - slack if past.more else past.own <= target + slack).mean())
    notes = [_NO_LIMITS] if np.isnan([low, high]).any() else []
    notes += [_REPEATED] if interval == "order" and len(np.unique(past.units)) < n else []
    zh, en = joined(notes)
    basis, basis_en = _sentences(past, group, target, low, high, met)
    found = {"target": target, "low": low, "high": high, "coverage": coverage, "met": met}
    return {**row, **found, "basis": basis, "basis_en": basis_en, "note_zh": zh, "note_en": en}


def _between(past: _Past) -> tuple[float, float, float]:
    """Return the two past values between which the percentile lies, and with what probability it does."""
    from scipy import stats

    n, tail = len(past.own), (1 - past.confidence) / 2
    drawn = stats.binom(n, past.percentile)
    below, above = drawn.cdf(np.arange(n)), drawn.sf(np.arange(n))
    first, last = int((below <= tail).sum()), n + 1 - int((above <= tail).sum())
    own = np.sort(past.own)
    low = float(own[first - 1]) if first else np.nan
    high = float(own[last - 1]) if last <= n else np.nan
    both = first and last <= n
    return low, high, float(below[last - 1] - below[first - 1]) if both else np.nan


def _resampled(past: _Past, seed: int) -> tuple[float, float]:
    """Return percentiles of the percentile over resampled units, each with all its values."""
    generator, count = np.random.default_rng(seed), int(past.units.max()) + 1
    # Within a unit too the order of rows must not matter.
    order = np.lexsort((past.own, past.units))
    own, units = past.own[order], past.units[order]
    found = []
    for _ in range(_RESAMPLES):
        times = np.bincount(generator.integers(0, count, count), minlength=count)
        found.append(np.quantile(np.repeat(own, times[units]), past.percentile))
    tail = (1 - past.confidence) / 2
    low, high = np.quantile(found, [tail, 1 - tail])
    return float(low), float(high)


def _sentences(past: _Past, group: Any, target: float, low: float, high: float, met: float) -> Note:
    """Return where a target comes from, Chinese and English."""
    p = past.percentile
    whose_zh, whose_en = ("全部", "all units") if group is None else (f"“{group}”组", f"group '{group}'")
    which_zh = "中位数" if p == 0.5 else f"第 {100 * p:.6g} 百分位数"
    which_en = "median" if p == 0.5 else f"percentile {100 * p:.6g}"
    n, shown = len(past.own), f"{target:.6g}"
    within_zh, within_en = "", ""
    if not np.isnan([low, high]).any():
        sure = f"{100 * past.confidence:.6g}%"
        within_zh = f"（{sure} 置信区间 {low:.6g} 至 {high:.6g}）"
        within_en = f" ({sure} interval {low:.6g} to {high:.6g})"
    return (
        f"历史标准：{whose_zh} {n} 个历史值的{which_zh} {shown}{within_zh}，历史值中 {met:.1%} 达到",
        f"historical standard: {which_en} {shown}{within_en} of {n} past values, {whose_en}; {met:.1%} met it",
    )
