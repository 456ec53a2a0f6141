"""When flows fall, from when they are discounted, in what prices: said once, printed with every table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit.errors import Problem, ScoreError, fail_if_any
from perfkit.tables.printing import percent

Array = npt.NDArray[np.float64]
Steps = Sequence[Mapping[str, float]]

_TIMING = {
    "end": ("年末", "at the end of the year"),
    "mid": ("年中", "in the middle of the year"),
    "start": ("年初", "at the start of the year"),
}


@dataclass(frozen=True)
class Convention:
    """How the years of a flow table are read.

    Attributes
    ----------
    base_year
        The year number at whose end the present lies: 0 where year 0 is not discounted and year 1 once (the Green
        Book), -1 where the first flow stands in year 0 and is discounted once all the same.
    timing
        When in its year a flow falls. The base year itself is a moment, never earlier than the present.
    inflation
        Missing where the amounts are in constant prices (real); otherwise the yearly rise of prices by which nominal
        amounts are first brought to the prices of the base year. The discount rate is real in both cases.
    """

    base_year: int = 0
    timing: Literal["end", "mid", "start"] = "end"
    inflation: float | None = None

    @property
    def words(self) -> tuple[str, str]:
        r"""(zh, en): the convention as a note under a table.

        Examples
        --------
        >>> print(*Convention().words, sep="\n")
        第 0 年末为基准，其后各年流量计在年末；不变价（实际）
        present value at the end of year 0, later flows at the end of the year; constant prices (real)
        """
        zh, en = _TIMING[self.timing]
        real = ("不变价（实际）", "constant prices (real)")
        if self.inflation is not None:
            rate = percent(self.inflation)
            real = (f"现价（名义），按每年 {rate} 折为基准年价格", f"nominal prices, deflated by {rate} a year")
        return (
            f"第 {self.base_year} 年末为基准，其后各年流量计在{zh}；{real[0]}",
            f"present value at the end of year {self.base_year}, later flows {en}; {real[1]}",
        )


PLAIN = Convention()


def discount_factors(years: int, steps: Steps) -> Array:
    """Return the factors of years 0 to ``years`` for a schedule of rates.

    Parameters
    ----------
    years
        The last year.
    steps
        Each with ``from_year`` and ``rate``: the rate of every year from that one on. One step is a constant rate.

    Raises
    ------
    ScoreError
        If there is no step, or a rate of -100 % or less.

    Notes
    -----
    factor(t) = product over k = 1..t of 1 / (1 + rate(k)).

    *Checked against* the Green Book's printed factors (0.9662, 0.7089, 0.3563 at years 1, 10, 30).

    Examples
    --------
    >>> discount_factors(2, [{"from_year": 0, "rate": 0.1}]).round(4).tolist()
    [1.0, 0.9091, 0.8264]
    """
    return np.concatenate([[1.0], np.cumprod(1.0 / (1.0 + _yearly_rates(years, steps)))])


def present_value(yearly: pd.Series, steps: Steps, convention: Convention = PLAIN) -> float:
    """Return the present value of yearly amounts (index: year numbers) under a schedule of rates.

    Notes
    -----
    PV = sum over t of amount(t) × factor(t); in the middle of a year factor(t - 1/2) = factor(t - 1) / sqrt(1 +
    rate(t)).

    Examples
    --------
    >>> round(present_value(pd.Series([-10000.0] + [5000.0] * 3), [{"from_year": 0, "rate": 0.05}]), 2)
    3616.24
    """
    if yearly.empty:
        return 0.0
    years = yearly.index.to_numpy(dtype=int)
    return float(factors_of(years, steps, convention) @ yearly.to_numpy(dtype=float))


def factors_of(years: npt.NDArray[np.int_], steps: Steps, convention: Convention = PLAIN) -> Array:
    """Return the factor by which the flow of each year number is brought to the present (prices included).

    Raises
    ------
    ScoreError
        If a flow lies before the base year: it is past, and sunk.
    """
    since = years - convention.base_year
    _fail_if_before_the_base(years, convention)
    last = int(since.max(initial=0))
    factors = discount_factors(last, steps)
    if convention.timing == "start":
        found = factors[np.maximum(since - 1, 0)]
    elif convention.timing == "mid":
        within = np.concatenate([[1.0], 1.0 / np.sqrt(1.0 + _yearly_rates(last, steps))])
        found = factors[np.maximum(since - 1, 0)] * within[since]
    else:
        found = factors[since]
    return np.asarray(found * deflators(years, convention), dtype=float)


def deflators(years: npt.NDArray[np.int_], convention: Convention) -> Array:
    """Return what brings the amount of each year number to the prices of the base year; all 1 in constant prices."""
    prices = (1.0 + (convention.inflation or 0.0)) ** -(years - float(convention.base_year))
    return np.asarray(prices, dtype=float)


def _yearly_rates(years: int, steps: Steps) -> Array:
    _fail_if_no_rate(steps)
    rising = sorted(steps, key=lambda step: step["from_year"])
    starts = np.array([step["from_year"] for step in rising])
    rates = np.array([step["rate"] for step in rising], dtype=float)
    at = np.searchsorted(starts, np.arange(1, years + 1), side="right") - 1
    return rates[np.maximum(at, 0)]


def _fail_if_no_rate(steps: Steps) -> None:
    what = ("a discount rate must be a number above -100 %", "折现率须为大于 -100% 的数")
    problems = [
        Problem(what, got=str(step["rate"])) for step in steps if not step["rate"] > -1.0 or np.isinf(step["rate"])
    ]
    if not len(steps):
        problems = [Problem(("no discount rate", "没有折现率"))]
    fail_if_any(ScoreError, "steps", problems)


def _fail_if_before_the_base(years: npt.NDArray[np.int_], convention: Convention) -> None:
    early = sorted({int(y) for y in years[years < convention.base_year]})
    what = ("a flow before the base year", "流量早于基准年")
    do = ("leave out what is already spent, or move the base year", "剔除已发生的沉没成本，或调整基准年")
    expected = f"≥ {convention.base_year}"
    fail_if_any(ScoreError, "flows", [Problem(what, "year", expected, str(y), do) for y in early])
