"""Whole numbers to draw of each stratum: they add up exactly, keep a minimum, and never exceed the stratum."""

from __future__ import annotations

import heapq
import math
from itertools import chain
from typing import Literal

import numpy as np
import pandas as pd

from perfkit.errors import Problem, SampleError, fail_if_any
from perfkit.sampling.allocation.shares import optimal, power, proportional
from perfkit.sampling.allocation.strata import (
    WHERE,
    Floats,
    Strata,
    Whole,
    fail_if_impossible,
    fail_if_no_minimum,
    filled,
    read,
)

By = Literal["proportional", "neyman", "optimal", "power"]


def allocate(
    strata: pd.DataFrame, n: int, by: By = "neyman", *, minimum: int = 2, exponent: float = 0.5
) -> pd.DataFrame:
    """Say how many units to draw at random of each stratum.

    Parameters
    ----------
    strata
        Table ``strata``. What is open to the draw are its ``units`` less ``recommended`` and ``certain``.
    n
        Units to draw at random in all.
    by
        ``proportional`` to the units; ``neyman``: the smallest variance of the total (needs ``sd``); ``optimal``: in
        proportion to N S / sqrt(cost) (needs ``sd`` and ``cost``); ``power``: Bankier's (see :func:`power`).
    minimum
        Least to draw of each stratum, or all of it where it has fewer units: with two its spread can be estimated.
    exponent
        Of the power allocation.

    Returns
    -------
    DataFrame
        The table ``strata`` in the order given, with ``drawn`` (whole, adds up to n), ``rate`` (recommended, certain
        and drawn units / units), and ``note_zh``, ``note_en`` where a stratum is taken whole or has fewer units than
        the minimum. ``result.set_index("stratum")["drawn"]`` is the allocation a draw takes.

    Raises
    ------
    SampleError
        If n is larger than what is open, or too small for the minimum; if a standard deviation is missing or all are
        zero, or a cost is not above zero.

    Notes
    -----
    Neyman's is exact: units go one by one to the stratum with the largest N S / sqrt(k (k + 1)), k being what it has
    (Wright 2012, The American Statistician 66-4); n + 1 never draws fewer of a stratum than n. The others scale the
    formula's shares until, minimum and caps kept, they add up, and round by largest remainders: a share may lose a
    unit when n grows. Equal claims go to the stratum first by name, so the order of rows does not matter.

    *Checked against*: brute force over all whole allocations (R 4.2.2, and in the tests).

    Examples
    --------
    >>> strata = pd.DataFrame({"stratum": ["甲", "乙", "丙"], "units": [3, 4, 100], "sd": [50, 1, 1]})
    >>> allocate(strata, 12)[["drawn", "rate", "note_en"]].values.tolist()
    [[3, 1.0, 'all units taken'], [2, 0.5, ''], [7, 0.07, '']]
    """
    if by == "neyman":
        known = read(strata, ["sd"])
        fail_if_impossible(known, n, minimum)
        return filled(strata, _priorities(known, int(n), minimum), minimum)
    if by not in ("proportional", "optimal", "power"):
        _fail_for_unknown(by)
    known = read(strata)
    fail_if_impossible(known, n, minimum)
    exact = {
        "proportional": lambda: proportional(strata, n),
        "optimal": lambda: optimal(strata, n=n),
        "power": lambda: power(strata, n, exponent),
    }[by]()
    lowest, highest = known.lowest(minimum), known.units
    return filled(strata, _remainders(exact.to_numpy(), known, int(n), lowest, highest), minimum)


