"""Demand to come, from its own past, with an interval that holds; and whether a proposed capacity fits it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from perfkit.errors import Problem, ScoreError, fail_if_any
from perfkit.methods.result import Diagnostic, Pair, Result
from perfkit.tables.printing import number, percent

Array = npt.NDArray[np.float64]

FORECAST = ("year", "demand", "low", "high", "chance_enough")
_INDEPENDENT = 1.8  # Durbin and Watson's statistic from which the straight line's interval is trusted
_TRIED = 4  # one year in four at the end of the series is held out

_TREND = ("直线趋势", "straight trend")
_DRIFT = ("带漂移的随机游走", "random walk with drift")


@dataclass(frozen=True)
class _Path:
    """Demand of the years ahead: ``mean``, ``spread`` (standard error of one year's demand), degrees of freedom."""

    name: Pair
    mean: Array
    spread: Array
    df: int

    def limits(self, confidence: float) -> tuple[Array, Array]:
        reach = float(stats.t.ppf((1.0 + confidence) / 2.0, self.df)) * self.spread
        # Demand cannot be less than nothing.
        return np.maximum(self.mean - reach, 0.0), np.maximum(self.mean + reach, 0.0)


def forecast(
    history: pd.Series,
    until: int,
    *,
    capacity: float | None = None,
    least: int = 12,
    confidence: float = 0.95,
    units: Pair = ("", ""),
) -> Result:
    """Forecast demand to a year, and set a capacity against it.

    Parameters
    ----------
    history
        Demand by year (index), without gaps, at least zero.
    until
        The last year to forecast, for example the first or the middle year of full operation.
    capacity
        The capacity proposed, in the unit of demand.
    least
        The fewest years; fewer are refused, and so is a year further ahead than the series is long.
    confidence
        Of the interval for the demand of one year.
    units
        Of demand.

    Returns
    -------
    Result
        The demand of the last year with its prediction interval. Tables: ``forecast`` (``year, demand, low, high,
        chance_enough``: the probability that the capacity suffices in that year), ``held_out`` (the last years
        forecast from those before: ``year, demand, low, high, actual, within``), ``other`` (the forecast of the
        method not used).

    Raises
    ------
    ScoreError
        With every year that is missing, stands twice, or has no number of at least zero; or if ``until`` is past.

    Notes
    -----
    A straight trend (statsmodels OLS, t interval for a new observation) where its residuals look independent (Durbin
    and Watson's d ≥ 1.8); otherwise a random walk with drift: last value + h × mean difference, standard error s ×
    sqrt(h (1 + h / (n - 1))). Exponential smoothing is not used: its interval takes the weights as known, and
    on a dozen years they are not.

    *Checked by* a seeded simulation of both kinds of series (tests/methods/test_demand.py).
    """
    values = _checked(history, until)
    last, n = int(values.index[-1]), len(values)
    ahead = until - last
    head: dict[str, Any] = {
        "estimand": (f"{until} 年的需求", f"demand in {until}"),
        "n": n,
        "units": units,
        "confidence": confidence,
        "assumptions": (
            (
                "过去的规律延续到预测年，没有政策、价格或人口的转折",
                "what ruled the past goes on: no turn in policy, price, people",
            ),
            ("历史数据记录的是需求，未受供给不足限制", "the past shows demand, not what a short supply let through"),
        ),
    }
    refusal = _refusal(n, least, ahead)
    if refusal:
        return Result(method=_TREND, **head, refusals=(refusal,), text=refusal)
    used, other, d = _paths(values.to_numpy(dtype=float), ahead)
    table = _table(used, last, confidence, capacity)
    end = table.iloc[-1]
    held = _held_out(values, confidence)
    return Result(
        method=used.name,
        **head,
        estimate=float(end["demand"]),
        se=float(used.spread[-1]),
        low=float(end["low"]),
        high=float(end["high"]),
        se_type=f"one year's demand, t({used.df})",
        diagnostics=(_why(used, other, d, confidence), _far(n, ahead), _kept(held, confidence)),
        text=_say(end, capacity, n, confidence, units),
        tables={"forecast": table, "held_out": held, "other": _table(other, last, confidence, capacity)},
    )


def _paths(values: Array, ahead: int) -> tuple[_Path, _Path, float]:
    """Return the method to use, the other one, and Durbin and Watson's statistic of the trend."""
    import statsmodels.api as sm
    from statsmodels.stats.stattools import durbin_watson

    n = len(values)
    fit = sm.OLS(values, sm.add_constant(np.arange(n, dtype=float))).fit()
    design = np.column_stack([np.ones(ahead), np.arange(n, n + ahead)])
    told = fit.get_prediction(design)
    trend = _Path(_TREND, np.asarray(told.predicted_mean), np.sqrt(told.var_pred_mean + fit.mse_resid), n - 2)
    steps, h = np.diff(values), np.arange(1.0, ahead + 1.0)
    spread = float(steps.std(ddof=1)) * np.sqrt(h * (1.0 + h / (n - 1)))
    drift = _Path(_DRIFT, values[-1] + h * float(steps.mean()), spread, n - 2)
    left = float(fit.resid @ fit.resid)
    exact = left <= 1e-18 * max(float(values @ values), 1e-300)  # residuals of nothing but rounding
    d = 2.0 if exact else float(durbin_watson(fit.resid))
    return (trend, drift, d) if d >= _INDEPENDENT else (drift, trend, d)


def _table(path: _Path, last: int, confidence: float, capacity: float | None) -> pd.DataFrame:
    low, high = path.limits(confidence)
    mean = np.maximum(path.mean, 0.0)
    chance = np.full(len(mean), np.nan)
    if capacity is not None:
        with np.errstate(divide="ignore", invalid="ignore"):
            chance = stats.t.cdf((capacity - path.mean) / path.spread, path.df)
        chance = np.where(path.spread > 0.0, chance, (capacity >= path.mean).astype(float))
    years = np.arange(last + 1, last + 1 + len(mean))
    columns = zip(FORECAST, (years, mean, low, high, chance), strict=True)
    return pd.DataFrame(dict(columns))


def _held_out(values: pd.Series, confidence: float) -> pd.DataFrame:
    n = len(values)
    cut = n - max(n // _TRIED, 1)
    path, _, _ = _paths(values.iloc[:cut].to_numpy(dtype=float), n - cut)
    table = _table(path, int(values.index[cut - 1]), confidence, None).drop(columns="chance_enough")
    actual = values.iloc[cut:].to_numpy(dtype=float)
    return table.assign(actual=actual, within=(table["low"] <= actual) & (actual <= table["high"]))


def _why(used: _Path, other: _Path, d: float, confidence: float) -> Diagnostic:
    low, high = (number(float(side[-1]), 2) for side in other.limits(confidence))
    straight = used.name == _TREND
    return Diagnostic(
        ("趋势残差是否独立", "are the residuals of the trend independent"),
        "pass" if straight else "warn",
        (
            f"DW = {number(d, 2)}，{'采用' if straight else '不独立，改用'}{used.name[0]}；"
            f"若用{other.name[0]}，末年区间为 {low} 至 {high}",
            f"DW = {number(d, 2)}: {'' if straight else 'they are not, so '}{used.name[1]}; by {other.name[1]} the "
            f"last year's interval is {low} to {high}",
        ),
        d,
    )


def _far(n: int, ahead: int) -> Diagnostic:
    near = 3 * ahead <= n
    return Diagnostic(
        ("外推的远近", "how far ahead"),
        "pass" if near else "warn",
        (
            f"由 {n} 年外推 {ahead} 年" + ("" if near else "，超过三分之一，区间只在规律不变时成立"),
            f"{ahead} years ahead of {n}"
            + ("" if near else ": more than a third, the interval holds if nothing turns"),
        ),
        ahead / n,
    )


def _kept(held: pd.DataFrame, confidence: float) -> Diagnostic:
    inside, k = int(held["within"].sum()), len(held)
    # Fewer than this many inside would happen in one case of twenty if years were independent.
    enough = inside >= stats.binom.ppf(0.05, k, confidence)
    return Diagnostic(
        ("留出年份的检验", "years held out"),
        "pass" if enough else "warn",
        (
            f"最后 {k} 年中有 {inside} 年落在此前预测的区间内",
            f"{inside} of the last {k} years lay in the interval forecast",
        ),
        inside / k,
    )


def _say(end: pd.Series, capacity: float | None, n: int, confidence: float, units: Pair) -> Pair:
    low, middle, high = (number(float(end[c]), 2) for c in ("low", "demand", "high"))
    year, sure = int(end["year"]), percent(confidence)
    zh = f"由 {n} 年数据推算，{year} 年需求约 {middle}{units[0]}（{sure} 区间 {low} 至 {high}）"
    unit = f" {units[1]}" if units[1] else ""
    en = f"From {n} years, demand in {year} is put at {middle}{unit} ({sure} interval {low} to {high})"
    if capacity is None:
        return (f"{zh}。", f"{en}.")
    if capacity > end["high"]:
        verdict = ("高于区间上限，规模偏大", "is above the interval: more than demand needs")
    elif capacity < end["low"]:
        verdict = ("低于区间下限，规模不足", "is below the interval: not enough")
    else:
        chance = percent(float(end["chance_enough"]))
        verdict = (
            f"在区间之内，够用的概率 {chance}",
            f"is within the interval and suffices with probability {chance}",
        )
    shown = number(capacity, 2)
    return (
        f"{zh}；拟建能力 {shown}{units[0]}，{verdict[0]}。",
        f"{en}; the proposed capacity of {shown}{unit} {verdict[1]}.",
    )


def _refusal(n: int, least: int, ahead: int) -> Pair | None:
    if n < least:
        return (f"只有 {n} 年数据，少于 {least} 年，不作预测", f"{n} years of data, fewer than {least}: no forecast")
    if ahead > n:
        return (
            f"要求预测 {ahead} 年，长于 {n} 年的历史，不作预测",
            f"{ahead} years ahead is further than the {n} years known: no forecast",
        )
    return None


def _checked(history: pd.Series, until: int) -> pd.Series:
    years = [int(y) for y in history.index]
    problems = []
    missing = sorted(set(range(min(years), max(years) + 1)) - set(years)) if years else []
    for what, found in (
        (("this year is missing", "缺少该年"), missing),
        (("this year stands twice", "该年重复"), sorted({y for y in years if years.count(y) > 1})),
        (
            ("demand must be a number of at least zero", "需求须为不小于零的数"),
            [y for y, v in zip(years, history, strict=True) if not (np.isfinite(v) and v >= 0.0)],
        ),
    ):
        problems += [Problem(what, got=str(y), column=what[0]) for y in found]
    if years and until <= max(years):
        problems.append(
            Problem(("the year to forecast is past", "预测年不在将来"), "until", f"> {max(years)}", str(until))
        )
    if not years:
        problems.append(Problem(("no history", "没有历史数据")))
    fail_if_any(ScoreError, "history", problems)
    return history.astype(float).sort_index()