def allocate_budget(strata: pd.DataFrame, budget: float, *, minimum: int = 2) -> pd.DataFrame:
    """Say how many units to draw of each stratum for a given amount of money.

    Parameters
    ----------
    strata
        Table ``strata`` with ``sd`` and ``cost`` (money a unit checked).
    budget
        Money for the random draw.
    minimum
        As in :func:`allocate`.

    Returns
    -------
    DataFrame
        As :func:`allocate`.

    Raises
    ------
    SampleError
        If the money does not pay for the minimum of each stratum, or the table cannot be used.

    Notes
    -----
    Units go one by one to the stratum that lowers the variance of the total most for its cost. No other allocation
    that costs as much or less is more precise, until the first unit that the rest cannot pay; from there on cheaper
    units take what is left, which is less than the dearest unit.

    Examples
    --------
    >>> strata = pd.DataFrame({"stratum": ["甲", "乙"], "units": [90, 60], "sd": [2, 6], "cost": [1, 4]})
    >>> allocate_budget(strata, 90)["drawn"].tolist()
    [18, 18]
    """
    fail_if_no_minimum(minimum)
    known = read(strata, ["sd", "cost"])
    lowest = known.lowest(minimum)
    left = budget - math.fsum(lowest * known.cost)
    if left < 0:
        what = (
            "the budget does not pay for the minimum of each stratum",
            "预算不足以支付各层最低抽取数",
        )
        fail_if_any(SampleError, WHERE, [Problem(what, "budget", f"≥ {budget - left:g}", f"{budget:g}")])
    drawn, heap = lowest.copy(), _heap(known, lowest, known.cost)
    while heap:
        at = heap[0][-1]
        if known.cost[at] > left:
            heapq.heappop(heap)
            continue
        left -= known.cost[at]
        drawn[at] += 1
        _advance(heap, known, int(drawn[at]), known.cost)
    return filled(strata, drawn, minimum)


def _priorities(known: Strata, n: int, minimum: int) -> Whole:
    """Return Wright's allocation: units one by one to the highest priority value."""
    drawn = known.lowest(minimum)
    flat = np.ones(len(drawn))
    heap = _heap(known, drawn, flat)
    for _ in range(n - int(drawn.sum())):
        at = heap[0][-1]
        drawn[at] += 1
        _advance(heap, known, int(drawn[at]), flat)
    return drawn


def _heap(known: Strata, drawn: Whole, cost: Floats) -> list[tuple[float, float, str, int]]:
    heap = [_claim(known, at, int(k), cost) for at, k in enumerate(drawn) if k < known.units[at]]
    heapq.heapify(heap)
    return heap


def _advance(heap: list[tuple[float, float, str, int]], known: Strata, k: int, cost: Floats) -> None:
    """Give the first claim, just served, its place as one of a stratum with ``k`` units; a full stratum leaves."""
    at = heap[0][-1]
    if k < known.units[at]:
        heapq.heapreplace(heap, _claim(known, at, k, cost))
    else:
        heapq.heappop(heap)


def _claim(known: Strata, at: int, k: int, cost: Floats) -> tuple[float, float, str, int]:
    """Return a stratum's claim to one more unit, the strongest smallest: gain, then size, then name.

    The gain is the fall of the variance of the total; strata without spread come last, by their size.
    """
    units, falls = float(known.units[at]), k * (k + 1.0) * float(cost[at])
    return -((units * float(known.sd[at])) ** 2) / falls, -(units**2) / falls, known.names[at], at


def _remainders(exact: Floats, known: Strata, n: int, lowest: Whole, highest: Whole) -> Whole:
    """Return whole numbers near a multiple of ``exact`` that add up to n between ``lowest`` and ``highest``."""
    # A stratum without a share still takes what all others, taken whole, leave over.
    share = np.where(exact > 0, exact, known.units * 1e-12 * max(float(exact.max()), 1.0))
    fair = _scaled(share, n, lowest, highest)
    drawn = np.floor(fair + 1e-9).astype(np.int64)
    rest = sorted(
        (at for at in range(len(fair)) if drawn[at] < highest[at]),
        key=lambda at: (-round(float(fair[at] - drawn[at]), 9), known.names[at]),
    )
    for at in rest[: n - int(drawn.sum())]:
        drawn[at] += 1
    return drawn


def _scaled(share: Floats, n: int, lowest: Whole, highest: Whole) -> Floats:
    """Return the multiple of ``share``, kept between its limits, that adds up to n."""
    open_ = share > 0
    bends = sorted(set(chain(lowest[open_] / share[open_], highest[open_] / share[open_])))

    def at(scale: float) -> Floats:
        return np.clip(share * scale, lowest, highest)

    low, high = 0, len(bends) - 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if math.fsum(at(bends[middle])) >= n - 1e-9 else (middle + 1, high)
    upper, lower = at(bends[high]), at(bends[max(high - 1, 0)])
    # Between two bends all is linear.
    above, below = math.fsum(upper), math.fsum(lower)
    part = 1.0 if above <= below else min(max((n - below) / (above - below), 0.0), 1.0)
    return np.asarray(lower + part * (upper - lower))


def _fail_for_unknown(by: str) -> None:
    what = ("there is no such allocation", "没有这种分配方法")
    expected = "proportional, neyman, optimal, power"
    fail_if_any(SampleError, WHERE, [Problem(what, "by", expected, str(by))])
